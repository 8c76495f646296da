"""The options and help texts of `shop cart`. Each command's work is in the file of the same name in this package."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any, BinaryIO

import click
from typing_extensions import override

from shop.settings import Settings

URL = click.option("--url", help="The store; by default the stores in the shop's settings.")
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 24 * 3600}


class Duration(click.ParamType[int]):
    """A duration such as 30d, 12h, 90m or 45s, converted to seconds."""

    name = "duration"

    @override
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        written = re.fullmatch(r"(\d+)([smhd]?)", str(value))
        if written is None:
            self.fail(f"{value!r} is not a duration; write 30d, 12h, 90m or 45s.", param, ctx)
        return int(written[1]) * _SECONDS[written[2]]


class InOrder(click.Group):
    """A group whose help lists the commands in the order they were defined, not alphabetically."""

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


@click.group(cls=InOrder)
def cart() -> None:
    """Inspect and manage carts: show, count, migrate, export, import."""


@cart.command()
@click.argument("cart_id", metavar="[ID]", default="")
@click.option(
    "--session",
    metavar="TOKEN",
    help="The value of a session cookie, instead of an ID; - reads it from standard input.",
)
@URL
@JSON
def show(cart_id: str, session: str | None, url: str | None, as_json: bool) -> None:
    """Show one cart: its lines, its age, which stores have it and whether they agree."""
    from shop.commands.cart.show import show_cart
    from shop.web.http.session import cart_id as of_session

    if bool(cart_id) == (session is not None):
        raise click.UsageError("Give the cart's ID, or --session TOKEN.")
    if session == "-":
        session = sys.stdin.readline().strip()
    show_cart(Settings.from_env(), of_session(session) if session else cart_id, url, as_json=as_json)


@cart.command()
@click.option("--sample", type=click.IntRange(1), help="Read only this many carts from each store.")
@URL
@JSON
def stats(sample: int | None, url: str | None, as_json: bool) -> None:
    """Count carts and their contents.

    Prints units, values, sizes, ages, and how many carts expire soon. Reads every cart once; use --sample for a very
    large store.
    """
    from shop.commands.cart.stats import show_statistics

    show_statistics(Settings.from_env(), url, sample=sample, as_json=as_json)


@cart.command()
@click.option("--older-than", type=Duration(), default="30d", show_default=True, help="Time since the last change.")
@click.option("--by", type=click.Choice(["age", "value"]), default="age", show_default=True, help="Sort order.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="Maximum number of carts.")
@URL
@JSON
def sleeping(older_than: int, by: str, limit: int, url: str | None, as_json: bool) -> None:
    """List abandoned carts in the archive: those without a change for a while."""
    from shop.commands.cart.sleeping import show_sleeping

    settings = Settings.from_env()
    show_sleeping(settings, url, older_than=older_than, by_value=by == "value", limit=limit, as_json=as_json)


@cart.command()
@click.option("--from", "sources", multiple=True, required=True, metavar="URL", help="The old store; may be repeated.")
@click.option("--to", "target", required=True, metavar="URL", help="The new store.")
@click.option("--passes", type=click.IntRange(2), default=5, show_default=True, help="Maximum number of passes.")
@click.option(
    "--rate",
    type=click.FloatRange(0, min_open=True),
    help="Maximum carts per second, to limit the load on a live store.",
)
@click.option("--dry-run", is_flag=True, help="Count the carts to copy, without copying them.")
def migrate(sources: tuple[str, ...], target: str, passes: int, rate: float | None, dry_run: bool) -> None:
    """Migrate the carts of a running shop to another store.

    Before: set REDIS_URL (and CART_ARCHIVE) to the new store and CART_MOVE_FROM to the old one, and restart every
    process of the shop. From then on the shop writes carts to the new store only, and reads a cart that is not there
    yet from the old store.

    The command copies all carts with their change ids and remaining TTL, merges carts that have changed in the new
    store in the meantime, and repeats until a pass finds nothing to copy. Exit status 0 means that every cart is in the
    new store. The command never deletes from the old store. You can interrupt it and run it again at any time.

    After: unset CART_MOVE_FROM and restart the shop. Then you can remove the old store.

    With CART_ARCHIVE, the archive (DATABASE_URL) is a separate store. If you keep the archive, migrate only the live
    carts; if you give up the archive, name both stores with --from.
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

    Writes one cart per line, to standard output by default. A cart that is both in the live store and in the archive
    is written once. FILE appears only when it is complete.
    """
    from shop.commands.cart.files import export_carts

    export_carts(Settings.from_env(), file, url)


@cart.command("import")
@click.argument("file", type=click.File("rb"))
@URL
def import_(file: BinaryIO, url: str | None) -> None:
    """Import the carts of FILE; - is standard input.

    The carts go into the live store. An existing cart is merged, never overwritten; importing a file again changes
    nothing.

    A file is validated first: if any line is not a valid cart, the command lists the line numbers and imports nothing.
    Standard input from a pipe cannot be read twice: the import stops at the first bad line and keeps the carts before
    it.
    """
    from shop.commands.cart.files import import_carts

    import_carts(Settings.from_env(), file, url)
