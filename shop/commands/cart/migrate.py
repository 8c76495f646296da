"""`shop cart migrate`: copies carts from one store to another while the shop runs."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

import click

from shop.cart.around.migration import Migration, Pass
from shop.cart.connect import redacted
from shop.commands import progress
from shop.commands.cart.stores import all_opened, opened
from shop.errors import StoreUnavailable
from shop.retry import with_retries
from shop.settings import Settings

INTERRUPTED = 130
"""The exit status that shells report for a process that Ctrl+C ended."""

NOT_MOVING = (
    "CART_MOVE_FROM is not set to the old store here. In a running shop, set it to the old store, and REDIS_URL to the "
    "new one: otherwise later changes stay in the old store only."
)


def migrate_carts(
    settings: Settings, sources: Sequence[str], target: str, *, passes: int, rate: float, dry_run: bool
) -> None:
    """`shop cart migrate`. Exits with 1 if the last pass still found carts to copy, with 130 after Ctrl+C."""
    migrations: list[Migration] = []
    try:
        complete = asyncio.run(_migrate(settings, migrations, sources, target, passes, rate, dry_run))
    except KeyboardInterrupt:
        click.echo(f"Interrupted. {_progress_so_far(migrations)}", err=True)
        sys.exit(INTERRUPTED)
    except StoreUnavailable as error:
        raise type(error)(f"{error} {_progress_so_far(migrations)}".strip()) from error
    for url, migration in zip(sources, migrations, strict=True):
        click.echo(_summary(redacted(url), migration, dry_run=dry_run))
    if complete:
        after = " Unset CART_MOVE_FROM and restart the shop." if settings.cart_move_from else ""
        click.echo(f"All carts are in {redacted(target)}.{after}")
    elif not dry_run:
        click.echo(
            f"Not complete: pass {passes} still found missing or outdated carts in {redacted(target)}. Either "
            "the shop still writes to the old store (is CART_MOVE_FROM set in every process of the shop?), or the new "
            "store drops carts (see `shop doctor`). Run the same command again.",
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
    """Make passes over the old stores until nothing is left to copy. Returns whether that was reached."""
    named = {f"--from {redacted(url)}": url for url in sources}
    async with all_opened(named, settings) as olds, opened("--to", target, settings, to_write=not dry_run) as new:
        if settings.cart_move_from not in sources and not dry_run:
            click.echo(NOT_MOVING, err=True)
        migrations.extend(Migration(old, new, rate=rate, dry_run=dry_run) for old in olds.values())
        for number in range(1, 2 if dry_run else passes + 1):
            found = [await _run_pass(migration, number) for migration in migrations]
            if not dry_run and not any(each.copied for each in found):
                return True
    return False


async def _run_pass(migration: Migration, number: int) -> Pass:
    total = await with_retries(migration.old.count)
    what = "Copying" if number == 1 else f"Checking, pass {number}"
    with progress.shown(unit="carts") as report:
        migration.on_progress = lambda: report(what, migration.passes[-1].carts, total)
        return await migration.run_pass()


def _progress_so_far(migrations: list[Migration]) -> str:
    """The progress of an interrupted migration, as a message; '' if no pass had begun."""
    if not any(migration.passes for migration in migrations):
        return ""
    copied = sum(migration.copied for migration in migrations)
    number = max(len(migration.passes) for migration in migrations)
    carts = sum(migration.passes[-1].carts for migration in migrations if len(migration.passes) == number)
    return (
        f"{copied:,} carts were copied; pass {number} had read {carts:,}. The old store is unchanged, and no cart is "
        "half copied: run the same command again to copy the rest."
    )


def _summary(url: str, migration: Migration, *, dry_run: bool) -> str:
    """The result for one old store, as lines of text."""
    last = migration.passes[-1]
    if dry_run:
        says = f"{url}: {last.carts:,} carts; {last.copied:,} of them would be copied. Nothing was copied."
        return "\n".join(filter(None, (says, unreadable_note(last.unreadable))))
    passes = "1 pass" if len(migration.passes) == 1 else f"{len(migration.passes)} passes"
    same = last.old_sum == last.new_sum
    sums = f"checksum {last.old_sum:016x} in both" if same else f"checksum {last.old_sum:016x}, new {last.new_sum:016x}"
    since = f"  {last.ahead:,} have changed in the new store since, so the checksums differ."
    lines = [
        f"{url}: {last.carts:,} carts; {migration.copied:,} copied in {passes}; {sums}.",
        since if last.ahead else "",
        expired_note(sum(each.renewed for each in migration.passes)),
        unreadable_note(last.unreadable),
    ]
    return "\n".join(filter(None, lines))


def unreadable_note(values: int) -> str:
    """A note about stored values that are no carts; '' if there are none."""
    return f"  {values:,} stored values are no carts that this release can read; they stay." if values else ""


def expired_note(carts: int) -> str:
    """A note about carts that were older than the new store's CART_TTL; '' if there are none."""
    note = "were older than the CART_TTL of the new store; their lifetime starts again."
    return f"  {carts:,} {note}" if carts else ""
