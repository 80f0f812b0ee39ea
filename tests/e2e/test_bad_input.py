"""Whatever is put before the gateway ends in a decision; nothing is lost, nothing else waits."""

import contextlib
import os
import shutil
import subprocess
import sys

import pytest

GOOD = "zz-good"


def deep(levels):
    return b"<a>" * levels + b"</a>" * levels


BAD = {
    "not XML": (lambda _: b"%PDF-1.7 no XML at all", "set-aside", "not-xml"),
    "plain text after markup": (lambda _: b"<<<<", "set-aside", "not-xml"),
    "empty": (lambda _: b"", "set-aside", "empty"),
    "white": (lambda _: b"  \n\t ", "set-aside", "empty"),
    "truncated": (lambda make: make("bad")[:-40], "set-aside", "not-xml"),
    "wrong encoding": (
        lambda make: make("bad").replace(b"Muster", b"M\xfcster"),
        "set-aside",
        "not-xml",
    ),
    "doctype": (
        lambda make: make("bad").replace(b"?>\n", b"?>\n<!DOCTYPE x>", 1),
        "set-aside",
        "doctype",
    ),
    "entity bomb": (
        lambda make: make("bad").replace(
            b"?>\n",
            b'?>\n<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
            + b"".join(
                b'<!ENTITY %c "&%c;&%c;&%c;&%c;">' % (c + 1, c, c, c, c) for c in range(97, 110)
            )
            + b"]>",
            1,
        ),
        "set-aside",
        "doctype",
    ),
    "external entity": (
        lambda make: make("bad").replace(
            b"?>\n", b'?>\n<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>', 1
        ),
        "set-aside",
        "doctype",
    ),
    "300 levels deep": (lambda make: make("bad", inside=deep(300).decode()), None, None),
    "100,000 attributes": (
        lambda make: make("bad").replace(
            b"<Request>", b"<Request " + b" ".join(b'a%d="1"' % n for n in range(100_000)) + b">"
        ),
        "set-aside",
        "too-many-attributes",
    ),
    "other XML": (lambda _: b"<invoice/>", "set-aside", "not-a-business-message"),
    "header 1.0": (lambda make: make("bad", header="1.0"), "set-aside", "header-1.0"),
    "header 9.9": (lambda make: make("bad", header="9.9"), "set-aside", "header-version-unknown"),
    "no case id": (
        lambda make: make("bad").replace(b"sbdh:CaseId", b"sbdh:KaseId"),
        "set-aside",
        "header-incomplete",
    ),
    "unknown SED": (lambda make: make("bad", sed="S999"), "refer", "unknown-sed"),
    "unknown BUC": (lambda make: make("bad", buc="S_BUC_99"), "refer", "unknown-buc"),
    "unknown CDM": (lambda make: make("bad", cdm="9.9"), "refer", "unknown-cdm"),
    "SED outside its BUC": (lambda make: make("bad", buc="P_BUC_01"), "refer", "sed-not-in-buc"),
    "another SED than announced": (
        lambda make: make("bad", root="S041"),
        "refuse",
        "type-mismatch",
    ),
    "not for us": (
        lambda make: make("bad", receivers=(("IT:1234", "Counterparty"),)),
        "set-aside",
        "not-ours",
    ),
    "breaks its schema": (
        lambda make: make("bad", inside="<Person/>"),
        "refer",
        "profile-violation",
    ),
    "broken multipart": (
        lambda _: b"Content-Type: multipart/related\r\n\r\nno boundary",
        "set-aside",
        "bad-mime",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_input_ends_in_a_decision(what, daemon, a_message, listed):
    make, decision, cause = BAD[what]
    gateway = daemon("--until-idle")
    gateway.put("01.xml", make(a_message))
    gateway.put("02.xml", a_message(GOOD))
    assert gateway.join() == 0
    bad, good = listed(gateway.state, "journal", "list")
    assert good["decision"] == "transfer"
    assert bad["decision"] in {"set-aside", "refer", "refuse"}
    assert bad["decision"] == (decision or bad["decision"])
    assert bad["cause"] == (cause or bad["cause"])
    assert list((gateway.state / "inbound").iterdir()) == []


@pytest.mark.parametrize(
    ("name", "meta"),
    [
        (b"d\xff.xml", None),
        (b"x" * 251 + b".xml", None),
        (b"a.xml", '{"received_at": "0001-01-01T00:00:00+05:00"}'),
        (b"a.xml", '{"received_at": "9999-12-31T23:59:59Z"}'),
        (b"a.xml", '{"addressee": "\\ud800"}'),
        (b"a.xml", "[" * 50_000),
    ],
)
def test_a_strange_name_or_sidecar_stops_nothing(name, meta, daemon, a_message, listed, tmp_path):
    inbound = tmp_path / "state" / "inbound"
    inbound.mkdir(parents=True)
    if meta is not None:
        (inbound / (os.fsdecode(name) + ".meta.json")).write_text(meta)
    (inbound / os.fsdecode(name)).write_bytes(a_message("strange"))
    (inbound / "zz.xml").write_bytes(a_message(GOOD))
    assert daemon("--until-idle").join() == 0
    assert len(listed(tmp_path / "state", "journal", "list", "--only", "done")) == 2
    assert list(inbound.iterdir()) == []


def test_all_bad_input_at_once(daemon, a_message, listed):
    gateway = daemon("--until-idle")
    for number, (make, _, _) in enumerate(BAD.values()):
        gateway.put(f"{number:02}.xml", make(lambda _, n=number, **k: a_message(f"bad{n}", **k)))
    gateway.put("99.xml", a_message(GOOD))
    assert gateway.join() == 0
    rows = listed(gateway.state, "journal", "list")
    # the two that hold no byte of their own are one and the same message
    assert {row["decision"] for row in rows[:-1]} <= {"set-aside", "refer", "refuse"}
    assert rows[-1]["decision"] == "transfer"
    assert len(rows) == len(BAD) + 1


def test_a_body_over_the_cap_is_set_aside_and_kept(daemon, command, a_message, listed):
    gateway = daemon(
        "--until-idle",
        env={
            "EESSI_GATEWAY_INBOUND__MAX_BYTES": "8192",
            "EESSI_GATEWAY_INBOUND__MAX_XML_BYTES": "4096",
        },
    )
    big = a_message("big", inside="<!--" + "x" * 9000 + "-->")
    gateway.put("01.xml", big)
    gateway.put("02.xml", a_message("middling", inside="<!--" + "x" * 5000 + "-->"))
    gateway.put("03.xml", a_message(GOOD))
    assert gateway.join() == 0
    first, second, good = listed(gateway.state, "journal", "list")
    assert (first["cause"], second["cause"]) == ("too-big", "too-big")
    assert good["decision"] == "transfer"
    assert (gateway.state / "oversize" / first["message_id"]).read_bytes() == big
    refused = command(gateway.state, "quarantine", "release", first["message_id"])
    assert (refused.returncode, "put that file into inbound/" in refused.stderr) == (1, True)


PROTECTED = "<sbdh:PersonalProtectedCase>true</sbdh:PersonalProtectedCase>"
CAP = 100_000


def long_document(make, **written):
    return make("big", inside="<!--" + "x" * CAP + "-->", **written)


def short_with_a_long_attachment(make, **written):
    head = b'Content-Type: multipart/related; boundary="cut"\r\n\r\n--cut\r\n\r\n'
    attachment = b"\r\n--cut\r\n\r\n" + b"%PDF" * CAP + b"\r\n--cut--\r\n"
    return head + make("big", **written) + attachment


@pytest.mark.parametrize("long", [long_document, short_with_a_long_attachment])
@pytest.mark.parametrize(("flags", "decision"), [(PROTECTED, "refer"), ("", "transfer")])
def test_how_a_body_over_the_cap_begins_tells_that_its_person_is_protected(
    daemon, a_message, listed, long, flags, decision
):
    caps = dict.fromkeys(("MAX_BYTES", "MAX_XML_BYTES"), str(CAP))
    env = {f"EESSI_GATEWAY_INBOUND__{name}": cap for name, cap in caps.items()}
    gateway = daemon(env=env)
    gateway.put("01.xml", long(a_message, case="c", flags=flags))
    gateway.wait_for("message-recorded")
    gateway.put("02.xml", a_message("later", case="c"))
    gateway.wait_for("message-recorded", 2)
    first, later = listed(gateway.state, "journal", "list")
    assert (first["cause"], later["decision"]) == ("too-big", decision)
    assert later["cause"] == ("protected" if flags else None)


def test_folders_and_links_among_the_messages_are_told_and_left(daemon, a_message, listed):
    gateway = daemon()
    gateway.wait_for("started")
    (gateway.state / "inbound" / "00.xml").mkdir()
    (gateway.state / "inbound" / "01.xml").symlink_to("/etc/passwd")
    gateway.put("02.xml", a_message(GOOD))
    gateway.wait_for("message-recorded")
    gateway.wait_for("inbound-not-a-file", 2)
    assert gateway.get("/readyz")[0] == 200
    assert len(listed(gateway.state, "journal", "list")) == 1


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 64 MB, as a mount of its own."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.fail("a small file system is needed to fill a disk: run the tests as root")
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder)], check=True, timeout=10
    )
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True, timeout=10)


