"""Runs seeds, and says of one that fails how to run it again."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from tests.simulation.oracle import WrongError
from tests.simulation.world import TENDER, Simulation

if TYPE_CHECKING:
    from collections.abc import Iterable


class Summary(NamedTuple):
    """What many seeds came to: `failures` by seed, how often each thing broke, transactions, turns."""

    failures: dict[int, str]
    hit: Counter[str]
    committed: int
    turns: int

    def __add__(self, other: Summary) -> Summary:
        return Summary(
            self.failures | other.failures,
            self.hit + other.hit,
            self.committed + other.committed,
            self.turns + other.turns,
        )

    @property
    def unmet(self) -> list[str]:
        """Faults that no seed met: then nothing is known of them. Those of one moment may be kills or stops."""
        moments = [moment for moment in sorted(TENDER) if not self.hit[f"kill {moment}"] + self.hit[f"stop {moment}"]]
        return moments + [fault for fault in FAULTS if not self.hit[fault]]


FAULTS = (
    "kill",
    "stop",
    "leave",
    "start",
    "twin",
    "rebalance",
    "offsets of idle topics expire",
    "everything down, all offsets expire",
    "compaction",
    "consumer error",
    "full queue",
    "offsets time out",
    "commit never arrives",
    "commit outcome unknown",
    "batch fails before the fold",
    "batch fails after the fold",
    "a commit was refused",
    "ended: FencedError",
    "misrouted",
    "restored beside an open transaction",
)


def run_seeds(seeds: Iterable[int]) -> Summary:
    """Run each seed. A failure names its seed and the command that runs it again."""
    failures: dict[int, str] = {}
    hit: Counter[str] = Counter()
    committed = turns = 0
    for seed in seeds:
        simulation = Simulation(seed)
        try:
            simulation.run()
        except WrongError as wrong:
            failures[seed] = f"seed {seed}: {wrong}\n  again: python -m tests.simulation --seed {seed} --trace"
        hit += simulation.world.hit
        committed += simulation.watch.committed
        turns += len(simulation.trace)
    return Summary(failures, hit, committed, turns)
