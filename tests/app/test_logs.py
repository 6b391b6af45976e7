import io
import json
import logging
import subprocess
import sys
import textwrap

import pytest
import structlog

from gateway.app.logs import masked, set_up

KEY = b"k" * 32


@pytest.fixture
def out():
    """Standard error's stand-in; logging is put back as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def lines(out: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_an_event_is_one_line_of_json_with_the_ids_that_are_bound(out):
    set_up(out=out)
    with structlog.contextvars.bound_contextvars(envelope_id="jrn1"):
        structlog.get_logger().info("mail.received", size=3, helo="a\nb")
    (line,) = lines(out)
    assert line["event"] == "mail.received"
    assert (line["envelope_id"], line["size"], line["helo"]) == ("jrn1", 3, "a\nb")
    assert line["level"] == "info"
    assert str(line["timestamp"]).endswith("Z")


def test_libraries_log_in_the_same_shape(out):
    set_up(out=out)
    logging.getLogger("some.library").warning("hello %s", "you", extra={"port": 25})
    (line,) = lines(out)
    assert (line["event"], line["level"], line["port"]) == ("hello you", "warning", 25)


def test_the_listener_library_does_not_log_command_lines(out):
    set_up(out=out)
    logging.getLogger("mail.log").info("RCPT TO:<ana@example.net>")
    assert out.getvalue() == ""


@pytest.mark.parametrize("library", ["dkimpy", "flufl.bounce"])
def test_what_a_stranger_sends_is_no_error_of_ours(out, library: str):
    set_up(out=out)
    logging.getLogger(library).error("missing public key")
    assert out.getvalue() == ""


def test_what_is_below_the_level_is_not_written(out):
    set_up("warning", out=out)
    structlog.get_logger().info("mail.received")
    logging.getLogger("x").info("nothing")
    assert out.getvalue() == ""


def test_a_traceback_is_one_field(out):
    set_up(out=out)
    try:
        raise ValueError("broken")
    except ValueError:
        structlog.get_logger().exception("stimulus.failed")
    (line,) = lines(out)
    assert "ValueError: broken" in str(line["exception"])


def test_a_person_at_a_terminal_reads_no_json(out):
    terminal = Terminal()
    set_up(out=terminal)
    structlog.get_logger().info("mail.received", size=3)
    assert "mail.received" in terminal.getvalue()
    assert "{" not in terminal.getvalue()


def test_it_writes_to_standard_error_by_itself():
    program = """
        import structlog
        from gateway.app.logs import set_up
        set_up()
        structlog.get_logger().info("x.done")
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ran.stdout == ""
    assert '"event": "x.done"' in ran.stderr


def test_a_masked_address_keeps_its_domain_only():
    assert masked("Ana@Example.net", KEY).endswith("@example.net")
    assert "ana" not in masked("Ana@Example.net", KEY)
    assert masked("Ana@Example.net", KEY) == masked("ana@example.NET", KEY)
    assert masked("ana@example.net", KEY) != masked("eva@example.net", KEY)
    assert masked("ana@example.net", KEY) != masked("ana@example.net", b"x" * 32)


def test_a_log_that_cannot_be_written_ends_nobodys_work():
    stream = io.StringIO()
    set_up("info", out=stream)
    stream.close()
    structlog.get_logger().error("store.group_failed")
