"""The calendar of counts: hours, days, months and years of local time, and how a span is put together from them.

Sums are kept by window, hour, day and month. A span is answered from as few of them as tile it exactly: whole
months in its middle, days beside them, hours and windows at its edges.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from models.windows import DAY_S, Windows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from zoneinfo import ZoneInfo

Grain = Literal["window", "hour", "day", "month"]
Step = Literal["window", "hour", "day", "month", "year", "all"]

HOUR_S: Final = 3_600
GRAINS: Final[tuple[Grain, ...]] = ("month", "day", "hour", "window")
"""What sums are kept by, the coarsest first."""

STEPS: Final[tuple[Step, ...]] = ("window", "hour", "day", "month", "year", "all")
_NOON: Final = 12
_DECEMBER: Final = 12
# A day is kept free at both ends of `datetime` for the zone's offset.
_FIRST_YEAR: Final = 2
_LAST_YEAR: Final = 9998


class Span(NamedTuple):
    """A half-open stretch of time, in UTC seconds since 1970: `first <= t < end`."""

    first: int
    end: int


class Piece(NamedTuple):
    """A span that consists of whole units of one grain."""

    grain: Grain
    span: Span


class Calendar:
    """Local time in one zone, with windows of one length."""

    def __init__(self, window_s: int, zone: ZoneInfo) -> None:
        """Begin with the length of windows in seconds and the time zone. Raises SettingsError as `Windows` does."""
        self.zone = zone
        self.windows = Windows(window_s, zone)
        self._hours = Windows(HOUR_S, zone)
        self._days = Windows(DAY_S, zone)
        # Windows that do not fit into an hour add up to days only.
        self.grains: tuple[Grain, ...] = (
            GRAINS if HOUR_S % window_s == 0 else tuple(grain for grain in GRAINS if grain != "hour")
        )

    def start(self, step: Step, instant: int) -> int:
        """First instant of the unit that contains this one. `all` has no units: ValueError."""
        match step:
            case "window":
                return self.windows.start(instant)
            case "hour":
                return self._hours.start(instant)
            case "day":
                return self._days.start(instant)
            case "month":
                local = self._local(instant)
                return self._midnight(local.year, local.month)
            case "year":
                return self._midnight(self._local(instant).year, 1)
        raise ValueError(step)

    def end(self, step: Step, start: int) -> int:
        """First instant after the unit that contains this one."""
        match step:
            case "window":
                return self.windows.end(start)
            case "hour":
                return self._hours.end(start)
            case "day":
                return self._days.end(start)
            case "month":
                local = self._local(start)
                return self._midnight(local.year + local.month // _DECEMBER, local.month % _DECEMBER + 1)
            case "year":
                return self._midnight(self._local(start).year + 1, 1)
        raise ValueError(step)

    def midnight(self, day: dt.date) -> int:
        """First instant of a local day."""
        return self._days.start(int(dt.datetime(day.year, day.month, day.day, _NOON, tzinfo=self.zone).timestamp()))

    def units(self, step: Step, span: Span) -> Iterator[Span]:
        """Cut a span where units of a step begin: the first and the last may be parts of one. `all` cuts nothing."""
        first = span.first
        while first < span.end:
            end = span.end if step == "all" else min(self.end(step, first), span.end)
            yield Span(first, end)
            first = end

    def pieces(self, span: Span, step: Step) -> list[Piece]:
        """Put a span together from the coarsest units that lie within the units of a step, in order of time.

        Both ends must be those of windows (of hours, days, months, where only such are left): ValueError.
        """
        grains = tuple(grain for grain in self.grains if step in ("all", "year") or _fits(grain, step))
        return self._tile(span, grains)

    def _tile(self, span: Span, grains: Sequence[Grain]) -> list[Piece]:
        if span.first >= span.end:
            return []
        if not grains:
            raise ValueError("the span does not begin and end where windows do")
        grain, *finer = grains
        first = self.start(grain, span.first)
        if first < span.first:
            first = self.end(grain, first)
        last = self.start(grain, span.end)
        if first >= last:
            return self._tile(span, finer)
        return [
            *self._tile(Span(span.first, first), finer),
            Piece(grain, Span(first, last)),
            *self._tile(Span(last, span.end), finer),
        ]

    def _local(self, instant: int) -> dt.datetime:
        return dt.datetime.fromtimestamp(instant, self.zone)

    def _midnight(self, year: int, month: int) -> int:
        return self.midnight(dt.date(min(max(year, _FIRST_YEAR), _LAST_YEAR), month, 1))


def _fits(grain: Grain, step: Step) -> bool:
    """Whether units of a step consist of whole units of a grain."""
    return STEPS.index(grain) <= STEPS.index(step)
