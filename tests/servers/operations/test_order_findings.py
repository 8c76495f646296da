"""The doctor's findings about stuck orders and unsent e-mails."""

from __future__ import annotations

import time

import pytest
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.checkout.mail.outbox import NEVER, Email, Outbox
from shop.checkout.schema import orders, outbox
from shop.database import writing
from shop.operations.doctor import examine
from shop.operations.findings import Finding, Level
from shop.operations.order_findings import LATE_SECONDS, OVERDUE_SECONDS, check_orders
from shop.settings import Settings


async def looked_at(url: str, smtp_url: str = "") -> dict[str, Finding]:
    found = await check_orders(Settings(database_url=url, smtp_url=smtp_url))
    return {finding.about: finding for finding in found}


async def an_order(
    engine: AsyncEngine, number: str, *, claimed_for: float, settled: bool = False, age: int = 0, **values: str | int
) -> None:
    row = dict.fromkeys((column.name for column in orders.columns), "")
    times = dict.fromkeys(("cart_revision", "total", "refunded", "created_at", "changed_at"), 0)
    until = int((time.time() + claimed_for) * 1000)
    mine = {"number": number, "cart_id": number, "idempotency_key": None, "settled": settled, "claimed_until": until}
    then = int(time.time()) - age
    mine |= {"state": "placed", "processing": False, "created_at": then, "changed_at": then, **values}
    async with writing(engine) as connection:
        await connection.execute(insert(orders), row | times | mine)


async def an_email(engine: AsyncEngine, email_id: str, *, due_in: int = 0, due_at: int | None = None) -> None:
    async with writing(engine) as connection:
        await Outbox(engine).write(
            connection, Email(id=email_id, recipient="a@b.example", subject="", plain="", html="")
        )
        due = due_at if due_at is not None else int(time.time()) + due_in
        await connection.execute(outbox.update().where(outbox.c.id == email_id).values(due_at=due))


class TestOrders:
    async def test_orders_that_are_worked_on_are_well(self, engine: AsyncEngine, database_url: str) -> None:
        await an_order(engine, "OPEN", claimed_for=16)
        await an_order(engine, "DONE", claimed_for=-9_999, settled=True)
        found = (await looked_at(database_url))["settled"]
        assert (found.level, found.figures["open"]) == (Level.OK, 1)

    async def test_one_that_was_left_alone_is_told(self, engine: AsyncEngine, database_url: str) -> None:
        await an_order(engine, "ALONE", claimed_for=-LATE_SECONDS - 5)
        found = (await looked_at(database_url))["settled"]
        assert (found.level, found.figures["late"]) == (Level.WARNING, 1)
        assert "shop orders list --unsettled" in found.advice

    async def test_one_that_cannot_be_settled_is_told(self, engine: AsyncEngine, database_url: str) -> None:
        await an_order(engine, "OLD", claimed_for=3000, age=7 * 3600)
        await an_order(engine, "NEW", claimed_for=16)
        found = (await looked_at(database_url))["settled"]
        assert (found.level, found.figures["oldest_hours"]) == (Level.WARNING, 7.0)
        assert "waited for 7 hours" in found.says
        assert "shop orders resolve" in found.advice

    async def test_one_that_is_not_captured_for_days_is_told(self, engine: AsyncEngine, database_url: str) -> None:
        await an_order(engine, "NEW", claimed_for=0, settled=True)
        assert "captured" not in await looked_at(database_url)
        await an_order(engine, "OLD", claimed_for=0, settled=True, age=6 * 24 * 3600)
        found = (await looked_at(database_url))["captured"]
        assert (found.level, found.figures["orders"]) == (Level.WARNING, 1)

    async def test_a_dispute_is_told_until_it_is_closed(self, engine: AsyncEngine, database_url: str) -> None:
        await an_order(engine, "LOST", claimed_for=0, settled=True, dispute="lost")
        assert "disputed" not in await looked_at(database_url)
        await an_order(engine, "OPEN", claimed_for=0, settled=True, dispute="open")
        found = (await looked_at(database_url))["disputed"]
        assert (found.level, found.figures["orders"]) == (Level.WARNING, 1)
        assert "shop orders list --disputed" in found.advice

    async def test_one_whose_bank_takes_days_is_well(self, engine: AsyncEngine, database_url: str) -> None:
        await an_order(engine, "SLOW", claimed_for=3000, age=2 * 24 * 3600, state="pending", processing=True)
        assert (await looked_at(database_url))["settled"].level is Level.OK


class TestEmails:
    @pytest.mark.parametrize(
        ("smtp_url", "due_in", "level", "words"),
        [
            ("", 0, Level.OK, "1 e-mail in the outbox; without SMTP_URL none is sent"),
            ("smtp://h", -5, Level.OK, "1 e-mail to be sent"),
            ("smtp://h", 3_600, Level.OK, "1 e-mail to be sent"),
            ("smtp://h", -OVERDUE_SECONDS - 5, Level.WARNING, "1 e-mail overdue"),
        ],
    )
    async def test_they_are_sent_in_time_or_it_is_told(
        self, engine: AsyncEngine, database_url: str, smtp_url: str, due_in: int, level: Level, words: str
    ) -> None:
        await an_email(engine, "placed:ONE", due_in=due_in)
        found = (await looked_at(database_url, smtp_url))["e-mails"]
        assert found.level is level
        assert words in found.says

    async def test_refused_ones_are_noted(self, engine: AsyncEngine, database_url: str) -> None:
        await an_email(engine, "placed:ONE", due_at=NEVER)
        found = (await looked_at(database_url, "smtp://h"))["e-mails"]
        assert (found.level, found.says) == (Level.NOTE, "1 e-mail permanently refused by the mail server.")


async def test_the_doctor_tells_them(database_url: str) -> None:
    report = await examine(Settings(database_url=database_url), {})
    assert [finding.about for finding in report.findings if finding.part == "Orders"] == ["settled", "e-mails"]


async def test_a_database_that_is_away_is_told_once() -> None:
    assert await check_orders(Settings(database_url="postgresql://shop@127.0.0.1:1/shop")) == []
