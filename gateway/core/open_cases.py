"""Cases that were open before the gateway was: the lines of a list of them, read strictly.

One line a case: `case_id;buc;our_role;participants;holder`. The list counts as a whole: with one
bad line no case of it is taken over.
"""

import re
from collections.abc import Sequence
from typing import Final

from gateway.core.events import Imported
from gateway.core.matter import Policy
from gateway.core.message import INSTITUTION_ID, Role, spelled
from gateway.core.strict_lines import BadLine, lines_of
from gateway.core.tables import Tables

HEADER: Final = "case_id;buc;our_role;participants;holder"
MOST_LINES: Final = 200_000
_CASE: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ROLES: Final = frozenset({Role.CASE_OWNER.value, Role.COUNTERPARTY.value})

OpenCase = tuple[int, str, Imported]
"""Line, case id, and what is known of the case."""


def open_cases(
    body: bytes, tables: Tables, policy: Policy, who: str
) -> tuple[tuple[OpenCase, ...], tuple[BadLine, ...]]:
    """The cases of the list, and every line that is none."""
    lines = lines_of(body, HEADER, MOST_LINES)
    wrong, cases, seen = list(lines.wrong), [], set[str]()
    for number, written in lines.cells:
        cells = (spelled(written[0]), *written[1:])
        code = "twice" if cells[0] in seen else _fault(cells, tables, policy)
        seen.add(cells[0])
        if code is not None:
            wrong.append(BadLine(number, code))
            continue
        case_id, buc, our_role, participants, holder = cells
        taken = Imported(buc, our_role, _ids(participants), holder or None, who)
        cases.append((number, case_id, taken))
    return tuple(cases), tuple(wrong)


def _ids(participants: str) -> tuple[str, ...]:
    return tuple(ident.strip() for ident in participants.split(","))


def _fault(cells: Sequence[str], tables: Tables, policy: Policy) -> str | None:
    """The first thing that is wrong with a line."""
    case_id, buc, our_role, participants, holder = cells
    ids, known = _ids(participants), tables.directory.institution(holder)
    checks = (
        ("case-id", _CASE.fullmatch(case_id) is not None),
        ("buc", buc in tables.catalogue.bucs),
        ("our-role", our_role in _ROLES),
        ("participants", all(INSTITUTION_ID.fullmatch(ident) for ident in ids)),
        ("not-ours", not set(ids).isdisjoint(policy.own_institutions)),
        ("holder", not holder or known is not None),
        ("holder-own", holder not in policy.own_institutions),
        ("holder-elsewhere", known is None or known.test == policy.test_ids),
    )
    return next((code for code, right in checks if not right), None)
