"""Run the simulation: `python -m tests.simulation --seeds 5000`, or one seed that failed: `--seed 37 --trace`."""

from __future__ import annotations

import argparse
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor

from tests.simulation.bugs import BUGS
from tests.simulation.oracle import WrongError
from tests.simulation.running import Summary, run_seeds
from tests.simulation.world import Simulation

CHUNK = 50


def main() -> int:
    """Give the exit code: 1 where a promise was broken, or a fault never met."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="run this seed only")
    parser.add_argument("--trace", action="store_true", help="with --seed: print every turn")
    parser.add_argument("--bug", choices=sorted(BUGS), help="with --seed: plant this bug")
    parser.add_argument("--seeds", type=int, default=500, help="how many (500)")
    parser.add_argument("--first", type=int, default=0, help="from which on (0)")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="side by side (one per core)")
    arguments = parser.parse_args()
    if arguments.seed is not None:
        return _one(arguments.seed, trace=arguments.trace, bug=arguments.bug)
    return _many(range(arguments.first, arguments.first + arguments.seeds), arguments.processes)


def _one(seed: int, *, trace: bool, bug: str | None) -> int:
    simulation = Simulation(seed)
    broken: WrongError | None = None
    try:
        if bug is None:
            simulation.run()
        else:
            with BUGS[bug](simulation):
                simulation.run()
    except WrongError as wrong:
        broken = wrong
    if trace:
        for clock_s, who, what in simulation.trace:
            print(f"{clock_s:9.2f} s  {who:6} {what}")  # noqa: T201
    print(f"seed {seed}: {broken or 'every event exactly once'}")  # noqa: T201
    return 0 if broken is None else 1


def _many(seeds: range, processes: int) -> int:
    began = time.monotonic()
    total = Summary({}, run_seeds(()).hit, 0, 0)
    with ProcessPoolExecutor(processes) as pool:
        for summary in pool.map(run_seeds, [seeds[at : at + CHUNK] for at in range(0, len(seeds), CHUNK)]):
            for failure in summary.failures.values():
                print(failure, flush=True)  # noqa: T201
            total += summary
    for fault, times in sorted(total.hit.items()):
        print(f"{times:8}  {fault}")  # noqa: T201
    for fault in total.unmet:
        print(f"never met: {fault}")  # noqa: T201
    print(  # noqa: T201
        f"{len(seeds)} seeds, {total.turns} turns, {total.committed} transactions committed, "
        f"{len(total.failures)} failed, {time.monotonic() - began:.0f} s"
    )
    return 1 if total.failures or total.unmet else 0


if __name__ == "__main__":
    sys.exit(main())
