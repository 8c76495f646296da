"""The shop's public origin, for absolute links."""

from __future__ import annotations

import re

from shop.web.http.request import ShopRequest

_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:[0-9]{1,5})?")


def origin_of(request: ShopRequest, public_url: str) -> str:
    """'https://shop.example': PUBLIC_URL, else the request's Host; '' if that is missing or malformed.

    A client can forge its Host, so use the result only in replies to the same client.
    """
    if public_url:
        return public_url
    host = request.header(b"host")
    return f"{request.scheme}://{host}" if _HOST.fullmatch(host) else ""


def email_origin(request: ShopRequest, public_url: str, *, sends_email: bool) -> str:
    """The origin for links in e-mails: PUBLIC_URL; the request's Host only if e-mails are not sent.

    The client controls both the recipient and the Host: a forged Host would put a foreign link into our e-mail.
    """
    return origin_of(request, public_url) if public_url or not sends_email else ""
