"""Citizens' reports through Police 102 and the applications egov, Kaspi and Halyk."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from devices.simulator.casualties import ZONES
from devices.simulator.chance import Weighted, dice, happens, whole
from devices.simulator.moments import HOUR_S, SECOND_US, day_start_us, moment_of_day, rfc3339
from devices.simulator.places import place_in_zone
from devices.simulator.quotas import days_of, period_of
from devices.simulator.record import Draft
from devices.simulator.rhythm import REPORT_HOURS, day_weight
from models.topics import REPORTS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from random import Random

    from devices.simulator.quotas import Period


class _Source(NamedTuple):
    source_id: str
    channel: str


_SOURCES = Weighted(
    {
        _Source("police-102", "police_102"): 52,
        _Source("egov", "egov"): 21,
        _Source("kaspi", "kaspi"): 17,
        _Source("halyk", "halyk"): 10,
    }
)

_CATEGORIES = Weighted({"traffic": 46, "accident": 12, "animal_on_road": 8, "road_defect": 9, "other": 25})
"""About half concern traffic (elsewhere in Kazakhstan); the rest is assumed."""

_HANDLED = 0.93
_HANDLED_WITHIN_H = Weighted({(0, 1): 22, (1, 4): 28, (4, 24): 27, (24, 72): 15, (72, 240): 8})
"""Hours from report to answer (assumed: how fast is not published)."""

_LOCATED = 0.85
_ZONES = Weighted({zone.name: zone.accidents for zone in ZONES})


def reports(seed: int, day: date) -> Iterator[Draft]:
    """Yield the reports made on a local day.

    A channel sends a report once it is handled, or soon when nobody handles it: so `sent_us` may be ten days later.
    """
    period, end = period_of(day)
    rng = dice(seed, "reports", day)
    for serial in range(_counts(seed, period, end)[day]):
        yield _report(rng, day, serial)


@lru_cache(maxsize=8)
def _counts(seed: int, period: Period, end: date) -> dict[date, int]:
    rng = dice(seed, "reports", period.first)
    days = days_of(period.first, end)
    calendar = Weighted({day: day_weight(day) for day in days})
    counts = dict.fromkeys(days, 0)
    for _ in range(period.reports):
        counts[calendar.draw(rng)] += 1
    return counts


def _report(rng: Random, day: date, serial: int) -> Draft:
    source = _SOURCES.draw(rng)
    happened_us = moment_of_day(rng, day_start_us(day), REPORT_HOURS)
    sent_us = happened_us + whole(rng, 5, 600) * SECOND_US
    event: dict[str, Any] = {
        "type": "report",
        "event_id": f"{day:%Y%m%d}-{serial:03}",
        "source_id": source.source_id,
        "occurred_at": rfc3339(happened_us),
        "channel": source.channel,
        "category": _CATEGORIES.draw(rng),
    }
    if happens(rng, _LOCATED):
        event["location"] = place_in_zone(rng, _ZONES.draw(rng))
    if happens(rng, _HANDLED):
        low, high = _HANDLED_WITHIN_H.draw(rng)
        handled_us = happened_us + whole(rng, max(low * HOUR_S, 300), high * HOUR_S) * SECOND_US
        event["handled_at"] = rfc3339(handled_us)
        sent_us = handled_us + whole(rng, 1, 20) * SECOND_US
    return Draft(happened_us, sent_us, REPORTS, source.source_id, event)
