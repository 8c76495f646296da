"""`make access`: runs axe on every state at three widths, light and dark."""

from __future__ import annotations

import argparse
import sys
from itertools import product

from tests.audits.open_shop import open_shop
from tests.audits.visits import visits
from tests.e2e.states import STATES
from tests.e2e.test_access import DESK, NARROW, PAD, SCHEMES, faults


def main() -> int:
    """Print the violations in all states, or in the given ones. Returns 1 if there are any."""
    parser = argparse.ArgumentParser()
    parser.add_argument("states", nargs="*", default=[*STATES])
    states = parser.parse_args().states
    looks = tuple(product((DESK, PAD, NARROW), SCHEMES))
    count = 0
    with open_shop() as shop, visits(shop.url) as visit:
        for state in states:
            found = faults(visit(state), looks)
            count += len(found)
            print(*(f"{state}: {words}" for words in found), sep="\n", end="\n" if found else "")
    print(f"{len(states)} states, {len(looks)} looks each, {count} faults")
    return bool(count)


if __name__ == "__main__":
    sys.exit(main())
