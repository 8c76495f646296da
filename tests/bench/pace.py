"""How much a benchmark measures. With `make bench SHORT=1` it is as little as can be, to see that all of them run."""

import os

SHORT = os.environ.get("SHORT") == "1"


def usually(full: int, short: int) -> int:
    """A number of rounds, calls or seconds: `full`, or `short` where nobody is going to read the figures."""
    return short if SHORT else full
