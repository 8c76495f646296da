"""Turns exceptions into replies: a page, fragments, JSON or plain text, never a traceback."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response
from litestar.exceptions import HTTPException

from shop.errors import ConfigurationError, ShopError, TooManyRequests
from shop.i18n import gettext as _
from shop.i18n import noted, speak
from shop.web.http.compression import COMPRESS_FAST, FASTEST, IDENTITY, coding_of
from shop.web.http.error_log import log_unavailable, log_unexpected
from shop.web.http.reply import MIN_COMPRESSED, VARY
from shop.web.http.request import ShopRequest
from shop.web.render.storefront import Storefront
from shop.web.render.views import TextPage

HEADINGS = {
    400: noted("That request could not be understood"),
    403: noted("That came from another site"),
    404: noted("We could not find that"),
    405: noted("That is not possible here"),
    409: noted("That is no longer possible"),
    413: noted("That was too large"),
    415: noted("That request could not be understood"),
    422: noted("That did not work"),
    429: noted("Please wait a little"),
    503: noted("Please try again in a moment"),
}
LEADS = {
    400: noted("Please go back and try again."),
    404: noted("The page may have moved, or the address may have been mistyped."),
    405: noted("This address does not accept that kind of request. Nothing was changed."),
    415: noted("A form must be sent uncompressed. Nothing was changed."),
    413: noted("A form may be at most 64 KB. Nothing was changed."),
}


class ErrorReplies:
    """The exception handler of the application."""

    def __init__(self, site: Storefront) -> None:
        self._site = site

    def answer(self, request: Any, error: Exception) -> Response[bytes]:
        """The reply to a request that raised `error`. An unexpected one is logged with the reference that it shows."""
        speak(self._site.languages.of(request))
        status, heading, lead = self._describe(request, error)
        headers = {VARY[0].decode(): VARY[1].decode(), "cache-control": "no-store"}
        if isinstance(error, HTTPException) and error.headers:
            headers |= {name.lower(): value for name, value in error.headers.items()}
        if isinstance(error, TooManyRequests):
            headers["retry-after"] = str(error.seconds)
        if status == 503:
            log_unavailable(request, error)
            headers["retry-after"] = "5"
        can_retry = status >= 500 and request.method == "GET"
        body, kind = self._body(request, status, heading, lead, can_retry=can_retry)
        coding = coding_of(request.header(b"accept-encoding").encode("latin-1"), FASTEST)
        if coding != IDENTITY and len(body) >= MIN_COMPRESSED:
            body = COMPRESS_FAST[coding](body)
            headers["content-encoding"] = coding
        return Response(body, status_code=status, media_type=kind, headers=headers)

    def _describe(self, request: ShopRequest, error: Exception) -> tuple[int, str, str]:
        """Status, heading and lead of an error."""
        if isinstance(error, ShopError) and error.status != 500:
            return error.status, _(HEADINGS[error.status]), error.message
        if isinstance(error, HTTPException) and error.status_code != 500:
            status = error.status_code
            return status, _(HEADINGS.get(status, HEADINGS[400])), _(LEADS.get(status, LEADS[400]))
        if isinstance(error, ConfigurationError):
            return 503, _(HEADINGS[503]), _("The shop is not ready yet.")
        reference = log_unexpected(request, error)
        lead = _("It was not your fault. If you contact us, please quote {reference}.", reference=reference)
        return 500, _("Something went wrong on our side"), lead

    def _body(
        self, request: ShopRequest, status: int, heading: str, lead: str, *, can_retry: bool
    ) -> tuple[bytes, str]:
        accept = request.header(b"accept") or "*/*"
        if "text/html" in accept or "*/*" in accept or "text/*" in accept:
            return self._html(request, status, heading, lead, can_retry=can_retry), "text/html"
        if "json" in accept:
            problem = {"title": heading, "status": status, "detail": lead}
            return msgspec.json.encode(problem), "application/problem+json"
        return f"{heading}\n{lead}\n".encode(), "text/plain"

    def _html(self, request: ShopRequest, status: int, heading: str, lead: str, *, can_retry: bool) -> bytes:
        shell = self._site.shells.remembered(heading, path="/", currency=self._site.currency(request))
        page = TextPage(shell, heading, lead, status, can_retry=can_retry)
        if request.wants_fragment:
            return self._site.templates.fragments("pages/error_fragment.html", page).encode()
        return self._site.templates.render("pages/error.html", page, request.badge).encode()
