"""Every row of `make chaos`, shortened: no request failed, nothing acknowledged lost, nothing doubled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.chaos.load import Outcome
from tests.chaos.rows import ALL
from tests.chaos.scene import Pace, Row, Stages, play

PACE = Pace(warm=0, quiet=0.1, fault=0.6, after=0.2, changes=30, pause=0.08)
"""A fault lasts longer than the shop waits for an answer of Redis: 0.4 s. Other tests need the processors too."""


@pytest.fixture(scope="module")
def stages() -> Iterator[Stages]:
    """The open stage; rows that stand together share one."""
    stages = Stages()
    yield stages
    stages.close()


@pytest.mark.parametrize("row", ALL, ids=lambda row: row.name)
async def test_nothing_is_failed_lost_or_doubled(row: Row[Any], stages: Stages) -> None:
    try:
        result = await play(row, stages.on(row.stage), PACE)
    except BaseException:
        stages.close()
        raise
    assert result.complaints(row) == []
    assert (result.count(Outcome.FAILED), result.verdict.lost, result.verdict.doubled) == (0, 0, 0)
    assert result.acknowledged > PACE.changes
