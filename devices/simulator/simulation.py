"""The whole region over a span of time, in the order in which records reach Kafka."""

from __future__ import annotations

import heapq
from datetime import timedelta
from itertools import chain
from typing import TYPE_CHECKING

from devices.simulator.accidents import accidents
from devices.simulator.faults import blemish
from devices.simulator.fixed import fixed_violations
from devices.simulator.mobile import mobile_violations
from devices.simulator.moments import DAY_S, HOUR_S, SECOND_US, day_start_us, days_between, epoch_us
from devices.simulator.record import Imperfections, SimulatedRecord
from devices.simulator.reports import reports
from devices.simulator.statuses import camera_statuses, mobile_statuses

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

_EVERY_MINUTE_UP_TO = timedelta(days=7)
_MINUTE_S = 60
_YEARS = range(2005, 2101)
"""Before, the local clock was another (`moments.AQTAU`); beyond, nothing is known."""

_MOBILE_PER_STATUS = 6
"""Mobile units send six statuses for each of a fixed camera: every 10 s to every 60 s."""

Span = tuple[int, int]
"""From and to, in epoch µs; the latter excluded."""


def simulate(
    seed: int,
    start: datetime,
    end: datetime,
    *,
    imperfections: Imperfections | None = None,
    status_interval_s: int | None = None,
    tail: bool = True,
) -> Iterator[SimulatedRecord]:
    """Yield what the fleet and the registers send about `start` ≤ moment < `end` (aware), by `sent_at`.

    A span is cut by when things really happen, so two spans that meet make the same records as the one they make up.
    The records of a moment depend on nothing but it, the seed and the options. With `tail`, what happened in the span
    and is sent after its end (late uploads, handled reports) follows; without, it is left out.

    `status_interval_s` is the time between two statuses of a fixed camera; it divides an hour, 0 is none, and mobile
    units send six times as often. Each status covers the time since the one before. By default it is 60, the real
    one, for spans up to 7 days, and an hour beyond, for nine months of real ones are 118 million records.

    Raises `ValueError` for a span that ends before it begins or lies outside 2005 to 2100, or an interval that does
    not divide an hour.
    """
    if start.tzinfo is None or end.tzinfo is None:
        raise ValueError("start and end need a time zone")
    if end < start:
        raise ValueError("the span ends before it begins")
    if start.year not in _YEARS or end.year not in _YEARS:
        raise ValueError(f"the region can be simulated from {_YEARS[0]} to {_YEARS[-1]}")
    if status_interval_s is None:
        status_interval_s = _MINUTE_S if end - start <= _EVERY_MINUTE_UP_TO else HOUR_S
    if status_interval_s and (status_interval_s < _MOBILE_PER_STATUS or HOUR_S % status_interval_s):
        raise ValueError(f"statuses every {status_interval_s} s do not divide an hour; 6 is the shortest interval")
    span = (epoch_us(start), epoch_us(end))
    records = _in_order(seed, span, imperfections or Imperfections(), status_interval_s)
    return records if tail else (record for record in records if record.sent_at < span[1])


def _in_order(seed: int, span: Span, imperfections: Imperfections, status_interval_s: int) -> Iterator[SimulatedRecord]:
    """Go day by day; what a day sends after its end waits in `later`, which is all that is ever held."""
    later: list[SimulatedRecord] = []
    for day in days_between(*span) if span[0] < span[1] else ():
        midnight_us = day_start_us(day) + DAY_S * SECOND_US
        later += _events(seed, day, span, imperfections)
        later.sort()
        due = [record for record in later if record.sent_at < midnight_us]
        later = later[len(due) :]
        yield from heapq.merge(due, *_statuses(seed, day, span, status_interval_s))
    yield from later


def _events(seed: int, day: date, span: Span, imperfections: Imperfections) -> list[SimulatedRecord]:
    drafts = chain(
        fixed_violations(seed, day),
        mobile_violations(seed, day),
        accidents(seed, day),
        reports(seed, day),
    )
    blemished = blemish(drafts, seed, day, imperfections)
    return [record for happened_us, record in blemished if span[0] <= happened_us < span[1]]


def _statuses(seed: int, day: date, span: Span, interval_s: int) -> list[Iterator[SimulatedRecord]]:
    if not interval_s:
        return []
    mobile_interval_s = interval_s // _MOBILE_PER_STATUS
    return [
        camera_statuses(seed, day, interval_s, span),
        mobile_statuses(seed, day, mobile_interval_s, span),
    ]
