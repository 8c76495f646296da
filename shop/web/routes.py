"""The URL map."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from litestar.handlers import HTTPRouteHandler, post, route

from shop.operations.health import Health
from shop.operations.metrics import Metrics
from shop.web.add import AddToCart
from shop.web.assets import Assets
from shop.web.browse import Browse
from shop.web.cart import CartPages
from shop.web.checkout import CheckoutPages
from shop.web.coupon import CouponField
from shop.web.cross_origin import CrossOriginGuard
from shop.web.handoff import Handoff
from shop.web.language import Languages
from shop.web.offline import Offline
from shop.web.order import OrderPages
from shop.web.payment import PaymentPages
from shop.web.placing import Placing
from shop.web.product_page import ProductPages
from shop.web.recent import Recent
from shop.web.recommended import Recommended
from shop.web.respond import Reply
from shop.web.search import Search
from shop.web.sitemap import Sitemap
from shop.web.styleguide import Styleguide
from shop.web.texts import Texts
from shop.web.visit import WebRequest
from shop.web.visitor import Visitor

Handler = Callable[[WebRequest], Awaitable[Reply]]


def routes(
    browse: Browse,
    texts: Texts,
    products: ProductPages,
    recent: Recent,
    recommended: Recommended,
    search: Search,
    styleguide: Styleguide,
    add: AddToCart,
    cart: CartPages,
    coupon: CouponField,
    handoff: Handoff,
    checkout: CheckoutPages,
    placing: Placing,
    payment: PaymentPages,
    order: OrderPages,
    visitor: Visitor,
    assets: Assets,
    offline: Offline,
    sitemap: Sitemap,
    health: Health,
    metrics: Metrics,
    guard: CrossOriginGuard,
    languages: Languages,
) -> list[HTTPRouteHandler]:
    """Every page and every change. A change is always a POST, and always guarded."""

    def page(path: str, handler: Handler) -> HTTPRouteHandler:
        return route(path, http_method=["GET", "HEAD"])(metrics.timed(path, languages.speaks(handler)))

    def change(path: str, handler: Handler) -> HTTPRouteHandler:
        return post(path, status_code=200, before_request=guard)(metrics.timed(path, languages.speaks(handler)))

    return [
        page("/", browse.grid),
        page("/product/{handle:str}", products.show),
        page("/recent", recent.show),
        page("/recommended", recommended.show),
        page("/search", search.show),
        page("/styleguide", styleguide.show),
        page("/about", texts.about),
        page("/help", texts.help),
        page("/cart", cart.show),
        change("/cart", add.add),
        change("/cart/lines/{sku:str}", cart.changing(cart.set_quantity)),
        change("/cart/lines/{sku:str}/remove", cart.changing(cart.remove)),
        change("/cart/lines/{sku:str}/save", cart.changing(cart.save)),
        change("/cart/saved/{sku:str}/move", cart.changing(cart.move)),
        change("/cart/saved/{sku:str}/remove", cart.changing(cart.remove_saved)),
        change("/cart/empty", cart.changing(cart.empty)),
        change("/cart/undo", cart.changing(cart.undo)),
        change("/cart/coupon", cart.changing(coupon.use)),
        change("/cart/coupon/remove", cart.changing(coupon.remove)),
        change("/cart/welcome", cart.welcomed),
        page("/cart/handoff", handoff.offer),
        page("/handoff/{token:str}", handoff.following(handoff.ask)),
        change("/handoff/{token:str}", handoff.following(handoff.take)),
        change("/handoff/{token:str}/undo", handoff.following(handoff.take_back)),
        page("/checkout", checkout.show),
        change("/checkout/summary", checkout.summary),
        change("/checkout/check", checkout.check),
        change("/cart/checkout", placing.place),
        page("/payment/{key:str}", payment.ask),
        change("/payment/{key:str}", payment.answer),
        page("/order", order.ask),
        change("/order", order.find),
        page("/order/{number:str}", order.show),
        change("/setCurrency", visitor.set_currency),
        change("/setLanguage", visitor.set_language),
        page("/logout", visitor.ask_logout),
        change("/logout", visitor.logout),
        page("/static/{path:path}", assets.serve),
        page("/offline", offline.page),
        page("/service-worker.js", offline.worker),
        page("/robots.txt", sitemap.robots),
        page("/sitemap.xml", sitemap.sitemap),
        page("/healthz", health.alive),
        page("/readyz", health.ready),
        page("/metrics", metrics.serve),
    ]
