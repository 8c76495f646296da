"""What the documents tell people to type, and what they say of the code, is true."""

from __future__ import annotations

import re
import shlex
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import click
import pytest

from shop.cart.connect import connect
from shop.checkout.model import NEXT
from shop.checkout.payments.connect import DEMO, GROUP
from shop.cli import cli
from shop.database import require_current
from shop.errors import ConfigurationError
from shop.settings import Settings
from tests.servers.test_house import ROOT, SETTINGS

PAGES = [ROOT / "README.md", ROOT / "DEVELOPERS.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
LANGUAGES = {"", "sh", "console"}
README_WORDS = 900
RECIPE_LINES = 12


def typed(page: Path) -> Iterator[str]:
    """The lines of a page's shell blocks, comments taken off, and its inline code."""
    text = page.read_text()
    for language, block in re.findall(r"^ *```(\w*)\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE):
        if language in LANGUAGES:
            yield from (re.sub(r"\s+#.*", "", line).strip() for line in block.splitlines())
    yield from re.findall(r"`([^`\n]+)`", re.sub(r"^ *```.*?^ *```", "", text, flags=re.DOTALL | re.MULTILINE))


def commands(page: Path) -> Iterator[list[str]]:
    """The arguments of each `shop …` that a page shows, without what the shell does with its output."""
    for line in typed(page):
        if found := re.match(r"(?:[A-Z_]+=\S* )*(?:\.venv/bin/)?shop (?!demo RUNG$)(.+)", line):
            yield shlex.split(re.split(r" [>|] ", found[1])[0])


def check(arguments: list[str]) -> None:
    """Raise UsageError or AssertionError for arguments that `shop` does not take; run nothing."""
    command: click.Command = cli
    context = click.Context(cli, info_name="shop")
    while isinstance(command, click.Group) and arguments and not arguments[0].startswith("-"):
        found = command.get_command(context, name := arguments[0])
        assert found, f"shop has no command {name}"
        context = click.Context(found, context, info_name=name, **found.context_settings)
        command, arguments = found, arguments[1:]
    values, rest, _ = command.make_parser(context).parse_args(list(arguments))
    assert not rest, f"{command.name} takes no {rest}"
    for parameter in command.params:
        if isinstance(parameter.type, click.Choice) and isinstance(given := values.get(parameter.name or ""), str):
            parameter.type.convert(given, parameter, context)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_line_is_one_that_the_shop_takes(page: Path) -> None:
    for arguments in commands(page):
        check(arguments)


def test_there_are_command_lines() -> None:
    shown = [" ".join(arguments) for page in PAGES for arguments in commands(page)]
    assert len(shown) > 60
    named = {([*line.split(), ""])[0] for line in shown}
    assert named >= set(cli.commands)


@pytest.mark.parametrize(
    "line", ["ordres list", "orders lost", "orders list --unsetled", "orders list --state lost", "coupons list X", "-x"]
)
def test_a_wrong_command_line_is_found(line: str) -> None:
    with pytest.raises((AssertionError, click.UsageError)):
        check(line.split())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_make_target_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    asked = {target for line in typed(page) for target in re.findall(r"^make (?:[A-Z]+=\S+ )?([a-z]+)", line)}
    assert asked <= targets


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().split()) <= README_WORDS


def test_every_setting_has_its_row_with_its_default() -> None:
    rows = re.findall(r"^\| ((?:`[A-Z_]+` ?)+) \| ([^|]*) \|", (ROOT / "docs/configure.md").read_text(), re.MULTILINE)
    said: dict[str, str] = {}
    for names, defaults in rows:
        settings: list[str] = re.findall(r"`([A-Z_]+)`", names)
        shown: list[str] = re.findall(r"`([^`]+)`", defaults) or [defaults.partition(" (")[0]]
        said |= dict(zip(settings, shown, strict=True))
    assert said.keys() == SETTINGS
    for name, default_shown in said.items():
        default = getattr(Settings(), name.lower())
        assert default in ("", None) or default_shown == _as_written(default)


def _as_written(default: object) -> str:
    if isinstance(default, bool):
        return "on" if default else "off"
    return f"{default:g}" if isinstance(default, float) else str(default)


def test_the_states_of_an_order_are_drawn_as_they_are() -> None:
    drawn = re.findall(r"^ +(\w+) --> (\w+)$", (ROOT / "docs/orders.md").read_text(), re.MULTILINE)
    assert sorted(drawn) == sorted((state, to) for state, after in NEXT.items() for to in after)


async def test_every_wrapper_of_a_cart_store_is_drawn() -> None:
    drawn = (ROOT / "DEVELOPERS.md").read_text().partition("flowchart TB")[2].partition("```")[0]
    carts = connect(Settings(redis_url="redis://127.0.0.1:1", cart_archive=True, cart_move_from="redis://127.0.0.1:2"))
    wrapped = {type(part).__name__ for part in carts.parts()}
    await carts.close()
    assert len(wrapped) > 4
    assert {name for name in wrapped if name not in drawn} == set()


def test_the_recipes_are_short() -> None:
    recipes = (ROOT / "DEVELOPERS.md").read_text().partition("\n## Recipes\n")[2].partition("\n## ")[0]
    lengths = {recipe.partition("\n")[0]: recipe.strip().count("\n") for recipe in recipes.split("\n### ")[1:]}
    assert len(lengths) == 8
    assert {title: lines for title, lines in lengths.items() if lines >= RECIPE_LINES} == {}


def test_the_way_to_plug_in_a_payment_provider_is_the_codes() -> None:
    page = (ROOT / "docs/payments.md").read_text()
    assert f'[project.entry-points."{GROUP}"]' in page
    assert f"`{DEMO}:`" in page


@pytest.mark.parametrize("revision", ["9999", "0001"])
async def test_the_upgrade_page_quotes_what_a_release_says(sqlite_url: str, revision: str) -> None:
    with closing(sqlite3.connect(sqlite_url.partition("///")[2])) as database, database:
        database.execute("UPDATE alembic_version SET version_num = ?", (revision,))
        database.execute("UPDATE schema_compatibility SET oldest = ?", (revision,))
    with pytest.raises(ConfigurationError) as refusal:
        await require_current(sqlite_url)
    page = re.sub(r"\d{4}", "N", (ROOT / "docs/upgrade.md").read_text())
    assert f"\nshop: {re.sub(r'[0-9]{4}', 'N', str(refusal.value))}\n" in page


async def test_the_upgrade_page_quotes_what_a_release_logs(sqlite_url: str, caplog: pytest.LogCaptureFixture) -> None:
    with closing(sqlite3.connect(sqlite_url.partition("///")[2])) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    await require_current(sqlite_url)
    page = re.sub(r"\d{4}", "N", (ROOT / "docs/upgrade.md").read_text())
    assert f"\n{re.sub(r'[0-9]{4}', 'N', caplog.messages[-1])}\n" in page
