"""The projection against the published bounds of EPSG:3395 and against the geometry of the ellipsoid."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.projection import HALF_WORLD_M, scale, to_mercator

A_M = 6_378_137.0
E2 = 0.006_694_379_990_14  # NIMA TR8350.2, third edition, table 3.3


def meridian_radius_m(lat):
    return A_M * (1 - E2) / (1 - E2 * np.sin(np.radians(lat)) ** 2) ** 1.5


def parallel_radius_m(lat):
    return A_M * np.cos(np.radians(lat)) / np.sqrt(1 - E2 * np.sin(np.radians(lat)) ** 2)


# The corners of EPSG:3395 as its registry entry gives them
@pytest.mark.parametrize(
    ("lon", "lat", "x_m", "y_m"),
    [
        (-180.0, -80.0, -20_037_508.34, -15_496_570.74),
        (180.0, 84.0, 20_037_508.34, 18_764_656.23),
        (0.0, 0.0, 0.0, 0.0),
    ],
)
def test_published_points(lon, lat, x_m, y_m):
    assert to_mercator(np.array([lon]), np.array([lat])) == (
        pytest.approx([x_m], abs=0.01),
        pytest.approx([y_m], abs=0.01),
    )


def test_half_the_world_is_where_it_ends():
    x, _ = to_mercator(np.array([180.0]), np.array([0.0]))
    assert x == pytest.approx([HALF_WORLD_M])


@given(st.floats(-85, 85))
def test_both_directions_are_stretched_by_the_scale(lat):
    step = 1e-4
    _, y = to_mercator(np.zeros(2), np.array([lat - step / 2, lat + step / 2]))
    north = (y[1] - y[0]) / (meridian_radius_m(lat) * np.radians(step))
    east = A_M / parallel_radius_m(lat)
    k = scale(np.array([lat]))[0]
    assert (north, east) == (pytest.approx(k, rel=1e-7), pytest.approx(k, rel=1e-12))


@given(st.floats(0, 85))
def test_south_mirrors_north(lat):
    x, y = to_mercator(np.array([10.0, 10.0]), np.array([lat, -lat]))
    assert (x[0], y[0]) == (x[1], -y[1])
