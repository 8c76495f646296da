"""`shop outbox`: lists, shows and retries the e-mails of orders."""

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
    """List, show and retry the e-mails of orders. Without SMTP_URL, e-mails stay in the outbox and none is sent."""


@outbox.command("list")
@click.option("--state", type=click.Choice(["sent", "waiting", "refused", "stale"]), help="Only e-mails in this state.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="Maximum number of e-mails.")
def list_(state: EmailState | None, limit: int) -> None:
    """List e-mails, newest first.

    waiting: due now or later. refused: the mail server rejected it, or it could not be sent for days. stale: too old
    to be worth sending.
    """
    asyncio.run(_list(Settings.from_env(), limit, state))


@outbox.command()
@click.argument("email_id", metavar="ID")
@click.option("--html", is_flag=True, help="Show the HTML part instead of the plain text.")
def show(email_id: str, html: bool) -> None:
    """Show an e-mail. ID is, for example, placed:K3F90QZX7M2TVB8D."""
    asyncio.run(_show(Settings.from_env(), email_id, html=html))


@outbox.command()
@click.argument("email_id", metavar="ID")
def retry(email_id: str) -> None:
    """Retry an e-mail that was refused or is waiting. The shop sends it when it next runs."""
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
    for stored in found:
        table.add_row(
            *map(harmless, (stored.email.id, stored.email.recipient, _moment(stored.created_at), _outcome(stored, now)))
        )
    Console(markup=False).print(table)


async def _show(settings: Settings, email_id: str, *, html: bool) -> None:
    from shop.parts import opened

    async with opened(settings) as parts:
        stored = await parts.outbox.get(email_id)
    if html:
        click.echo(stored.email.html)
        return
    head = (
        f"To: {stored.email.recipient}",
        f"Subject: {stored.email.subject}",
        f"Written: {_moment(stored.created_at)} UTC",
    )
    click.echo(harmless("\n".join((*head, f"State: {_outcome(stored, time.time())}\n", stored.email.plain))))


async def _retry(settings: Settings, email_id: str) -> None:
    from shop.parts import opened

    async with opened(settings, prepare=True) as parts:
        is_due = await parts.outbox.retry(email_id)
    if not is_due:
        click.echo(f"{email_id} was already sent. Nothing was changed.")
    elif settings.smtp_url:
        click.echo(f"{email_id} is due. The shop sends it as soon as it runs.")
    else:
        click.echo(f"{email_id} is due. The shop sends it once it runs with SMTP_URL.")


def _outcome(stored: StoredEmail, now: float) -> str:
    state = stored.state(now)
    if stored.sent_at is not None:
        return f"sent {_moment(stored.sent_at)}"
    attempts = f", {stored.attempts} attempt{'s' * (stored.attempts > 1)}" if stored.attempts else ""
    return f"{state}{attempts}{f': {stored.error}' if stored.error else ''}"


def _moment(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}"
