"""The URL map."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from litestar.handlers import HTTPRouteHandler, post, route

from shop.web.cart.add import AddHandlers
from shop.web.cart.cart import CartHandlers
from shop.web.cart.coupon import CouponHandlers
from shop.web.cart.recommended import RecommendedHandlers
from shop.web.catalog.listing import ListingHandlers
from shop.web.catalog.product import ProductHandlers
from shop.web.catalog.recent import RecentHandlers
from shop.web.catalog.search import SearchHandlers
from shop.web.checkout.checkout import CheckoutHandlers
from shop.web.checkout.payment import PaymentHandlers
from shop.web.checkout.place_order import PlaceOrderHandlers
from shop.web.handoff.handoff import HandoffHandlers
from shop.web.http.cross_origin import CrossOriginGuard
from shop.web.http.health import HealthHandlers
from shop.web.http.metrics import Metrics
from shop.web.http.reply import Reply
from shop.web.http.request import WebRequest
from shop.web.order.order import OrderHandlers
from shop.web.pages.offline import OfflineHandlers
from shop.web.pages.preferences import PreferenceHandlers
from shop.web.pages.sitemap import SitemapHandlers
from shop.web.pages.texts import TextHandlers
from shop.web.render.assets import Assets
from shop.web.render.language import Languages
from shop.web.styleguide.styleguide import StyleguideHandlers

Handler = Callable[[WebRequest], Awaitable[Reply]]


def routes(
    browse: ListingHandlers,
    texts: TextHandlers,
    products: ProductHandlers,
    recent: RecentHandlers,
    recommended: RecommendedHandlers,
    search: SearchHandlers,
    styleguide: StyleguideHandlers,
    add: AddHandlers,
    cart: CartHandlers,
    coupon: CouponHandlers,
    handoff: HandoffHandlers,
    checkout: CheckoutHandlers,
    placing: PlaceOrderHandlers,
    payment: PaymentHandlers,
    order: OrderHandlers,
    visitor: PreferenceHandlers,
    assets: Assets,
    offline: OfflineHandlers,
    sitemap: SitemapHandlers,
    health: HealthHandlers,
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
