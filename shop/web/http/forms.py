"""Reads the form of a POST. Any input yields a value or a client error, never a crash."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast
from urllib.parse import unquote_plus

import msgspec
from litestar.exceptions import HTTPException
from litestar.exceptions.http_exceptions import RequestEntityTooLarge

from shop.errors import InvalidInput
from shop.typed import one_form, whole_number
from shop.web.http.request import ShopRequest

if TYPE_CHECKING:
    from litestar.types import HTTPReceiveMessage

MAX_FIELDS = 100
"""Fields of a form."""
MAX_BODY = 64 * 1024
"""Bytes of a form."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""The control characters of ISO 6429. Those above 0x7f control terminals too, where an operator lists orders."""
MAX_COUNT = 10**9 - 1
"""Larger numbers are read as this one, which is above every limit."""


class Form(msgspec.Struct, frozen=True):
    """The fields of a form. If a name is repeated, the first value counts."""

    fields: dict[str, str]

    def text(self, name: str) -> str:
        """A field's text, stripped; '' if it is missing. Raises InvalidInput for control characters."""
        value = self.fields.get(name, "").strip()
        if _CONTROL.search(value):
            raise InvalidInput("This text holds characters that cannot be typed. Please enter it again.", field=name)
        return value

    def count(self, name: str, default: int | None = None) -> int:
        """A field's whole number, at most MAX_COUNT; the default if it is missing or empty. Raises InvalidInput."""
        value = one_form(self.fields.get(name, ""))
        if not value and default is not None:
            return default
        number = whole_number(value)
        if number is None:
            raise InvalidInput("Please enter a whole number.", field=name)
        return min(number, MAX_COUNT)


async def read_form(request: ShopRequest) -> Form:
    """The form in the body of a request. Raises InvalidInput if the body is no readable form.

    A compressed one is answered 415 (RFC 9110, 15.5.16).
    """
    if request.header(b"content-encoding").strip().lower() not in ("", "identity"):
        raise HTTPException(status_code=415)
    kind = request.header(b"content-type").partition(";")[0].strip().lower()
    if kind in ("application/x-www-form-urlencoded", ""):
        pairs = _urlencoded(await read_body(request))
    elif kind == "multipart/form-data":
        pairs = await _multipart(request)
    else:
        raise InvalidInput("Please send the fields as a form (application/x-www-form-urlencoded).")
    return Form(dict(reversed(pairs)))


async def read_body(request: ShopRequest) -> bytes:
    """The body of a request. Raises InvalidInput for one that is cut off, RequestEntityTooLarge beyond MAX_BODY."""
    length = request.header(b"content-length")
    if length.isdigit() and int(length) > MAX_BODY:
        raise RequestEntityTooLarge
    body = b""
    while True:
        event = cast("HTTPReceiveMessage", await request.receive())
        if event["type"] == "http.disconnect":
            raise InvalidInput("The form did not arrive in full. Please try again.")
        body += event["body"]
        if len(body) > MAX_BODY:
            raise RequestEntityTooLarge
        if not event.get("more_body"):
            return body


def _urlencoded(body: bytes) -> list[tuple[str, str]]:
    fields = body.decode("utf-8", "replace").split("&")
    if len(fields) > MAX_FIELDS:
        raise InvalidInput("A form may have at most {most} fields.", most=MAX_FIELDS)
    pairs = (field.partition("=") for field in fields if field)
    return [(unquote_plus(name), unquote_plus(value)) for name, _, value in pairs]


async def _multipart(request: ShopRequest) -> list[tuple[str, str]]:
    try:
        pairs = [(name, text) for name, text in (await request.form()).multi_items() if isinstance(text, str)]
        for pair in pairs:
            "".join(pair).encode()  # a part may declare any encoding, even one that yields lone surrogates
    except (HTTPException, ValueError, LookupError) as error:
        if isinstance(error, HTTPException) and error.status_code == 413:
            raise
        raise InvalidInput("The form could not be read. Please try again.") from error
    return pairs
