"""security.txt of RFC 9116."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from shop.errors import ConfigurationError
from shop.settings import Settings
from tests.fixtures.shop_app import Client, Clock, MakeClient

URL = "/.well-known/security.txt"


async def test_it_says_whom_to_tell_and_until_when(make_client: MakeClient, clock: Clock, tmp_path: Path) -> None:
    settings = Settings(
        database_url=f"sqlite+aiosqlite:///{tmp_path}/shop.db",
        public_url="https://shop.example",
        security_contact="mailto:security@shop.example",
        languages="en de",
    )
    async with make_client(settings=settings) as client:
        reply = await client.get(URL)
    assert reply.headers["content-type"] == "text/plain; charset=utf-8"
    fields = dict(line.split(": ", 1) for line in reply.text.splitlines())
    expires = datetime.strptime(fields.pop("Expires"), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert 0 < expires.timestamp() - clock.now < 365 * 24 * 3600
    assert fields == {
        "Contact": "mailto:security@shop.example",
        "Preferred-Languages": "en, de",
        "Canonical": f"https://shop.example{URL}",
    }


async def test_without_a_contact_there_is_no_such_file(shop: Client) -> None:
    assert (await shop.get(URL)).status_code == 404


@pytest.mark.parametrize("contact", ["security@shop.example", "http://shop.example", "mailto:a b", "mailto:a\nB: c"])
def test_a_contact_is_a_uri(contact: str) -> None:
    with pytest.raises(ConfigurationError, match="SECURITY_CONTACT"):
        Settings(security_contact=contact)
