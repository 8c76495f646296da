"""Logs: one form for every line, the id of the request it belongs to, no personal data, and no line twice in a row.

`configure` is called once per process that serves. A line has time, level, logger, process and request, as text for
people or as a JSON object for machines. Order numbers, links that carry a cart, and e-mail addresses are masked in
whatever is logged: the places that log mask them too, but a driver's message may repeat them.
"""

from __future__ import annotations

import logging
import re
import sys
import time
from collections.abc import Iterator
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

import msgspec
from typing_extensions import override

from shop.settings import Settings

REPEAT_SECONDS = 10.0
"""A line that was logged less than this ago is counted instead."""
MAX_REPEATED = 1000
"""Different lines that are remembered; beyond that, all are logged."""
ACCESS = "shop.access"
"""The logger of one line per request."""


class RequestContext(msgspec.Struct):
    """What the lines of one request share: its id, when its handler was called, and its calls of the cart service."""

    id: str
    started: float = 0.0
    cart_operations: int = 0


current: ContextVar[RequestContext | None] = ContextVar("request", default=None)
"""The request that this task answers."""


def configure(settings: Settings) -> None:
    """Send every line of this process, the server's and the libraries' too, to standard error in one form."""
    logging.logThreads = logging.logMultiprocessing = False  # nothing shows them
    handler = CountingHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if settings.log_format == "json" else TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(logging.getLevelNamesMapping()[settings.log_level], logging.WARNING))
    for name in ("shop", "uvicorn") if settings.log_level == "DEBUG" else ("shop",):  # libraries only warn otherwise
        logging.getLogger(name).setLevel(settings.log_level)


_SECRET = re.compile(
    r"(?P<path>/(?:handoff|order|payment)/)[\w-]{5,}"
    r"|(?<![\w-])(?P<number>[0-9A-HJKMNP-TV-Z]{4})(?:-?[0-9A-HJKMNP-TV-Z]{4}){3}(?![\w-])"
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
)


def masked(text: str) -> str:
    """A text without what opens a receipt or a cart, and without e-mail addresses."""
    return _SECRET.sub(lambda found: f"{found['path'] or found['number'] or ''}…", text)


class TextFormatter(logging.Formatter):
    """'2027-01-31T12:00:00.000Z WARNING shop.cart [4711] [request] message'."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        request = f" [{id_}]" if (id_ := request_of(record)) else ""
        text = f"{time_of(record)} {record.levelname} {record.name} [{record.process}]{request} "
        text += message_of(record) + repetition(record)
        return f"{text}\n{masked(self.formatException(record.exc_info))}" if record.exc_info else text


class JsonFormatter(logging.Formatter):
    """One JSON object a line; the fields of an access line are its own."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": time_of(record),
            "level": record.levelname,
            "logger": record.name,
            "pid": record.process,
            "message": message_of(record),
        }
        line |= {"request": id_} if (id_ := request_of(record)) else {}
        line |= {"repeated": count} if (count := getattr(record, "repeated", 0)) else {}
        line |= getattr(record, "fields", {})
        line |= {"exception": masked(self.formatException(record.exc_info))} if record.exc_info else {}
        return msgspec.json.encode(line).decode()


def message_of(record: logging.LogRecord) -> str:
    """The message, masked. That of a request has templates only."""
    return record.getMessage() if record.name == ACCESS else masked(record.getMessage())


def time_of(record: logging.LogRecord) -> str:
    """When it was logged, in UTC, to the millisecond (RFC 3339)."""
    return f"{_second(int(record.created))}.{int(record.msecs):03d}Z"


@lru_cache(maxsize=4)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


def request_of(record: logging.LogRecord) -> str:
    """The id of the request that the line belongs to; '' for none."""
    context: RequestContext | None = getattr(record, "request", None)
    return context.id if context else ""


def repetition(record: logging.LogRecord) -> str:
    """How many lines like it have been left out, in words."""
    count = getattr(record, "repeated", 0)
    return f" (the last of {count:,} more of these within {REPEAT_SECONDS:g} seconds)" if count else ""


class CountingHandler(logging.StreamHandler[Any]):
    """Writes lines; those that repeat one of the last REPEAT_SECONDS are counted, and the count follows."""

    def __init__(self, stream: Any) -> None:
        super().__init__(stream)
        self._seen: dict[tuple[str, str], tuple[float, logging.LogRecord, int]] = {}

    @override
    def emit(self, record: logging.LogRecord) -> None:
        record.__dict__.setdefault("request", current.get())  # it may be written later, during another request
        if record.name == ACCESS:
            super().emit(record)
            return
        for due in self._counted(record.created):
            super().emit(due)
        key = (record.name, masked(record.getMessage()))
        if (seen := self._seen.get(key)) is not None:
            self._seen[key] = (seen[0], record, seen[2] + 1)
            return
        if len(self._seen) < MAX_REPEATED:
            self._seen[key] = (record.created, record, 0)
        super().emit(record)

    def _counted(self, now: float) -> Iterator[logging.LogRecord]:
        """Forget what was seen long enough ago; the last line of those that came again, with their number."""
        for key, (at, record, count) in list(self._seen.items()):
            if now - at >= REPEAT_SECONDS:
                del self._seen[key]
                if count:
                    record.__dict__["repeated"] = count
                    yield record

    @override
    def close(self) -> None:
        for record in list(self._counted(float("inf"))):
            super().emit(record)
        super().close()
