"""The choice that an entry of the worklist leaves, as a row for `routes.csv`: text to paste.

Offered only where it is the routes that do not decide: a row that names one institution for a
whole BUC would be wrong wherever the place decides. `tables check` has the last word on it.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from ir_directory.formula import neutral
from routing_tables.load import ROUTE_COLUMNS

BY_ROUTE: Final = frozenset({"no-route", "rule-refers"})
"""Causes that a row of `routes.csv` would do away with."""
_CONDITIONS: Final = {
    "scheme": ("scheme-known", "scheme"),
    "residence": ("residence-known", "country"),
}
"""Column -> the step of the trace that tells it, and in which parameter."""


def rows(
    row: Mapping[str, Any], cause: str, trace: Sequence[Mapping[str, Any]], today: date
) -> list[str]:
    """One row a candidate, or one without its target; none where no route would decide."""
    if cause not in BY_ROUTE or row["buc"] is None:
        return []
    known = {step["code"]: step["params"] for step in trace}
    values = {
        **dict.fromkeys(("population", "role", "person"), "*"),
        "rule": f"W-{row['buc'].replace('_', '-')}-{row['message_id'][:8]}",
        "buc": row["buc"],
        "sed": row["sed"],
        **{
            column: known[code][param] if code in known else "*"
            for column, (code, param) in _CONDITIONS.items()
        },
        "certainty": "likely",
        "valid_from": today.isoformat(),
        "basis": f"worklist {row['message_id']}",
    }
    return [_line({**values, "target": target}) for target in row["candidates"] or ("",)]


def _line(values: Mapping[str, str]) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=";", lineterminator="").writerow(
        neutral(values.get(column, "")) for column in ROUTE_COLUMNS
    )
    return text.getvalue()
