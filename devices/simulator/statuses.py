"""The pulse of the fleet: what is watching, and how many vehicles it sees pass.

Nine months of a status a minute are 118 million records, so they are made one by one, in order, and never held;
their JSON is written by hand because it is by far most of what a simulation writes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from devices.simulator.chance import dice, whole
from devices.simulator.fleet import downtimes, popularity, valid_cameras
from devices.simulator.mobile import shifts_of_day
from devices.simulator.moments import DAY_S, HOUR_S, SECOND_US, day_start_us, rfc3339
from devices.simulator.record import SimulatedRecord
from devices.simulator.rhythm import HIGHWAY_TRAFFIC, TOWN_TRAFFIC, day_weight
from models.topics import STATUSES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from random import Random

    from devices.simulator.fleet import Camera, Downtime

_PASSAGES_A_DAY = {True: 2_600, False: 7_800}
"""Vehicles that a camera of average popularity sees on a day, on a highway (`True`) and in town (assumed)."""

_LONGEST_LAG_MS = 59_000
"""A camera sends its status within the minute after the tick, each always at the same lag, so that they spread."""


def camera_statuses(seed: int, day: date, interval_s: int, within_us: tuple[int, int]) -> Iterator[SimulatedRecord]:
    """Statuses of the fixed cameras at the ticks of a local day that lie in `within_us`, in the order they are sent.

    Ticks lie at whole intervals from midnight; a status at a tick speaks for the interval before it. A camera in
    maintenance says so at each tick; one that is off says so once and is silent.
    """
    midnight_us = day_start_us(day)
    rng = dice(seed, "lags")
    longest_ms = min(_LONGEST_LAG_MS, interval_s * 1000 - 1)
    lag_us = [whole(rng, 100, longest_ms) * 1000 for _ in popularity(seed)]
    fleet = sorted(valid_cameras(midnight_us), key=lambda camera: (lag_us[camera.number], camera.number))
    down = downtimes(seed, day)
    hourly = _hourly_passages(seed, day, fleet)
    share = interval_s / HOUR_S
    for tick_s in range(0, DAY_S, interval_s):
        tick_us = midnight_us + tick_s * SECOND_US
        if not within_us[0] <= tick_us < within_us[1]:
            continue
        # What ends at a tick was seen in the hour before it. Midnight's tick is drawn by this day's own hours.
        hour = max(tick_s - 1, 0) // HOUR_S
        # One stream of draws per tick, so that a day may be entered anywhere.
        rng = dice(seed, "passages", tick_us)
        text = _Tick(tick_us, interval_s)
        for camera, rates in zip(fleet, hourly, strict=True):
            luck = rng.random()
            downtime = down.get(camera.number)
            if downtime is not None and downtime.from_hour <= hour < downtime.to_hour:
                value = text.not_working(camera, downtime, tick_s)
            else:
                # Spread by a third about the expected number, and rounded by chance so that slow hours add up.
                value = text.active(camera, int(rates[hour] * share * (0.67 + 0.66 * luck) + rng.random()))
            if value is not None:
                yield SimulatedRecord(tick_us + lag_us[camera.number], STATUSES, camera.device_id, value)


class _Tick:
    """The parts of a status that all cameras share at one tick."""

    def __init__(self, tick_us: int, interval_s: int) -> None:
        self._end = f'","occurred_at":"{rfc3339(tick_us)}","state":"'
        self._start = f'"type":"status","event_id":"s{tick_us // SECOND_US}","source_id":"'
        self._period = f'","period_start":"{rfc3339(tick_us - interval_s * SECOND_US)}"'
        self._interval_s = interval_s

    def active(self, camera: Camera, passages: int) -> bytes:
        text = f'{{{self._start}{camera.device_id}{self._end}active{self._period},"passages":{passages}}}'
        return text.encode()

    def not_working(self, camera: Camera, downtime: Downtime, tick_s: int) -> bytes | None:
        first = tick_s - self._interval_s <= downtime.from_hour * HOUR_S
        if downtime.state == "off" and not first:
            return None
        return f"{{{self._start}{camera.device_id}{self._end}{downtime.state}{self._period}}}".encode()


def _hourly_passages(seed: int, day: date, fleet: list[Camera]) -> list[list[float]]:
    """Vehicles to expect in each hour of the day, for each camera of the list."""
    weight = day_weight(day)
    table = []
    for camera in fleet:
        traffic = HIGHWAY_TRAFFIC if camera.highway else TOWN_TRAFFIC
        daily = _PASSAGES_A_DAY[camera.highway] * popularity(seed)[camera.number] * weight
        table.append([daily * part / sum(traffic) for part in traffic])
    return table


def mobile_statuses(seed: int, day: date, interval_s: int, within_us: tuple[int, int]) -> Iterator[SimulatedRecord]:
    """Statuses of the units on duty, with where they are, at the ticks of a local day in `within_us`.

    The first tick after a shift's end says `off`; a unit that is not on duty is silent.
    """
    midnight_us = day_start_us(day)
    interval_us = interval_s * SECOND_US
    shifts = shifts_of_day(seed, day)
    for tick_us in range(midnight_us, midnight_us + DAY_S * SECOND_US, interval_us):
        if not within_us[0] <= tick_us < within_us[1]:
            continue
        rng: Random | None = None
        for order, shift in enumerate(shifts):
            if not shift.from_us <= tick_us < shift.to_us + interval_us:
                continue
            rng = rng or dice(seed, "track", tick_us)
            working = tick_us < shift.to_us
            place = shift.location(tick_us, 2 * rng.random() - 1, 2 * rng.random() - 1)
            # The status speaks for what lies within the shift of the interval before it.
            period_us = max(tick_us - interval_us, shift.from_us) if working else min(shift.to_us, tick_us)
            value = (
                f'{{"type":"status","event_id":"s{tick_us // SECOND_US}","source_id":"{shift.device_id}",'
                f'"occurred_at":"{rfc3339(tick_us)}","state":"{"active" if working else "off"}",'
                f'"period_start":"{rfc3339(period_us)}","location":{{"lon":{place["lon"]},"lat":{place["lat"]},'
                f'"heading":{place["heading"]},"accuracy_m":{place["accuracy_m"]},"of":"unit"}}}}'
            )
            sent_us = tick_us + (100 + order) * 1000
            yield SimulatedRecord(sent_us, STATUSES, shift.device_id, value.encode())
