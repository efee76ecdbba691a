"""Rankings, stretches and changes over HTTP: the numbers of `models.statistics`, of the cells that were asked for."""

from __future__ import annotations

import pytest

from tests.api.asked import ROOT, Client, service_on
from tests.api.recorded import CAMEL, CAMERA, CRASH, DEAD, cell, take, watch
from tests.rows import NOON_S

DAY_S = 86_400
DAY = {"from": "2026-11-22", "to": "2026-11-23"}


@pytest.fixture
def client(any_store):
    take(any_store, [cell({CRASH: 4, CAMERA: 5}), cell({CAMEL: 1, DEAD: 2}, "R/10"), cell({CRASH: 9}, "unlocated")])
    take(any_store, [watch({"fixed_camera": 3_600}, at=NOON_S + hour * 3_600) for hour in range(-11, 11)])
    take(any_store, [watch({"fixed_camera": 3_600}, at=NOON_S - DAY_S + hour * 3_600) for hour in range(5)])
    take(any_store, [cell({CRASH: 8}, at=NOON_S - 365 * DAY_S)])
    with Client(service_on(any_store)) as client:
        yield client


def test_a_single_day_is_too_short_for_an_estimate(client):
    ranked = client.ask("/ranking", **DAY)
    assert ranked["insufficient"] == "less_than_three_years"
    assert [(row["segment_id"], row["accidents"], row["raw_rank"]) for row in ranked["rows"]] == [
        ("R/0", 4, 1),
        ("R/10", 1, 2),
        ("R/20", 0, 3),
        ("S/0", 0, 4),
    ]
    assert client.ask("/ranking", **DAY, limit=1)["rows"] == ranked["rows"][:1]


def test_violations_are_ranked_by_watched_hours_or_not_at_all(client):
    assert client.ask("/ranking", **DAY, of="violations")["rows"] == []
    (row,) = client.ask("/ranking", **{**DAY, "from": "2026-11-21"}, of="violations")["rows"]
    assert (row["segment_id"], row["violations"], row["watched_h"]) == ("R/0", 5, 27)


def test_stretches_are_of_segments_asked_for(client):
    rows = client.ask("/stretches", **DAY, window_km=10)["rows"]
    assert all(row["route"] == "R" for row in rows)
    assert client.ask("/stretches", **DAY, route="S")["rows"] == []


def test_changes_of_registers(client):
    found = client.ask("/changes", **DAY)
    assert found["before"] == "2025-11-21T19:00:00Z"
    change = found["changes"]["accidents"]
    assert (change["now"], change["before"]) == (14, 8)
    assert change["broken"] is None
    assert change["percent"] == 75
    assert change["interval"][0] < 75 < change["interval"][1]
    assert found["changes"]["dead"]["percent"] is None
    assert "violations" not in found["changes"]


@pytest.mark.parametrize(
    "path", ["/ranking", "/ranking?of=luck", "/stretches?window_km=0", "/changes?against=never", "/ranking?limit=0"]
)
def test_what_cannot_be_asked(client, path):
    answer = client.get(ROOT + path, params={} if "?" not in path else DAY)
    answer = client.get(ROOT + path + ("&" if "?" in path else "?") + "from=2026-11-22&to=2026-11-23&x=1")
    assert answer.status_code == 400
