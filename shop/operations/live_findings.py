"""What of a shop is still a demonstration: nothing that a shop should sell with."""

from __future__ import annotations

import csv
import ipaddress
import time
from collections.abc import AsyncIterator, Iterator

from sqlalchemy import func, select

from shop.catalog.demo import CATALOG
from shop.catalog.exchange_rates import read_rates
from shop.catalog.schema import products
from shop.checkout.payments.connect import DEMO as DEMO_BANK
from shop.checkout.pricing.coupons import Coupon, Coupons, demo_coupons
from shop.database import create_engine, fetch, missing_file
from shop.errors import ConfigurationError, StoreUnavailable
from shop.operations.findings import Finding, counted, warning
from shop.operations.settings_findings import GENERATE_KEY
from shop.settings import Settings

PART = "Live"


async def live_findings(settings: Settings) -> list[Finding]:
    """A warning for each part that is invented, or open to the world; none if the shop can sell."""
    return [*_settings_findings(settings), *await _contents_findings(settings)]


def _settings_findings(settings: Settings) -> Iterator[Finding]:
    if settings.payments_url.partition(":")[0] == DEMO_BANK:
        says = "The demo bank moves no money: a made-up card number pays for an order."
        yield warning(PART, "bank", says, "Set PAYMENTS_URL: docs/payments.md says how.")
    if not settings.checkout_terms:
        yield warning(PART, "terms", "Shipping and taxes are the demo's.", "Set CHECKOUT_TERMS: see docs/costs.md.")
    if not settings.exchange_rates:
        says = "Exchange rates are the demo's, and never change."
        yield warning(PART, "rates", says, "Set EXCHANGE_RATES: see docs/configure.md.")
    if settings.mail_from == Settings().mail_from:
        yield warning(PART, "sender", f"E-mails come from {settings.mail_from}.", "Set MAIL_FROM to your address.")
    if not settings.smtp_url:
        yield warning(
            PART, "e-mails", "No e-mail is sent: they stay in the outbox.", "Set SMTP_URL: see docs/emails.md."
        )
    if not settings.secret_key:
        yield warning(PART, "secret", "SECRET_KEY is not set: it changes with each start.", GENERATE_KEY)
    if not settings.public_url:
        says = "PUBLIC_URL is not set: the shop's address is what each request says, which can be forged."
        yield warning(PART, "address", says, "Set it to the public https:// address.")
    if not settings.limits:
        yield warning(PART, "limits", "LIMITS is off: one client may do anything as often as it likes.", "Turn it on.")
    if not _is_loopback(settings.host):
        says = f"The shop listens on {settings.host}: whoever reaches the port gets round the proxy and its TLS."
        yield warning(PART, "ports", says, "Listen on 127.0.0.1, or let a firewall or a container's network close it.")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _contents_findings(settings: Settings) -> list[Finding]:
    """What the database still has of the demo; nothing if it cannot be read, which other checks report."""
    if missing_file(settings.database_url) is not None:
        return []
    try:
        return [finding async for finding in _demo_contents(settings)]
    except (ConfigurationError, StoreUnavailable):
        return []


async def _demo_contents(settings: Settings) -> AsyncIterator[Finding]:
    engine = create_engine(settings.database_url)
    try:
        invented = {coupon.code for coupon in demo_coupons()}
        stored = await Coupons(engine, read_rates(settings.exchange_rates)).all()
        if found := sorted(coupon.code for coupon in stored if coupon.code in invented and _is_valid(coupon)):
            says = f"The demo's coupons {', '.join(found)} can be used."
            yield warning(PART, "coupons", says, f"`shop coupons end {found[0]}` ends one.")
        handles = products.c.handle.in_(sorted(_demo_handles()))
        (row,) = await fetch(engine, select(func.count().label("sold")).where(products.c.published, handles))
        if row.sold:
            says = f"{counted(row.sold, 'product')} of the demo on sale."
            yield warning(PART, "goods", says, "`shop catalog import FILE --replace` sells yours instead.")
    finally:
        await engine.dispose()


def _is_valid(coupon: Coupon) -> bool:
    return coupon.terms.ends is None or coupon.terms.ends > time.time()


def _demo_handles() -> set[str]:
    with CATALOG.open(encoding="utf-8", newline="") as file:
        return {row["URL handle"] for row in csv.DictReader(file)}
