"""Who asked and confirmed is told once when something is back, whatever brought it back."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.catalog.model import Offer
from shop.catalog.reading.repository import CatalogRepository
from shop.catalog.stock.counting import StockBook
from shop.checkout.mail.outbox import Outbox
from shop.checkout.mail.stock_alerts import CONFIRM_SECONDS, KEEP_SECONDS, MOST_UNCONFIRMED, StockAlerts
from shop.checkout.schema import outbox, stock_alerts
from shop.database import fetch, writing
from shop.i18n import speaking
from shop.languages import language_of
from tests.fixtures.catalog import a_product, fill, variant
from tests.fixtures.shop_app import Clock

ADA = "ada@example.com"
ORIGIN = "https://shop.example"


@pytest.fixture
async def alerts(engine: AsyncEngine, clock: Clock) -> StockAlerts:
    """With a vase that is sold out, and a mug that is not."""
    await fill(
        engine,
        a_product("reed-vase", variant("REED-VASE", price=4800, stock=0)),
        a_product("tide-mug", variant("TIDE-MUG", price=1900, stock=9)),
    )
    return StockAlerts(engine, Outbox(engine, None, clock), CatalogRepository(engine, "EUR").offers, clock)


@pytest.fixture
async def vase(engine: AsyncEngine, alerts: StockAlerts) -> Offer:
    return (await CatalogRepository(engine, "EUR").offers(["REED-VASE"]))["REED-VASE"]


async def emails(engine: AsyncEngine) -> list[tuple[str, str]]:
    """(what, recipient) of each e-mail."""
    rows = await fetch(engine, select(outbox).order_by(outbox.c.id))
    return [(row.id.partition(":")[0], row.recipient) for row in rows]


async def token_of(engine: AsyncEngine) -> str:
    return str((await fetch(engine, select(stock_alerts.c.token)))[0].token)


async def comes_back(engine: AsyncEngine) -> None:
    await StockBook(engine).change(["REED-VASE"], lambda _sku, _before: 5, "set", reason="", who="ada")


async def test_who_confirmed_is_told_once(engine: AsyncEngine, alerts: StockAlerts, vase: Offer) -> None:
    with speaking(language_of("de")):
        await alerts.ask(vase, ADA, ORIGIN)
    token = await token_of(engine)
    await alerts.confirm(token)
    assert await alerts.answer() == 0
    await comes_back(engine)
    assert await alerts.answer() == 1
    assert await alerts.answer() == 0
    assert await emails(engine) == [("back", ADA), ("confirm", ADA)]
    back, confirm = await fetch(engine, select(outbox).order_by(outbox.c.id))
    assert f"{ORIGIN}/product/reed-vase?variant_id=REED-VASE" in back.plain
    assert f"{ORIGIN}/alerts/{token}" in confirm.plain
    assert 'lang="de"' in back.html
    assert await alerts.get(token) is None


async def test_who_did_not_confirm_is_not_told(engine: AsyncEngine, alerts: StockAlerts, vase: Offer) -> None:
    await alerts.ask(vase, ADA, ORIGIN)
    await comes_back(engine)
    assert await alerts.answer() == 0
    assert await emails(engine) == [("confirm", ADA)]


async def test_who_took_it_back_is_not_told(engine: AsyncEngine, alerts: StockAlerts, vase: Offer) -> None:
    await alerts.ask(vase, ADA, ORIGIN)
    token = await token_of(engine)
    await alerts.confirm(token)
    await alerts.stop(token)
    await comes_back(engine)
    assert await alerts.answer() == 0


async def test_an_address_is_asked_once_however_it_is_spelt(
    engine: AsyncEngine, alerts: StockAlerts, vase: Offer
) -> None:
    for spelling in (ADA, ADA, "Ada@example.com"):
        await alerts.ask(vase, spelling, ORIGIN)
    assert await emails(engine) == [("confirm", ADA)]


async def test_nobodys_mailbox_is_filled(engine: AsyncEngine, alerts: StockAlerts, vase: Offer) -> None:
    async with writing(engine) as connection:
        for number in range(MOST_UNCONFIRMED):
            row = {"token": f"t{number}", "sku": f"S{number}", "email": ADA, "mailbox": ADA, "language": "en"}
            await connection.execute(stock_alerts.insert().values(**row, origin="", created_at=2**31))
    await alerts.ask(vase, ADA, ORIGIN)
    assert await emails(engine) == []


@pytest.mark.parametrize(("confirmed", "seconds"), [(False, CONFIRM_SECONDS), (True, KEEP_SECONDS)])
async def test_a_request_ends(
    engine: AsyncEngine, alerts: StockAlerts, vase: Offer, clock: Clock, confirmed: bool, seconds: int
) -> None:
    await alerts.ask(vase, ADA, ORIGIN)
    token = await token_of(engine)
    if confirmed:
        await alerts.confirm(token)
    clock.now += seconds - 1
    await alerts.answer()
    assert await alerts.get(token) is not None
    clock.now += 1
    assert await alerts.get(token) is None
    await alerts.confirm(token)
    await alerts.answer()
    assert await fetch(engine, select(stock_alerts)) == []


async def test_what_is_no_longer_sold_is_left_alone(engine: AsyncEngine, alerts: StockAlerts, vase: Offer) -> None:
    await alerts.ask(vase, ADA, ORIGIN)
    await alerts.confirm(await token_of(engine))
    async with writing(engine) as connection:
        await connection.execute(stock_alerts.update().values(sku="GONE"))
        await connection.execute(delete(outbox))
    assert await alerts.answer() == 0
    assert await emails(engine) == []
