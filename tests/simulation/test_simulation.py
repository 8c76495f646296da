"""Some hundred seeds, and the simulation itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.simulation.__main__ import failing, told
from tests.simulation.loop import Endless
from tests.simulation.play import play
from tests.simulation.scenario import scenario_of
from tests.simulation.shopper import Shopper
from tests.simulation.world import World, simulated

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # a killed process leaves connections open

SEEDS = 300
CHUNK = 30


@pytest.fixture
def _simulated() -> Iterator[None]:
    with simulated():
        yield


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_no_seed_breaks_the_promise(first: int) -> None:
    """`make simulate SEED=…` shows more of one that does, and plays many more of them."""
    wrong = failing(range(first, first + CHUNK))
    assert not wrong, "\n\n".join(map(told, wrong))


@pytest.mark.usefixtures("_simulated")
@pytest.mark.parametrize("seed", range(3))
def test_a_seed_plays_the_same_twice(seed: int) -> None:
    assert play(scenario_of(seed), trace=True).trace == play(scenario_of(seed), trace=True).trace


@pytest.mark.usefixtures("_simulated")
@pytest.mark.parametrize("what", ["lost", "doubled", "resurrected"])
def test_a_broken_promise_is_noticed(what: str) -> None:
    """The store is changed behind the back of the services."""

    async def scene() -> None:
        a = await world.start("A")
        shopper = Shopper(world, "c1")
        await shopper.add(a, "mug", 2)
        older = world.redis.data[b"cart:c1"]
        await shopper.remove(a, "mug")
        await shopper.add(a, "bowl")
        data = world.redis.data
        value, expires = data[b"cart:c1"]
        at = value.index(b"\x04bowl") + 5
        data[b"cart:c1"] = {
            "lost": (value[:at] + b"\0\0" + value[at + 2 :], expires),
            "doubled": (value[:at] + b"\0\2" + value[at + 2 :], expires),
            "resurrected": older,
        }[what]
        shopper.is_stored()

    world = World()
    world.run(scene())
    assert len(world.violations) == 1


@pytest.mark.usefixtures("_simulated")
def test_what_goes_round_and_round_ends() -> None:
    async def scene() -> None:
        while True:
            await asyncio.sleep(0)

    with pytest.raises(Endless):
        World().run(scene())


@pytest.mark.usefixtures("_simulated")
def test_time_passes_only_when_everybody_waits() -> None:
    async def scene() -> None:
        before = world.loop.time()
        await asyncio.sleep(3600)
        assert world.loop.time() == before + 3600

    world = World()
    world.run(scene())
