"""What became of what was handed over comes as a file, and every command tells it."""

import json

HEADER = "message_id;receiver;status;time;reason"


def test_a_hand_over_is_delivered_or_a_person_is_told(daemon, a_message, command, listed):
    gateway = daemon()
    gateway.put("a.xml", a_message())
    gateway.wait_until(lambda: len(list(gateway.state.glob("outbound/FR-*/*.json"))) == 1)
    (sidecar,) = gateway.state.glob("outbound/FR-*/*.json")
    said = json.loads(sidecar.read_text())
    ident, receiver = said["hand_over_id"], said["institution"]
    statuses = gateway.state / "inbound" / "status"
    statuses.mkdir()

    def tell(name, status, reason=""):
        line = f"{ident};{receiver};{status};2026-01-05T10:00:00+01:00;{reason}"
        (statuses / f".{name}").write_text(f"{HEADER}\n{line}\n")
        (statuses / f".{name}").rename(statuses / name)

    tell("1.csv", "ARRIVED")
    gateway.wait_for("status-file-rejected")
    tell("2.csv", "SENT")
    gateway.wait_for("status-file-recorded")
    tell("3.csv", "ERROR", "FULL")
    gateway.wait_for("delivery-failed")
    gateway.wait_for("status-file-recorded", 2)
    status = json.loads(command(gateway.state, "status", "--json").stdout)
    assert status["sendings"] == {"failed": 1, "handed-over": 2}
    assert (status["status_files_rejected"], status["worklist"]) == (1, {"not-delivered": 1})
    told = listed(gateway.state, "journal", "show", said["case_id"])
    mine = [(h["what"], h["state"]) for h in told if h["params"].get("message_id") == ident]
    assert sorted(mine) == [
        ("hand-over", "failed"),
        ("hand-over", "handed-over"),
        ("hand-over", "sent"),
    ]
    assert [p.name for p in statuses.iterdir()] == ["rejected"]
    assert gateway.terminate() == 0
