"""What the store makes of the workers' records, on DuckDB and on PostgreSQL alike: records in, rows out."""

from __future__ import annotations

from contextlib import closing

import pytest

from api.store import open_store
from api.store.merging import merge
from api.store.tables import TABLES
from api.store.taking import Arrival
from models.books import Books
from models.errors import StoreError, ThinnedError
from models.topics import SEGMENT_COUNTS, STATE
from tests.api.recorded import (
    CALENDAR,
    CAMEL,
    CAMERA,
    CAR,
    CRASH,
    DEAD,
    DRONE,
    REPORT,
    SOURCE,
    cell,
    counted,
    only,
    take,
    watch,
)
from tests.rows import NETWORK, NOON_S

HOUR_S = 3_600
DAY_S = 86_400


def violations(store, **asked):
    return only(counted(store, **asked), "segment_id", "violations")


@pytest.mark.parametrize(
    ("batches", "expected"),
    [
        pytest.param([[cell({CAMERA: 2})]], [("R/0", 2)], id="one record"),
        pytest.param([[cell({CAMERA: 2})]] * 3, [("R/0", 2)], id="the same again"),
        pytest.param([[cell({CAMERA: 2})] * 3], [("R/0", 2)], id="the same again in one batch"),
        pytest.param([[cell({CAMERA: 2})], [cell({CAMERA: 5}, revision=2)]], [("R/0", 5)], id="a newer revision"),
        pytest.param([[cell({CAMERA: 2}), cell({CAMERA: 5}, revision=2)]], [("R/0", 5)], id="both in one batch"),
        pytest.param([[cell({CAMERA: 5}, revision=2)], [cell({CAMERA: 2})]], [("R/0", 5)], id="an older one late"),
        pytest.param([[cell({CAMERA: 5}, revision=2), cell({CAMERA: 2})]], [("R/0", 5)], id="late in one batch"),
        pytest.param(
            [[cell({CAMERA: 9}, revision=(1, 70))], [cell({CAMERA: 3}, revision=(2, 1))]], [("R/0", 3)], id="a recount"
        ),
        pytest.param(
            [[cell({CAMERA: 2})], [cell({CAMERA: 2}, revision=3)], [cell({CAMERA: 9}, revision=2)]],
            [("R/0", 2)],
            id="a revision that changes nothing is newer all the same",
        ),
        pytest.param(
            [[cell({CAMERA: 2}), cell({CAMERA: 3}, part=1)], [cell({CAMERA: 4}, part=1, revision=2)]],
            [("R/0", 6)],
            id="source partitions add up",
        ),
        pytest.param([[cell({CAMERA: 2, CAR: 1})], [cell({}, revision=2)]], [], id="a cell that was emptied"),
        pytest.param(
            [[cell({CAMERA: 1}, "S/0"), cell({CAMERA: 2}, "unlocated"), cell({CAMERA: 3}, "R/10")]],
            [("R/10", 3), ("S/0", 1), ("unlocated", 2)],
            id="in the order of the network, the others last",
        ),
        pytest.param(
            [[Arrival(SEGMENT_COUNTS, 0, 1, b"{"), Arrival(SEGMENT_COUNTS, 0, 1, b"null"), cell({CAMERA: 2})]],
            [("R/0", 2)],
            id="what is no record is passed over",
        ),
        pytest.param([[]], [], id="nothing"),
    ],
)
def test_figures_of_a_day(store, batches, expected):
    take(store, *batches)
    assert violations(store) == expected


@pytest.mark.parametrize("step", ["window", "hour", "day"])
def test_a_cell_that_was_emptied_is_not_there_at_any_step(store, step):
    take(store, [cell({CAMERA: 2, CAR: 1}), cell({CAMERA: 1}, "R/10")], [cell({}, revision=2)])
    assert violations(store, step=step) == [("R/10", 1)]


