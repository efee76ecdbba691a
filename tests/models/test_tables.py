"""Cells in, rows out."""

from __future__ import annotations

from models.cells import CellKey
from models.coverage import CoverageCell, Watcher
from models.measures import Dimensions
from models.tables import counts_table, coverage_table, detail_table

FLEET = ("fixed_camera", "drone")
CELLS = {
    CellKey("unlocated", 0): {Dimensions("test_events"): 1},
    CellKey("R/10", 300): {Dimensions("violations", fleet="drone", offence="592.2"): 2},
    CellKey("R/10", 0): {
        Dimensions("accidents", kind="animal", severity="fatal"): 1,
        Dimensions("dead", kind="animal"): 1,
        Dimensions("dead_squared", kind="animal"): 1,
    },
    CellKey("R/0", -300): {},
    CellKey("R/0", 0): {Dimensions("dead_squared"): 1},
}


def test_the_wide_table_has_a_row_per_cell_with_a_figure():
    table = counts_table(CELLS, lambda start: start + 300, FLEET)
    names = [column.name for column in table.columns]
    rows = [{name: value for name, value in zip(names, row, strict=True) if value != 0} for row in table.rows]
    assert rows == [
        {
            "segment_id": "R/10",
            "window_end": 300,
            "accidents": 1,
            "accidents_fatal": 1,
            "dead": 1,
            "animal_accidents": 1,
        },
        {"segment_id": "R/10", "window_start": 300, "window_end": 600, "violations": 2, "violations_drone": 2},
        {"segment_id": "unlocated", "window_end": 300, "test_events": 1},
    ]
    assert names[:3] == ["segment_id", "window_start", "window_end"]
    assert [column.kind for column in table.columns] == ["text", "time", "time"] + ["count"] * 13


def test_the_long_table_has_a_row_per_figure():
    table = detail_table(CELLS)
    assert " ".join(column.name for column in table.columns) == (
        "segment_id window_start measure fleet offence kind severity direction channel value"
    )
    assert list(table.rows) == [
        ("R/0", 0, "dead_squared", "", "", "", "", "", "", 1),
        ("R/10", 0, "accidents", "", "", "animal", "fatal", "", "", 1),
        ("R/10", 0, "dead", "", "", "animal", "", "", "", 1),
        ("R/10", 0, "dead_squared", "", "", "animal", "", "", "", 1),
        ("R/10", 300, "violations", "drone", "592.2", "", "", "", "", 2),
        ("unlocated", 0, "test_events", "", "", "", "", "", "", 1),
    ]


def test_the_coverage_table_has_a_row_per_hour_that_anyone_watched():
    coverage = {
        CellKey("R/10", 3_600): CoverageCell({Watcher("drone", "d1"): [(3_600, 3_660), (3_700, 3_701)]}),
        CellKey("R/0", 0): CoverageCell({Watcher("bus", "b1"): [(0, 60)]}, passages=4),
        CellKey("R/0", 3_600): CoverageCell({Watcher("bus", "b1"): [(0, 60)], Watcher("drone", "d1"): []}),
        CellKey("R/0", 7_200): CoverageCell(),
    }
    table = coverage_table(coverage, FLEET)
    assert " ".join(column.name for column in table.columns) == (
        "segment_id hour_start watched_s_fixed_camera watched_s_drone passages"
    )
    assert list(table.rows) == [("R/0", 0, 0, 0, 4), ("R/10", 3_600, 0, 61, 0)]
