"""Groups what placing an order needs."""

from __future__ import annotations

import msgspec

from shop.cart.service import CartService
from shop.checkout.placing.orders import Orders
from shop.checkout.placing.place_order import PlaceOrder
from shop.checkout.placing.reservations import Reservations
from shop.checkout.pricing.quotes import Quotes


class Ordering(msgspec.Struct, frozen=True):
    """The collaborators of the checkout pages. shop.parts makes one."""

    carts: CartService
    quotes: Quotes
    reservations: Reservations
    place_order: PlaceOrder
    orders: Orders
