"""Every event exactly once, in hundreds of small worlds where everything breaks.

`AMANZHOL_SIMULATION_SEEDS=5000` runs more of them than the ordinary 500; `python -m tests.simulation` does so on all
cores, and runs single seeds again.
"""

from __future__ import annotations

import os

import pytest

from tests.simulation.bugs import BUGS
from tests.simulation.oracle import WrongError
from tests.simulation.running import run_seeds
from tests.simulation.world import Simulation

SEEDS = int(os.environ.get("AMANZHOL_SIMULATION_SEEDS", "500"))
CHUNK = 250
ENOUGH_SEEDS_FOR_A_BUG = 250


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_every_event_is_counted_once(first):
    summary = run_seeds(range(first, min(first + CHUNK, SEEDS)))
    assert not summary.failures, "\n".join(summary.failures.values())
    assert SEEDS < CHUNK or not summary.unmet, "faults that no seed met, so nothing is known of them"


@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_found(bug):
    """The simulation would find it in the product too: some seed fails, and for no other reason than a promise."""
    for seed in range(ENOUGH_SEEDS_FOR_A_BUG):
        simulation = Simulation(seed)
        with BUGS[bug](simulation):
            try:
                simulation.run()
            except WrongError:
                return
    pytest.fail(f"{bug}: none of {ENOUGH_SEEDS_FOR_A_BUG} seeds found it")


@pytest.mark.parametrize("seed", range(3))
def test_a_seed_runs_the_same_again(seed):
    runs = [Simulation(seed) for _ in range(2)]
    for run in runs:
        run.run()
    assert runs[0].trace == runs[1].trace
    assert runs[0].world.log.group_offsets == runs[1].world.log.group_offsets


def test_different_seeds_are_different_worlds():
    runs = [Simulation(seed) for seed in range(4)]
    for run in runs:
        run.run()
    assert len({tuple(run.trace) for run in runs}) == len(runs)