EVERYTHING = [
    cell({CAMERA: 2, CRASH: 1}),
    cell({CAR: 1, DRONE: 4}, at=NOON_S + 300),
    cell({CAMEL: 1, DEAD: 2}, "R/10", at=NOON_S + 2 * HOUR_S),
    cell({REPORT: 3}, "unlocated:Aktau", at=NOON_S + DAY_S),
    cell({CAMERA: 7}, "S/0", at=NOON_S + 30 * DAY_S),
    watch({"fixed_camera": 3_600, "oracle_car": 60}, passages=500),
    watch({"fixed_camera": 1_800}, at=NOON_S + HOUR_S, passages=10),
    watch({"fixed_camera": 3_600}, "S/0", at=NOON_S - HOUR_S),
]
SHOWN = ("violations", "violations_fixed_camera", "accidents", "dead", "reports", "watched_s", "passages")
YEAR = {"from_": "2026-01-01", "to": "2027-01-01"}


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (
            {**YEAR, "by": "segment"},
            [
                ("R/0", 7, 2, 1, 0, 0, 5_460, 510),
                ("R/10", None, None, 1, 2, 0, 0, 0),
                ("S/0", 7, 7, 0, 0, 0, 3_600, 0),
                ("unlocated:Aktau", None, None, 0, 0, 3, 0, 0),
            ],
        ),
        (
            {**YEAR, "by": "route"},
            [(None, None, None, 0, 0, 3, 0, 0), ("R", 7, 2, 2, 2, 0, 5_460, 510), ("S", 7, 7, 0, 0, 0, 3_600, 0)],
        ),
        ({**YEAR, "by": "all"}, [(14, 9, 2, 2, 3, 9_060, 510)]),
        ({"by": "all", "from_": "2026-11-22T07:00:00Z", "to": "2026-11-22T07:05:00Z"}, [(2, 2, 1, 0, 0, 3_660, 500)]),
        ({"by": "all", "from_": "2026-11-22T07:05:00Z", "to": "2026-11-22T08:00:00Z"}, [(5, None, 0, 0, 0, 0, 0)]),
        ({"by": "all", "from_": "2026-11-22T12:05:00+05:00", "to": "2026-12-22"}, [(5, 0, 1, 2, 3, 1_800, 10)]),
        ({**YEAR, "by": "all", "route": ["S"]}, [(7, 7, 0, 0, 0, 3_600, 0)]),
        ({**YEAR, "by": "all", "route": ["R"], "from_km": 10, "to_km": 11}, [(None, None, 1, 2, 0, 0, 0)]),
        ({**YEAR, "by": "all", "segment": ["unlocated:Aktau"]}, [(None, None, 0, 0, 3, 0, 0)]),
        ({**YEAR, "by": "all", "segment": ["unlocated:Nowhere"]}, []),
    ],
)
def test_sums_by_place_and_span(store, asked, expected):
    take(store, EVERYTHING)
    names = {"segment": ("segment_id", *SHOWN), "route": ("route", *SHOWN), "all": SHOWN}[asked["by"]]
    assert only(counted(store, **asked), *names) == expected


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("all", [("2025-12-31T19:00:00Z", "2026-12-31T19:00:00Z", 14, 9_060)]),
        ("year", [("2025-12-31T19:00:00Z", "2026-12-31T19:00:00Z", 14, 9_060)]),
        (
            "month",
            [
                ("2026-10-31T19:00:00Z", "2026-11-30T19:00:00Z", 7, 9_060),
                ("2026-11-30T19:00:00Z", "2026-12-31T19:00:00Z", 7, 0),
            ],
        ),
        (
            "day",
            [
                ("2026-11-21T19:00:00Z", "2026-11-22T19:00:00Z", 7, 9_060),
                ("2026-11-22T19:00:00Z", "2026-11-23T19:00:00Z", None, 0),
                ("2026-12-21T19:00:00Z", "2026-12-22T19:00:00Z", 7, 0),
            ],
        ),
    ],
)
def test_steps(store, step, expected):
    take(store, EVERYTHING)
    assert only(counted(store, **YEAR, by="all", step=step), "start", "end", "violations", "watched_s") == expected


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (
            {"step": "hour"},
            [("06:00", "07:00", 0), ("07:00", "08:00", 7), ("08:00", "09:00", 0), ("09:00", "10:00", None)],
        ),
        ({"step": "window"}, [("07:00", "07:05", 2), ("07:05", "07:10", 5), ("09:00", "09:05", None)]),
        # The span begins and ends within a day, so do its first and last rows.
        (
            {"step": "day", "from_": "2026-11-22T12:05:00+05:00", "to": "2026-12-22T12:00:00+05:00"},
            [("07:05", "19:00", 5), ("19:00", "19:00", None)],
        ),
    ],
)
def test_steps_within_a_day(store, asked, expected):
    take(store, EVERYTHING)
    rows = only(counted(store, by="all", **asked), "start", "end", "violations")
    assert [(start[11:16], end[11:16], n) for start, end, n in rows] == expected


