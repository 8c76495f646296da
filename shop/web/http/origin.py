"""The shop's address as a shopper sees it, for links that leave the page."""

from __future__ import annotations

import re

from shop.web.http.request import ShopRequest

_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:[0-9]{1,5})?")


def origin_of(request: ShopRequest, public_url: str) -> str:
    """'https://shop.example': PUBLIC_URL, else as the request says; '' for a request that says nothing usable.

    A request can say anything: what it says goes back to its sender only.
    """
    if public_url:
        return public_url.rstrip("/")
    host = request.header(b"host")
    return f"{request.scheme}://{host}" if _HOST.fullmatch(host) else ""


def email_origin(request: ShopRequest, public_url: str, *, sends_email: bool) -> str:
    """The shop's address for e-mails: PUBLIC_URL; as the request says only where e-mails are not sent .

    Who orders names the recipient and the host: else our own e-mail would lead a stranger to any page they like.
    """
    return origin_of(request, public_url) if public_url or not sends_email else ""
