"""What stands before a value in a list for people, in both languages: field -> (English, French).

Programs read `--json`, whose names are the fields themselves.
"""

from collections.abc import Mapping
from typing import Final

_LABELS: Final = {
    # status
    "running": ("running", "en marche"),
    "paused": ("paused", "en pause"),
    "in_flight": ("in flight", "en cours"),
    "not_ready": ("not ready", "pas prête"),
    "cdm_switches": ("CDM switches", "passages de CDM"),
    "release": ("tables in force", "tables en vigueur"),
    "next_releases": ("tables to come", "tables à venir"),
    "unaccepted_tables": ("example not accepted", "exemple non accepté"),
    "unconfirmed_rollback": ("roll-back to confirm", "retour à confirmer"),
    "messages": ("all messages", "tous les messages"),
    "sendings": ("sendings", "envois"),
    "status_files_rejected": ("status files rejected", "fichiers d'état refusés"),
    "worklist": ("worklist", "liste de travail"),
    "worklist_oldest": ("oldest on the worklist", "le plus ancien"),
    "quarantine": ("quarantine", "mis de côté"),
    "questions_open": ("open questions", "questions ouvertes"),
    "proposed": ("wait for a yes", "attendent un oui"),
    "pause": ("held back", "retenu"),
    "True": ("yes", "oui"),
    "False": ("no", "non"),
    # a message
    "message_id": ("message id", "id du message"),
    "received_at": ("received", "reçu"),
    "case_id": ("case", "dossier"),
    "rina_number": ("RINA number", "numéro RINA"),
    "buc": ("BUC of the case", "BUC"),
    "sed": ("SED of the message", "SED"),
    "sender": ("sender", "expéditeur"),
    "state": ("state", "état"),
    "source": ("from", "fichier"),
    # a question
    "question": ("question id", "id de la question"),
    "asked": ("asked whom", "posée à"),
    "way": ("way", "moyen"),
    "missing": ("missing", "manque"),
    "asked_at": ("asked", "posée le"),
    "age_days": ("days since", "depuis (jours)"),
    "sending": ("sending", "envoi"),
    "reminders": ("reminders", "relances"),
    "due": ("due", "échéance"),
    # tables list
    "in-force": ("in force", "en vigueur"),
    "was": ("was in force", "l'a été"),
    "to-come": ("to come", "à venir"),
    "approved": ("approved", "approuvée"),
    "released": ("released", "figée"),
    # tables impact
    "erased": ("erased", "effacés"),
    "elsewhere": ("elsewhere", "ailleurs"),
    "asked-newly": ("newly asked", "demande en plus"),
    "no-longer-asked": ("no longer asked", "demande en moins"),
    "referred": ("newly referred", "à une personne"),
    "no-longer-referred": ("no longer referred", "plus à une personne"),
    "other": ("otherwise different", "autrement"),
    # tables sync
    "renamed": ("renamed", "renommées"),
    "moved": ("moved", "déménagées"),
    "confirmed": ("confirmed", "confirmées"),
    "new": ("new", "nouvelles"),
    "gone": ("gone", "disparues"),
    "local": ("our own", "les nôtres"),
    "ended": ("ended", "closes"),
    "reopened": ("reopened", "rouvertes"),
    "put-off": ("end put off by the IR", "fin reportée par l'IR"),
    "taken-back": ("end taken back by the IR", "fin retirée par l'IR"),
    "not-drafted": (
        "not in the draft, yours to decide",
        "pas dans le brouillon, à décider à la main",
    ),
    "certain": ("BUCs confirmed", "BUC confirmés"),
    "gained": ("BUCs gained", "BUC gagnés"),
    "lost": ("BUCs lost", "BUC perdus"),
    "partners": ("partners", "partenaires"),
    # retention
    "repeat:message": ("the very same message", "le même message, à l'identique"),
    "repeat:times": ("at", "à"),
    "repeat:content": ("the same content under another id", "même contenu sous un autre id"),
    "repeat:identity-conflict": (
        "ALARM, the same id with other bytes",
        "ALARME, même id avec d'autres octets",
    ),
    "repeat:other-content": (
        "the same version of a document with another content",
        "même version d'un document avec un autre contenu",
    ),
    "repeat:again": ("again", "à nouveau"),
    "repeat:first": ("first", "d'abord"),
    "repeat:handed-over": ("handed over", "transmis"),
    "kept:bodies": ("received messages", "messages reçus"),
    "kept:evidence": ("what SEDs say", "contenu des SED"),
    "kept:outbound": ("what was sent", "ce qui fut envoyé"),
    "kept:quarantine": ("out of quarantine", "sortis de quarantaine"),
    "days": ("days", "jours"),
    "no-period": ("no period, kept", "sans durée, conservé"),
    "at-rest-since": ("the oldest at rest since", "le plus ancien au repos depuis"),
    "untouched": ("as old, but kept; cases", "aussi anciens, mais gardés ; dossiers"),
}
ENGLISH: Final[Mapping[str, Mapping[str, str]]] = {
    "label": {code: english for code, (english, _) in _LABELS.items()}
}
FRENCH: Final[Mapping[str, Mapping[str, str]]] = {
    "label": {code: french for code, (_, french) in _LABELS.items()}
}
