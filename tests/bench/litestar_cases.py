"""What bench_litestar.py measures: small applications that differ in one thing, the shop's way beside Litestar's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, cast

import msgspec
from jinja2 import DictLoader, Environment
from litestar import Controller, Litestar, MediaType, Request, Response, get, post
from litestar.config.compression import CompressionConfig
from litestar.connection import ASGIConnection
from litestar.contrib.jinja import JinjaTemplateEngine
from litestar.di import NamedDependency, Provide
from litestar.enums import RequestEncodingType
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.middleware import ASGIMiddleware
from litestar.params import Body, FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.plugins.prometheus import PrometheusConfig
from litestar.response import Redirect, Template
from litestar.static_files import create_static_files_router
from litestar.template import TemplateConfig
from litestar.types import (
    ASGIApp,
    BeforeMessageSendHookHandler,
    BeforeRequestHookHandler,
    Guard,
    HTTPScope,
    Message,
    Receive,
    Scope,
    Send,
)
from prometheus_client import CollectorRegistry

from shop.cart.memory import MemoryCartService
from shop.i18n import speak
from shop.languages import offered
from shop.resources import resource_dir
from shop.web.http.cross_origin import CrossOriginGuard
from shop.web.http.forms import read_form
from shop.web.http.reply import HTML, REVALIDATE, VARY, PersonalReply, Reply, go_to
from shop.web.http.request import ShopRequest
from shop.web.http.session import Sessions
from shop.web.operations.metrics import Metrics
from shop.web.render.assets import assets_of
from shop.web.render.language import Languages
from tests.bench.bench_http import BROWSER, HTMX, VISITOR
from tests.bench.load import Call

ADD = "product_id=tide-mug&variant_id=TIDE-MUG-MOSS&quantity=1"
SHOPPER = {**HTMX, "Cookie": "session=x; cart_count=3; currency=EUR", "Sec-Fetch-Site": "same-origin"}
HEADERS = (HTML, VARY, REVALIDATE)
HEADERS_BY_NAME = {name.decode(): value.decode() for name, value in HEADERS[1:]}
SHORT = "<p>Two words</p>"
LONG = "".join(f"<li>Line {number} of a page as long as a cart's</li>" for number in range(400))
TEMPLATES = Environment(loader=DictLoader({"page.html": SHORT}), autoescape=True)


PLAIN = "function returning Reply"
Prepare = Callable[[HTTPScope], None]
"""What is done with a request before its handler."""


class Case(msgspec.Struct, frozen=True):
    """A row of the table: an application, what is asked of it, and the row that it is compared with, '' for none."""

    name: str
    app: Litestar
    call: Call
    beside: str = PLAIN


def litestar(*handlers: Any, **options: Any) -> Litestar:
    """An application with nothing but the handlers, and what the case adds."""
    options.setdefault("request_class", ShopRequest)
    return Litestar([*handlers], openapi_config=None, logging_config=None, **options)


def short_reply() -> Reply:
    """A page of two words."""
    return Reply(200, HEADERS, SHORT.encode())


async def show(request: ShopRequest) -> Reply:
    return short_reply()


class Pages(Controller):
    @get("/")
    async def show(self, request: ShopRequest) -> Reply:
        return short_reply()


class Collaborator:
    """Stands for what handlers need: the stores, the templates."""


COLLABORATOR = Collaborator()


async def provide() -> Collaborator:
    return COLLABORATOR


class PagesOfCollaborator(Controller):
    dependencies = {"site": Provide(provide, use_cache=True)}  # noqa: RUF012 - as Litestar has it

    @get("/")
    async def show(self, request: ShopRequest, site: NamedDependency[Collaborator]) -> Reply:
        return short_reply()


async def show_with_dependency(request: ShopRequest, site: NamedDependency[Collaborator]) -> Reply:
    return short_reply()


async def show_with_inferred(request: ShopRequest, site: Collaborator) -> Reply:
    return short_reply()


async def show_by_path_params(request: ShopRequest) -> Reply:
    assert request.scope["path_params"]["handle"]
    return short_reply()


async def show_by_argument(request: ShopRequest, handle: FromPath[str]) -> Reply:
    assert handle
    return short_reply()


def handlers() -> list[Case]:
    """How a handler is written, and how it gets what it needs."""
    visit, product = Call("/", VISITOR), Call("/product/tide-mug", VISITOR)
    by_path = "parameter from path_params"
    cached, uncached = Provide(provide, use_cache=True), Provide(provide)
    return [
        Case(PLAIN, litestar(get("/")(show)), visit, ""),
        Case("Controller", litestar(Pages), visit),
        Case("NamedDependency, cached", litestar(get("/", dependencies={"site": cached})(show_with_dependency)), visit),
        Case("NamedDependency", litestar(get("/", dependencies={"site": uncached})(show_with_dependency)), visit),
        Case(
            "dependency without marker", litestar(get("/", dependencies={"site": uncached})(show_with_inferred)), visit
        ),
        Case("Controller, NamedDependency, cached", litestar(PagesOfCollaborator), visit),
        Case(by_path, litestar(get("/product/{handle:str}")(show_by_path_params)), product, ""),
        Case("parameter as an argument", litestar(get("/product/{handle:str}")(show_by_argument)), product, by_path),
    ]


class Before(ASGIMiddleware):
    """Prepares each request as Litestar's documentation has it."""

    def __init__(self, prepare: Prepare) -> None:
        self._prepare = prepare

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        self._prepare(cast("HTTPScope", scope))
        await next_app(scope, receive, send)


