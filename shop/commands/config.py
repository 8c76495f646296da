"""`shop config`: prints the settings that are in effect."""

from __future__ import annotations

from collections.abc import Iterator

import click

from shop.settings import SECRETS, Settings


@click.command()
@click.option("--hash-password", is_flag=True, help="Ask for a password and print its hash, for OPERATOR_PASSWORD.")
def config(hash_password: bool) -> None:
    """Print the settings in effect, from the environment, .env and the defaults. Secrets are masked."""
    if hash_password:
        from shop.operator_password import hashed

        click.echo(hashed(click.prompt("Password", hide_input=True, confirmation_prompt=True)))
        return
    for line in shown(Settings.from_env()):
        click.echo(line)


def shown(settings: Settings) -> Iterator[str]:
    """Each setting as a line of an .env file; those with their default are comments."""
    defaults = Settings()
    for name in Settings.__struct_fields__:
        value = getattr(settings, name)
        start = "#" if value == getattr(defaults, name) else ""
        yield f"{start}{name.upper()}={masked(name, value)}"


def masked(name: str, value: object) -> str:
    """A value as it may be shown: without user, password and options of a URL, and no key at all."""
    if isinstance(value, bool):
        return "on" if value else "off"
    text = "" if value is None else str(value)
    if name not in SECRETS or text == getattr(Settings(), name):
        return text
    from shop.cart.connect import redacted

    return redacted(text) if "://" in text else "(hidden)"
