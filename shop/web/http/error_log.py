"""Logs unexpected errors, without any data of the shopper."""

from __future__ import annotations

import logging
import secrets
import traceback
from collections.abc import Iterator
from typing import Any

from litestar import Request

log = logging.getLogger(__name__)


def log_unexpected(request: Request[Any, Any, Any], error: Exception) -> str:
    """Log an unexpected error with its message and traceback, without data of the shopper; return its reference."""
    reference = secrets.token_hex(4)
    route = request.scope.get("path_template", "no route")
    report = "".join(_traceback(error, set()))
    log.error("Unexpected %s [%s] at %s %s\n%s", type(error).__name__, reference, request.method, route, report)
    return reference


def log_unavailable(request: Request[Any, Any, Any], error: Exception) -> None:
    """Log why a request was answered 503: what a store said, which the shopper is not told."""
    route = request.scope.get("path_template", "no route")
    log.error("503 at %s %s: %s", request.method, route, error)


def _traceback(error: BaseException, seen: set[int]) -> Iterator[str]:
    """The tracebacks of an error and its causes, the root cause first.

    Only the first line of each message: in the other lines, databases repeat the values of the statement.
    """
    seen.add(id(error))
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    for earlier in (cause, *getattr(error, "exceptions", ())):
        if earlier is not None and id(earlier) not in seen:
            yield from _traceback(earlier, seen)
            yield "which led to:\n"
    yield "Traceback (most recent call last):\n"
    yield from traceback.format_tb(error.__traceback__)
    yield f"{type(error).__qualname__}: {str(error).partition(chr(10))[0]}\n"
