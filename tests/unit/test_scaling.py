"""What docs/scaling.md and docs/operate.md name exists: settings, metrics, demos, profiles; the sums are right."""

from __future__ import annotations

import math
import re
from pathlib import Path

import msgspec
import pytest

from shop.cart import codec
from shop.cart.model import Add, Cart, Limits, apply, new_change_id
from shop.commands.demo import RUNGS
from shop.money import Money
from shop.settings import Settings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/scaling.md").read_text()
COMPOSE = msgspec.yaml.decode((ROOT / "compose.yaml").read_bytes())


def test_the_settings_are_known() -> None:
    named = set(re.findall(r"`([A-Z]+_[A-Z_]+)\b", PAGE))
    assert {"REDIS_URL", "CART_ARCHIVE"} <= named <= {name.upper() for name in Settings.__struct_fields__}


@pytest.mark.parametrize("rung", RUNGS)
def test_every_rung_is_in_the_ladder(rung: str) -> None:
    ladder = PAGE.partition("| rung |")[2].partition("\n\n")[0]
    assert f"| `{rung}` |" in ladder
    if rung != "redis":
        (port,) = COMPOSE["services"][f"shop-{rung}"]["ports"]
        assert f"`--profile {rung}`, port {port[-10:-6]}" in ladder


@pytest.mark.parametrize("lines", [1, 3, 10])
def test_the_formula_for_bytes_is_the_layouts(lines: int) -> None:
    cart, sku = Cart("ada"), "TIDE-MUG-{:04}"
    for n in range(lines):
        cart = apply(cart, Add(new_change_id(), 1, sku.format(n), 1, Money(1900, "EUR")), Limits(99, 100))
    assert len(codec.encode(cart)) == 13 + 8 * lines + lines * (16 + len(sku.format(0)))


def test_the_table_follows_from_the_formula() -> None:
    rows = re.findall(r"^\| ([\d,]+) \| ([\d.]+) (MB|GB) \| (\d+) ", PAGE, re.MULTILINE)
    assert len(rows) == 5
    for carts, amount, unit, servers in rows:
        ram = int(carts.replace(",", "")) * 275 * 1.5
        assert float(amount) == pytest.approx(ram / {"MB": 1e6, "GB": 1e9}[unit], rel=0.02)
        assert int(servers) == math.ceil(ram / 16e9)
