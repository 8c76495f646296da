"""The faults, one file for each rung. `ALL` has them in the order of the table."""

from __future__ import annotations

from typing import Any

from tests.chaos.rows import archive, cluster, network, redis, sentinel, shop
from tests.chaos.scene import Row

ALL: tuple[Row[Any], ...] = (
    *redis.ROWS,
    *network.ROWS,
    *shop.ROWS,
    *sentinel.ROWS,
    *cluster.ROWS,
    *archive.ROWS,
)
