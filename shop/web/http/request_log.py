"""The id of each request, and its line in the log."""

from __future__ import annotations

import logging
import re
import secrets
import time

from litestar.types import HTTPResponseStartEvent, HTTPScope

from shop.logs import ACCESS, RequestContext, current

_KEY = "shop.request"
_ID = re.compile(rb"[A-Za-z0-9._:/+=-]{1,128}")
_TRACE = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?")
"""W3C Trace Context: version, trace, parent and flags."""

log = logging.getLogger(ACCESS)


def begin(scope: HTTPScope) -> None:
    """Note that the handler of a request is called: from now on, lines carry the request's id."""
    context = scope["state"][_KEY] = RequestContext(request_id(scope), time.perf_counter())
    current.set(context)


def finish(response: HTTPResponseStartEvent, scope: HTTPScope) -> None:
    """Log the request as its response starts, and send its id and time back. Never its path, which may be a secret."""
    context = scope["state"].get(_KEY) or RequestContext(request_id(scope))
    milliseconds = round((time.perf_counter() - context.started) * 1000, 2) if context.started else 0.0
    response["headers"] = [
        *response["headers"],
        (b"x-request-id", context.id.encode("latin-1")),
        (b"server-timing", b"shop;dur=%.2f" % milliseconds),  # W3C Server Timing: shown by a browser's tools
    ]
    if log.isEnabledFor(logging.INFO):
        _log(response["status"], scope, context, milliseconds)


def _log(status: int, scope: HTTPScope, context: RequestContext, milliseconds: float) -> None:
    fields = {
        "method": scope["method"] if scope["method"].isalpha() else "other",
        "route": scope.get("path_template", "unknown"),
        "status": status,
        "ms": milliseconds,
        "cart_operations": context.cart_operations,
    }
    text = f"{fields['method']} {fields['route']} {status} {milliseconds:.2f} ms"
    text += f", cart operations: {context.cart_operations}" if context.cart_operations else ""
    record = logging.LogRecord(ACCESS, logging.INFO, "", 0, text, None, None)  # log.info() looks up its caller first
    record.__dict__.update(fields=fields, request=context)
    log.handle(record)


def request_id(scope: HTTPScope) -> str:
    """What X-Request-ID says, else the trace of traceparent, else a new random one."""
    found = {name: value for name, value in scope["headers"] if name in (b"x-request-id", b"traceparent")}
    if found:
        if _ID.fullmatch(given := found.get(b"x-request-id", b"")):
            return given.decode("ascii")
        if trace := _TRACE.fullmatch(found.get(b"traceparent", b"")):
            return trace[1].decode("ascii")
    return secrets.token_hex(8)
