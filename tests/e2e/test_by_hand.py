"""A SED that we sent by hand is fed in with its sidecar, and only changes its case."""

US, HOLDER = "FR:CLEISS0000", "FR:0101100000"
INSIDE = (
    "<CaseContext><PersonContext><familyName>Muster</familyName><forename>Erika</forename>"
    "<dateBirth>1985-07-15</dateBirth><sex><value>02</value></sex></PersonContext></CaseContext>"
    "<ForwardInformation><AddedParticipant>"
    f"<institutionID>{HOLDER}</institutionID><institutionName>Caisse</institutionName>"
    "</AddedParticipant><RemovedParticipant>"
    f"<institutionID>{US}</institutionID><institutionName>Cleiss</institutionName>"
    "</RemovedParticipant><reason><value>01</value></reason></ForwardInformation>"
)
OURS = {"sender": (US, "Counterparty"), "receivers": (("DE:101320043", "CaseOwner"),)}


def test_who_forwarded_by_hand_gets_the_next_sed_delivered(
    daemon, a_message, person, listed, outbound, uid
):
    gateway = daemon("--until-idle")
    gateway.put("1.xml", a_message("one", case="c", inside=person(town=None)))
    more = {"case": "c", "sed": "X007", "action": "New", "document": "f", "inside": INSIDE}
    gateway.put("2.xml", a_message("x7", **more, **OURS), meta={"direction": "out"})
    gateway.put("3.xml", a_message("two", case="c", action="New", document="e"))
    assert gateway.join() == 0
    rows = {row["message_id"]: row for row in listed(gateway.state, "journal", "list")}
    assert [(rows[uid(m)]["decision"], rows[uid(m)]["state"]) for m in ("one", "x7", "two")] == [
        ("ask", "done"),
        ("note", "done"),
        ("deliver", "done"),
    ]
    handed = [path for path in outbound(gateway.state) if path.startswith("FR-")]
    assert len(handed) == 2  # the later SED and its sidecar, and nothing else
    assert {path.partition("/")[0] for path in handed} == {"FR-0101100000"}
    told = listed(gateway.state, "journal", "show", uid("c"))
    assert "forwarded" in [happening["what"] for happening in told]


def test_a_sidecar_that_lies_is_quarantined(daemon, a_message, listed):
    gateway = daemon("--until-idle")
    gateway.put("1.xml", a_message(), meta={"direction": "out"})
    assert gateway.join() == 0
    (row,) = listed(gateway.state, "quarantine", "list")
    assert row["cause"] == "wrong-direction"
