"""Every attack of `make acidrain` with fewer shoppers: none of the invariants is broken."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.chaos.attacks import ALL
from tests.chaos.attacks.attack import Attack, raid
from tests.chaos.attacks.shops import STAGES, AttackedShop
from tests.chaos.stage import Stages


@pytest.fixture(scope="module")
def stages() -> Iterator[Stages]:
    """The open shop; the attacks on one kind follow each other."""
    stages = Stages()
    yield stages
    stages.close()


@pytest.mark.parametrize("attack", ALL, ids=lambda attack: attack.name)
@pytest.mark.parametrize("kind", STAGES)
def test_nothing_is_violated(kind: type[AttackedShop], attack: Attack, stages: Stages) -> None:
    result = asyncio.run(raid(attack, stages.on(kind), attack.few))
    assert result.violations == []
    assert result.orders > 0
