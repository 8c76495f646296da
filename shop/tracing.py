"""Traces in the form of OpenTelemetry, sent to TRACES_URL: of requests, carts, Redis, SQL, payments and e-mails.

The extra `shop[otel]` brings its packages, which are imported only if the setting is set. Names and attributes are
those of the semantic conventions, without the paths, queries and addresses of clients: a path may open an order.

The contributed instrumentations do not fit: that of ASGI records paths and addresses, that of Redis sees no commands
that share a round trip, and that of SQLAlchemy is for releases before 2.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Literal

from shop.errors import ConfigurationError

if TYPE_CHECKING:
    from litestar.types import HTTPResponseStartEvent, HTTPScope
    from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
    from opentelemetry.trace import Tracer
    from sqlalchemy import Engine

Kind = Literal["internal", "server", "client", "producer"]
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_SPAN = "shop.tracing.span"
"""The key of a request's span in the scope's state, and of a statement's in a connection's info."""
_OFF: AbstractContextManager[None] = nullcontext()

_tracer: Tracer | None = None
_provider: TracerProvider | None = None


def start(url: str, version: str, processor: SpanProcessor | None = None) -> None:
    """Begin to trace, and send the spans to `url`, or to `processor`. Raises ConfigurationError without the extra."""
    global _tracer, _provider
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise ConfigurationError("TRACES_URL needs more packages: pip install 'shop[otel]'") from error
    _provider = TracerProvider(resource=Resource.create({"service.name": "shop", "service.version": version}))
    exporter = f"{url.rstrip('/')}/v1/traces"
    _provider.add_span_processor(processor or BatchSpanProcessor(OTLPSpanExporter(endpoint=exporter)))
    _tracer = _provider.get_tracer("shop", version)


def stop() -> None:
    """Send what is left, and trace no more. It waits for the network."""
    global _tracer, _provider
    if _provider is not None:
        _provider.shutdown()
    _tracer = _provider = None


def is_on() -> bool:
    """Whether anything is traced."""
    return _tracer is not None


def span(name: str, kind: Kind = "internal", **attributes: str | int) -> AbstractContextManager[None]:
    """A span around a block; `__` in the name of an attribute is a dot. An exception marks it as failed."""
    if _tracer is None:
        return _OFF
    return _recorded(_tracer, name, kind, _dotted(attributes))


@contextmanager
def _recorded(tracer: Tracer, name: str, kind: Kind, attributes: dict[str, str | int]) -> Iterator[None]:
    """Names the class of an exception only: its message may be about a person."""
    with tracer.start_as_current_span(
        name, kind=_kind(kind), attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as started:
        try:
            yield
        except Exception as error:
            _fail(started, type(error).__name__)
            raise


def begin_request(scope: HTTPScope) -> None:
    """Begin the span of a request, as a part of the trace that its `traceparent` names."""
    if _tracer is None:
        return
    from opentelemetry import context, trace
    from opentelemetry.propagate import extract

    method = scope["method"] if scope["method"] in METHODS else "_OTHER"
    route = scope["path_template"]
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    attributes = {"http.request.method": method, "http.route": route, "url.scheme": scope["scheme"]}
    started = _tracer.start_span(f"{method} {route}", extract(headers), _kind("server"), attributes)
    context.attach(trace.set_span_in_context(started))  # each request has a task, and with it a context, of its own
    scope["state"][_SPAN] = started


def end_request(response: HTTPResponseStartEvent, scope: HTTPScope) -> None:
    """End the span of a request as its response starts."""
    if _tracer is None or (started := scope["state"].pop(_SPAN, None)) is None:
        return
    started.set_attribute("http.response.status_code", response["status"])
    if response["status"] >= 500:
        _fail(started, str(response["status"]))
    started.end()


def watch_sql(engine: Engine) -> None:
    """Trace the statements of an engine, without their values; nothing if nothing is traced now."""
    if _tracer is None:
        return
    from sqlalchemy import event

    event.listen(engine, "before_cursor_execute", _begin_statement)
    event.listen(engine, "after_cursor_execute", _end_statement)
    event.listen(engine, "handle_error", _fail_statement)


def _begin_statement(connection: Any, _cursor: object, statement: str, *_rest: object) -> None:
    if _tracer is None:
        return
    operation = statement.lstrip().partition(" ")[0].upper()
    system = {"sqlite": "sqlite", "postgresql": "postgresql"}[connection.dialect.name]
    attributes = {"db.system.name": system, "db.operation.name": operation, "db.query.text": statement[:1000]}
    started = _tracer.start_span(operation, kind=_kind("client"), attributes=attributes)
    connection.info.setdefault(_SPAN, []).append(started)


def _end_statement(connection: Any, *_rest: object) -> None:
    if started := connection.info.get(_SPAN):
        started.pop().end()


def _fail_statement(failure: Any) -> None:
    if failure.connection is not None and (started := failure.connection.info.get(_SPAN)):
        _fail(started[-1], type(failure.original_exception).__name__)
        started.pop().end()


def _fail(started: Any, kind: str) -> None:
    from opentelemetry.trace import StatusCode

    started.set_attribute("error.type", kind)
    started.set_status(StatusCode.ERROR)


def _kind(kind: Kind) -> Any:
    from opentelemetry.trace import SpanKind

    return SpanKind[kind.upper()]


def _dotted(attributes: dict[str, str | int]) -> dict[str, str | int]:
    return {name.replace("__", "."): value for name, value in attributes.items()}