FIGURES = ("violations", "violations_fixed_camera", "violations_oracle_car")


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ([watch({"fixed_camera": 60})], [(True, 0, 0, None)]),
        ([watch({"oracle_car": 60})], [(True, 0, None, 0)]),
        ([cell({CRASH: 1})], [(False, None, None, None)]),
        ([cell({CAMERA: 1})], [(False, 1, 1, None)]),
        ([watch({}, passages=3)], [(False, None, None, None)]),
    ],
)
def test_nobody_looked_is_not_zero(store, records, expected):
    take(store, records)
    assert only(counted(store, by="all"), "observed", *FIGURES) == expected


@pytest.mark.parametrize(
    ("filters", "columns"),
    [
        ({"fleet": ["oracle_car", "drone"]}, {"violations": 5, "violations_fixed_camera": None, "watched_s": 60}),
        ({"offence": ["592.3"]}, {"violations": 4, "violations_drone": 4}),
        ({"offence": ["592.3", "592.2"], "fleet": ["drone"]}, {"violations": 4}),
        ({"kind": ["animal"]}, {"accidents": 1, "dead": 2, "animal_accidents": 1}),
        ({"severity": ["injury"]}, {"accidents": 1, "accidents_injury": 1, "accidents_fatal": 0}),
        ({"severity": ["injury", "fatal"], "kind": ["collision"]}, {"accidents": 1}),
        ({"channel": ["egov"]}, {"reports": 3}),
        ({"channel": ["kaspi"]}, {"reports": 0}),
        ({"direction": ["forward"]}, {"violations": 4, "accidents": 0}),
    ],
)
def test_filters_leave_out_the_figures_that_do_not_know_them(store, filters, columns):
    take(store, EVERYTHING)
    (row,) = counted(store, **YEAR, by="all", **filters)
    assert {name: row[name] for name in columns} == columns
    unknowing = {"fleet": "accidents", "kind": "violations", "severity": "dead", "channel": "violations"}
    assert not {unknowing.get(name, "reports" if name != "channel" else "dead") for name in filters} & row.keys()


def test_what_was_known_then(store):
    monday = NOON_S + DAY_S
    take(store, [cell({CAMEL: 1}, known=monday)])
    take(store, [cell({CAMEL: 1, DEAD: 1}, revision=2, known=monday + 7 * DAY_S)])
    take(store, [cell({CAMEL: 1, DEAD: 3}, revision=3, known=monday + 7 * DAY_S + HOUR_S)])
    shown = [
        only(counted(store, by="all", as_of=as_of), "accidents", "dead")
        for as_of in ("2026-11-22", "2026-11-23T13:00:00+05:00", "2026-11-30T13:59:59+05:00", "2026-12-01")
    ]
    assert shown == [[], [(1, 0)], [(1, 1)], [(1, 3)]]
    assert only(counted(store, by="all"), "accidents", "dead") == [(1, 3)]


def tables(store):
    """Sums by every key of every table that holds figures."""
    found = {}
    with store._engine.reading() as reading:
        for name in ("changes", "hours", "days", "months", "revisions"):
            key = [column for column in TABLES[name].columns if column not in ("value", "revision")]
            rows = reading.table(
                f"SELECT {', '.join(key)}, CAST(sum(value) AS BIGINT) AS value FROM {name} "
                f"GROUP BY {', '.join(key)} HAVING sum(value) <> 0"
            )
            found[name] = sorted(map(tuple, (row.values() for row in rows.to_pylist())))
    return found


def test_adding_rows_up_changes_nothing(store):
    take(store, EVERYTHING, [cell({CAMERA: 5}, revision=2)], [cell({}, revision=3)], [cell({CAMERA: 4}, revision=4)])
    before = tables(store)
    with store._engine.writing() as writing:
        for name in before:
            merge(writing, name, NOON_S - 40 * DAY_S)
    assert tables(store) == before
    take(store, [cell({CAMERA: 9}, revision=3)])  # it still knows that it had the fourth
    assert tables(store) == before


def test_thinned_days_keep_their_sums(store):
    take(store, EVERYTHING)
    days = {"from_": "2026-11-01", "to": "2027-02-01", "by": "segment", "step": "day"}
    before = counted(store, **days)
    store.thin(NOON_S + DAY_S)
    assert counted(store, **days) == before
    assert counted(store, **(days | {"step": "month"})) != []
    with pytest.raises(ThinnedError, match="2026-11-23"):
        counted(store, step="hour")
    with pytest.raises(ThinnedError):
        counted(store, by="all", from_="2026-11-22T12:00:00+05:00")
    assert counted(store, **{**days, "from_": "2026-11-23", "to": "2026-11-24", "step": "hour"}) != []


