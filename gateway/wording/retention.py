"""Why nothing of an old case is erased, in words: code -> (English, French)."""

from collections.abc import Mapping
from typing import Final

_UNFINISHED: Final = {
    "worklist": ("A person must decide.", "Une personne doit décider."),
    "waiting": ("A message waits.", "Un message attend."),
    "unsent": ("Something has not left.", "Un envoi n'est pas parti."),
    "unheard": (
        "Nobody has said yet what became of a sending.",
        "Nul n'a encore dit ce qu'il advint d'un envoi.",
    ),
    "taken": ("A person has the case.", "Une personne a pris le dossier."),
    "question": ("A question abroad is open.", "Une question à l'étranger est ouverte."),
    "timer": ("Something falls due one day.", "Une échéance court."),
    "open": ("The case has gone nowhere yet.", "Le dossier n'est encore allé nulle part."),
}
ENGLISH: Final[Mapping[str, Mapping[str, str]]] = {
    "unfinished": {code: english for code, (english, _) in _UNFINISHED.items()}
}
FRENCH: Final[Mapping[str, Mapping[str, str]]] = {
    "unfinished": {code: french for code, (_, french) in _UNFINISHED.items()}
}
