"""Mangystau's nine months of 2025, simulated and counted on the command line, give the figures that were published."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import duckdb
import pytest

from tests.command_line import amanzhol

if TYPE_CHECKING:
    from pathlib import Path

SPAN = ("--from", "2025-01-01", "--to", "2025-10-01", "--status-every", "0")
REGION = ("--network", "network.geojson", "--devices", "devices.csv")

PUBLISHED = {"accidents": 1_195, "dead": 68, "injured": 1_742, "reports": 858}
FIXED_CAMERAS = 134_773
"""Their share of the 178,416 violations of the year."""

_BY_FIXED_CAMERAS = """
SELECT count(*)
FROM read_json('clean.ndjson', format = 'newline_delimited', columns = {
    type: 'VARCHAR', source_id: 'VARCHAR', occurred_at: 'TIMESTAMPTZ'
}) AS event
JOIN read_csv('devices.csv', all_varchar = true) AS device ON device.device_id = event.source_id
    AND (device.valid_from IS NULL OR CAST(device.valid_from AS TIMESTAMPTZ) <= event.occurred_at)
    AND (device.valid_to IS NULL OR event.occurred_at < CAST(device.valid_to AS TIMESTAMPTZ))
WHERE type = 'violation' AND device.kind = 'fixed_camera' AND device.mode = 'live'
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The span without a fault and with those of real devices, each counted by local days."""
    folder = tmp_path_factory.mktemp("nine-months")
    assert amanzhol("simulate", "--write-region", ".", cwd=folder).code == 0
    for name, options in (("clean", ("--clean",)), ("real", ())):
        outputs = ("--window", "1d", "--out", f"{name}.csv", "--books", f"{name}.json")
        assert amanzhol("simulate", *SPAN, *options, "--out", f"{name}.ndjson", cwd=folder).code == 0
        assert amanzhol("count", f"{name}.ndjson", *REGION, *outputs, cwd=folder).code == 0
    return folder


@pytest.fixture
def sql(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(folder)
    with duckdb.connect() as connection:
        yield lambda query: connection.execute(query).fetchall()


@pytest.mark.parametrize("run", ["clean", "real"])
def test_the_published_figures_come_out(sql, run):
    (found,) = sql(f"SELECT {', '.join(f'sum({name})' for name in PUBLISHED)} FROM '{run}.csv'")
    assert dict(zip(PUBLISHED, found, strict=True)) == PUBLISHED


@pytest.mark.parametrize("run", ["clean", "real"])
def test_the_violations_of_fixed_cameras_are_those_that_were_sent(sql, run):
    assert sql(_BY_FIXED_CAMERAS) == [(FIXED_CAMERAS,)]
    assert sql(f"SELECT sum(violations_fixed_camera) FROM '{run}.csv'") == [(FIXED_CAMERAS,)]


def test_repeats_broken_records_and_wrong_clocks_change_no_official_figure_of_any_day(sql):
    official = "SELECT * EXCLUDE (test_events) FROM '{}.csv' WHERE accidents + violations + reports > 0"
    clean, real = official.format("clean"), official.format("real")
    assert sql(f"({clean} EXCEPT {real}) UNION ({real} EXCEPT {clean})") == []


def test_the_books_say_what_went_wrong(folder: Path) -> None:
    clean, real = (json.loads((folder / f"{name}.json").read_bytes()) for name in ("clean", "real"))
    assert (clean["quarantined"], clean["duplicate"]) == (0, 0)
    assert real["quarantined"] > 100
    assert real["duplicate"] > 1_000
    for column in ("corrections", "statuses", "retracted", "unlocated", "counted"):
        assert real[column] == clean[column], column
