"""Day, twilight or night at a place: animals on the road are hit in the dark.

The altitude follows NOAA's solar calculations (Global Monitoring Laboratory, "Solar calculation details", after
J. Meeus: Astronomical Algorithms, 2nd edition 1998, chapter 25), to some hundredths of a degree between 1900 and
2100. Refraction is left out but for the half degree in `HORIZON_DEG`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

HORIZON_DEG: Final = -0.833
"""Altitude of the sun's centre at sunrise and sunset: its radius and the refraction at the horizon."""

TWILIGHT_DEG: Final = -6.0
"""Where civil twilight ends: below, nothing is seen without headlights."""

_J2000_S: Final = 946_728_000
_CENTURY_S: Final = 36_525 * 86_400
_DAY_MINUTES: Final = 1_440


class Light(StrEnum):
    """What there was to see by."""

    DAY = "day"
    TWILIGHT = "twilight"
    NIGHT = "night"


def sun_altitude_deg(lon: ArrayLike, lat: ArrayLike, epoch_s: ArrayLike) -> NDArray[np.float64]:
    """Altitude of the sun's centre above the horizon, in degrees: arrays in, one of their common shape out.

    `lon` and `lat` are WGS 84 degrees, `epoch_s` seconds since 1970 UTC.
    """
    instant = np.asarray(epoch_s, dtype=np.float64)
    century = (instant - _J2000_S) / _CENTURY_S
    mean_longitude = np.radians((280.46646 + century * (36_000.76983 + century * 0.0003032)) % 360)
    anomaly = np.radians(357.52911 + century * (35_999.05029 - century * 0.0001537))
    eccentricity = 0.016708634 - century * (0.000042037 + century * 0.0000001267)
    centre = np.radians(
        np.sin(anomaly) * (1.914602 - century * (0.004817 + century * 0.000014))
        + np.sin(2 * anomaly) * (0.019993 - century * 0.000101)
        + np.sin(3 * anomaly) * 0.000289
    )
    node = np.radians(125.04 - 1_934.136 * century)
    apparent_longitude = mean_longitude + centre - np.radians(0.00569 + 0.00478 * np.sin(node))
    mean_obliquity_deg = 23 + (26 + (21.448 - century * (46.815 + century * (0.00059 - century * 0.001813))) / 60) / 60
    obliquity = np.radians(mean_obliquity_deg + 0.00256 * np.cos(node))
    declination = np.arcsin(np.sin(obliquity) * np.sin(apparent_longitude))

    y = np.tan(obliquity / 2) ** 2
    equation_of_time_min = 4 * np.degrees(
        y * np.sin(2 * mean_longitude)
        - 2 * eccentricity * np.sin(anomaly)
        + 4 * eccentricity * y * np.sin(anomaly) * np.cos(2 * mean_longitude)
        - 0.5 * y * y * np.sin(4 * mean_longitude)
        - 1.25 * eccentricity * eccentricity * np.sin(2 * anomaly)
    )
    minutes = instant % 86_400 / 60
    solar_min = (minutes + equation_of_time_min + 4 * np.asarray(lon, dtype=np.float64)) % _DAY_MINUTES
    hour_angle = np.radians(solar_min / 4 - 180)
    latitude = np.radians(np.asarray(lat, dtype=np.float64))
    sine = np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(declination) * np.cos(hour_angle)
    return np.asarray(np.degrees(np.arcsin(np.clip(sine, -1, 1))), dtype=np.float64)


def light(lon: float, lat: float, epoch_s: float) -> Light:
    """Say whether it was day, civil twilight or night at a place."""
    altitude_deg = float(sun_altitude_deg(lon, lat, epoch_s))
    if altitude_deg >= HORIZON_DEG:
        return Light.DAY
    return Light.TWILIGHT if altitude_deg >= TWILIGHT_DEG else Light.NIGHT
