"""What notices say: why the gateway is in trouble, since when, and that it is over."""

from collections.abc import Mapping
from typing import Final

_ENGLISH_REASONS: Final = {
    "*": "Messages cannot be recorded; they stay where they came from, and are tried again.",
    "paused": "A person has paused everything: nothing is taken in and nothing leaves.",
    "not-observed": "The gateway has not looked at itself for 15 seconds: it hangs, or its machine"
    " does.",
    "readiness-timeout": "The gateway takes too long to say how it is doing.",
    "inbound-unreadable": "The inbound folder cannot be listed.",
    "inbound-unremovable": "Recorded messages cannot be removed from the inbound folder.",
    "oldest-message-waits": "A received message waits longer than agreed.",
    "consumer-gone": "The broker gives out nothing any more.",
    "broker-unreachable": "The broker cannot be reached.",
    "broker-silent": "The broker does not answer.",
    "broker-refuses-us": "The broker does not accept user, password or virtual host.",
    "broker-not-trusted": "The certificate of the broker is not one that is trusted.",
    "broker-certificates": "A certificate for the broker cannot be used.",
    "topology-missing": "A queue or an exchange is missing at the broker.",
    "topology-differs": "A queue or an exchange at the broker has other properties than needed.",
    "journal-unavailable": "The journal cannot be read or written.",
    "schemas-invalid": "A schema in force does not compile.",
    "case-never-at-rest": "A case moves on each time a message of it is judged.",
    "intake-stuck": "Received messages wait, and none is taken in.",
    "outbox-stuck": "Outgoing messages wait, and none leaves.",
}
_FRENCH_REASONS: Final = {
    "*": "Des messages ne peuvent pas être inscrits ; ils restent là d'où ils viennent, et un"
    " nouvel essai suit.",
    "paused": "Une personne a tout mis en pause : rien n'est pris et rien ne part.",
    "not-observed": "La passerelle ne s'est pas observée depuis 15 secondes : elle est figée, ou"
    " sa machine l'est.",
    "readiness-timeout": "La passerelle met trop de temps à dire comment elle va.",
    "inbound-unreadable": "Le dossier de réception ne peut pas être lu.",
    "inbound-unremovable": "Des messages inscrits ne peuvent pas être retirés du dossier de"
    " réception.",
    "oldest-message-waits": "Un message reçu attend plus longtemps que convenu.",
    "consumer-gone": "Le broker ne distribue plus rien.",
    "broker-unreachable": "Le broker est injoignable.",
    "broker-silent": "Le broker ne répond pas.",
    "broker-refuses-us": "Le broker refuse l'utilisateur, le mot de passe ou l'hôte virtuel.",
    "broker-not-trusted": "Le certificat du broker n'est pas digne de confiance.",
    "broker-certificates": "Un certificat destiné au broker est inutilisable.",
    "topology-missing": "Une file ou un exchange manque au broker.",
    "topology-differs": "Une file ou un exchange du broker n'a pas les propriétés voulues.",
    "journal-unavailable": "Le registre ne peut être ni lu ni écrit.",
    "schemas-invalid": "Un schéma en vigueur ne se compile pas.",
    "case-never-at-rest": "Un dossier change chaque fois qu'un de ses messages est examiné.",
    "intake-stuck": "Des messages reçus attendent, et aucun n'est pris.",
    "outbox-stuck": "Des envois attendent, et aucun ne part.",
}
_ENGLISH_NOTICES: Final = {
    "opened": "Trouble since {since} (Paris).",
    "closed": "Over since {until}; it began at {since} (Paris).",
    "one": "It is the trouble of worker {worker}.",
    "all": "Worker {worker} saw it first; workers that share it send no notice of their own.",
    "untold": "Besides, {count} came and went without a notice: see the log and the metrics.",
    "look": "What to do: runbook.md, /readyz; eessi-gateway status shows more.",
}
_FRENCH_NOTICES: Final = {
    "opened": "Incident depuis le {since} (heure de Paris).",
    "closed": "Terminé depuis le {until} ; début le {since} (heure de Paris).",
    "one": "Il s'agit du processus {worker}.",
    "all": "Vu d'abord par le processus {worker} ; les processus qui le partagent n'envoient pas"
    " d'avis à eux.",
    "untold": "En outre, sans avis, incidents survenus et terminés : {count} ; voir le journal"
    " technique et les métriques.",
    "look": "Que faire : runbook.md, /readyz ; eessi-gateway status en montre plus.",
}
ENGLISH: Final[Mapping[str, Mapping[str, str]]] = {
    "reason": _ENGLISH_REASONS,
    "notice": _ENGLISH_NOTICES,
}
FRENCH: Final[Mapping[str, Mapping[str, str]]] = {
    "reason": _FRENCH_REASONS,
    "notice": _FRENCH_NOTICES,
}
"""Kind -> code -> template."""
