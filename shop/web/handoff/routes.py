"""The URLs of the handoff."""

from __future__ import annotations

from litestar.handlers import HTTPRouteHandler, post

from shop.parts import Parts
from shop.web.cart.routes import replies_of
from shop.web.handoff.handoff import HandoffHandlers
from shop.web.handoff.links import HandoffLinks
from shop.web.handoff.replies import HandoffReplies
from shop.web.http.routing import page
from shop.web.render.storefront import Storefront


def routes(site: Storefront, parts: Parts) -> list[HTTPRouteHandler]:
    """The link here, and what happens to it there."""
    replies = HandoffReplies(site, replies_of(site, parts), parts.carts.limits)
    handoff = HandoffHandlers(site, parts.carts, HandoffLinks(parts.settings.secret_key, site.clock), replies)
    return [
        page("/cart/handoff")(handoff.offer),
        page("/handoff/{token:str}")(handoff.following(handoff.ask)),
        post("/handoff/{token:str}")(handoff.following(handoff.take)),
        post("/handoff/{token:str}/undo")(handoff.following(handoff.take_back)),
    ]
