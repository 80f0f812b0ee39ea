"""The log lets ids and codes through, and nothing that could be a person."""

import hashlib
import io
import json
import logging
import warnings
from datetime import UTC, datetime

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from gateway.clock import ManualClock
from gateway.errors import ConfigurationError, JournalConflict
from gateway.log import KEYS, configure, logger

SURNAME = "Lindqvist-Example"  # a made-up person, who must not appear


class Written:
    """What was logged, and how often something was dropped."""

    def __init__(self) -> None:
        self.stream = io.StringIO()
        self.dropped = 0

    def drop(self) -> None:
        self.dropped += 1

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.text.splitlines()]

    def start(self, level: str = "info", layout: str = "json") -> None:
        clock = ManualClock(datetime(2026, 1, 5, 8, 0, 0, 250_000, tzinfo=UTC))
        configure(level, layout, "rina-1", "test", clock, dropped=self.drop, stream=self.stream)


@pytest.fixture
def written():
    log = Written()
    log.start()
    return log


def test_a_line_is_one_json_object_with_ecs_names(written):
    logger().info("message-recorded", message_id="abc-1", decision="transfer", duration_ms=1.5)
    assert written.lines == [
        {
            "@timestamp": "2026-01-05T08:00:00.250Z",
            "log.level": "info",
            "message": "message recorded",
            "event.action": "message-recorded",
            "service.name": "eessi-gateway",
            "service.instance": "rina-1",
            "service.environment": "test",
            "eessi.message_id": "abc-1",
            "eessi.decision": "transfer",
            "eessi.duration_ms": 1.5,
        }
    ]
    assert written.dropped == 0


def test_every_allowed_key_gets_through_under_its_name(written):
    logger().info("all", **dict.fromkeys(KEYS, "ab12"))
    assert {name for name, value in written.lines[0].items() if value == "ab12"} == set(
        KEYS.values()
    )
    assert written.dropped == 0


def test_an_unknown_key_is_dropped_and_counted(written):
    logger().info("message-read", surname=SURNAME, birth_date="1950-01-01", sed="P2000")
    assert written.dropped == 2
    assert written.lines[0]["eessi.sed"] == "P2000"
    assert SURNAME not in written.text
    assert "1950" not in written.text


@pytest.mark.parametrize(
    "value",
    [
        "two words",
        "Zoë",
        "a\nb",
        "",
        "x" * 129,
        "<a>",
        "1 84 12 76 451 089 46",
        [SURNAME],
        {"a": 1},
    ],
)
def test_a_value_not_shaped_like_an_id_or_a_code_is_masked_and_counted(written, value):
    logger().info("message-read", case_id=value)
    assert written.lines[0]["eessi.case_id"] == "?"
    assert written.dropped == 1


@pytest.mark.parametrize("value", ["1999999999999", "299999999999999", "FR:199992A999999"])
def test_what_is_shaped_like_a_french_pin_is_masked_wherever_it_stands(written, value):
    name = f"{value.rpartition(':')[2]}.xml"
    logger().info("message-read", case_id=value, path=f"/inbound/{name}")
    assert written.lines[0]["eessi.case_id"] == "?"
    assert written.lines[0]["file.name"] == digest_of(name)
    assert written.dropped == 1


def test_digests_and_uuids_are_no_pins(written):
    digest, uuid = "1999999999999" + "a" * 51, "00000000-0000-5000-8000-199999999999"
    logger().info("message-read", message_id=digest, case_id=uuid)
    assert written.dropped == 0


@pytest.mark.parametrize("value", ["FR:0101100000", "2026-01-01", "x007", 0, 2.5, True])
def test_ids_codes_and_numbers_get_through(written, value):
    logger().info("message-read", institution=value)
    assert written.lines[0]["eessi.institution"] == value
    assert written.dropped == 0


def test_a_key_without_a_value_is_left_out(written):
    logger().info("message-read", case_id=None)
    assert "eessi.case_id" not in written.lines[0]
    assert written.dropped == 0


def test_of_a_path_only_the_file_name_is_written(written):
    logger().info("message-taken", path=f"/home/{SURNAME}/inbound/000001-P2000.xml")
    assert written.lines[0]["file.name"] == "000001-P2000.xml"
    assert SURNAME not in written.text


@pytest.mark.parametrize(
    "name",
    [
        "000006-P_BUC_01-P2000.xml",
        "000001-LA_BUC_02-H001.xml",
        "P_BUC_07a-P5000.xml",
        "2c1f4a1e-0000-5000-8000-9e5f0c1d2b3a.xml",
        "abcdefab-abcd-abcd-abcd-abcdefabcdef.mime",
        "s-1",
        "eessi.inbound",  # a queue, for a message without an id
        "01.csv",
        "a1" * 32,
    ],
)
def test_a_name_made_of_codes_and_numbers_is_written(written, name):
    logger().info("message-taken", path=name)
    assert written.lines[0]["file.name"] == name


