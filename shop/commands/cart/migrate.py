"""Carts on their way from store to store: `shop cart migrate`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

import click

from shop.cart.around.migration import Migration, Pass
from shop.cart.connect import shown
from shop.commands import progress
from shop.commands.cart.stores import all_opened, opened
from shop.errors import StoreUnavailable
from shop.retry import with_retries
from shop.settings import Settings

INTERRUPTED = 130
"""The exit status that shells give to what was ended by Ctrl+C."""

NOT_MOVING = (
    "CART_MOVE_FROM is not set to the old store here. Set it for a running shop, and the new store as its own: else "
    "what is changed in the old store after this stays there."
)


def migrate_carts(
    settings: Settings, sources: Sequence[str], target: str, *, passes: int, rate: float, dry_run: bool
) -> None:
    """`shop cart migrate`. Exits with 1 where the last pass still found something to copy, with 130 by Ctrl+C."""
    migrations: list[Migration] = []
    try:
        complete = asyncio.run(_migrate(settings, migrations, sources, target, passes, rate, dry_run))
    except KeyboardInterrupt:
        click.echo(f"Interrupted. {_how_far(migrations)}", err=True)
        sys.exit(INTERRUPTED)
    except StoreUnavailable as error:
        raise type(error)(f"{error} {_how_far(migrations)}".strip()) from error
    for url, migration in zip(sources, migrations, strict=True):
        click.echo(_found(shown(url), migration, dry_run=dry_run))
    if complete:
        after = " Take CART_MOVE_FROM out and restart the shop." if settings.cart_move_from else ""
        click.echo(f"All of them are in {shown(target)}.{after}")
    elif not dry_run:
        click.echo(
            f"Not complete: pass {passes} still found carts that were missing or behind in {shown(target)}. Either the "
            "old store is still changed (is CART_MOVE_FROM set in every process of the shop?), or the new one drops "
            "carts (see shop doctor). Run the same command again.",
            err=True,
        )
        sys.exit(1)


async def _migrate(
    settings: Settings,
    migrations: list[Migration],
    sources: Sequence[str],
    target: str,
    passes: int,
    rate: float,
    dry_run: bool,
) -> bool:
    """Go over the old stores until nothing is left to copy; whether that came about."""
    named = {f"--from {shown(url)}": url for url in sources}
    async with all_opened(named, settings) as olds, opened("--to", target, settings, to_write=not dry_run) as new:
        if settings.cart_move_from not in sources and not dry_run:
            click.echo(NOT_MOVING, err=True)
        migrations.extend(Migration(old, new, rate=rate, dry_run=dry_run) for old in olds.values())
        for number in range(1, 2 if dry_run else passes + 1):
            found = [await _go_over(migration, number) for migration in migrations]
            if not dry_run and not any(each.copied for each in found):
                return True
    return False


async def _go_over(migration: Migration, number: int) -> Pass:
    of = await with_retries(migration.old.count)
    what = "Copying" if number == 1 else f"Checking, pass {number}"
    with progress.shown(unit="carts") as tell:
        migration.tell = lambda: tell(what, migration.passes[-1].carts, of)
        return await migration.go_over()


def _how_far(migrations: list[Migration]) -> str:
    """How far a migration came that was broken off; nothing where it had not begun."""
    if not any(migration.passes for migration in migrations):
        return ""
    copied = sum(migration.copied for migration in migrations)
    number = max(len(migration.passes) for migration in migrations)
    carts = sum(migration.passes[-1].carts for migration in migrations if len(migration.passes) == number)
    return (
        f"{copied:,} carts are copied, and pass {number} had come to {carts:,}. The old store is as it was and nothing "
        "is half done: run the same command again, and it copies what is missing."
    )


def _found(url: str, migration: Migration, *, dry_run: bool) -> str:
    """What was found in one old store, in some lines."""
    last = migration.passes[-1]
    if dry_run:
        return f"{url}: {last.carts:,} carts; {last.copied:,} of them would be copied. Nothing was."
    passes = "1 pass" if len(migration.passes) == 1 else f"{len(migration.passes)} passes"
    same = last.old_sum == last.new_sum
    sums = f"checksum {last.old_sum:016x} in both" if same else f"checksum {last.old_sum:016x}, new {last.new_sum:016x}"
    since = f"  {last.ahead:,} have been changed in the new store since, which makes the checksums differ."
    lines = [
        f"{url}: {last.carts:,} carts; {migration.copied:,} copied in {passes}; {sums}.",
        since if last.ahead else "",
        renewed(sum(each.renewed for each in migration.passes)),
    ]
    return "\n".join(filter(None, lines))


def renewed(carts: int) -> str:
    """What to say of carts that were older than the new store keeps carts; nothing where there are none."""
    words = "were older than the new store keeps carts (CART_TTL); their time starts again."
    return f"  {carts:,} {words}" if carts else ""
