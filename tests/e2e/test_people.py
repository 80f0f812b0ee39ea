"""What people say to cases, questions and sendings from the command line."""

import json


def test_a_question_is_shown_and_answered_by_telephone(
    daemon, command, listed, a_message, person, uid
):
    gateway = daemon("--until-idle")
    gateway.put("01.xml", a_message("asked", inside=person(town=None)))
    assert gateway.join() == 0
    [question] = listed(gateway.state, "questions", "list")
    assert (question["age_days"], question["sending"]) == (0, "handed-over")
    done = command(gateway.state, "questions", "show", question["question"], "--json")
    shown = json.loads(done.stdout)
    assert {key: shown[key] for key in question} == question
    assert [h["what"] for h in shown["happenings"]] == ["asked", "h001"]
    text = command(gateway.state, "questions", "show", question["question"], "--lang", "fr").stdout
    assert "Ouverte" in text
    assert command(gateway.state, "questions", "show", "nothing").returncode == 1
    answered = ("questions", "answered", question["question"], "--why", "by telephone")
    done = command(gateway.state, *answered, "--lang", "fr")
    assert done.returncode == 0, done.stderr
    assert "refer still-missing [referred]" in done.stdout
    again = command(gateway.state, *answered)
    assert again.returncode == 1
    assert len(again.stderr.splitlines()) == 1
    assert listed(gateway.state, "questions", "list") == []
    [row] = listed(gateway.state, "worklist", "list")
    assert (row["message_id"], row["cause"]) == (uid("asked"), "still-missing")


def test_the_facts_of_a_case_are_shown_to_who_asks(daemon, command, listed, a_message, person, uid):
    gateway = daemon("--until-idle")
    gateway.put("01.xml", a_message("one", case="c"))
    gateway.put(
        "02.xml",
        a_message(
            "two",
            case="p",
            flags="<sbdh:PersonalProtectedCase>true</sbdh:PersonalProtectedCase>",
        ),
    )
    assert gateway.join() == 0
    found = listed(gateway.state, "case", "facts", uid("c"))
    assert {(f["fact"], f["kind"], f["about"], f["value"]) for f in found} == {
        ("address", "residence", "insured", "01000 Bourg-en-Bresse"),
        ("statement", "date", "insured", "2024-01-01"),
        ("statement", "date", "insured", "2024-12-31"),
    }
    text = command(gateway.state, "case", "facts", uid("c")).stdout
    assert "residence (insured, FR): AddressPerson/Address = 01000 Bourg-en-Bresse" in text
    for unseen in ("p", "nowhere"):
        refused = command(gateway.state, "case", "facts", uid(unseen))
        assert (refused.returncode, refused.stdout) == (1, "")


def test_only_what_has_not_left_is_held(daemon, command, listed, a_message, uid):
    gateway = daemon()
    gateway.put("01.xml", a_message("one", case="c"))
    gateway.wait_for("batch-sent", 2)
    case = ("--case", uid("c"), "--only", "handed-over")
    for lang, said in (("en", "Paused: everything."), ("fr", "En pause : tout.")):
        done = command(gateway.state, "--lang", lang, "pause", "--why", "x")
        assert done.stdout == f"{said}\n"
        rows = listed(gateway.state, "sending", "list", *case)
        assert (len(rows), {row["held"] for row in rows}) == (3, {False})
        assert "held)" not in command(gateway.state, "sending", "list", *case).stdout
        assert command(gateway.state, "resume", "--why", "x").stdout.startswith("Resumed: everyt")


def test_an_answer_in_words_is_shown_to_who_must_decide(
    daemon, command, listed, a_message, person, uid
):
    gateway = daemon()
    gateway.put("01.xml", a_message("one", case="c", inside=person(town=None)))
    gateway.wait_for("batch-sent")
    name, _, _ = person(town=None).partition("<Request>")
    who = name.removeprefix("<Person>").removesuffix("</Person>")
    said = (
        f"<ReplyRequestForInformation><Person><PersonIdentification>{who}</PersonIdentification>"
        "<PositiveReplyRequestedInformation><WeAreEnclosing><theFollowingInformation>"
        "He moved to Lyon</theFollowingInformation></WeAreEnclosing>"
        "</PositiveReplyRequestedInformation></Person></ReplyRequestForInformation>"
    )
    answer = {"case": "c", "sed": "H002", "action": "New", "document": "d2", "inside": said}
    gateway.put("02.xml", a_message("two", **answer))
    gateway.wait_for("message-recorded", 2)
    [entry] = [e for e in listed(gateway.state, "worklist", "list") if e["sed"] == "H002"]
    assert entry["cause"] == "answer-in-prose"
    for lang, words in (("en", "its words"), ("fr", "ses termes")):
        shown = command(gateway.state, "--lang", lang, "worklist", "show", uid("two")).stdout
        assert f"{words}{' ' * (lang == 'fr')}: `eessi-gateway case facts {uid('c')}`" in shown
    told = command(gateway.state, "case", "facts", uid("c")).stdout
    assert "WeAreEnclosing/theFollowingInformation = He moved to Lyon" in told
    last = listed(gateway.state, "case", "facts", uid("c"))[-1]
    assert (last["fact"], last["value"]) == ("words", "He moved to Lyon")