def test_a_full_disk_loses_nothing(daemon, a_message, small_disk, listed, outbound, recovered):
    state = small_disk / "state"
    gateway = daemon(state=state)
    gateway.wait_for("started")
    for number in range(300):
        gateway.put(f"{number:03}.xml", a_message(f"m{number}"))
    gateway.wait_for("message-recorded")
    ballast = small_disk / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"x" * 65536):
            pass
    gateway.wait_until(lambda: gateway.get("/readyz")[0] == 503)
    assert gateway.get("/livez")[0] == 200
    ballast.unlink()
    with recovered():
        gateway.wait_until(lambda: gateway.get("/readyz")[0] == 200)
    gateway.wait_until(lambda: not list((state / "inbound").iterdir()))
    assert gateway.terminate() == 0
    assert daemon("--until-idle", state=state).join() == 0
    rows = listed(state, "journal", "list")
    assert len(rows) == 300
    assert {row["state"] for row in rows} == {"done"}
    assert len([p for p in outbound(state) if p.endswith(".json")]) == 300


def test_a_read_only_inbound_folder_is_said_and_hands_over_once(
    daemon, a_message, tmp_path, listed, outbound, recovered
):
    """Nobody can remove what was taken: it is told, and not taken twice."""
    if os.geteuid() != 0:
        pytest.fail("a read-only mount is needed: run the tests as root")
    state = tmp_path / "state"
    inbound = state / "inbound"
    inbound.mkdir(parents=True)
    (inbound / "01.xml").write_bytes(a_message(GOOD))
    for words in (("--bind", str(inbound), str(inbound)), ("-o", "remount,ro,bind", str(inbound))):
        subprocess.run(["mount", *words], check=True, timeout=10)
    try:
        gateway = daemon(state=state)
        gateway.wait_until(lambda: "inbound-unremovable" in gateway.get("/readyz")[1])
        subprocess.run(["mount", "-o", "remount,rw,bind", str(inbound)], check=True, timeout=10)
        with recovered():
            gateway.wait_until(lambda: gateway.get("/readyz")[0] == 200)
        assert gateway.actions.count("message-recorded") == 1
        assert list(inbound.iterdir()) == []
    finally:
        subprocess.run(["umount", "-l", str(inbound)], check=True, timeout=10)
    assert len(listed(state, "journal", "list")) == 1
    assert len([p for p in outbound(state) if p.endswith(".json")]) == 1


def test_a_state_folder_that_cannot_be_made_is_one_line(command, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    done = command(tmp_path / "file" / "state", "run")
    assert done.returncode in {1, 3}
    assert len(done.stderr.splitlines()) == 1
    assert "Traceback" not in done.stderr


def test_the_interpreter_is_the_one_of_the_environment():
    """The processes above run what is being tested, and not an installed copy."""
    done = subprocess.run(
        [sys.executable, "-c", "import gateway; print(gateway.__file__)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "site-packages" not in done.stdout
