"""Parallel requests that try to make a shop break one of three invariants, as ACIDRain does (Warszawski, Bailis, 2017).

`ALL` has the attacks in the order of the table.
"""

from __future__ import annotations

from tests.chaos.attacks import coupons, equal, refunds, stock, sums
from tests.chaos.attacks.attack import Attack

ALL: tuple[Attack, ...] = (*stock.ATTACKS, *equal.ATTACKS, *coupons.ATTACKS, *sums.ATTACKS, *refunds.ATTACKS)
