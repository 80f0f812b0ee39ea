"""Gateways on a PostgreSQL database: one, two beside each other, and the commands around them."""

import json
from collections import Counter

import pytest

from gateway.relay import LEASE_SECONDS
from tests.e2e.conftest import PATIENCE
from tests.services.cluster import Cluster, Standby

pytestmark = [pytest.mark.program, pytest.mark.long, pytest.mark.timeout(240)]


@pytest.fixture
def listed(command, on_postgres):
    """The lines of a command with `--json`."""

    def lines(state, *words):
        done = command(state, *words, "--json", env=on_postgres)
        assert done.returncode == 0 or words == ("status",), done.stderr  # a daemon that stands
        return [json.loads(line) for line in done.stdout.splitlines()]

    return lines


def handed(state, place):
    """What was handed over there."""
    return sorted(path.name for path in (state / "outbound" / place).glob("*.xml"))


def test_a_message_is_handed_over_and_everything_is_in_the_database(
    daemon, on_postgres, a_message, listed, uid
):
    gateway = daemon("--until-idle", env=on_postgres)
    gateway.put("one.xml", a_message())
    assert gateway.join() == 0
    assert len(handed(gateway.state, "FR-0101100000")) == 1
    assert len(handed(gateway.state, "rina")) == 2
    assert not (gateway.state / "journal.db").exists()
    [row] = listed(gateway.state, "journal", "list")
    assert (row["message_id"], row["state"]) == (uid("one"), "done")
    assert listed(gateway.state, "journal", "show", uid("one"))
    [status] = listed(gateway.state, "status")
    assert (status["messages"], status["running"]) == ({"done": 1}, False)
    checked = {line["part"]: line for line in listed(gateway.state, "check")}
    assert checked["journal"]["ok"]
    assert "postgres 127.0.0.1" in checked["journal"]["detail"]


def test_commands_write_beside_no_daemon_and_through_one(
    daemon, on_postgres, a_message, listed, command
):
    gateway = daemon("--until-idle", env=on_postgres)
    gateway.put("one.xml", a_message(inside="<Broken>"))
    assert gateway.join() == 0
    [aside] = listed(gateway.state, "quarantine", "list")
    words = ("quarantine", "discard", aside["message_id"], "--why", "no SED")
    done = command(gateway.state, *words, env=on_postgres)
    assert done.returncode == 0, done.stderr
    assert listed(gateway.state, "quarantine", "list") == []
    again = daemon(env=on_postgres)
    again.wait_for("started")
    paused = command(gateway.state, "pause", "--buc", "S_BUC_24", "--why", "test", env=on_postgres)
    assert paused.returncode == 0, paused.stderr
    [status] = listed(gateway.state, "status")
    assert [pause["value"] for pause in status["pauses"]] == ["S_BUC_24"]
    assert again.terminate() == 0


def test_two_workers_decide_a_case_once(daemon, on_postgres, a_message, listed, tmp_path):
    """Each has one of two SEDs of every case, at the same instant."""
    first = daemon(env=on_postgres, state=tmp_path / "first")
    second = daemon(env=on_postgres, state=tmp_path / "second")
    for worker in (first, second):
        worker.wait_for("started")
    cases = [f"case{n}" for n in range(40)]
    for case in cases:
        first.put(f"{case}.xml", a_message(f"{case}-a", case=case))
        second.put(f"{case}.xml", a_message(f"{case}-b", case=case))
    for worker in (first, second):
        worker.wait_for("message-recorded", times=len(cases))
        assert worker.terminate() == 0
    for worker in (first, second):
        ended = daemon("--until-idle", env=on_postgres, state=worker.state)
        assert ended.join() == 0
    rows = listed(first.state, "journal", "list")
    by_case = {}
    for row in rows:
        by_case.setdefault(row["case_id"], []).append(row["decision"])
    assert Counter(tuple(sorted(d)) for d in by_case.values()) == {
        ("deliver", "transfer"): len(cases)
    }
    x007 = handed(first.state, "rina") + handed(second.state, "rina")
    assert len(x007) == len(set(x007)) == 2 * len(cases)
    copies = [n for w in (first, second) for n in handed(w.state, "FR-0101100000")]
    assert len(copies) == len(set(copies)) == 2 * len(cases)


def test_what_one_worker_is_told_to_hold_back_the_other_holds_back(
    daemon, on_postgres, command, a_message, tmp_path
):
    first = daemon(env=on_postgres, state=tmp_path / "first")
    second = daemon(env=on_postgres, state=tmp_path / "second")
    for worker in (first, second):
        worker.wait_for("started")
    paused = command(first.state, "pause", "--why", "test", env=on_postgres)
    assert paused.returncode == 0, paused.stderr
    second.wait_until(lambda: "paused" in second.get("/readyz")[1])
    second.put("one.xml", a_message())
    resumed = command(first.state, "resume", "--why", "test", env=on_postgres)
    assert resumed.returncode == 0, resumed.stderr
    # what leaves is claimed by whoever looks first
    second.wait_until(
        lambda: [n for worker in (first, second) for n in handed(worker.state, "FR-0101100000")]
    )
    for worker in (first, second):
        assert worker.terminate() == 0


