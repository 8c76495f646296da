"""The extent of a benchmark. `make bench SHORT=1` reduces it to the minimum, to check that all benchmarks run."""

import os

SHORT = os.environ.get("SHORT") == "1"


def usually(full: int, short: int) -> int:
    """A number of rounds, calls or seconds: `full`, or `short` with SHORT=1."""
    return short if SHORT else full
