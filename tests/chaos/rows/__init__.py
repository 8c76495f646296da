"""The faults, one file for each kind. `ROWS` has them in the order of the table."""

from __future__ import annotations

from typing import Any

from tests.chaos.rows import (
    archive,
    clock,
    cluster,
    database,
    network,
    partition,
    redis,
    refusing,
    sentinel,
    shop,
    starved,
)
from tests.chaos.scene import Case, Row, cases

ROWS: tuple[Row[Any], ...] = (
    *redis.ROWS,
    *refusing.ROWS,
    *network.ROWS,
    *starved.ROWS,
    *shop.ROWS,
    *sentinel.ROWS,
    *cluster.ROWS,
    *database.ROWS,
    *archive.ROWS,
    *clock.ROWS,
    *partition.ROWS,
)
ALL: list[Case[Any]] = cases(ROWS, lambda row: row.crews)
"""What `make chaos` plays."""
TESTED: list[Case[Any]] = cases(ROWS, lambda row: row.tested)
"""What `make test` plays, shortened."""
