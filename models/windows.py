"""Windows of event time, aligned to local midnight.

One rule decides every case: **a window begins whenever the local clock comes to a multiple of the window's
length since midnight.** Where the clock is changed, that means:

- set forward over a multiple (or on to it): that window begins at the change, so a day without a midnight
  (America/Sao_Paulo, until 2018) begins at its first instant;
- set back by at least the length of a window: a multiple that comes a second time begins another window, so
  the twelve 5-minute windows of a repeated hour stay apart from the first twelve;
- set back by less: the second coming begins nothing and the window is longer, so a 24-hour window is a local
  day of 25 hours even where the clock goes back from 01:00 to midnight (America/Havana);
- otherwise the window goes on through the change, shorter or longer by it (a day of 23 hours).

So windows tile time: each instant lies in exactly one, and those that do not meet a change last their length.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from models.errors import SettingsError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

DAY_S: Final = 86_400

_FORM: Final = re.compile(r"([1-9][0-9]{0,5})([smhd])")
_UNIT_S: Final = {"s": 1, "m": 60, "h": 3_600, "d": DAY_S}
# `datetime` ends here; a day is kept free at both ends for the offset itself.
_FIRST_S: Final = int(dt.datetime(1, 1, 2, tzinfo=dt.UTC).timestamp())
_LAST_S: Final = int(dt.datetime(9999, 12, 30, tzinfo=dt.UTC).timestamp())
# No zone of the tz database changes its clock and back again within this time.
_PROBE_S: Final = 3_600
_BUCKET_S: Final = 900
_MEMO_LIMIT: Final = 1_000_000


def parse_window(text: str) -> int:
    """Give the seconds of a window's length as it is written: `30s`, `5m`, `1h`, `24h` or `1d`.

    Raises SettingsError where the text has another form or the length does not divide 24 hours.
    """
    match = _FORM.fullmatch(text.strip())
    if match is None:
        raise SettingsError(f"the window {text!r} is not a length of time: write it like 30s, 5m, 1h or 1d")
    length_s = int(match[1]) * _UNIT_S[match[2]]
    _check_length(length_s)
    return length_s


@dataclass(frozen=True, slots=True)
class Windows:
    """The windows of one length in one time zone; see the module's text for the rule.

    `length_s` divides 86,400 (else SettingsError). Instants are whole seconds of the Unix epoch, of any sign.
    """

    length_s: int
    zone: ZoneInfo
    _memo: dict[int, int] = field(default_factory=dict, init=False, repr=False, compare=False)
    _changes: dict[int, tuple[_Change, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)
    _bucket_s: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse a length that does not divide a day."""
        _check_length(self.length_s)
        object.__setattr__(self, "_bucket_s", math.gcd(self.length_s, _BUCKET_S))

    def start(self, epoch_s: int) -> int:
        """Give the first instant of the window that contains this one. `start(t) <= t < end(start(t))`."""
        # Called once per event: nearly always this is all that happens.
        start = self._memo.get(epoch_s // self._bucket_s)
        return self._fill(epoch_s) if start is None else start

    def end(self, start: int) -> int:
        """Give the first instant after the window that contains `start`: the start of the next one."""
        start = self.start(start)
        usual = start + self.length_s
        if self.start(usual) == usual and self.start(usual - 1) == start:
            return usual
        # `self.start` never falls as time goes on, so the next window's start can be found by halving.
        low, high = start, start + self.length_s + 2 * DAY_S
        while high - low > 1:
            middle = (low + high) // 2
            if self.start(middle) > start:
                high = middle
            else:
                low = middle
        return high

    def _fill(self, epoch_s: int) -> int:
        """Find a window's start; remember it for the whole bucket where the bucket lies in one window.

        Both ends decide, since windows are contiguous. Buckets that do not lie in one are rare but real:
        America/St_Johns changed its clock at 00:01 until 2011, other zones had offsets of odd seconds.
        """
        bucket = epoch_s // self._bucket_s
        first_s = bucket * self._bucket_s
        start = self._find(first_s)
        if self._find(first_s + self._bucket_s - 1) != start:
            return self._find(epoch_s)
        if len(self._memo) >= _MEMO_LIMIT:
            self._memo.clear()
        self._memo[bucket] = start
        return start

    def _find(self, epoch_s: int) -> int:
        while True:
            boundary = epoch_s - (epoch_s + _offset_s(self.zone, epoch_s)) % self.length_s
            change = self._last_change(epoch_s)
            if change is None:
                return boundary
            if boundary >= change.at_s:
                set_back_s = change.before_s - change.after_s
                if boundary - change.at_s < set_back_s < self.length_s:
                    epoch_s = boundary - 1
                    continue
                return boundary
            skipped_to_s = change.at_s + change.after_s
            if skipped_to_s - skipped_to_s % self.length_s >= change.at_s + change.before_s:
                return change.at_s
            epoch_s = change.at_s - 1

    def _last_change(self, epoch_s: int) -> _Change | None:
        """Give the latest change at or before an instant, of its UTC day and the two before."""
        day = epoch_s // DAY_S
        for candidate in (day, day - 1, day - 2):
            for change in reversed(self._changes_on(candidate)):
                if change.at_s <= epoch_s:
                    return change
        return None

    def _changes_on(self, day: int) -> tuple[_Change, ...]:
        known = self._changes.get(day)
        if known is None:
            if len(self._changes) >= _MEMO_LIMIT:
                self._changes.clear()
            known = self._changes[day] = _changes_between(self.zone, day * DAY_S, (day + 1) * DAY_S)
        return known


class _Change(NamedTuple):
    """A change of the zone's offset: the first second of the new one, and both in seconds east of UTC."""

    at_s: int
    before_s: int
    after_s: int


def _check_length(length_s: int) -> None:
    if 0 < length_s <= DAY_S and DAY_S % length_s == 0:
        return
    below = max((n for n in range(1, DAY_S + 1) if DAY_S % n == 0 and n <= length_s), default=1)
    above = min((n for n in range(1, DAY_S + 1) if DAY_S % n == 0 and n >= length_s), default=DAY_S)
    near = " or ".join(f"{n} s" for n in sorted({below, above}))
    raise SettingsError(f"a window of {length_s} s does not divide 24 hours: take {near}")


def _offset_s(zone: ZoneInfo, epoch_s: int) -> int:
    """Give the zone's offset in seconds east of UTC; the outermost ones beyond the years 1 to 9999."""
    instant = dt.datetime.fromtimestamp(min(max(epoch_s, _FIRST_S), _LAST_S), zone)
    offset = instant.utcoffset()
    return 0 if offset is None else round(offset.total_seconds())


def _changes_between(zone: ZoneInfo, first_s: int, end_s: int) -> tuple[_Change, ...]:
    """List the changes at the instants `first_s <= t < end_s` (whole hours apart)."""
    changes: list[_Change] = []
    before_s = _offset_s(zone, first_s - 1)
    for probe_s in range(first_s + _PROBE_S - 1, end_s, _PROBE_S):
        after_s = _offset_s(zone, probe_s)
        if after_s == before_s:
            continue
        low, high = probe_s - _PROBE_S, probe_s
        while high - low > 1:
            middle = (low + high) // 2
            if _offset_s(zone, middle) == before_s:
                low = middle
            else:
                high = middle
        changes.append(_Change(high, before_s, after_s))
        before_s = after_s
    return tuple(changes)
