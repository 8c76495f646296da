"""View struct for the style guide; see shop.web.render.views."""

from __future__ import annotations

import msgspec

from shop.web.cart.views import FreeShippingView
from shop.web.catalog.views import GridView
from shop.web.checkout.views import Alert, FieldView
from shop.web.render.views import Card, Shell
from shop.web.styleguide.colour_roles import Role


class StyleguideView(msgspec.Struct, frozen=True):
    """The style guide page."""

    shell: Shell
    roles: tuple[Role, ...]
    grounds: tuple[str, ...]
    cards: tuple[Card, ...]
    grid: GridView
    nothing: GridView
    fields: tuple[FieldView, ...]
    alert: Alert
    shipping: tuple[FreeShippingView, ...]
