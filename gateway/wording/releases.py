"""Why a draft or a release of the tables stays as it is, in words: code -> (English, French)."""

from collections.abc import Mapping
from typing import Final

_OBJECTIONS: Final = {
    "no-tables": (
        "{what}: no tables here (ir_directory/ and routing_tables/); make a draft first.",
        "{what} : pas de tables ici (ir_directory/ et routing_tables/) ; faire un brouillon.",
    ),
    "no-manifest": (
        "{what}: its MANIFEST is missing or broken; make a new draft and copy the tables into it.",
        "{what} : MANIFEST absent ou abîmé ; refaire un brouillon et y copier les tables.",
    ),
    "golden-lost": (
        "{what}: golden.csv is lost or empty; put the golden cases back.",
        "{what} : golden.csv manque ou est vide ; y remettre les cas témoins.",
    ),
    "no-such-release": (
        "{what}: there is no such release; see `eessi-gateway tables list`.",
        "{what} : version inconnue ; voir `eessi-gateway tables list`.",
    ),
    "name-taken": (
        "{what}: another release has this name; choose a new one.",
        "{what} : une autre version porte ce nom ; en choisir un nouveau.",
    ),
    "same-person": (
        "{what} did the first step; the second one is for another person.",
        "{what} a fait la première étape ; la seconde revient à une autre personne.",
    ),
    "approved-already": (
        "{what}: is approved already; nothing was changed.",
        "{what} : déjà approuvée ; rien n'a changé.",
    ),
    "not-signed": (
        "{what}: approved with a personal signature here; `tables approve --signature FILE`.",
        "{what} : à approuver avec une signature ; `tables approve --signature FICHIER`.",
    ),
    "other-signer": (
        "The one who asks and the one who signed are not the same ({what}).",
        "Celui qui demande n'est pas celui qui a signé ({what}).",
    ),
    "not-approved": (
        "{what}: nobody has approved it yet (`tables approve`); nothing was changed.",
        "{what} : personne ne l'a encore approuvée (`tables approve`) ; rien n'a changé.",
    ),
    "nothing-to-cancel": (
        "{what}: no activation of it is to come; nothing was changed.",
        "{what} : aucune mise en vigueur à venir ; rien n'a changé.",
    ),
    "nothing-before": (
        "{what}: no other release was in force before; nothing was changed.",
        "{what} : aucune autre version n'était en vigueur avant ; rien n'a changé.",
    ),
    "nothing-to-confirm": (
        "No roll-back waits for a second person.",
        "Aucun retour en arrière n'attend une seconde personne.",
    ),
    "not-in-force": (
        "{what}: is not in force; nothing was changed. `tables list` says what is.",
        "{what} : n'est pas en vigueur ; rien n'a changé. `tables list` dit ce qui l'est.",
    ),
    "no-reason": (
        "{what}: say why (--why): the reason is kept with the yes.",
        "{what} : dire pourquoi (--why) : le motif est gardé avec l'accord.",
    ),
    "not-to-accept": (
        "{what}: waits for no yes: no example, accepted already, or not in production.",
        "{what} : n'attend aucun accord : pas un exemple, déjà acceptée, ou hors production.",
    ),
    "bad-day": (
        "{what}: no day; write it like 2027-01-01.",
        "{what} : pas une date ; l'écrire comme 2027-01-01.",
    ),
    "day-is-past": (
        "{what}: has begun already; give a day to come, or none for at once.",
        "{what} : déjà commencé ; donner un jour à venir, ou aucun pour tout de suite.",
    ),
}
ENGLISH: Final[Mapping[str, Mapping[str, str]]] = {
    "release-objection": {code: english for code, (english, _) in _OBJECTIONS.items()}
}
FRENCH: Final[Mapping[str, Mapping[str, str]]] = {
    "release-objection": {code: french for code, (_, french) in _OBJECTIONS.items()}
}
