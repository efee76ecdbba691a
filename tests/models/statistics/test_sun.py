"""The sun's altitude against published times, and daylight at the edges."""

import datetime as dt

import numpy as np
import pytest

from models.statistics.sun import HORIZON_DEG, Light, light, sun_altitude_deg

GREENWICH = (0.0, 51.4769)
AQTAU = (51.16, 43.65)
SYDNEY = (151.2, -33.87)


def utc(text):
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC).timestamp()


# Published sunrises and sunsets, to the minute.
AT_THE_HORIZON = [
    (GREENWICH, "2025-06-21T03:43"),
    (GREENWICH, "2025-06-21T20:21"),
    (GREENWICH, "2025-12-21T08:04"),
    (GREENWICH, "2025-12-21T15:53"),
    (SYDNEY, "2025-12-21T18:41"),  # 05:41 on the 22nd, local summer time
]


@pytest.mark.parametrize(("place", "instant"), AT_THE_HORIZON)
def test_the_sun_rises_and_sets_when_it_is_published_to(place, instant):
    assert float(sun_altitude_deg(*place, utc(instant))) == pytest.approx(HORIZON_DEG, abs=0.3)


def test_at_noon_of_midsummer_it_stands_as_high_as_the_latitude_says():
    minutes = utc("2025-06-21T00:00") + 60 * np.arange(1_440)
    assert sun_altitude_deg(*AQTAU, minutes).max() == pytest.approx(90 - AQTAU[1] + 23.437, abs=0.02)


LIGHTS = [
    ("2025-01-16T20:03", Light.NIGHT),  # 01:03 in Aqtau
    ("2025-06-21T07:00", Light.DAY),
    ("2025-06-21T00:35", Light.TWILIGHT),
    ("2025-06-20T23:30", Light.NIGHT),
]


@pytest.mark.parametrize(("instant", "expected"), LIGHTS)
def test_light(instant, expected):
    assert light(*AQTAU, utc(instant)) is expected


def test_arrays_are_of_each_place_and_instant():
    lon, lat = np.array([GREENWICH, AQTAU]).T
    together = sun_altitude_deg(lon, lat, utc("2025-03-20T12:00"))
    assert together.tolist() == [
        float(sun_altitude_deg(*place, utc("2025-03-20T12:00"))) for place in (GREENWICH, AQTAU)
    ]


@pytest.mark.parametrize("place", [(180, 90), (-180, -90), (0, 0)])
def test_no_place_is_without_an_altitude(place):
    assert np.isfinite(sun_altitude_deg(*place, [0, 4e9, -4e9])).all()
