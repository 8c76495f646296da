"""Lines of the log: one form, no secrets, no floods."""

from __future__ import annotations

import io
import json
import logging
import re
import sys

import pytest

from shop.logs import ACCESS, CountingHandler, JsonFormatter, RequestContext, TextFormatter, configure, current, masked
from shop.settings import Settings


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> logging.Logger:
    logger = logging.Logger("shop.test", logging.DEBUG)
    logger.addHandler(CountingHandler(io.StringIO()))
    logger.handlers[0].setFormatter(TextFormatter())
    return logger


def lines(logger: logging.Logger) -> list[str]:
    (handler,) = logger.handlers
    assert isinstance(handler, CountingHandler)
    return str(handler.stream.getvalue()).splitlines()


def record_at(seconds: float, words: str, name: str = "shop.test") -> logging.LogRecord:
    record = logging.LogRecord(name, logging.WARNING, "", 0, words, (), None)
    record.created = seconds
    return record


def test_a_line_says_when_how_bad_who_which_process_and_which_request(log: logging.Logger) -> None:
    token = current.set(RequestContext("abc"))
    log.warning("It %s.", "rains")
    current.reset(token)
    log.info("It snows.")
    first, second = lines(log)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z WARNING shop\.test \[\d+] \[abc] It rains\.", first)
    assert re.fullmatch(r"\S+ INFO shop\.test \[\d+] It snows\.", second)


def test_json_has_the_same_and_the_fields_of_an_access_line(log: logging.Logger) -> None:
    log.handlers[0].setFormatter(JsonFormatter())
    log.info("GET", extra={"fields": {"status": 200}, "request": RequestContext("abc")})
    try:
        raise ValueError("no")
    except ValueError:
        log.exception("It\nfailed.")
    first, second = map(json.loads, lines(log))
    assert first.keys() == {"time", "level", "logger", "pid", "message", "request", "status"}
    assert (first["request"], first["status"], first["level"]) == ("abc", 200, "INFO")
    assert second["message"] == "It\nfailed."
    assert "ValueError: no" in second["exception"]


def test_a_line_that_repeats_is_counted(log: logging.Logger) -> None:
    for at in range(200):
        log.handle(record_at(at / 100, "The store lost changes."))
    assert len(lines(log)) == 1
    token = current.set(RequestContext("another"))
    log.handle(record_at(11, "Something else."))
    current.reset(token)
    assert len(lines(log)) == 3
    assert "[another]" not in lines(log)[1]
    assert lines(log)[1].endswith("The store lost changes. (the last of 199 more of these within 10 seconds)")
    log.handle(record_at(12, "The store lost changes."))
    assert len(lines(log)) == 4


def test_what_is_counted_is_told_at_the_end(log: logging.Logger) -> None:
    for _ in range(3):
        log.handle(record_at(1, "again"))
    log.handlers[0].close()
    assert "the last of 2 more" in lines(log)[1]


def test_no_request_is_left_out(log: logging.Logger) -> None:
    for _ in range(3):
        log.handle(record_at(1, "GET / 200", ACCESS))
    assert len(lines(log)) == 3


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Order K3F90QZX7M2TVB8D: failed", "Order K3F9…: failed"),
        ("K3F9-0QZX-7M2T-VB8D", "K3F9…"),
        ("GET /handoff/abc_DEF-123456 500", "GET /handoff/… 500"),
        ("at /order/{number}", "at /order/{number}"),
        ("550 <ann.b@mail.example>: unknown", "550 <…>: unknown"),
        ("2027-01-31T12:00:00.000Z, 1234 carts", "2027-01-31T12:00:00.000Z, 1234 carts"),
    ],
)
def test_what_opens_something_or_names_somebody_is_masked(text: str, shown: str) -> None:
    assert masked(text) == shown


@pytest.mark.parametrize(("level", "said"), [("DEBUG", True), ("INFO", False)])
def test_the_level_reaches_every_logger(monkeypatch: pytest.MonkeyPatch, level: str, said: bool) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    root = logging.getLogger()
    before, levels = root.handlers[:], {name: logging.getLogger(name).level for name in ("", "shop", "uvicorn")}
    try:
        configure(Settings(log_level=level))
        logging.getLogger("shop.cart").debug("one")
        logging.getLogger("uvicorn.error").debug("two")
        logging.getLogger("uvicorn.error").warning("three")
    finally:
        root.handlers[:] = before
        for name, before_level in levels.items():
            logging.getLogger(name).setLevel(before_level)
    assert [word in stream.getvalue() for word in ("one", "two", "three")] == [said, said, True]
