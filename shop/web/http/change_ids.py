"""Derives the id of a request's change, so that a retry or a double click is applied once.

An `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header) identifies the change: our script sends a new key for
each click, and the same key when it retries. A plain form has no key, and a double click on it sends two equal posts:
an add that repeats the cart's latest change within about a second counts as the same change. Any other client gets a
new id each time: a thousand equal posts by curl are a thousand adds.

Two concurrent first posts of a browser without a cookie make two sessions with one add each, unless they have the same
key (`Sessions.begin`). The browser keeps the cookie of the reply it shows, so its cart has one item; the other cart
expires.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from shop.cart.model import Cart, change_id, new_change_id
from shop.errors import InvalidInput
from shop.web.http.forms import Form
from shop.web.http.request import ShopRequest

MAX_KEY = 200
"""Characters of an Idempotency-Key."""
TICK = 0.5
"""Seconds. A repeated post is recognized for two to three ticks after the first."""


def keyed_change(request: ShopRequest, cart_id: str, form: Form) -> bytes | None:
    """The id derived from the Idempotency-Key, the cart, the path and the form; None for a request without a key."""
    key = idempotency_key(request)
    return change_id(cart_id, request.path, _text(form), key) if key else None


def idempotency_key(request: ShopRequest) -> str:
    """The Idempotency-Key header, '' for none; raises InvalidInput above MAX_KEY characters."""
    key = request.header(b"idempotency-key")
    if len(key) > MAX_KEY:
        raise InvalidInput("An Idempotency-Key has at most {most} characters.", most=MAX_KEY)
    return key


def is_plain_form(request: ShopRequest) -> bool:
    """Whether a browser posts a form without script: a navigation, which a double click repeats.

    Browsers of before 2023 may not say so. They ask for a page first of all, and say which page asks, where a script
    takes any type and a program says neither.
    """
    mode = request.header(b"sec-fetch-mode")
    if mode or request.is_htmx:
        return mode == "navigate"
    asks_for_page = request.header(b"accept").startswith("text/html")
    return asks_for_page and (b"origin" in request.raw_headers or b"referer" in request.raw_headers)


def clicked_change(request: ShopRequest, cart: Cart, form: Form, clock: Callable[[], float] = time.time) -> bytes:
    """The id of a plain form's add: that of the cart's latest change if this repeats it, else a new one.

    A new id is derived from the time in ticks, so that two simultaneous clicks get the same id in any process.
    """
    tick = int(clock() / TICK)
    latest = cart.latest_change
    ids = [change_id(cart.id, request.path, _text(form), str(at)) for at in (tick, tick - 1, tick - 2)]
    if latest in ids:
        return latest
    return new_change_id() if cart.knows(ids[0]) else ids[0]


def _text(form: Form) -> str:
    return "&".join(f"{name!r}={value!r}" for name, value in sorted(form.fields.items()))
