"""The URLs of the handoff."""

from __future__ import annotations

from shop.parts import Parts
from shop.web.cart.routes import replies_of
from shop.web.handoff.handoff import HandoffHandlers
from shop.web.handoff.links import HandoffLinks
from shop.web.handoff.replies import HandoffReplies
from shop.web.http.routing import Route, change, page
from shop.web.render.storefront import Storefront


def routes(site: Storefront, parts: Parts) -> list[Route]:
    """The page that makes a link, and the pages that the link leads to."""
    replies = HandoffReplies(site, replies_of(site, parts), parts.carts.limits)
    handoff = HandoffHandlers(site, parts.carts, HandoffLinks(parts.settings.secret_key, site.clock), replies)
    return [
        page("/cart/handoff", handoff.offer),
        page("/handoff/{token:str}", handoff.following(handoff.ask)),
        change("/handoff/{token:str}", handoff.following(handoff.take)),
        change("/handoff/{token:str}/undo", handoff.following(handoff.take_back)),
    ]
