"""Which accidents of a period happen on which day and road, with how many dead and injured.

A period's totals are split by zone in the published proportions, then over single accidents, so that they come out
exactly whatever the seed.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from devices.simulator.chance import Weighted, apportion, dice, whole
from devices.simulator.quotas import days_of
from devices.simulator.rhythm import day_weight

if TYPE_CHECKING:
    from datetime import date
    from random import Random

    from devices.simulator.quotas import Period


class Zone(NamedTuple):
    """A part of the region with its shares of accidents, dead and injured (weights out of 1000)."""

    name: str
    accidents: float
    dead: float
    injured: float


HIGHWAY = "republican"
LOCAL_ROAD = "regional"
ELSEWHERE = "elsewhere"

# Published: 730 of 1,350 accidents, 8 of 76 dead and 913 of 1,963 injured in Aktau (ten months of 2025); 366 of 400
# accidents in settlements, 29 on republican highways, 5 on local roads, and 21 of 34 dead on republican highways
# (first quarter of 2024). How the rest divides among the other settlements is assumed.
ZONES = (
    Zone("Aktau", 730 / 1.350, 8 / 0.076, 913 / 1.963),
    Zone("Zhanaozen", 160, 85, 170),
    Zone("Beyneu", 45, 40, 50),
    Zone("Shetpe", 30, 30, 35),
    Zone(ELSEWHERE, 139, 65, 125),
    Zone(HIGHWAY, 29 / 0.400, 21 / 0.034, 130),
    Zone(LOCAL_ROAD, 5 / 0.400, 60, 25),
)

_DEAD_IN_ONE = Weighted({1: 76, 2: 15, 3: 5, 4: 4})
_MOST_INJURED = 7


class Outcome(NamedTuple):
    """What is settled about an accident before its details."""

    zone: str
    dead: int
    injured: int


@lru_cache(maxsize=8)
def outcomes(seed: int, period: Period, end: date) -> dict[date, list[Outcome]]:
    """All accidents of a period, by day; together they make the period's totals."""
    rng = dice(seed, "outcomes", period.first)
    days = days_of(period.first, end)
    calendar = Weighted({day: day_weight(day) for day in days})
    by_day: dict[date, list[Outcome]] = {day: [] for day in days}
    shares = zip(
        ZONES,
        apportion(period.accidents, [zone.accidents for zone in ZONES]),
        apportion(period.dead, [zone.dead for zone in ZONES]),
        apportion(period.injured, [zone.injured for zone in ZONES]),
        strict=True,
    )
    for zone, accidents, dead, injured in shares:
        deaths = _deaths(rng, accidents, dead)
        injuries = _injuries(rng, deaths, injured)
        for killed, hurt in zip(deaths, injuries, strict=True):
            by_day[calendar.draw(rng)].append(Outcome(zone.name, killed, hurt))
    return by_day


def _deaths(rng: Random, accidents: int, dead: int) -> list[int]:
    """Spread the dead over accidents, mostly one each."""
    deaths = [0] * accidents
    while dead:
        killed = min(_DEAD_IN_ONE.draw(rng), dead)
        index = whole(rng, 0, accidents - 1)
        if deaths[index] == 0 or accidents <= dead:
            deaths[index] += killed
            dead -= killed
    return deaths


def _injuries(rng: Random, deaths: list[int], injured: int) -> list[int]:
    """Spread the injured: one for each accident that killed nobody, since it counts only with a victim."""
    injuries = [0] * len(deaths)
    for index, killed in enumerate(deaths):
        if not killed and injured:
            injuries[index] = 1
            injured -= 1
    while injured:
        index = whole(rng, 0, len(deaths) - 1)
        if injuries[index] < _MOST_INJURED or injured > _MOST_INJURED * len(deaths):
            injuries[index] += 1
            injured -= 1
    return injuries
