"""The words of device health: states, conditions, scopes; and the limits that decide between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ACTIVE: Final = "active"
SILENT: Final = "silent"
WRONG_CLOCK: Final = "wrong_clock"
STUCK: Final = "stuck"
UNVERIFIED: Final = "unverified"
MAINTENANCE: Final = "maintenance"
OFF: Final = "off"
TEST: Final = "test"
IGNORED: Final = "ignored"
UNSEEN: Final = "unseen"

CONDITIONS: Final = (SILENT, WRONG_CLOCK, STUCK, UNVERIFIED)
"""What an alert can be about. A device may be in several."""

STATES: Final = (ACTIVE, SILENT, WRONG_CLOCK, STUCK, MAINTENANCE, OFF, TEST, IGNORED, UNSEEN)
"""A device is in one: the first of ignored, test, silent, wrong_clock, stuck, what it last said, unseen."""

DEVICE: Final = "device"
FLEET: Final = "fleet"
GROUPS: Final = ("site", "uplink", "district", "kind")
"""What devices share. Of two groups with the same devices the one named first is the cause."""

SCOPES: Final = (DEVICE, *GROUPS, FLEET)


@dataclass(frozen=True, slots=True)
class Limits:
    """What tells well from unwell. Seconds, unless the name says otherwise.

    A device is silent after `rhythms` times its own longest pause of late, but not before `silence_s`, and after
    `unlearned_s` where that pause is not known yet; `settle_s` later it is told, when its neighbours have had the time
    to fall silent too. A clock is wrong beyond `clock_s` in `samples` statuses in a row. Records older than `fresh_s`
    on arrival are late, and say that a device lives only if they come in step with the clock; older than `history_s`
    they say nothing.
    """

    silence_s: float = 180.0
    unlearned_s: float = 600.0
    settle_s: float = 90.0
    rhythms: float = 3.0
    forget_s: float = 6 * 3600.0
    longest_s: float = 86_400.0
    clock_s: float = 60.0
    samples: int = 3
    fresh_s: float = 900.0
    history_s: float = 86_400.0
    repeats: int = 10
    same_speeds: int = 20

    @classmethod
    def for_silence(cls, silence_s: float) -> Limits:
        """Limits of a fleet whose shortest silence is another; what follows from it is scaled along."""
        usual = cls()
        scale = silence_s / usual.silence_s
        return cls(silence_s=silence_s, unlearned_s=usual.unlearned_s * scale, settle_s=usual.settle_s * scale)
