"""`shop outbox`: the e-mails that the shop has written."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from shop.commands.terminal import harmless
from shop.settings import Settings

if TYPE_CHECKING:
    from shop.checkout.mail.outbox import EmailState, StoredEmail


@click.group()
def outbox() -> None:
    """List, show and send again the e-mails of orders. Without SMTP_URL they stay here, and none is sent."""


@outbox.command("list")
@click.option("--state", type=click.Choice(["sent", "waiting", "refused", "stale"]), help="Only those in this state.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="How many at most.")
def list_(state: EmailState | None, limit: int) -> None:
    """List e-mails, the newest first.

    waiting: due now or later. refused: the mail server will not take it, or it could not be sent for days. stale: it
    was not sent for so long that it would only surprise.
    """
    asyncio.run(_list(Settings.from_env(), limit, state))


@outbox.command()
@click.argument("email_id", metavar="ID")
@click.option("--html", is_flag=True, help="The HTML that mail programs show, instead of the plain text.")
def show(email_id: str, html: bool) -> None:
    """Show an e-mail; ID is such as placed:K3F90QZX7M2TVB8D."""
    asyncio.run(_show(Settings.from_env(), email_id, html=html))


@outbox.command()
@click.argument("email_id", metavar="ID")
def retry(email_id: str) -> None:
    """Send an e-mail that was refused, or that waits, as soon as the shop runs."""
    asyncio.run(_retry(Settings.from_env(), email_id))


async def _list(settings: Settings, limit: int, state: EmailState | None) -> None:
    from rich.console import Console
    from rich.table import Table

    from shop.parts import opened

    async with opened(settings) as parts:
        found = await parts.outbox.latest(limit, state)
    now = time.time()
    table = Table(title="E-mails", title_justify="left")
    for name in ("ID", "to", "written (UTC)", "state"):
        table.add_column(name, no_wrap=name == "ID", overflow="fold")
    for kept in found:
        table.add_row(
            *map(harmless, (kept.email.id, kept.email.recipient, _moment(kept.created_at), _became(kept, now)))
        )
    Console(markup=False).print(table)


async def _show(settings: Settings, email_id: str, *, html: bool) -> None:
    from shop.parts import opened

    async with opened(settings) as parts:
        kept = await parts.outbox.get(email_id)
    if html:
        click.echo(kept.email.html)
        return
    head = (f"To: {kept.email.recipient}", f"Subject: {kept.email.subject}", f"Written: {_moment(kept.created_at)} UTC")
    click.echo(harmless("\n".join((*head, f"State: {_became(kept, time.time())}\n", kept.email.plain))))


async def _retry(settings: Settings, email_id: str) -> None:
    from shop.parts import opened

    async with opened(settings, prepare=True) as parts:
        is_due = await parts.outbox.retry(email_id)
    if not is_due:
        click.echo(f"{email_id} is sent already. Nothing was changed.")
    elif settings.smtp_url:
        click.echo(f"{email_id} is sent as soon as the shop runs.")
    else:
        click.echo(f"{email_id} is due. It is sent once the shop runs with an SMTP_URL.")


def _became(kept: StoredEmail, now: float) -> str:
    state = kept.state(now)
    if kept.sent_at is not None:
        return f"sent {_moment(kept.sent_at)}"
    attempts = f", {kept.attempts} attempt{'s' * (kept.attempts > 1)}" if kept.attempts else ""
    return f"{state}{attempts}{f': {kept.error}' if kept.error else ''}"


def _moment(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}"