def test_a_correction_of_a_thinned_day_changes_by_its_difference(store):
    take(store, EVERYTHING, [cell({CAMERA: 1}, part=1)])
    store.thin(NOON_S + DAY_S)
    for _ in range(2):
        take(store, [cell({CAMERA: 5, CRASH: 1}, revision=2), cell({CAMEL: 2}, "R/10", at=NOON_S + 300)])
        take(store, [cell({CAMERA: 99}, revision=1)])
        assert only(counted(store, **YEAR, by="route"), "route", "violations", "accidents", "dead")[1:] == [
            ("R", 11, 4, 2),
            ("S", 7, 0, 0),
        ]
        store.thin(NOON_S + 2 * DAY_S)


def test_it_goes_on_where_it_was(address):
    store = open_store(address, NETWORK, CALENDAR, SOURCE)
    books = {0: Books(received=3, counted=3), 1: Books(received=1, quarantined=1)}
    store.take(EVERYTHING, {(SEGMENT_COUNTS, 0): 7}, books)
    store.take([], {(SEGMENT_COUNTS, 1): 2, (STATE, 0): 4}, {0: Books(received=4, counted=3, duplicate=1)})
    before = tables(store)
    store.close()
    with closing(open_store(address, NETWORK, CALENDAR, SOURCE)) as again:
        assert again.reached() == {(SEGMENT_COUNTS, 0): 7, (SEGMENT_COUNTS, 1): 2, (STATE, 0): 4}
        with again.snapshot() as snapshot:
            assert snapshot.books() == Books(received=5, counted=3, duplicate=1, quarantined=1)
        take(again, EVERYTHING)
        assert tables(again) == before


@pytest.mark.parametrize("changed", [{"timezone": "UTC"}, {"prefix": "other."}])
def test_a_store_of_something_else_is_begun_anew(address, changed):
    store = open_store(address, NETWORK, CALENDAR, SOURCE)
    store.take(EVERYTHING, {(SEGMENT_COUNTS, 0): 7}, {})
    store.close()
    with closing(open_store(address, NETWORK, CALENDAR, SOURCE | changed)) as again:
        assert again.reached() == {}
        assert counted(again, **YEAR, by="all") == []


def test_topics_that_were_made_anew_are_read_from_their_beginning(store):
    store.follow("first ids")
    store.take(EVERYTHING, {(SEGMENT_COUNTS, 0): 7}, {0: Books(received=1, counted=1)})
    store.thin(NOON_S + DAY_S)
    store.follow("first ids")
    assert store.reached() == {(SEGMENT_COUNTS, 0): 7}
    store.follow("other ids")
    assert store.reached() == {}
    assert counted(store, **YEAR, by="all") == []
    take(store, EVERYTHING)
    assert only(counted(store, **YEAR, by="all"), "violations") == [(14,)]


def test_a_batch_that_fails_leaves_nothing_behind(store, monkeypatch):
    take(store, [cell({CAMERA: 1})])
    before = tables(store)

    def fail(*_):
        raise StoreError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("api.store.store._store_reached", fail)
        with pytest.raises(StoreError):
            take(store, [cell({CAMERA: 2, DRONE: 1}, revision=2), cell({CAMERA: 1}, "section:new")])
    assert tables(store) == before
    take(store, [cell({REPORT: 1}, "unlocated:first")])  # numbers that were given in vain are given again
    assert only(counted(store), "segment_id", "violations", "reports") == [("R/0", 1, 0), ("unlocated:first", None, 1)]


def test_an_answer_is_of_one_moment(store):
    take(store, [cell({CAMERA: 1})])
    with store.snapshot() as snapshot:
        before = snapshot.version
        take(store, [cell({CAMERA: 2}, "unlocated:new")])
        assert snapshot.version == before
        assert "unlocated:new" not in snapshot.words.segments.since(0)
    with store.snapshot() as snapshot:
        assert snapshot.version.number == before.number + 1
        assert "unlocated:new" in snapshot.words.segments.since(0)


@pytest.mark.parametrize("content", [b"no database", None])
def test_a_file_that_is_no_store_is_said(tmp_path, content):
    path = tmp_path / "store.duckdb"
    path.mkdir() if content is None else path.write_bytes(content)
    with pytest.raises(StoreError, match=r"store\.duckdb"):
        open_store(str(path), NETWORK, CALENDAR, SOURCE)


def test_a_server_that_is_not_there_is_said_without_its_password():
    with pytest.raises(StoreError, match=r"127\.0\.0\.1") as raised:
        open_store("postgresql://me:secret@127.0.0.1:1/none", NETWORK, CALENDAR, SOURCE)
    assert "secret" not in str(raised.value)