def test_a_case_is_taken_and_given_back_beside_the_daemon(
    daemon, command, listed, a_message, person, uid, outbound
):
    gateway = daemon()
    gateway.put("01.xml", a_message("one", case="c", inside=person(town=None)))
    gateway.wait_for("message-recorded")
    case_id = uid("c")
    done = command(gateway.state, "case", "take", case_id, "--why", "mine", "--lang", "fr")
    assert done.stdout.strip().endswith("pris en charge.")
    update = {"action": "Update", "document": "document of one", "version": 2}
    gateway.put("02.xml", a_message("two", case="c", **update))
    gateway.wait_for("message-recorded", 2)
    assert {row["cause"] for row in listed(gateway.state, "worklist", "list")} == {"taken"}
    assert not any(name.startswith("FR-") for name in outbound(gateway.state))
    done = command(gateway.state, "case", "give-back", case_id, "--why", "settled")
    assert "transfer" in done.stdout
    gateway.wait_until(lambda: sum(name.startswith("FR-") for name in outbound(gateway.state)) == 4)
    gateway.wait_for("case-given-back")


def test_nothing_leaves_without_a_yes(daemon, command, listed, a_message, uid, outbound):
    careful = {"EESSI_GATEWAY_SENDING": "confirm"}
    gateway = daemon("--until-idle", env=careful)
    gateway.put("01.xml", a_message("one", case="c"))
    gateway.put("02.xml", a_message("two"))
    assert gateway.join() == 0  # what waits for a person keeps nobody
    assert outbound(gateway.state) == {}
    waiting = listed(gateway.state, "sending", "list")
    assert [row["kind"] for row in waiting] == ["x007", "x007", "hand-over"] * 2
    of_case = listed(gateway.state, "sending", "list", "--case", uid("c"))
    assert {row["case_id"] for row in of_case} == {uid("c")}
    assert uid("c") in command(gateway.state, "sending", "list").stdout
    confirm = ("sending", "confirm", uid("c"), "--why", "looked at")
    assert command(gateway.state, *confirm, env=careful).returncode == 0
    assert command(gateway.state, *confirm, env=careful).returncode == 1
    other = next(row for row in waiting if row["case_id"] != uid("c"))
    withdraw = ("sending", "withdraw", other["sending"], "--why", "wrong", "--lang", "fr")
    assert command(gateway.state, *withdraw, env=careful).returncode == 0
    again = daemon("--until-idle", state=gateway.state)  # automatic now: the past stays as it is
    assert again.join() == 0
    assert sum(name.startswith("FR-") for name in outbound(gateway.state)) == 2
    [row] = listed(gateway.state, "worklist", "list")
    assert (row["message_id"], row["cause"]) == (uid("two"), "recalled")


def test_nothing_leaves_of_a_protected_case_without_a_yes_of_its_own(
    daemon, command, listed, a_message, uid, outbound
):
    gateway = daemon()
    gateway.wait_for("started")
    buc = ("--buc", "S_BUC_24", "--why", "wait")
    assert command(gateway.state, "pause", *buc).returncode == 0
    gateway.put("01.xml", a_message("one", case="c"))
    gateway.wait_for("message-recorded")
    flag = "<sbdh:PersonalProtectedCase>true</sbdh:PersonalProtectedCase>"
    again = {"action": "Update", "document": "document of one", "version": 2}
    gateway.put("02.xml", a_message("two", case="c", flags=flag, **again))
    gateway.wait_for("message-recorded", 2)
    assert command(gateway.state, "resume", *buc).returncode == 0
    assert gateway.terminate() == 0
    assert daemon("--until-idle", state=gateway.state).join() == 0
    assert outbound(gateway.state) == {}
    held = listed(gateway.state, "sending", "list")
    assert {(row["state"], row["error"], row["case_id"]) for row in held} == {
        ("proposed", "protected", "protected")
    }
    assert {row["cause"] for row in listed(gateway.state, "worklist", "list")} == {"protected"}
    confirm = ("sending", "confirm", uid("c"), "--why", "they know")
    assert command(gateway.state, *confirm).returncode == 1
    assert command(gateway.state, *confirm, "--protected").returncode == 0
    assert daemon("--until-idle", state=gateway.state).join() == 0
    assert sum(name.startswith("FR-") for name in outbound(gateway.state)) == 2
    [row] = listed(gateway.state, "worklist", "list")
    assert row["message_id"] == uid("two")


def test_a_question_of_a_case_that_is_protected_by_now_tells_nothing(
    daemon, command, listed, a_message, person, uid
):
    gateway = daemon("--until-idle")
    gateway.put("01.xml", a_message("asked", case="c", inside=person(town=None)))
    assert gateway.join() == 0
    [question] = listed(gateway.state, "questions", "list")
    assert question["case_id"] == uid("c")
    later = daemon("--until-idle", state=gateway.state)
    protected = "<sbdh:PersonalProtectedCase>true</sbdh:PersonalProtectedCase>"
    more = {"action": "Update", "document": "document of asked", "version": 2, "flags": protected}
    later.put("02.xml", a_message("two", case="c", **more))
    assert later.join() == 0
    [question] = listed(gateway.state, "questions", "list", "--all")
    assert (question["case_id"], question["asked"]) == ("protected", "protected")
    text = command(gateway.state, "questions", "list", "--all").stdout
    assert uid("c") not in text
    assert "DE:" not in text


def test_what_a_person_decides_without_a_running_gateway_is_in_traces_too(command, tmp_path):
    env = {"OTEL_TRACES_EXPORTER": "console"}
    done = command(tmp_path / "state", "pause", "--why", "ticket 4711", env=env)
    assert done.returncode == 0, done.stderr
    assert '"eessi.by": "person"' in done.stdout
    assert '"eessi.deed": "pause"' in done.stdout
    assert "4711" not in done.stdout
