"""30,202 real fatal accidents on the real interstates, counted as a user would and checked by other means."""

from __future__ import annotations

import csv
import json
import math
import re
from base64 import b64decode
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.command_line import Outcome, amanzhol
from tests.realdata import brute_force, fars, interstates
from tests.realdata.recount import recount

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(
    not (fars.SOURCE.exists() and interstates.SOURCE.exists()),
    reason=f"{fars.SOURCE.name} and {interstates.SOURCE.name} are not beside this checkout",
)

TOLERANCE_M = 300
AGREE_M = 0.05
"""The plane and the projection differ by less, and so does what two decimals cut off."""

ACCIDENTS = 30_202
SENTINELS = {(777.7777, 77.7777): 22, (888.8888, 88.8888): 1, (999.9999, 99.9999): 332}


class Run(NamedTuple):
    folder: Path
    outcome: Outcome
    segments: dict[str, dict[str, Any]]

    def located(self) -> Iterator[dict[str, str]]:
        with (self.folder / "located.csv").open(encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("fars")
    network = interstates.network()
    (folder / "network.geojson").write_text(json.dumps(network), encoding="utf-8")
    fars.write_events(folder / "events.ndjson")
    outputs = "--out counts.csv --located located.csv --detail detail.csv --books books.json --quarantine q.ndjson"
    outcome = amanzhol(
        *("count", "events.ndjson", "--network", "network.geojson", "--timezone", "America/Chicago"),
        *("--tolerance-m", TOLERANCE_M, *outputs.split()),
        cwd=folder,
    )
    return Run(folder, outcome, {feature["properties"]["segment_id"]: feature for feature in network["features"]})


def test_the_run_is_done_and_its_books_balance(counted: Run) -> None:
    assert counted.outcome.code == 0
    assert json.loads((counted.folder / "books.json").read_text()) == {
        "received": ACCIDENTS,
        "quarantined": 355,
        "duplicate": 0,
        "corrections": 0,
        "statuses": 0,
        "test": 0,
        "retracted": 0,
        "unlocated": 25_559,
        "counted": 4_288,
    }


def test_coordinates_that_stand_for_unknown_are_quarantined_and_nothing_else(counted: Run) -> None:
    quarantined: dict[tuple[float, float], int] = {}
    for line in (counted.folder / "q.ndjson").read_text().splitlines():
        record = json.loads(line)
        assert (record["code"], record["path"]) == ("sentinel_position", "$.location.lon")
        location = json.loads(b64decode(record["raw"]))["location"]
        place = location["lon"], location["lat"]
        quarantined[place] = quarantined.get(place, 0) + 1
    assert quarantined == SENTINELS


def test_one_sql_query_over_the_raw_records_makes_the_same_table(counted: Run, tmp_path: Path) -> None:
    recount(counted.folder / "events.ndjson", counted.folder / "located.csv", tmp_path / "sql.csv")
    assert (counted.folder / "counts.csv").read_bytes() == (tmp_path / "sql.csv").read_bytes()


def test_the_table_adds_up_to_the_register(counted: Run) -> None:
    published = [row for row in fars.rows() if float(row["LONGITUD"]) < 0]
    with (counted.folder / "counts.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    total = {name: sum(int(row[name]) for row in table) for name in ("accidents", "accidents_fatal", "dead", "injured")}
    dead = sum(int(row["FATALS"]) for row in published)
    assert total == {"accidents": 29_847, "accidents_fatal": 29_847, "dead": dead, "injured": 0}
    assert sum(int(row["animal_accidents"]) for row in table) == sum(
        row["HARM_EV"] == "11" and row["MAN_COLL"] == "0" for row in published
    )


def test_the_located_line_is_the_nearest_one(counted: Run) -> None:
    ids = list(counted.segments)
    edges = brute_force.edges_of([counted.segments[segment_id]["geometry"] for segment_id in ids])
    near = 0
    for row, accident in zip(counted.located(), fars.rows(), strict=True):
        lon, lat = float(accident["LONGITUD"]), float(accident["LATITUDE"])
        assert (row["source_id"], row["event_id"]) == (fars.SOURCE_ID, accident["ST_CASE"])
        if row["outcome"] == "quarantined":
            assert (lon, lat) in SENTINELS
            continue
        found_m = brute_force.distances_m(edges, lon, lat)
        nearest_m = min(found_m.values(), default=math.inf)
        if row["segment_id"] == "unlocated":
            assert (row["outcome"], row["km"], row["distance_m"]) == ("unlocated", "", "")
            assert nearest_m > TOLERANCE_M - AGREE_M
            continue
        near += 1
        own_m = found_m[ids.index(row["segment_id"])]
        assert own_m == pytest.approx(nearest_m, abs=AGREE_M)  # where two lines are equally near, either will do
        assert float(row["distance_m"]) == pytest.approx(nearest_m, abs=AGREE_M)
        properties = counted.segments[row["segment_id"]]["properties"]
        assert properties["from_km"] - 1e-4 <= float(row["km"]) <= properties["to_km"] + 1e-4
    assert near == 4_288


def test_the_located_route_is_the_one_that_the_officer_named(counted: Run) -> None:
    """Of the 408 others 282 lie farther from any line than the tolerance, the rest at crossings and on shared roads."""
    named = agreeing = 0
    for row, accident in zip(counted.located(), fars.rows(), strict=True):
        officer = re.match(r"I-?(\d+)", accident["TWAY_ID"])
        if officer is None or row["outcome"] == "quarantined":
            continue
        named += 1
        segment = counted.segments.get(row["segment_id"])
        agreeing += segment is not None and segment["properties"]["route"] == f"I-{officer[1]}"
    assert (named, agreeing) == (3_587, 3_179)  # 88.6 %
