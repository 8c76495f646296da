"""security.txt (RFC 9116): whom to tell of a weakness."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from shop.errors import NotFound
from shop.web.http.origin import origin_of
from shop.web.http.reply import Reply, text
from shop.web.http.request import ShopRequest

VALID = timedelta(days=180)
"""RFC 9116, 2.5.5: less than a year."""
PATH = "/.well-known/security.txt"


class SecurityContact:
    """Handles /.well-known/security.txt. Without SECURITY_CONTACT there is no such file."""

    def __init__(self, contact: str, languages: str, public_url: str, clock: Callable[[], float]) -> None:
        self._contact = contact
        self._languages = languages
        self._public_url = public_url
        self._clock = clock

    async def show(self, request: ShopRequest) -> Reply:
        """GET /.well-known/security.txt. Raises NotFound without a contact."""
        if not self._contact:
            raise NotFound("There is no such page.")
        today = datetime.fromtimestamp(self._clock(), UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        origin = origin_of(request, self._public_url)
        fields = {
            "Contact": self._contact,
            "Expires": f"{today + VALID:%Y-%m-%dT%H:%M:%SZ}",
            "Preferred-Languages": ", ".join(self._languages.split()),
            "Canonical": f"{origin}{PATH}" if origin else "",
        }
        return text("".join(f"{name}: {value}\n" for name, value in fields.items() if value))
