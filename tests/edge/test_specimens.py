"""Specimens: every kind of message that we write abroad is among them, and keeps to its schema."""

import pytest

from gateway.core.judging import Examined, examine
from gateway.core.outgoing import SendingKind
from gateway.core.reading import Limits
from gateway.loading import schemas
from gateway.pension_question import PACKAGED, read
from gateway.specimens import written

NATIONAL = {SendingKind.HAND_OVER, SendingKind.RECALL}
"""To an institution of our own: the bytes as received, or none."""


@pytest.mark.parametrize("cdm", ["4.1", "4.2", "4.3", "4.4"])
def test_one_of_each_kind_that_leaves_abroad_is_valid(tmp_path, cdm):
    specimens = list(written(cdm, read(PACKAGED)))
    assert {one.kind for one in specimens} == set(SendingKind) - NATIONAL
    examined = [examine(one.body, Limits(), schemas(tmp_path)) for one in specimens]
    assert all(isinstance(one, Examined) and one.verdict.valid for one in examined)
    assert {one.message.sed for one in examined} == {
        *("X006", "X007", "X008", "X009", "X011", "X012", "X050"),
        *("H001", "P8000"),
    }
