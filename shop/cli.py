"""The `shop` command. Each subcommand imports its dependencies when it runs, so that `shop` starts fast."""

from __future__ import annotations

import sys

import click

from shop import __version__
from shop.commands.backup import backup, restore
from shop.commands.cart.group import cart
from shop.commands.catalog import catalog
from shop.commands.config import config
from shop.commands.coupons import coupons
from shop.commands.demo import demo
from shop.commands.doctor import doctor
from shop.commands.loadtest import loadtest
from shop.commands.orders.group import orders
from shop.commands.outbox import outbox
from shop.commands.reviews import reviews
from shop.commands.run import run
from shop.commands.shopper import shopper
from shop.commands.stock import stock
from shop.errors import ConfigurationError, ImportRefused, ShopError


def main() -> None:
    """Run the command line. A ShopError is printed as one line; the exit status is 2 for a wrong setting, else 1."""
    try:
        cli(prog_name="shop")
    except ShopError as error:
        for row in error.rows if isinstance(error, ImportRefused) else ():
            click.echo(row, err=True)
        click.echo(f"shop: {error}", err=True)
        sys.exit(2 if isinstance(error, ConfigurationError) else 1)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="shop")
def cli() -> None:
    """A shop. Start it with `shop run`."""


for command in (
    run,
    config,
    catalog,
    stock,
    reviews,
    demo,
    cart,
    orders,
    coupons,
    outbox,
    shopper,
    backup,
    restore,
    doctor,
    loadtest,
):
    cli.add_command(command)

if __name__ == "__main__":
    main()
