"""`shop cart`: looking after the carts of a running shop. What each command does is in the files beside this one."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any, BinaryIO

import click
from typing_extensions import override

from shop.settings import Settings

URL = click.option("--url", help="The store; by default those that the shop's settings name.")
JSON = click.option("--json", "as_json", is_flag=True, help="As JSON.")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 24 * 3600}


class Span(click.ParamType[int]):
    """Seconds, written as 30d, 12h, 90m or 45s."""

    name = "span"

    @override
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        written = re.fullmatch(r"(\d+)([smhd]?)", str(value))
        if written is None:
            self.fail(f"{value!r} is no time span; write 30d, 12h, 90m or 45s.", param, ctx)
        return int(written[1]) * _SECONDS[written[2]]


class InOrder(click.Group):
    """A group that lists its commands as they stand in the file."""

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


@click.group(cls=InOrder)
def cart() -> None:
    """Look after carts: show, count, move, save, restore."""


@cart.command()
@click.argument("cart_id", metavar="[ID]", default="")
@click.option("--session", metavar="TOKEN", help="A session cookie's value instead; - reads it from standard input.")
@URL
@JSON
def show(cart_id: str, session: str | None, url: str | None, as_json: bool) -> None:
    """Show one cart: its lines, its age, which stores hold it and whether they agree."""
    from shop.commands.cart.show import show_cart
    from shop.web.http.session import cart_id as of_session

    if bool(cart_id) == (session is not None):
        raise click.UsageError("Give the cart's ID, or --session TOKEN.")
    if session == "-":
        session = sys.stdin.readline().strip()
    show_cart(Settings.from_env(), of_session(session) if session else cart_id, url, as_json=as_json)


@cart.command()
@click.option("--sample", type=click.IntRange(1), help="Look at so many carts of each store, not at all.")
@URL
@JSON
def stats(sample: int | None, url: str | None, as_json: bool) -> None:
    """Count carts and what is in them.

    Pieces, values, sizes, ages, and what expires soon. Reads every cart once; --sample for a very large store.
    """
    from shop.commands.cart.stats import show_statistics

    show_statistics(Settings.from_env(), url, sample=sample, as_json=as_json)


@cart.command()
@click.option("--older-than", type=Span(), default="30d", show_default=True, help="Time since the last change.")
@click.option("--by", type=click.Choice(["age", "value"]), default="age", show_default=True, help="Which come first.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="Carts at most.")
@URL
@JSON
def sleeping(older_than: int, by: str, limit: int, url: str | None, as_json: bool) -> None:
    """List the carts in the archive that were left alone."""
    from shop.commands.cart.sleeping import show_sleeping

    settings = Settings.from_env()
    show_sleeping(settings, url, older_than=older_than, by_value=by == "value", limit=limit, as_json=as_json)


@cart.command()
@click.option("--from", "sources", multiple=True, required=True, metavar="URL", help="The old store; may be repeated.")
@click.option("--to", "target", required=True, metavar="URL", help="The new store.")
@click.option("--passes", type=click.IntRange(2), default=5, show_default=True, help="Passes at most.")
@click.option(
    "--rate", type=click.FloatRange(0, min_open=True), help="Carts per second at most, to spare a live store."
)
@click.option("--dry-run", is_flag=True, help="Count what would be copied, and copy nothing.")
def migrate(sources: tuple[str, ...], target: str, passes: int, rate: float | None, dry_run: bool) -> None:
    """Move the carts of a running shop to another store.

    Before: give the shop REDIS_URL (and CART_ARCHIVE) for the new store and CART_MOVE_FROM for the old one, and
    restart every process of it. From then on carts are changed in the new store only, and one that is not there yet
    is fetched from the old one.

    This copies all carts with their change ids and the time they have still to live, joins those that were changed
    in the new store meanwhile, and goes over them again until a pass finds nothing to copy. Exit status 0 says that
    all of them are there. It never deletes from the old store, and may be interrupted and run again at any time.

    After: take CART_MOVE_FROM out and restart the shop. Now the old store can go.

    The archive of a shop with CART_ARCHIVE is a store of its own, DATABASE_URL. Where that stays, only the live carts
    are to be moved; where there will be no archive, give --from for both.
    """
    from shop.commands.cart.migrate import migrate_carts

    if target in sources:
        raise click.UsageError("--from and --to name the same store.")
    migrate_carts(Settings.from_env(), sources, target, passes=passes, rate=rate or 0, dry_run=dry_run)


@cart.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), default="-")
@URL
def export(file: Path, url: str | None) -> None:
    """Write all carts to FILE as JSON lines.

    One cart a line, by default to standard output. A cart that is in the store of live carts and in the archive is
    written once. FILE appears when it is complete.
    """
    from shop.commands.cart.files import export_carts

    export_carts(Settings.from_env(), file, url)


@cart.command("import")
@click.argument("file", type=click.File("rb"))
@URL
def import_(file: BinaryIO, url: str | None) -> None:
    """Bring the carts of FILE back.

    They go into the store of live carts; - is standard input. Carts that are there are joined, never overwritten;
    importing a file again changes nothing.

    A file is checked first: where a line is no cart, its number is told and nothing is imported. What comes through
    a pipe cannot be read twice: there the import stops at the first bad line, and the carts before it are imported.
    """
    from shop.commands.cart.files import import_carts

    import_carts(Settings.from_env(), file, url)
