"""Coordinates as nobody should send them: each record comes to stand in one column of the books."""

from __future__ import annotations

import numpy as np
import pytest

from models.locating import UNLOCATED
from models.suspicions import suspicions
from tests.bench.locating import fold_hostile, hostile
from tests.rows import rules


def test_a_hundred_thousand_points_on_earth_and_beyond():
    locator = rules().locator
    lon, lat = hostile(100_000).T.copy()
    lon[:5], lat[:5] = 51.05, 44.0
    found = locator.by_coordinates(lon, lat)
    placed = found.segment != UNLOCATED
    assert placed[:5].all()
    assert not (placed & ~(np.isfinite(lon) & np.isfinite(lat))).any()
    assert (np.isnan(found.km) == ~placed).all()
    assert (found.distance_m[placed] <= locator.tolerance_m).all()
    suspected = suspicions(locator, lon, lat, found.segment)
    assert not placed[list(suspected)].any()
    assert {error.code for error in suspected.values()} >= {"zero_position", "sentinel_position"}


@pytest.mark.parametrize("points", [0, 1, 5_000])
def test_each_record_stands_in_one_column(points):
    books = fold_hostile(points, rules(registry=None)).books
    assert (books.received, books.difference) == (points, 0)
    assert books.quarantined + books.unlocated + books.counted == points
    if points > 1:
        assert min(books.quarantined, books.unlocated) > 100
