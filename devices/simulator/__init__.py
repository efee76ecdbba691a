"""The fleet and the registers of Mangystau, simulated: the same seed makes the same bytes, everywhere.

Whatever the seed, a year has the totals that the police published for it (`quotas`). Nothing in here knows a clock.
"""

from devices.simulator.breakdowns import KINDS, Breakdown, broken_down, parse_breakdown
from devices.simulator.record import DEFAULT_SEED, FLAWLESS, Imperfections, SimulatedRecord
from devices.simulator.simulation import simulate

__all__ = [
    "DEFAULT_SEED",
    "FLAWLESS",
    "KINDS",
    "Breakdown",
    "Imperfections",
    "SimulatedRecord",
    "broken_down",
    "parse_breakdown",
    "simulate",
]
