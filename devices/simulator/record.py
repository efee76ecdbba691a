"""What the simulator yields, and what may be wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

DEFAULT_SEED = 2025


class SimulatedRecord(NamedTuple):
    """One record as it reaches Kafka. Records compare by `sent_at` (epoch µs, simulated) first."""

    sent_at: int
    topic: str
    """One of `models.topics.INPUTS`."""
    key: str
    """The source; of a correction, the source of the event it is about."""
    value: bytes


class Draft(NamedTuple):
    """An event before anything is wrong with it: when it happened (epoch µs), when and under which key it is sent."""

    happened_us: int
    sent_us: int
    topic: str
    key: str
    event: dict[str, Any]

    def record(self) -> SimulatedRecord:
        """Encode the event as it is."""
        return SimulatedRecord(self.sent_us, self.topic, self.key, msgspec.json.encode(self.event))


@dataclass(frozen=True, slots=True)
class Imperfections:
    """How often which thing goes wrong: shares between 0 and 1.

    None of them changes the official totals. Repeats, broken records and events from clocks years ahead come on top;
    clocks that are off stay within their local day; corrections are off by default.
    """

    repeats: float = 0.01
    """Events uploaded again, unchanged, minutes or hours later."""
    late_shifts: float = 0.15
    """Shifts of a patrol or drone that upload their violations only hours after their end."""
    clocks_off: float = 0.002
    """Violations whose clock was up to 25 minutes slow or 4 minutes fast (the tolerance is 5)."""
    clocks_ahead: float = 0.3
    """Days on which a camera in test sends an event dated ten years ahead."""
    malformed: float = 0.001
    """Records, beside the good ones, that cannot be counted."""
    plates: float = 0.005
    """Violations that carry a number plate, which nobody downstream may keep."""
    corrections: float = 0.0
    """Violations that are retracted, and accidents amended, days later. Changes what is counted in the end."""

    def __post_init__(self) -> None:
        """Refuse what is no share."""
        for name in self.__slots__:
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is a share between 0 and 1, not {getattr(self, name)}")


FLAWLESS = Imperfections(repeats=0, late_shifts=0, clocks_off=0, clocks_ahead=0, malformed=0, plates=0, corrections=0)
"""Nothing goes wrong at all."""
