"""A message against the rules of its BUC: which SED may come, from which role, as what action.

The rules are those of CDM 4.1 and 4.2 with what 4.4 is known to change, and second-hand: what
they do not allow is named, and a SED that the BUC does not know is for a person
(`sed-not-in-buc`). Source: `sed_schemas/buc_seds.csv`.
"""

from collections.abc import Iterator
from typing import Final

from gateway.core.message import BusinessMessage, CaseAction, Role
from gateway.core.trace import Step, step
from sed_schemas import COUNTERPARTY, EVERYWHERE, OWNER, BucRules

_ROLES: Final = {Role.CASE_OWNER: OWNER, Role.COUNTERPARTY: COUNTERPARTY}
_FORWARDED: Final = {
    CaseAction.START_FORWARD: CaseAction.START,
    CaseAction.NEW_FORWARD: CaseAction.NEW,
}


def against_the_buc(rules: BucRules, message: BusinessMessage) -> Iterator[Step]:
    """What the BUC does not know, from whom it does not come, as what it does not come."""
    if message.sed in EVERYWHERE:
        return
    sed = rules.seds.get(message.sed)
    if sed is None:
        yield step("sed-outside-buc", buc=rules.code, sed=message.sed)
        return
    role = _ROLES.get(message.sender.role)
    if role is None:
        return
    action = _FORWARDED.get(message.action, message.action).value
    if role not in sed.sent:
        yield step("sender-outside-buc", buc=rules.code, sed=message.sed, role=role)
    elif action not in sed.sent[role]:
        allowed = ", ".join(sorted(sed.sent[role]))
        yield step(
            "action-outside-buc", buc=rules.code, sed=message.sed, action=action, allowed=allowed
        )
