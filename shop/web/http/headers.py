"""Security headers for every response, including those to unknown URLs."""

from __future__ import annotations

from collections.abc import Iterable

from litestar.types import Scope

from shop.web.http.reply import Header

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: https:; font-src 'self'; "
    "connect-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
"""No inline script or style, and nothing from other sites except images, which a catalogue may host anywhere."""

_ALWAYS: list[Header] = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
_HSTS = (b"strict-transport-security", b"max-age=31536000")


REPORTS = "/csp-reports"
_ENDPOINTS = (b"reporting-endpoints", f'csp="{REPORTS}"'.encode())


def policy(pages: Iterable[str] = (), *, reports: bool = False) -> str:
    """The policy, with the origins of pages to which a form may lead: those of the payment provider.

    `reports`: browsers report violations, older ones to `report-uri`.
    """
    targets = " ".join(("'self'", *pages))
    own = CONTENT_SECURITY_POLICY.replace("form-action 'self'", f"form-action {targets}")
    return f"{own}; report-uri {REPORTS}; report-to csp" if reports else own


class SecurityHeaders:
    """The headers of every response. An https `public_url` adds HSTS even if the proxy itself connects by http.

    `pages`, `reports`: see `policy`.
    """

    def __init__(self, public_url: str = "", pages: Iterable[str] = (), *, reports: bool = False) -> None:
        self._https = public_url.startswith("https:")
        self._always: list[Header] = [(b"content-security-policy", policy(pages, reports=reports).encode()), *_ALWAYS]
        if reports:
            self._always.append(_ENDPOINTS)
        self._with_hsts = [*self._always, _HSTS]

    def of(self, scope: Scope) -> list[Header]:
        """The headers for the response to a request."""
        return self._with_hsts if self._https or scope["scheme"] == "https" else self._always