def middleware_of(prepare: Prepare) -> Callable[[ASGIApp], ASGIApp]:
    """The same as a function."""

    def wrap(app: ASGIApp) -> ASGIApp:
        async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
            prepare(cast("HTTPScope", scope))
            await app(scope, receive, send)

        return middleware

    return wrap


def wrapper_of(prepare: Prepare) -> Callable[[ShopRequest], Awaitable[Reply]]:
    """The same as a handler around the handler."""

    async def wrapped(request: ShopRequest) -> Reply:
        prepare(request.scope)
        return await show(request)

    return wrapped


def hook_of(prepare: Prepare) -> BeforeRequestHookHandler:
    """The same as a before_request hook."""

    async def hook(request: ShopRequest) -> None:
        prepare(request.scope)

    return cast("BeforeRequestHookHandler", hook)


def guard_of(prepare: Prepare) -> Guard:
    """The same as a guard."""

    async def guard(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
        prepare(cast("HTTPScope", connection.scope))

    return guard


def counting(metrics: Metrics) -> BeforeMessageSendHookHandler:
    """The shop's count of responses as a before_send hook."""

    async def count(message: Message, scope: Scope) -> None:
        if message["type"] == "http.response.start":
            metrics.count(message["status"], cast("HTTPScope", scope))

    return count


def around() -> list[Case]:
    """What is done before every handler: its language is chosen. Metrics are counted when the response starts."""
    visit, languages, metrics = (
        Call("/", VISITOR),
        Languages(offered("en de ar"), Sessions(MemoryCartService(ttl=60))),
        Metrics(CollectorRegistry()),
    )
    own = "language chosen by before_request"

    def prepare(scope: HTTPScope) -> None:
        speak(languages.of(ShopRequest(scope)))

    counted = PrometheusConfig(exclude_unhandled_paths=True).middleware
    return [
        Case(own, litestar(get("/")(show), before_request=hook_of(prepare)), visit),
        Case("… by a wrapper of the handler", litestar(get("/")(wrapper_of(prepare))), visit, own),
        Case("… by a middleware function", litestar(get("/")(show), middleware=[middleware_of(prepare)]), visit, own),
        Case("… by an ASGIMiddleware", litestar(get("/")(show), middleware=[Before(prepare)]), visit, own),
        Case("… by a guard", litestar(get("/")(show), guards=[guard_of(prepare)]), visit, own),
        Case("Metrics.count", litestar(get("/")(show), before_send=[counting(metrics)]), visit),
        Case("PrometheusMiddleware", litestar(get("/")(show), middleware=[counted]), visit, "Metrics.count"),
    ]


def reading(ours: Callable[[Any], object], request_class: type[Request[Any, Any, Any]]) -> Litestar:
    """An application whose handler reads something of the request."""

    async def read(request: Request[Any, Any, Any]) -> Reply:
        ours(request)
        return short_reply()

    return litestar(get("/")(read), request_class=request_class)


def requests() -> list[Case]:
    """What a kept page reads of a request: two headers, a cookie, and whether htmx asks."""
    visit = Call("/", VISITOR)
    own, own_htmx = "ShopRequest: two headers, a cookie", "ShopRequest: wants_fragment"

    def by_ours(request: ShopRequest) -> object:
        return request.header(b"accept-encoding"), request.header(b"if-none-match"), request.cookies.get("cart_count")

    def by_litestar(request: Request[Any, Any, Any]) -> object:
        headers = request.headers
        return headers.get("accept-encoding"), headers.get("if-none-match"), request.cookies.get("cart_count")

    return [
        Case(own, reading(by_ours, ShopRequest), visit),
        Case("Request: two headers, a cookie", reading(by_litestar, Request), visit, own),
        Case(own_htmx, reading(lambda request: request.wants_fragment, ShopRequest), visit),
        Case("HTMXRequest: bool(htmx)", reading(lambda request: bool(request.htmx), HTMXRequest), visit, own_htmx),
        Case("HTMXRequest: the same four headers", reading(_fragment, HTMXRequest), visit, own_htmx),
    ]


def _fragment(request: HTMXRequest) -> bool:
    htmx = request.htmx
    whole = request.headers.get("hx-request-type") == "full" or htmx.history_restore_request or htmx.boosted
    return bool(htmx) and not whole


async def response(request: ShopRequest) -> Response[str]:
    return Response(SHORT, media_type=MediaType.HTML, headers=HEADERS_BY_NAME)


async def template(request: ShopRequest) -> Template:
    return Template("page.html", headers=HEADERS_BY_NAME)


async def rendered(request: ShopRequest) -> Reply:
    return Reply(200, HEADERS, TEMPLATES.get_template("page.html").render().encode())


async def going(request: ShopRequest) -> Reply:
    return go_to(request, "/cart")


async def redirect(request: ShopRequest) -> Redirect:
    return Redirect("/cart", status_code=303, headers=HEADERS_BY_NAME)


async def packed(request: ShopRequest) -> Reply:
    return PersonalReply(200, HEADERS, LONG.encode())


async def long(request: ShopRequest) -> Response[str]:
    return Response(LONG, media_type=MediaType.HTML, headers=HEADERS_BY_NAME)


def responses() -> list[Case]:
    """How an answer is sent."""
    visit = Call("/", VISITOR)
    gzip = CompressionConfig(backend="gzip", gzip_compress_level=1)
    engine = TemplateConfig(instance=JinjaTemplateEngine.from_environment(TEMPLATES))
    own = {"template": "Jinja's template in Reply", "redirect": "go_to", "gzip": "PersonalReply: 20 KB, gzip"}
    return [
        Case("Response", litestar(get("/")(response)), visit),
        Case(own["template"], litestar(get("/")(rendered)), visit),
        Case("Template", litestar(get("/")(template), template_config=engine), visit, own["template"]),
        Case(own["redirect"], litestar(get("/")(going)), visit),
        Case("Redirect", litestar(get("/", status_code=303)(redirect)), visit, own["redirect"]),
        Case(own["gzip"], litestar(get("/")(packed)), visit),
        Case("CompressionConfig: 20 KB, gzip", litestar(get("/")(long), compression_config=gzip), visit, own["gzip"]),
    ]


class AddForm(msgspec.Struct, frozen=True):
    """A typical form."""

    product_id: str
    variant_id: str = ""
    quantity: int = 1


async def by_read_form(request: ShopRequest) -> Reply:
    form = await read_form(request)
    assert form.text("product_id")
    assert form.text("variant_id")
    assert form.count("quantity")
    return short_reply()


async def by_form(request: ShopRequest) -> Reply:
    form = await request.form()
    assert form["product_id"]
    assert form["variant_id"]
    assert int(form["quantity"])
    return short_reply()


async def by_body(
    request: ShopRequest, data: Annotated[AddForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
) -> Reply:
    assert data.product_id
    assert data.variant_id
    assert data.quantity
    return short_reply()


def forms() -> list[Case]:
    """Reading the form of an add, and refusing those of other sites."""
    add = Call("/", SHOPPER, ADD)
    guard, own, guarded = CrossOriginGuard(), "read_form", "read_form, cross-origin by before_request"

    def check(scope: HTTPScope) -> None:
        guard.check(ShopRequest(scope))

    def posting(handler: Callable[..., Awaitable[Reply]], **options: Any) -> Litestar:
        made: HTTPRouteHandler = post("/", status_code=200, **options)(handler)
        return litestar(made)

    return [
        Case(own, posting(by_read_form), add),
        Case("request.form()", posting(by_form), add, own),
        Case("Body(URL_ENCODED) into a struct", posting(by_body), add, own),
        Case(guarded, posting(by_read_form, before_request=hook_of(check)), add, own),
        Case("read_form, cross-origin by guards=", posting(by_read_form, guards=[guard_of(check)]), add, guarded),
    ]


def files() -> list[Case]:
    """A static file of some size, compressed by the shop, as it is by Litestar."""
    folder = resource_dir("static")
    call = Call("/static/js/shop.js", BROWSER)
    router = create_static_files_router("/static", [folder])
    return [
        Case("Assets", litestar(get("/static/{path:path}")(assets_of(folder).serve)), call, ""),
        Case("static files router", litestar(router), call, "Assets"),
    ]


def all_cases() -> list[Case]:
    """Every row."""
    return [*handlers(), *around(), *requests(), *responses(), *forms(), *files()]
