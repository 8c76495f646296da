"""Logs unexpected errors, without what a shopper sent."""

from __future__ import annotations

import logging
import secrets
import traceback
from collections.abc import Iterator
from typing import Any

from litestar import Request

log = logging.getLogger(__name__)


def log_unexpected(request: Request[Any, Any, Any], error: Exception) -> str:
    """Log an unexpected error with its message and traceback, without what a shopper sent; return its reference."""
    reference = secrets.token_hex(4)
    route = request.scope.get("path_template", "no route")
    told = "".join(_told(error, set()))
    log.error("Unexpected %s [%s] at %s %s\n%s", type(error).__name__, reference, request.method, route, told)
    return reference


def _told(error: BaseException, before: set[int]) -> Iterator[str]:
    """The tracebacks of an error and of what caused it, the cause first.

    Of each message only the first line: in the others, databases repeat the values that they were given.
    """
    before.add(id(error))
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    for earlier in (cause, *getattr(error, "exceptions", ())):
        if earlier is not None and id(earlier) not in before:
            yield from _told(earlier, before)
            yield "which led to:\n"
    yield "Traceback (most recent call last):\n"
    yield from traceback.format_tb(error.__traceback__)
    yield f"{type(error).__qualname__}: {str(error).partition(chr(10))[0]}\n"
