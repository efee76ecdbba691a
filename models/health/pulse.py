"""What is remembered of each device: when it was heard, in which rhythm, how its clock goes, what it repeats.

One row per device in arrays; a batch of signals is folded in at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from models.health.signals import SAID

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.health.signals import Signals
    from models.health.states import Limits

_OFF: Final = SAID.index("off")
_LEARNED_GAPS: Final = 3
_STEP_S: Final = 5.0
"""Two late statuses that arrive closer together than this come from a store, not from a device at its own pace."""

_FASTEST: Final = 1.5
_JITTER_S: Final = 10.0
_LEARNED_AT_ONCE: Final = 1.5
"""One pause, however long, makes the limit so many times as wide at the most: a breakdown is no rhythm."""


class Runs:
    """How often each device has given the same value last, one time after the other."""

    def __init__(self, devices: int) -> None:
        """Begin with nothing given."""
        self.value = np.full(devices, np.nan)
        self.length = np.zeros(devices, dtype=np.int64)

    def take(self, device: NDArray[np.int64], value: NDArray[np.float64]) -> None:
        """Go on with values of devices, rows of one device together and in order."""
        if not len(device):
            return
        first = np.append(True, device[1:] != device[:-1])
        before = np.where(first, self.value[device], np.roll(value, 1))
        changed = value != before
        begins, last = np.flatnonzero(first), np.append(np.flatnonzero(first)[1:], len(device)) - 1
        # The place of the last change up to each row; none in its own device leaves it before the device's first row.
        latest = np.maximum.accumulate(np.where(changed, np.arange(len(device)), -1))[last]
        who = device[begins]
        went_on = latest < begins
        self.length[who] = np.where(went_on, self.length[who] + last - begins + 1, last - latest + 1)
        self.value[who] = value[last]


class Pulse:
    """The memory of a roster's devices. Times are seconds since 1970; 0 is never.

    `first_heard_s` is when the first of all was, infinity before.
    """

    def __init__(self, devices: int, limits: Limits) -> None:
        """Know nothing yet about so many devices."""
        self._limits = limits
        self.first_heard_s = np.inf
        self.heard_s = np.zeros(devices)
        self.said = np.full(devices, -1, dtype=np.int64)
        self.clock_off_s = np.zeros(devices)
        self.clock_side = Runs(devices)
        self.same_event = Runs(devices)
        self.same_status = Runs(devices)
        self.same_speed = Runs(devices)
        self._rhythm_s = np.zeros(devices)
        self._gaps = np.zeros(devices, dtype=np.int64)
        self._status_arrived_s = np.zeros(devices)
        self._status_occurred_s = np.zeros(devices)

    @property
    def limit_s(self) -> NDArray[np.float64]:
        """Give after how long a pause each device counts as silent."""
        limits = self._limits
        learned = np.clip(limits.rhythms * self._rhythm_s, limits.silence_s, limits.longest_s)
        return np.where(self._gaps < _LEARNED_GAPS, max(limits.unlearned_s, limits.silence_s), learned)

    @property
    def usual_s(self) -> NDArray[np.float64]:
        """Give how long a pause each device has made of late, but never less than the shortest silence."""
        return np.maximum(self._rhythm_s, self._limits.silence_s)

    def take(self, signals: Signals) -> None:
        """Fold a batch of signals in."""
        signals = signals.where(signals.occurred_s - signals.arrived_s >= -self._limits.history_s)
        if not len(signals.device):
            return
        signals = signals.where(np.argsort(signals.device, kind="stable"))
        alive = self._shows_life(signals)
        self._note_clocks(signals.where(alive & (signals.said >= 0)))
        self._note_presence(signals.where(alive))
        # What a store sends late is repeated neither more nor less: order and identity are all that counts here.
        violations = signals.where(signals.said < 0)
        event = violations.event.astype(np.float64)
        first = np.append(True, violations.device[1:] != violations.device[:-1])[: len(event)]
        repeated = event == np.where(first, self.same_event.value[violations.device], np.roll(event, 1))
        self.same_event.take(violations.device, event)
        with_speed = violations.where(~np.isnan(violations.speed_kmh) & ~repeated)
        self.same_speed.take(with_speed.device, with_speed.speed_kmh)
        statuses = signals.where(signals.said >= 0)
        self.same_status.take(statuses.device, statuses.event.astype(np.float64))

    def _shows_life(self, signals: Signals) -> NDArray[np.bool_]:
        """Tell which rows come from a device that is there now.

        Fresh ones do. A late status does where event time goes by no faster than arrival: a clock that is hours slow
        keeps its pace, while a replay and a store that is emptied run.
        """
        fresh: NDArray[np.bool_] = signals.occurred_s - signals.arrived_s >= -self._limits.fresh_s
        rows = np.flatnonzero(signals.said >= 0)
        statuses = signals.where(signals.said >= 0)
        if not len(rows):
            return fresh
        first = np.append(True, statuses.device[1:] != statuses.device[:-1])
        arrived_s = np.where(first, self._status_arrived_s[statuses.device], np.roll(statuses.arrived_s, 1))
        occurred_s = np.where(first, self._status_occurred_s[statuses.device], np.roll(statuses.occurred_s, 1))
        took_s = statuses.arrived_s - arrived_s
        in_step = (statuses.occurred_s - occurred_s <= _FASTEST * took_s + _JITTER_S) & (took_s >= _STEP_S)
        fresh[rows] |= in_step & (arrived_s > 0)
        last = np.append(first[1:], True)
        self._status_arrived_s[statuses.device[last]] = statuses.arrived_s[last]
        self._status_occurred_s[statuses.device[last]] = statuses.occurred_s[last]
        return fresh

    def _note_clocks(self, statuses: Signals) -> None:
        """Note how far each clock is off. A status may be sent up to one period after the moment it speaks of."""
        ahead_s = statuses.occurred_s - statuses.arrived_s
        seen_s = np.where(ahead_s > 0, ahead_s, np.minimum(ahead_s + statuses.period_s, 0.0))
        off_s = np.where(np.isnan(statuses.clock_offset_s), seen_s, statuses.clock_offset_s)
        side = np.sign(off_s) * (np.abs(off_s) > self._limits.clock_s)
        self.clock_off_s[statuses.device] = off_s  # the last of equal numbers holds
        self.clock_side.take(statuses.device, side)

    def _note_presence(self, alive: Signals) -> None:
        """Note when devices were heard, and the longest pauses between: half of one is forgotten in `forget_s`."""
        if not len(alive.device):
            return
        first = np.append(True, alive.device[1:] != alive.device[:-1])
        begins = np.flatnonzero(first)
        who = alive.device[begins]
        before_s = self.heard_s[who]
        gaps = np.diff(alive.arrived_s, prepend=0.0)
        # A pause that was announced, or before a device was known, is none.
        known = (before_s > 0) & (self.said[who] != _OFF)
        gaps[begins] = np.where(known, alive.arrived_s[begins] - before_s, 0.0)
        longest = np.maximum.reduceat(gaps, begins)
        longest = np.minimum(longest, _LEARNED_AT_ONCE * self.limit_s[who] / self._limits.rhythms)
        last = np.append(begins[1:], len(alive.device)) - 1
        heard_s = np.maximum(alive.arrived_s[last], before_s)
        self.first_heard_s = min(self.first_heard_s, float(alive.arrived_s.min()))
        faded = self._rhythm_s[who] * 0.5 ** ((heard_s - before_s) / self._limits.forget_s)
        self._rhythm_s[who] = np.maximum(longest, faded)
        self._gaps[who] += last - begins + known
        self.heard_s[who] = heard_s
        told = alive.said >= 0
        self.said[alive.device[told]] = alive.said[told]
