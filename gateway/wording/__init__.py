"""Codes to sentences: the only place where the gateway finds words for what it decided.

The core and the journal hold codes with parameters; commands and pages ask here for a sentence.
One catalogue a language, `english` and `french`, each kind -> code -> template.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from gateway.core.trace import Step
from gateway.wording import english, french

OTHER: Final = "*"
"""In a kind: the wording of every code that has none of its own."""

_CATALOGUES: Final[Mapping[str, Mapping[str, Mapping[str, str]]]] = {
    "en": english.CATALOGUE,
    "fr": french.CATALOGUE,
}
_LOCALE: Final = ("LC_ALL", "LC_MESSAGES", "LANG")
"""POSIX: the first of them that is set and not empty tells the language of messages."""


class _Params(dict[str, str]):
    """Parameters of a template; one that is missing is shown as a question mark."""

    def __missing__(self, key: str) -> str:
        return "?"


def sentence(lang: str, kind: str, code: str, params: Mapping[str, str] | None = None) -> str:
    """What a code means, for people.

    A parameter whose value is itself a code (`certainty`, `person`, `network` ...) is put in
    words, too. A code without wording is shown in brackets, so that nobody is left without the
    rest of the page; a test keeps that from happening.

    Args:
        lang: `fr` for French, anything else is English.
        kind: `decision`, `cause`, `trace`, `missing`, `violation`, `value`, or the state of a
            machine: `message-state`, `case-state`, `question-state`, `sending-state`.
        code: as the core names it; a `value` is named `parameter:value`.
        params: the parameters that go with the code; they stand in the sentence as they are.
    """
    catalogue = _CATALOGUES["fr" if lang == "fr" else "en"]
    wordings = catalogue.get(kind, {})
    template = wordings.get(code, wordings.get(OTHER))
    if template is None:
        return f"[{code}]"
    values = catalogue["value"]
    worded = {name: values.get(f"{name}:{value}", value) for name, value in (params or {}).items()}
    return template.format_map(_Params({"code": code, **worded}))


def known(kind: str, code: str) -> bool:
    """Whether there is such a code: each has its wording."""
    return code in english.CATALOGUE.get(kind, {})


def language(explicit: str | None, environ: Mapping[str, str]) -> str:
    """`en` or `fr`: what was asked for (`--lang`), else what the environment says, else English."""
    said = explicit or next((environ[name] for name in _LOCALE if environ.get(name)), "")
    return "fr" if said.lower().startswith("fr") else "en"


def told(lang: str, steps: Iterable[Step]) -> list[dict[str, Any]]:
    """Steps of an explanation as `--json` shows them: `code`, `params` and `text`."""
    return [
        {
            "code": step.code,
            "params": dict(step.params),
            "text": sentence(lang, "trace", step.code, step.params),
        }
        for step in steps
    ]
