"""The headers that every answer carries, also those to unknown addresses."""

from __future__ import annotations

from litestar.types import Message, Scope

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: https:; font-src 'self'; "
    "connect-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
"""No inline script or style, nothing from elsewhere but pictures, which an imported catalogue may keep elsewhere."""

_ALWAYS = [
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
_HTTPS = [*_ALWAYS, (b"strict-transport-security", b"max-age=31536000")]


class SecurityHeaders:
    """A before_send hook; `public_url` says whether people come by https though the proxy does not."""

    def __init__(self, public_url: str = "") -> None:
        self._https = public_url.startswith("https:")

    async def __call__(self, message: Message, scope: Scope) -> None:
        """Add them to the start of a response."""
        if message["type"] == "http.response.start":
            more = _HTTPS if self._https or scope["scheme"] == "https" else _ALWAYS
            message["headers"] = [*message["headers"], *more]
