"""What we sent by hand, through the whole path."""

from datetime import timedelta

from gateway.core.states import MessageState

SWEDEN = "SE:SE123"
OURS = {
    "sender": (SWEDEN, "Counterparty"),
    "receivers": (("DE:101320043", "CaseOwner"),),
    "action": "New",
}


async def test_what_was_set_aside_by_mistake_is_released_as_what_we_sent(
    house, strict, a_message, uid
):
    await house.take(a_message("x", **OURS), by_hand=True)
    (row,) = await house.rows()
    assert (row.state, row.cause) == (MessageState.QUARANTINED, "wrong-direction")
    house.pipeline.desk = strict(own_institutions=("FR:CLEISS0000", SWEDEN))
    await house.operating.do("release", {"message_id": row.message_id}, "claire")
    (row,) = await house.rows()
    assert (row.state, row.decision, row.case_id) == (
        MessageState.DONE,
        "note",
        uid("case of x"),
    )
    assert await house.send() == []


async def test_the_same_bytes_again_are_absorbed_and_a_question_is_counted(house, a_message):
    ours = {**OURS, "sender": ("FR:CLEISS0000", "Counterparty")}
    question = a_message("h1", case="c", sed="H001", document="q", **ours)
    await house.take(a_message("one", case="c", action="New"), question, by_hand=False)
    assert [r.cause for r in await house.rows()][:1] == ["out-of-order"]
    await house.take(a_message("h2", case="c", sed="H001", document="p", **ours), by_hand=True)
    await house.take(a_message("h2", case="c", sed="H001", document="p", **ours), by_hand=True)
    (open_question,) = await house.journal.questions(every=False)
    assert (open_question.asked, open_question.missing) == ("DE:101320043", ())
    later = house.clock.now() + timedelta(seconds=1)
    steps = await house.journal.service_steps(None, later)
    assert [(s.kind.value, s.country) for s in steps] == [("question", "DE")]
    assert await house.send() == []


ADDED = (
    "<CaseContext><PersonContext><familyName>Muster</familyName><forename>Erika</forename>"
    "<dateBirth>1985-07-15</dateBirth><sex><value>02</value></sex></PersonContext></CaseContext>"
    "<ForwardInformation><AddedParticipant>"
    "<institutionID>FR:0101100000</institutionID><institutionName>Caisse</institutionName>"
    "</AddedParticipant><RemovedParticipant>"
    "<institutionID>FR:CLEISS0000</institutionID><institutionName>Cleiss</institutionName>"
    "</RemovedParticipant><reason><value>01</value></reason></ForwardInformation>"
)


def x007(a_message):
    ours = {**OURS, "sender": ("FR:CLEISS0000", "Counterparty")}
    return a_message("x7", case="c", sed="X007", document="f", inside=ADDED, **ours)


async def test_an_x007_sent_by_hand_is_not_sent_again_and_the_hand_over_leaves(
    house, a_message, uid
):
    await house.take(a_message("one", case="c"))
    await house.take(x007(a_message), by_hand=True)
    (sent,) = await house.send()
    assert sent.destination == "FR:0101100000"  # the hand-over, and no X007
    stands = {(s.kind, s.state.value) for s in await house.journal.sendings(uid("c"))}
    assert stands == {("x007", "withdrawn"), ("hand-over", "handed-over")}
    assert {row.state for row in await house.rows()} == {MessageState.DONE}


async def test_an_x007_that_has_left_is_not_withdrawn_by_one_sent_by_hand(house, a_message, uid):
    await house.take(a_message("one", case="c"))
    assert len(await house.send()) == 3
    await house.take(x007(a_message), by_hand=True)
    assert await house.send() == []
    assert "withdrawn" not in {s.state.value for s in await house.journal.sendings(uid("c"))}


async def test_a_transfer_in_doubt_that_a_person_sends_by_hand_goes_on(
    house, a_message, person, uid
):
    """It was right after all: the hand-over leaves, and what put it in doubt stays with him."""
    first = {"case": "c", "document": "d"}
    await house.take(a_message("one", **first))
    await house.clock.advance(20 * 60)  # held up, by a pause or an outage
    moved = person("Lyon", "69003")
    await house.take(a_message("two", **first, version=2, action="Update", inside=moved))
    assert await house.send() == []
    await house.take(x007(a_message), by_hand=True)
    (sent,) = await house.send()
    assert (sent.kind, sent.destination) == ("hand-over", "FR:0101100000")
    states = {row.cause: row.state for row in await house.rows()}
    assert states == {None: MessageState.DONE, "conflict": MessageState.REFERRED}
