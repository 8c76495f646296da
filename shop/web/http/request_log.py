"""The id of each request, and its line in the log."""

from __future__ import annotations

import logging
import random
import re
import time

from litestar.types import HTTPScope

from shop.logs import ACCESS, RequestContext, current
from shop.web.http.reply import Header
from shop.web.http.request import ShopRequest

_KEY = "shop.request"
_ID = re.compile(rb"[A-Za-z0-9._:/+=-]{1,128}")
_TRACE = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?")
"""W3C Trace Context: version, trace, parent and flags."""

log = logging.getLogger(ACCESS)


def begin(request: ShopRequest) -> None:
    """Note that the handler of a request is called: from now on, lines carry the request's id."""
    context = request.scope["state"][_KEY] = RequestContext(request_id(request), time.perf_counter())
    current.set(context)


def seconds_of(scope: HTTPScope) -> float | None:
    """The time since the handler of a request was called; None if none was."""
    context: RequestContext | None = scope["state"].get(_KEY)
    return time.perf_counter() - context.started if context else None


def finish(status: int, request: ShopRequest, seconds: float | None) -> list[Header]:
    """Log the request as its response starts; the headers with its id and time. Never its path, maybe a secret."""
    context = request.scope["state"].get(_KEY) or RequestContext(request_id(request))
    milliseconds = (seconds or 0.0) * 1000
    if log.isEnabledFor(logging.INFO):
        _log(status, request.scope, context, milliseconds)
    # W3C Server Timing is shown by a browser's tools
    timing = b"shop;dur=%.2f" % milliseconds
    return [(b"x-request-id", context.id.encode("latin-1")), (b"server-timing", timing)]


def _log(status: int, scope: HTTPScope, context: RequestContext, milliseconds: float) -> None:
    fields = {
        "method": scope["method"] if scope["method"].isalpha() else "other",
        "route": scope.get("path_template", "unknown"),
        "status": status,
        "ms": round(milliseconds, 2),
        "cart_operations": context.cart_operations,
    }
    text = f"{fields['method']} {fields['route']} {status} {milliseconds:.2f} ms"
    text += f", cart operations: {context.cart_operations}" if context.cart_operations else ""
    record = logging.LogRecord(ACCESS, logging.INFO, "", 0, text, None, None)  # log.info() looks up its caller first
    record.__dict__.update(fields=fields, request=context)
    log.handle(record)


def request_id(request: ShopRequest) -> str:
    """What X-Request-ID says, else the trace of traceparent, else a new random one."""
    headers = request.raw_headers
    if (given := headers.get(b"x-request-id")) and _ID.fullmatch(given):
        return given.decode("ascii")
    if (parent := headers.get(b"traceparent")) and (trace := _TRACE.fullmatch(parent)):
        return trace[1].decode("ascii")
    return f"{random.getrandbits(64):016x}"
