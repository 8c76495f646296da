"""What placing an order needs, together: the pages that lead to an order are given it as one."""

from __future__ import annotations

import msgspec

from shop.cart.service import CartService
from shop.checkout.placing.orders import Orders
from shop.checkout.placing.place_order import PlaceOrder
from shop.checkout.placing.reservations import Reservations
from shop.checkout.pricing.quotes import Quotes


class Ordering(msgspec.Struct, frozen=True):
    """Made once by shop.parts; used by the checkout pages."""

    carts: CartService
    quotes: Quotes
    reservations: Reservations
    place_order: PlaceOrder
    orders: Orders
