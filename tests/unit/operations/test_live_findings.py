"""What is still a demonstration is told before a shop sells with it."""

from __future__ import annotations

import asyncio

import pytest

from shop.operations.doctor import examine
from shop.operations.findings import Level
from shop.operations.live_findings import live_findings
from shop.settings import Settings
from tests.fixtures.commands import ShopCommand

LIVE = Settings(
    payments_url="bank:key",
    checkout_terms="terms.json",
    exchange_rates="rates.json",
    mail_from="Shop <orders@shop.example>",
    smtp_url="smtp://mail.example",
    secret_key="k" * 64,
    public_url="https://shop.example",
    database_url="sqlite:///nowhere/shop.db",
)


async def test_a_shop_without_settings_lacks_everything() -> None:
    found = {finding.about for finding in await live_findings(Settings(database_url="sqlite:///nowhere/shop.db"))}
    assert found == {"bank", "terms", "rates", "sender", "e-mails", "secret", "address"}


async def test_a_shop_that_is_set_up_lacks_nothing() -> None:
    assert await live_findings(LIVE) == []


async def test_what_is_open_is_told() -> None:
    open_ = await live_findings(Settings(host="0.0.0.0", limits=False, database_url="sqlite:///nowhere/shop.db"))
    assert {"ports", "limits"} <= {finding.about for finding in open_}


async def test_the_demos_goods_and_coupons_are_found(shop_command: ShopCommand, sqlite_url: str) -> None:
    await asyncio.to_thread(shop_command, "catalog", "demo")
    found = {finding.about: finding for finding in await live_findings(Settings(database_url=sqlite_url))}
    assert found["goods"].says == "36 products of the demo on sale."
    assert found["coupons"].says == "The demo's coupons FREESHIP, HIGHTIDE, WELCOME10 can be used."


@pytest.mark.parametrize(
    ("public_url", "live", "told"), [("", False, False), ("", True, True), ("https://a", False, True)]
)
async def test_the_doctor_tells_it_when_asked_and_of_a_public_shop(
    sqlite_url: str, public_url: str, live: bool, told: bool
) -> None:
    report = await examine(Settings(public_url=public_url, database_url=sqlite_url), {}, live=live)
    bank = [finding.level for finding in report.findings if finding.about == "bank"]
    assert bank == ([Level.WARNING] if told else [])
