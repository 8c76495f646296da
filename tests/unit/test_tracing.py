"""Traces: the spans of a request and below it, nothing personal, and nothing at all without the setting."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from shop import tracing
from shop.checkout.placing.orders import Orders
from shop.database import create_engine
from shop.settings import Settings
from tests.fixtures.shop_app import Client, MakeClient

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """Everything that is traced meanwhile."""
    exporter = InMemorySpanExporter()
    tracing.start("http://127.0.0.1:1", "1", SimpleSpanProcessor(exporter))
    yield exporter
    tracing.stop()


def named(exporter: InMemorySpanExporter, name: str) -> ReadableSpan:
    (found,) = [span for span in exporter.get_finished_spans() if span.name == name]
    return found


async def test_a_request_is_a_span_with_those_of_its_cart_below(spans: InMemorySpanExporter, shop: Client) -> None:
    headers = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
    await shop.post("/cart?secret=1", data={"product_id": "tide-mug"}, headers=headers)
    request, cart = named(spans, "POST /cart"), named(spans, "cart Add")
    assert request.context is not None
    assert cart.context is not None
    assert cart.parent is not None
    assert f"{request.context.trace_id:032x}" == f"{cart.context.trace_id:032x}" == TRACE
    assert cart.parent.span_id == request.context.span_id
    assert request.kind is SpanKind.SERVER
    assert dict(request.attributes or {}) == {
        "http.request.method": "POST",
        "http.route": "/cart",
        "url.scheme": "http",
        "http.response.status_code": 303,
    }


async def test_statements_are_spans_without_their_values(spans: InMemorySpanExporter, sqlite_url: str) -> None:
    engine = create_engine(sqlite_url)
    tracing.watch_sql(engine.sync_engine)
    with tracing.span("outer"):
        await Orders(engine).get("SECRETNUMBER")
    await engine.dispose()
    select, outer = named(spans, "SELECT"), named(spans, "outer")
    assert select.parent is not None
    assert outer.context is not None
    assert select.parent.span_id == outer.context.span_id
    attributes = select.attributes or {}
    assert (attributes["db.system.name"], attributes["db.operation.name"]) == ("sqlite", "SELECT")
    assert "FROM orders" in str(attributes["db.query.text"])
    assert "SECRETNUMBER" not in str(attributes)


def test_an_error_is_named_and_not_quoted(spans: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match="Ada"), tracing.span("payment authorise", "client"):
        raise ValueError("Ada Example")
    failed = named(spans, "payment authorise")
    assert (failed.status.status_code, dict(failed.attributes or {})) == (
        StatusCode.ERROR,
        {"error.type": "ValueError"},
    )
    assert not failed.events
    assert "Ada" not in failed.to_json()


async def test_without_the_setting_nothing_is_traced(make_client: MakeClient, tmp_path: Path) -> None:
    assert not tracing.is_on()
    assert tracing.span("a") is tracing.span("b", "client", c=1)
    settings = Settings(database_url=f"sqlite+aiosqlite:///{tmp_path}/shop.db", traces_url="http://127.0.0.1:1")
    async with make_client(settings=settings) as client:
        await client.get("/about")
    assert not tracing.is_on(), "only a shop that is served traces"
