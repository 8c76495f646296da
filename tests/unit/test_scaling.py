"""What docs/scaling.md and docs/operate.md name exists: settings, metrics, demos, profiles; the sums are right."""

from __future__ import annotations

import math
import re
from pathlib import Path

import msgspec
import pytest
from prometheus_client import CollectorRegistry

from shop.cart import codec
from shop.cart.around.metered import MeteredCartService
from shop.cart.connect import connect
from shop.cart.model import Add, Cart, Limits, apply, new_change_id
from shop.checkout.metrics import OrderMetrics
from shop.commands.demo import RUNGS
from shop.money import Money
from shop.settings import Settings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/scaling.md").read_text()
OPERATE = (ROOT / "docs/operate.md").read_text()
COMPOSE = msgspec.yaml.decode((ROOT / "compose.yaml").read_bytes())


async def test_the_metrics_of_the_queries_are_kept() -> None:
    everything = Settings(redis_url="redis://127.0.0.1:1", cart_archive=True, cart_move_from="redis://127.0.0.1:2")
    kept = {*await _series(Settings()), *await _series(everything)}
    asked = set(re.findall(r"\bshop_\w+", OPERATE))
    assert len(asked) > 10
    assert asked <= kept


async def _series(settings: Settings) -> set[str]:
    """The series that the orders, and the cart services of these settings, keep."""
    registry = CollectorRegistry()
    OrderMetrics(registry)
    metered = MeteredCartService(connect(settings), registry)
    names = {name for family in registry.collect() for name in _names(family.name, family.type)}
    await metered.close()
    return names


def _names(family: str, kind: str) -> set[str]:
    """The series of a family, as Prometheus stores them."""
    return {
        "counter": {f"{family}_total"},
        "histogram": {f"{family}_bucket", f"{family}_sum", f"{family}_count"},
    }.get(kind, {family})


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
