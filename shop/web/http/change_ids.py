"""Gives a request's change its id, so that what was meant once happens once.

A request that carries an `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header) names its change itself:
htmx sends one per click and the same again when it retries. A plain form in a browser cannot, and a double click
on it sends two equal posts: an add that repeats the cart's very latest change within about a second is taken for
that change. Any other client gets a new id each time: a thousand equal posts by curl are a thousand adds.

Two first posts of a browser that has no cookie yet make two sessions with one add each. The browser keeps the
cookie of the reply it shows, so its cart holds one; the other expires.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from shop.cart.model import Cart, change_id, new_change_id
from shop.errors import InvalidInput
from shop.web.http.forms import Form
from shop.web.http.request import ShopRequest

MAX_KEY = 200
TICK = 0.5
"""Seconds. A repeated post is recognised for two to three ticks after the first."""


def named_change(request: ShopRequest, cart_id: str, form: Form) -> bytes | None:
    """The id that the Idempotency-Key stands for, None without one; the key with another form is another change."""
    key = idempotency_key(request)
    return change_id(cart_id, request.path, _text(form), key) if key else None


def idempotency_key(request: ShopRequest) -> str:
    """The Idempotency-Key as it was sent, '' for none; raises InvalidInput for one that is too long."""
    key = request.header(b"idempotency-key")
    if len(key) > MAX_KEY:
        raise InvalidInput("An Idempotency-Key has at most {most} characters.", most=MAX_KEY)
    return key


def is_plain_form(request: ShopRequest) -> bool:
    """Whether a browser posts a form without script: only navigation sends this, and a double click repeats it."""
    return request.header(b"sec-fetch-mode") == "navigate"


def clicked_change(request: ShopRequest, cart: Cart, form: Form, clock: Callable[[], float] = time.time) -> bytes:
    """The id of a plain form's add, given the cart as it is: the latest change's if this repeats it, else a new one.

    It is derived from the time in ticks, not drawn, so that two clicks at once agree even in two processes.
    """
    tick = int(clock() / TICK)
    latest = cart.latest_change
    ids = [change_id(cart.id, request.path, _text(form), str(at)) for at in (tick, tick - 1, tick - 2)]
    if latest in ids:
        return latest
    return new_change_id() if cart.knows(ids[0]) else ids[0]


def _text(form: Form) -> str:
    return "&".join(f"{name!r}={value!r}" for name, value in sorted(form.fields.items()))