def begun(daemon, on_postgres, a_message):
    """A gateway in the middle of forty messages."""
    gateway = daemon(env=on_postgres)
    gateway.wait_for("started")
    for n in range(40):
        gateway.put(f"{n:02}.xml", a_message(f"m{n}"))
    gateway.wait_for("message-recorded", times=5)
    return gateway


def goes_on(gateway, daemon, on_postgres, a_message, listed):
    """Twenty more come, and all are recorded and handed over once."""
    for n in range(40, 60):
        gateway.put(f"{n:02}.xml", a_message(f"m{n}"))
    gateway.wait_until(lambda: not list((gateway.state / "inbound").glob("*.xml")))
    assert gateway.terminate() == 0
    idle = daemon("--until-idle", env=on_postgres)
    # what was claimed as a line was lost is nobody's until its lease has run out
    assert idle.join(LEASE_SECONDS + PATIENCE) == 0
    rows = listed(gateway.state, "journal", "list")
    assert [row["state"] for row in rows] == ["done"] * 60
    assert len(handed(gateway.state, "FR-0101100000")) == 60
    assert len(handed(gateway.state, "rina")) == 120


def is_ready(gateway):
    return lambda: gateway.get("/readyz")[0] == 200


def is_not_ready(gateway):
    return lambda: gateway.get("/readyz")[0] == 503


def test_a_kill_of_the_server_loses_nothing(
    daemon, on_postgres, cluster, a_message, listed, recovered
):
    gateway = begun(daemon, on_postgres, a_message)
    cluster.kill()
    gateway.wait_until(is_not_ready(gateway))
    cluster.start()
    with recovered():
        gateway.wait_until(is_ready(gateway))
    goes_on(gateway, daemon, on_postgres, a_message, listed)


@pytest.mark.parametrize("how", ["fast", "immediate"])
def test_a_restart_of_the_server_loses_nothing(
    daemon, on_postgres, cluster, a_message, listed, recovered, how
):
    gateway = begun(daemon, on_postgres, a_message)
    cluster.stop(how)
    gateway.wait_until(is_not_ready(gateway))
    cluster.start()
    with recovered():
        gateway.wait_until(is_ready(gateway))
    goes_on(gateway, daemon, on_postgres, a_message, listed)


def test_connections_that_are_cut_under_load_lose_nothing(
    daemon, on_postgres, cluster, database, a_message, listed, recovered
):
    gateway = begun(daemon, on_postgres, a_message)
    with cluster.connected("postgres") as operator:

        def cut():
            (found,) = operator.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = %s",
                (database.database,),
            ).fetchone()
            return found > 0

        for _ in range(6):
            gateway.wait_until(cut)  # at once, or as soon as it has lines again
            gateway.pause(0.5)
    with recovered():
        gateway.wait_until(is_ready(gateway))
    goes_on(gateway, daemon, on_postgres, a_message, listed)


def test_a_statement_that_hangs_is_given_up_and_tried_again(
    daemon, on_postgres, cluster, database, a_message, listed, recovered
):
    """Somebody holds a lock by hand; nobody hangs behind him for longer than a statement may."""
    patient = {**on_postgres, "EESSI_GATEWAY_POSTGRES__STATEMENT_TIMEOUT_SECONDS": "2"}
    gateway = begun(daemon, patient, a_message)
    with cluster.connected(database.database) as other:
        other.execute("BEGIN")
        other.execute("LOCK TABLE message, sending IN ACCESS EXCLUSIVE MODE")
        gateway.put("40.xml", a_message("m40"))
        gateway.wait_until(lambda: "journal-unavailable" in gateway.get("/readyz")[1])
        gateway.wait_for("message-not-recorded")
        assert gateway.get("/livez")[0] == 200
        other.execute("ROLLBACK")
    with recovered():
        gateway.wait_until(is_ready(gateway))
    goes_on(gateway, daemon, patient, a_message, listed)


@pytest.fixture
def pair():
    """A primary, and a standby that has what is committed before anybody is told."""
    primary = Cluster()
    primary.start()
    standby = Standby(primary)
    standby.start()
    with primary.connected("postgres") as db:
        db.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        db.execute("SELECT pg_reload_conf()")
    yield primary, standby
    for one in (primary, standby):
        one.end()


