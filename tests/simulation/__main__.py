"""`make simulate`: play the scenarios of many seeds, and print the smallest one that fails for each violation."""

from __future__ import annotations

import argparse
import gc
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from itertools import chain

from tests.simulation.play import Report, play
from tests.simulation.scenario import scenario_of
from tests.simulation.shrink import shrunk
from tests.simulation.world import simulated

CHUNK = 100
"""Seeds that a process plays at a time."""
SHOWN = 8
"""How many kinds of violations are shown, each with one trace."""


def failing(seeds: Iterable[int]) -> list[Report]:
    """Play the scenarios of these seeds; returns the reports of those with violations."""
    gc.freeze()
    gc.disable()  # what runs when garbage is collected must depend on the seed only
    with simulated():
        reports = [report for seed in seeds if (report := play(scenario_of(seed))).violations]
    gc.enable()
    return reports


def told(report: Report) -> str:
    """A report as it is printed."""
    scenario = report.scenario
    facts = f"family {scenario.family}{', archive' if scenario.archive else ''}"
    return "\n".join([f"SEED={scenario.seed} ({facts})", *report.trace, *(f"  {text}" for text in report.violations)])


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=2000, help="how many seeds")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--seed", type=int, help="only this one, with its whole trace")
    parser.add_argument("--family", default="", help="only seeds of this family")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 2)
    options = parser.parse_args()
    return _many(options) if options.seed is None else _one(options.seed)


def _one(seed: int) -> int:
    gc.disable()
    with simulated():
        report = play(scenario_of(seed), trace=True)
        print(told(report))
        if report.violations:
            print("\nThe smallest that still fails:")
            print(told(shrunk(report)))
    return int(bool(report.violations))


def _many(options: argparse.Namespace) -> int:
    begin = time.monotonic()
    asked = range(options.first, options.first + options.seeds)
    seeds = [seed for seed in asked if options.family in ("", scenario_of(seed).family)]
    chunks = [seeds[first : first + CHUNK] for first in range(0, len(seeds), CHUNK)]
    with ProcessPoolExecutor(options.processes) as pool:
        reports = []
        for report in chain.from_iterable(pool.map(failing, chunks)):
            print(f"seed {report.scenario.seed}: {report.kind}", file=sys.stderr, flush=True)
            reports.append(report)
    families = Counter(scenario_of(seed).family for seed in seeds)
    wrong = Counter((report.scenario.family, report.kind) for report in reports)
    print(f"{len(seeds)} seeds in {time.monotonic() - begin:.0f} s, {len(reports)} with violations")
    for family, count in sorted(families.items()):
        kinds = [f"{number} {kind}" for (of, kind), number in sorted(wrong.items()) if of == family]
        print(f"  {family:8} {count:6} seeds: {', '.join(kinds) or 'no violation'}")
    with simulated():
        first = {(report.scenario.family, report.kind): report for report in reversed(reports)}
        for report in list(first.values())[:SHOWN]:
            print(f"\n{told(shrunk(report))}")
    if reports:
        print(f"\nSeeds: {' '.join(str(report.scenario.seed) for report in reports[:50])}")
    return int(bool(reports))


if __name__ == "__main__":
    sys.exit(main())
