"""Rows of `make chaos`, shortened: no request failed, nothing acknowledged lost, doubled, resurrected or vanished."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.chaos.load import Outcome
from tests.chaos.rows import TESTED
from tests.chaos.scene import Case, Pace, play
from tests.chaos.stage import Stages

PACE = Pace(warm=0, quiet=0.1, fault=0.6, after=0.2, changes=30, pause=0.08)
"""A fault lasts longer than the shop waits for an answer of Redis: 0.4 s. Other tests need the processors too."""


@pytest.fixture(scope="module")
def stages() -> Iterator[Stages]:
    """The open stage; rows that stand together share one."""
    stages = Stages()
    yield stages
    stages.close()


@pytest.mark.parametrize("case", TESTED, ids=lambda case: case.name)
async def test_every_promise_is_kept(case: Case[Any], stages: Stages) -> None:
    if why := case.row.stage.missing():
        pytest.skip(why)
    try:
        result = await play(case, stages.on(case.row.stage, case.crew), PACE)
    except BaseException:
        stages.close()
        raise
    assert result.complaints(case) == []
    assert result.count(Outcome.FAILED) == 0
    assert result.acknowledged > PACE.changes