def test_the_standby_takes_over(daemon, on_postgres, pair, a_message, listed, recovered):
    primary, standby = pair
    on_postgres.update(
        {
            "EESSI_GATEWAY_POSTGRES__PORT": str(primary.port),
            "EESSI_GATEWAY_POSTGRES__DATABASE": primary.database().database,
            "EESSI_GATEWAY_POSTGRES__OTHER_HOSTS": json.dumps([standby.address]),
        }
    )
    gateway = begun(daemon, on_postgres, a_message)
    primary.kill()
    gateway.wait_until(is_not_ready(gateway))  # a standby takes nothing
    with standby.connected("postgres") as db:
        db.execute("ALTER SYSTEM SET synchronous_standby_names = ''")
        db.execute("SELECT pg_promote()")
    with recovered():
        gateway.wait_until(is_ready(gateway))
    goes_on(gateway, daemon, on_postgres, a_message, listed)


def test_a_password_that_is_wrong_is_one_line_without_it(command, on_postgres, tmp_path):
    wrong = {**on_postgres, "EESSI_GATEWAY_POSTGRES__PASSWORD": "quite-another-one"}
    for words in (("run", "--until-idle"), ("journal", "list"), ("status",)):
        refused = command(tmp_path / "state", *words, env=wrong)
        assert refused.returncode == 3
        [line] = refused.stderr.splitlines()
        assert "the server is there and lets us in" in line
        assert "quite-another-one" not in line


def test_a_file_is_copied_into_an_empty_database_and_goes_on_there(
    daemon, on_postgres, a_message, person, command, listed
):
    gateway = daemon("--until-idle")
    state = gateway.state
    for n in range(12):
        gateway.put(f"{n:02}.xml", a_message(f"m{n}"))
    gateway.put("ask.xml", a_message("ask", inside=person(town=None)))
    gateway.put("bad.xml", b"<!DOCTYPE x><x/>")
    assert gateway.join() == 0
    paused = command(state, "pause", "--buc", "P_BUC_01", "--why", "test")
    assert paused.returncode == 0, paused.stderr

    def told(env):
        """What both journals say, whichever it is."""
        commands = (
            ("journal", "list"),
            ("journal", "show", listed_ids[0]),
            ("quarantine", "list"),
            ("questions", "list"),
            ("report", "partners"),
            ("tables", "list"),
        )
        return [command(state, *words, "--json", env=env).stdout for words in commands]

    rows = command(state, "journal", "list", "--json").stdout.splitlines()
    listed_ids = [json.loads(row)["message_id"] for row in rows]
    before = told({})
    assert all(before)
    refused = command(state, "journal", "migrate")
    assert refused.returncode == 1
    assert "names no database" in refused.stderr
    done = command(state, "journal", "migrate", "--json", env=on_postgres)
    assert done.returncode == 0, done.stderr
    tables = {row["table"]: row["rows"] for row in map(json.loads, done.stdout.splitlines())}
    assert (tables["message"], tables["pause"]) == (14, 1)
    assert tables["sending"] >= 36
    assert told(on_postgres) == before

    again = command(state, "journal", "migrate", env=on_postgres)
    assert again.returncode == 1
    assert "a journal already" in again.stderr
    worker = daemon("--until-idle", env=on_postgres, state=state)
    worker.put("again.xml", a_message("m3"))
    worker.put("new.xml", a_message("new"))
    assert worker.join() == 0
    after = listed(state, "journal", "list")
    assert [row["message_id"] for row in after[:-1]] == listed_ids
    assert len(handed(state, "FR-0101100000")) == 13


def test_a_file_that_a_gateway_works_on_is_not_copied(daemon, on_postgres, command):
    gateway = daemon()
    gateway.wait_for("started")
    refused = command(gateway.state, "journal", "migrate", env=on_postgres)
    assert refused.returncode == 1
    assert "another gateway works" in refused.stderr
    assert gateway.terminate() == 0


def test_backup_and_restore_are_of_the_file(command, on_postgres, tmp_path):
    for words in (("backup", tmp_path / "copy"), ("restore", tmp_path / "copy")):
        refused = command(tmp_path / "state", *words, env=on_postgres)
        assert refused.returncode == 1
        assert "pg_dump" in refused.stderr


def test_a_kill_of_a_worker_loses_nothing_and_decides_nothing_twice(
    daemon, on_postgres, a_message, listed
):
    """Nobody can prove that it is dead: what it had in hand goes out when its lease has ended."""
    gateway = daemon(env=on_postgres)
    gateway.wait_for("started")
    for n in range(40):
        gateway.put(f"{n:02}.xml", a_message(f"m{n}"))
    gateway.wait_for("message-recorded", times=5)
    gateway.kill()
    again = daemon("--until-idle", env=on_postgres)
    again.pause(40)  # of the minute of the lease
    assert again.join() == 0
    assert [row["state"] for row in listed(gateway.state, "journal", "list")] == ["done"] * 40
    assert len(handed(gateway.state, "FR-0101100000")) == 40
    assert len(handed(gateway.state, "rina")) == 80
