"""Compares the cart services with the equivalent raw redis-py calls, and with a naive cart: get, change, set.

Run by `make bench`, or alone: `python -m tests.bench.bench_carts`. Ratios compare figures measured alternately in the
same run, and are medians of several rounds, because machines are noisy.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import uvloop
from redis.asyncio import Redis
from rich.console import Console
from rich.table import Table

from shop.cart import codec
from shop.cart.memory import MemoryCartService
from shop.cart.model import Add, Cart, Limits, Line, SetQuantity, new_change_id
from shop.cart.redis.service import _NUMBERS, _SCRIPT, RedisCartService
from shop.cart.service import CartService
from shop.demo.valkey import Valkey
from shop.money import Money
from tests.bench.pace import usually

EUR = Money(1900, "EUR")
LIMITS = Limits(quantity=60_000)
ROUNDS = usually(25, short=1)
CALLS = 512
CARTS = usually(8_000, short=1_000)
"""Enough that each cart gets a realistic handful of changes; fewer carts would collect hundreds of change ids each."""

Call = Callable[[int], Awaitable[object]]


async def measure(calls: dict[str, Call], concurrency: int, number: int) -> dict[str, float]:
    """Calls per second of each, as the median of alternating rounds."""
    rates: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, call in calls.items():
            started = time.perf_counter()
            await asyncio.gather(*(_many(call, number // concurrency) for _ in range(concurrency)))
            rates[name].append(number // concurrency * concurrency / (time.perf_counter() - started))
    return {name: statistics.median(each) for name, each in rates.items()}


_turns = itertools.count()


def _next() -> int:
    """The next cart number, round robin."""
    return next(_turns) % CARTS


async def _many(call: Call, number: int) -> None:
    for _ in range(number):
        await call(_next())


async def seconds(calls: dict[str, Call], number: int = usually(20_000, short=200)) -> dict[str, float]:
    """Seconds per call of sequential calls, for operations too fast for `gather`."""
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, call in calls.items():
            started = time.perf_counter()
            for n in range(number):
                await call(n % CARTS)
            taken[name].append((time.perf_counter() - started) / number)
    return {name: statistics.median(each) for name, each in taken.items()}


async def three_lines(carts: CartService) -> None:
    skus = ("TIDE-MUG-MOSS", "SHOAL-BOWL-S", "LINEN-TOWEL")
    for first in range(0, CARTS, 50):
        ids = [f"cart-{n:017}" for n in range(first, first + 50)]
        await asyncio.gather(*(carts.add(cart_id, sku, 1, EUR) for cart_id in ids for sku in skus))


def usual_cart(redis: Redis) -> Call:
    """The cart of most tutorials: read JSON, change it, write it back. It loses concurrent changes."""

    async def add(n: int) -> None:
        key = f"usual:cart-{n:017}"
        data = await redis.get(key)
        cart = json.loads(data) if data else {"items": []}
        line = next((line for line in cart["items"] if line["sku"] == "TIDE-MUG-MOSS"), None)
        if line is None:
            line = {"sku": "TIDE-MUG-MOSS", "name": "Tide mug", "price": 19.0, "quantity": 0, "image": "img/mug.svg"}
            cart["items"] += [line, {**line, "sku": "SHOAL-BOWL-S"}, {**line, "sku": "LINEN-TOWEL"}]
        line["quantity"] += 1
        await redis.set(key, json.dumps(cart), ex=3600)

    return add


async def against_raw_calls(valkey: Valkey, console: Console) -> None:
    redis = Redis(port=valkey.port)
    carts = RedisCartService.connect(valkey.url, limits=LIMITS)
    await three_lines(carts)
    script = redis.register_script(_SCRIPT)
    sha = await redis.script_load(script.script)
    price, limits = codec.encode_price(EUR), (60_000, 60_000, 100)

    async def raw_apply(n: int) -> None:
        numbers = _NUMBERS.pack(new_change_id(), 1_800_000_000, price, 1, *limits)
        await redis.evalsha(sha, 1, f"cart:cart-{n:017}", "add", "TIDE-MUG-MOSS", numbers, 3600)

    async def raw_get(n: int) -> None:
        await redis.get(f"cart:cart-{n:017}")

    async def get(n: int) -> None:
        await carts.get(f"cart-{n:017}")

    async def apply(n: int) -> None:
        await carts.add(f"cart-{n:017}", "TIDE-MUG-MOSS", 1, EUR)

    calls = {"raw GET": raw_get, "get": get, "raw EVALSHA": raw_apply, "apply": apply, "usual cart": usual_cart(redis)}
    table = Table("calls at once", *calls, "get / raw", "apply / raw", "apply / usual", title="Redis, operations/s")
    for concurrency in (1, 16, 64):
        rate = await measure(calls, concurrency, CALLS)
        ratios = (
            rate["get"] / rate["raw GET"],
            rate["apply"] / rate["raw EVALSHA"],
            rate["apply"] / rate["usual cart"],
        )
        table.add_row(str(concurrency), *(f"{rate[name]:,.0f}" for name in calls), *(f"{r:.2f}" for r in ratios))
    console.print(table)
    await redis.aclose()
    await carts.close()


async def in_memory(console: Console) -> None:
    carts = MemoryCartService(limits=LIMITS)
    await three_lines(carts)
    ids = [f"cart-{n:017}" for n in range(CARTS)]

    async def nothing(_: int) -> None:
        return None

    async def get(n: int) -> None:
        await carts.get(ids[n])

    async def apply(n: int) -> None:
        await carts.apply(ids[n], Add(new_change_id(), 1_800_000_000, "TIDE-MUG-MOSS", 1, EUR))

    async def repeat(n: int) -> None:
        await carts.apply(ids[n], SetQuantity(new_change_id(), 1_800_000_000, "TIDE-MUG-MOSS", 1))

    taken = await seconds({"empty coroutine": nothing, "get": get, "add": apply, "set quantity": repeat})
    table = Table("call", "microseconds", "of an empty coroutine", title="Memory")
    for name, each in taken.items():
        table.add_row(name, f"{each * 1e6:.2f}", f"{each / taken['empty coroutine']:.1f}")
    console.print(table)


def sample_cart(lines: int) -> Cart:
    """A cart made by one add per line."""
    made = tuple(Line(f"TIDE-MUG-{n:03}", 2, EUR, 1_800_000_000) for n in range(lines))
    return Cart("c" * 22, lines, made, None, bytes(range(8)) * lines, 1_800_000_000)


async def sizes(valkey: Valkey, console: Console) -> None:
    redis = Redis(port=valkey.port)
    table = Table("lines", "JSON", "msgpack", "hash of msgpack", "this shop", title="Bytes per cart in Redis, all told")
    for lines in (1, 3, 5, 10, 50):
        cart = sample_cart(lines)
        as_dicts = [
            {"sku": x.sku, "name": "Tide mug, moss", "price": 19.0, "quantity": x.quantity, "image": "img/mug.svg"}
            for x in cart.lines
        ]
        await redis.set("cart:" + "j" * 22, json.dumps(as_dicts), ex=3600)
        await redis.set("cart:" + "m" * 22, msgspec.msgpack.encode(as_dicts), ex=3600)
        fields: dict[Any, bytes] = {
            x.sku: msgspec.msgpack.encode((x.quantity, x.price, x.added_at)) for x in cart.lines
        }
        await redis.hset("cart:" + "h" * 22, mapping=fields | {"": b"r" * 9} | _id_fields(lines))
        await redis.expire("cart:" + "h" * 22, 3600)
        await redis.set("cart:" + "s" * 22, codec.encode(cart), ex=3600)
        used = [await redis.memory_usage("cart:" + kind * 22) for kind in "jmhs"]
        table.add_row(str(lines), *map(str, used))
        await redis.delete(*("cart:" + kind * 22 for kind in "jmhs"))
    console.print(table)
    console.print("JSON and msgpack hold no change ids, no revision and no undo; the hash and this shop do.")
    await redis.aclose()


def _id_fields(ids: int) -> dict[Any, bytes]:
    """Change ids in fields of 8 ids each: longer values would make Redis give up the hash's compact encoding."""
    return {f"~{n}": bytes(8 * min(8, ids - n * 8)) for n in range(-(-ids // 8))}


async def run(console: Console) -> None:
    valkey = Valkey()
    valkey.start()
    try:
        await against_raw_calls(valkey, console)
        await sizes(valkey, console)
    finally:
        valkey.stop()
    await in_memory(console)


def main() -> None:
    """Print the tables."""
    uvloop.run(run(Console(file=sys.stdout, width=130)))


if __name__ == "__main__":
    main()
