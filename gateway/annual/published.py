"""Tables of the report of 2023 as they were published, read from tab-separated files.

What is printed is kept as it is printed; what contradicts itself is said beside it, not mended.
"""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.annual import Given, trend
from gateway.errors import Refused

MARK: Final = 99.98
"""The good practice that Annex 4 measures itself against, in percent."""


@dataclass(frozen=True, slots=True)
class PublishedBuc:
    """One line of Annex 3."""

    buc: str
    title: str
    transferred: int
    previous: int
    arrow: str
    """As printed."""
    canonical: str
    """The code of the BUC today; the same unless the printed one is an alias."""
    remark: str = ""

    @property
    def computed(self) -> str:
        """The arrow that the figures ask for."""
        return trend(self.transferred, self.previous)

    @property
    def contradicts(self) -> bool:
        """The printed arrow says something else than the figures."""
        return self.arrow != self.computed


def _lines(path: Path, needed: Sequence[str]) -> Iterator[dict[str, str]]:
    """The lines of a file with these columns; a name that ends in `_` may have any ending.

    Raises:
        Refused: it cannot be read, or a column is missing.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            heads = {
                name: next((h for h in lines.fieldnames or () if _is(h, name)), None)
                for name in needed
            }
            missing = [name for name, head in heads.items() if head is None]
            if missing:
                raise _refused(
                    *(path, 1, f"no column {missing[0]} (a tab stands between columns)"),
                    f"pas de colonne {missing[0]} (une tabulation sépare les colonnes)",
                )
            for line in lines:
                named = {name: line[head or ""] or "" for name, head in heads.items()}
                yield {**{k: v or "" for k, v in line.items() if k}, **named}
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None)
        raise Refused(
            f"{path}: cannot be read ({why or 'not UTF-8'}).",
            french=f"{path} : lecture impossible ({why or 'pas en UTF-8'}).",
            code="unreadable",
        ) from None


def _is(head: str, name: str) -> bool:
    return head.startswith(name) if name.endswith("_") else head == name


def _refused(path: Path, line: int, english: str, french: str) -> Refused:
    return Refused(
        f"{path}, line {line}: {english}; correct the file.",
        french=f"{path}, ligne {line} : {french} ; corriger le fichier.",
        code="table-unusable",
    )


def annex3(path: Path) -> tuple[PublishedBuc, ...]:
    """Annex 3 in its printed order.

    Raises:
        Refused: it cannot be read, or a figure is none.
    """
    found = []
    needed = ("code", "title_", "transferred_", "previous_", "trend_arrow")
    for number, line in enumerate(_lines(path, needed), 2):
        try:
            figures = int(line["transferred_"]), int(line["previous_"])
        except ValueError:
            wrong = _refused(path, number, "a figure is no number", "un chiffre est illisible")
            raise wrong from None
        found.append(
            PublishedBuc(
                line["code"],
                line["title_"],
                *figures,
                line["trend_arrow"],
                line.get("canonical_code") or line["code"],
                line.get("remark", ""),
            )
        )
    return tuple(found)


def same_titles(rows: Sequence[PublishedBuc]) -> list[tuple[str, ...]]:
    """Codes that are printed under one and the same title."""
    titles = Counter(row.title for row in rows)
    return [
        tuple(row.buc for row in rows if row.title == title) for title, n in titles.items() if n > 1
    ]


def annex4(path: Path) -> tuple[tuple[str, str], ...]:
    """Annex 4: service and percentage, both as printed.

    Raises:
        Refused: it cannot be read, or a percentage is none.
    """
    found = []
    for number, line in enumerate(_lines(path, ("service", "availability_")), 2):
        try:
            float(line["availability_"])
        except ValueError:
            raise _refused(path, number, "no percentage", "pas un pourcentage") from None
        found.append((line["service"], line["availability_"]))
    return tuple(found)


def given(path: Path) -> tuple[Given, ...]:
    """Figures of others: `figure`, `value` and `source`, tab-separated; each has its source.

    Raises:
        Refused: it cannot be read, or a figure has no source.
    """
    found = []
    for number, line in enumerate(_lines(path, ("figure", "value", "source")), 2):
        if not all(line[name].strip() for name in ("figure", "value", "source")):
            raise _refused(
                path,
                number,
                "figure, value and source are needed",
                "il manque figure, value ou source",
            )
        found.append(Given(line["figure"], line["value"], line["source"]))
    return tuple(found)
