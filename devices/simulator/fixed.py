"""Violations seen by the fixed cameras."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from devices.simulator.chance import dice, happens, whole
from devices.simulator.fleet import downtimes, popularity, valid_cameras
from devices.simulator.moments import HOUR_S, SECOND_US, day_start_us, moment_of_day, rfc3339
from devices.simulator.offences import IN_TOWN, ON_HIGHWAY, speeding, vehicle_class
from devices.simulator.quotas import violations_of_day
from devices.simulator.record import Draft
from devices.simulator.rhythm import HIGHWAY_HOURS, TOWN_HOURS
from models.topics import VIOLATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from devices.simulator.fleet import Camera, Downtime

_SECTION_SINCE = date(2024, 12, 1)
_SECTION_SHARE = 0.4
"""Of the speeding that a camera at the end of a section records (assumed)."""
_TESTS_A_DAY = 12
"""Violations that each camera in test mode sends a day at most, beside the official ones."""
_SENDS_POSITION = 5
"""Every fifth camera sends its own position along; the registry's wins."""


def fixed_violations(seed: int, day: date) -> Iterator[Draft]:
    """Yield all violations of a local day: as many official ones as the year's table says, and those in test mode."""
    rng = dice(seed, "fixed", day)
    start_us = day_start_us(day)
    valid = valid_cameras(start_us)
    official = [camera for camera in valid if not camera.test]
    cumulative = list(accumulate(popularity(seed)[camera.number] for camera in official))
    down = downtimes(seed, day)

    def draw() -> tuple[Camera, int]:
        while True:
            camera = official[bisect_right(cumulative, rng.random() * cumulative[-1])]
            happened_us = moment_of_day(rng, start_us, HIGHWAY_HOURS if camera.highway else TOWN_HOURS)
            if not _is_down(down.get(camera.number), happened_us - start_us):
                return camera, happened_us

    for serial in range(violations_of_day(seed, "fixed_camera", day)):
        camera, happened_us = draw()
        yield _violation(rng, day, camera, happened_us, serial)
    for camera in valid:
        if camera.test:
            for serial in range(whole(rng, 0, _TESTS_A_DAY)):
                yield _violation(rng, day, camera, moment_of_day(rng, start_us, HIGHWAY_HOURS), 90_000 + serial)


def _is_down(downtime: Downtime | None, since_midnight_us: int) -> bool:
    if downtime is None:
        return False
    hour = since_midnight_us // (HOUR_S * SECOND_US)
    return downtime.from_hour <= hour < downtime.to_hour


def _violation(rng: Random, day: date, camera: Camera, happened_us: int, serial: int) -> Draft:
    event: dict[str, Any] = {
        "type": "violation",
        "event_id": f"{day:%Y%m%d}-{serial:05}",
        "source_id": camera.device_id,
        "occurred_at": rfc3339(happened_us, 3),
        "offence": (ON_HIGHWAY if camera.highway else IN_TOWN).draw(rng),
        "vehicle_class": vehicle_class(rng),
        "lane": whole(rng, 1, 2 if camera.highway else 3),
        "confidence": (80 + int(rng.random() * 20)) / 100,
        "stage": "confirmed",
    }
    if event["offence"] == "speed":
        event["offence"], over = speeding(rng, day)
        by_average = camera.section is not None and day >= _SECTION_SINCE and happens(rng, _SECTION_SHARE)
        event |= _average(camera, over, happened_us) if by_average else {"speed_kmh": camera.limit_kmh + over}
        event["limit_kmh"] = camera.limit_kmh
    if camera.number % _SENDS_POSITION == 0:
        event["location"] = {"lon": camera.lon, "lat": camera.lat, "heading": camera.heading, "of": "unit"}
    sent_us = happened_us + 400_000 + int(rng.random() * 4_000) * 1_000
    return Draft(happened_us, sent_us, VIOLATIONS, camera.device_id, event)


def _average(camera: Camera, over: int, left_us: int) -> dict[str, Any]:
    """Speed over the section that ends at this camera, left at `left_us` (epoch µs)."""
    section = camera.section
    assert section is not None, "only cameras at the end of a section measure an average"
    speed_kmh = camera.limit_kmh + over
    # Metres divided by km/h are 3.6 seconds.
    passage_us = section.length_m * 3_600_000 // speed_kmh
    entered_at = rfc3339(left_us - passage_us, 3)
    section_of = {"section_id": section.section_id, "length_m": section.length_m, "entered_at": entered_at}
    return {"average_speed_kmh": speed_kmh, "section": section_of}