@pytest.mark.parametrize(
    "name",
    [
        f"{SURNAME}.xml",
        f"P2000-{SURNAME.lower()}.xml",
        f"000001-P_BUC_01-{SURNAME.upper()}.xml",
        "P2000_of_erika.xml",
        "Erika Müller.xml",
        "bade.xml",  # a name may be made of the letters of hexadecimal numbers
        "no-such\udce9.xml",
        "-.xml",
    ],
)
def test_of_any_other_name_only_the_beginning_of_its_digest_is_written(written, name):
    logger().info("message-taken", path=f"/inbound/{name}")
    assert written.lines[0]["file.name"] == digest_of(name)
    assert written.dropped == 0


def digest_of(name):
    digest = hashlib.sha256(name.encode(errors="surrogateescape")).hexdigest()
    return f"sha256:{digest[:16]}"


def test_a_sentence_is_no_action(written):
    logger().info(f"read the message of {SURNAME}")
    assert written.lines[0]["event.action"] == "?"
    assert SURNAME not in written.text


@given(st.text(), st.dictionaries(st.sampled_from(sorted(KEYS)), st.text()))
def test_whatever_is_logged_the_line_stays_one_json_object(action, keys):
    log = Written()
    log.start()
    logger().info(action, **keys)
    assert len(log.lines) == 1


def test_an_error_of_lxml_is_shown_by_place_and_never_by_text(written):
    with pytest.raises(etree.XMLSyntaxError) as caught:
        etree.fromstring(f"<sed><familyName>{SURNAME}</sed>".encode())
    logger().error("message-failed", exc_info=caught.value)
    line = written.lines[0]
    assert line["error.type"] == "lxml.etree.XMLSyntaxError"
    assert "edge/test_log.py:" in str(line["error.stack_trace"])
    assert "error.message" not in line
    assert "familyName" not in written.text
    assert SURNAME not in written.text


def test_no_error_shows_its_text_its_notes_or_its_local_variables(written):
    def fail(name):
        local = name.upper()
        error = ValueError(f"{name} {local}")
        error.add_note(name)
        raise error

    try:
        fail(SURNAME)
    except ValueError:
        logger().error("message-failed", exc_info=True)
    assert "in fail" in str(written.lines[0]["error.stack_trace"])
    assert SURNAME.lower() not in written.text.lower()


def test_causes_and_groups_are_shown_and_loops_end(written):
    first, second = ValueError(SURNAME), KeyError(SURNAME)
    first.__cause__, second.__cause__ = second, first
    group = ExceptionGroup(SURNAME, [first, OSError(28, SURNAME)])
    logger().error("stopped", exc_info=group)
    stack = str(written.lines[0]["error.stack_trace"])
    assert stack.split("\n") == [
        *("builtins.ExceptionGroup", "holds:", "builtins.ValueError", "from:", "builtins.KeyError"),
        *("holds:", "builtins.OSError"),
    ]
    assert SURNAME not in written.text


def test_an_error_of_ours_shows_its_public_text_and_code(written):
    logger().error("message-not-recorded", exc_info=JournalConflict())
    logger().error("stopped", exc_info=ConfigurationError("gateway.toml: http.port: wrong"))
    codes = [line["error.code"] for line in written.lines]
    assert codes == ["journal-conflict", "configuration-invalid"]
    assert written.lines[1]["error.message"] == "gateway.toml: http.port: wrong"


def test_an_error_of_the_system_shows_its_number(written):
    logger().error("write-failed", exc_info=OSError(28, f"no space for {SURNAME}"))
    assert written.lines[0]["error.code"] == "errno-28"
    assert SURNAME not in written.text


def test_libraries_are_heard_without_their_sentences(written):
    logging.getLogger("some.library").error("parsing %s", SURNAME, exc_info=ValueError(SURNAME))
    logging.getLogger("some.library").info("chatter")
    (line,) = written.lines
    assert line["log.logger"] == "some.library"
    assert line["log.level"] == "error"
    assert line["log.origin.file.name"] == "test_log.py"
    assert line["error.type"] == "builtins.ValueError"
    assert SURNAME not in written.text


def test_warnings_of_python_are_heard_without_their_text(written):
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=False)
        logging.captureWarnings(capture=True)
        warnings.warn(SURNAME, stacklevel=1)
    assert [line["log.logger"] for line in written.lines] == ["py.warnings"]
    assert SURNAME not in written.text


def test_setting_up_twice_does_not_write_twice(written):
    written.start()
    logging.getLogger("some.library").warning("once")
    assert len(written.lines) == 1


def test_what_is_below_the_level_is_not_written(written):
    written.start(level="warning")
    logger().info("message-recorded")
    logger().debug("message-recorded")
    logger().warning("slow")
    assert [line["event.action"] for line in written.lines] == ["slow"]


def test_what_was_bound_to_the_task_is_checked_like_the_rest(written):
    with structlog.contextvars.bound_contextvars(message_id="abc-1", surname=SURNAME):
        logger().info("message-read")
    assert written.lines[0]["eessi.message_id"] == "abc-1"
    assert written.dropped == 1


def test_people_get_a_short_line_through_the_same_allow_list(written):
    written.start(layout="console")
    logger().info("message-recorded", message_id="abc-1", surname=SURNAME, port=9464)
    logger().error("stopped", exc_info=ValueError(SURNAME))
    assert written.text.splitlines() == [
        "08:00:00 info    message-recorded message_id=abc-1 server.port=9464",
        "08:00:00 error   stopped error.type=builtins.ValueError",
        "builtins.ValueError",
    ]
