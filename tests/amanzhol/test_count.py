"""`amanzhol count` on good input: the tables, the books and the other files that it writes."""

from __future__ import annotations

import csv
import gzip
import json
from typing import TYPE_CHECKING

import duckdb
import pytest

from tests.country import REGION, lines
from tests.rows import NOON, OFF_THE_ROAD, ON_R0, ON_R10, accident, after_noon, correction, report, status, violation

if TYPE_CHECKING:
    from pathlib import Path

    from tests.amanzhol.conftest import Command

NOON_Z, FIVE_PAST_Z = "2026-11-22T07:00:00Z", "2026-11-22T07:05:00Z"
COLUMNS = (
    "segment_id,window_start,window_end,accidents,accidents_fatal,accidents_injury,dead,injured,animal_accidents,"
    "violations,violations_fixed_camera,violations_ekin_patrol,violations_oracle_car,violations_drone,"
    "violations_section,reports,accidents_unofficial,test_events"
)
SECTION = {"section_id": "R-1", "length_m": 5_000, "entered_at": after_noon(-180)}

EVENTS = [
    violation(),
    violation(event_id="e2", source_id="cam-back"),
    violation(event_id="e3", source_id="car-1", location=ON_R10, offence="592.3-1"),
    violation(event_id="e4", source_id="cam-km", occurred_at=after_noon(299.999)),
    violation(event_id="e5", source_id="cam-km", occurred_at=after_noon(300)),
    violation(event_id="e6", source_id="cam-test"),
    violation(event_id="e7", source_id="cam-1", section=SECTION, average_speed_kmh=112),
    accident(event_id="a1", dead=2, injured=3, location={"route": "R", "km": 9.9}, kind="animal", animal="camel"),
    accident(event_id="a2", injured=1, location={"route": "R", "km": 10}),
    accident(event_id="a3", location={"route": "R", "km": 30}),
    accident(event_id="a4", official=False, location={"route": "S", "km": 0}),
    accident(event_id="a5", dead=1, location={**OFF_THE_ROAD, "area": "Бейнеу"}),
    accident(event_id="a6", dead=1, kind="animal", mode="test", location=ON_R0),
    report(event_id="r1", location=ON_R0, handled_at=after_noon(3_600)),
    report(event_id="r2", channel="telegram"),
    status(event_id="s1", passages=7),
    correction(target={"source_id": "nobody", "event_id": "nothing"}),
]  # fmt: skip

#   segment, window, end, accidents, fatal, injury, dead, injured, animal, violations, fixed, ekin, oracle, drone,
#   section, reports, unofficial, test
COUNTS = [
    ("R/0", NOON_Z, FIVE_PAST_Z, 1, 1, 0, 2, 3, 1, 2, 2, 0, 0, 0, 0, 1, 0, 2),
    ("R/10", NOON_Z, FIVE_PAST_Z, 1, 0, 1, 0, 1, 0, 2, 1, 0, 1, 0, 0, 0, 0, 0),
    ("R/10", FIVE_PAST_Z, "2026-11-22T07:10:00Z", 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0),
    ("R/20", NOON_Z, FIVE_PAST_Z, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("S/0", NOON_Z, FIVE_PAST_Z, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0),
    ("section:R-1", NOON_Z, FIVE_PAST_Z, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0),
    ("unlocated", NOON_Z, FIVE_PAST_Z, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0),
    ("unlocated:Бейнеу", NOON_Z, FIVE_PAST_Z, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
]
BOOKS = {
    "received": 17,
    "quarantined": 0,
    "duplicate": 0,
    "corrections": 1,
    "statuses": 1,
    "test": 2,
    "retracted": 0,
    "unlocated": 2,
    "counted": 11,
}


@pytest.fixture
def events(folder: Path) -> Path:
    path = folder / "events.ndjson"
    path.write_bytes(lines(EVENTS))
    return path


def rows_of(path: str) -> list[tuple]:
    """Rows of a table of any format, with times as they stand in CSV."""
    time = "strftime(CAST({0} AS TIMESTAMPTZ) AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%SZ') AS {0}"
    start, end = time.format("window_start"), time.format("window_end")
    with duckdb.connect() as connection:
        found = connection.execute(f"SELECT * REPLACE ({start}, {end}) FROM '{path}'")
        assert ",".join(column[0] for column in found.description) == COLUMNS
        return found.fetchall()


@pytest.mark.parametrize("out", ["counts.csv", "counts.ndjson", "counts.parquet", "COUNTS.CSV"])
def test_each_format_carries_the_same_rows_in_order(command: Command, events: Path, out: str) -> None:
    assert command("count", events, *REGION, "--out", out).code == 0
    assert rows_of(out) == COUNTS


def test_the_csv_is_as_the_contract_says(command: Command, folder: Path, events: Path) -> None:
    command("count", events, *REGION, "--out", "counts.csv")
    text = (folder / "counts.csv").read_bytes().decode()
    assert text == "\n".join([COLUMNS, *(",".join(map(str, row)) for row in COUNTS), ""])


def test_parquet_has_times_and_whole_numbers(command: Command, events: Path) -> None:
    command("count", events, *REGION, "--out", "counts.parquet")
    with duckdb.connect() as connection:
        types = [row[1] for row in connection.execute("DESCRIBE SELECT * FROM 'counts.parquet'").fetchall()]
    assert types == ["VARCHAR", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP WITH TIME ZONE", *["BIGINT"] * 15]


def test_the_books_balance_and_are_said(command: Command, folder: Path, events: Path) -> None:
    outcome = command("count", events, *REGION, "--out", "counts.csv", "--books", "books.json")
    books = json.loads((folder / "books.json").read_bytes())
    assert list(books.items()) == list(BOOKS.items())
    assert books.pop("received") == sum(books.values())
    assert outcome.out == ""
    assert outcome.err.splitlines() == [
        "8 rows in counts.csv",
        (
            "books: 17 received = 0 quarantined + 0 duplicate + 1 corrections + 1 statuses + 2 test + 0 retracted"
            " + 2 unlocated + 11 counted (balanced)"
        ),
    ]


LOCATED = [
    "cam-1,e1,R/0,5.0,0.0,counted,",
    "cam-back,e2,R/0,5.0,0.0,counted,",
    "car-1,e3,R/10,15.0,0.0,counted,",
    "cam-km,e4,R/10,15.0,0.0,counted,",
    "cam-km,e5,R/10,15.0,0.0,counted,",
    "cam-test,e6,R/0,5.0,0.0,test,",
    "cam-1,e7,section:R-1,,,counted,",
    "erap,a1,R/0,9.9,0.0,counted,",
    "erap,a2,R/10,10.0,0.0,counted,",
    "erap,a3,R/20,30.0,0.0,counted,",
    "erap,a4,S/0,0.0,0.0,counted,",
    "erap,a5,unlocated:Бейнеу,,,unlocated,",
    "erap,a6,R/0,5.0,0.0,test,",
    "line-102,r1,R/0,5.0,0.0,counted,",
    "line-102,r2,unlocated,,,unlocated,",
    "cam-1,s1,,,,statuses,",
    "office,c1,,,,corrections,",
]


def test_located_has_a_row_for_every_record(command: Command, folder: Path, events: Path) -> None:
    command("count", events, *REGION, "--out", "counts.csv", "--located", "located.csv")
    header, *rows = (folder / "located.csv").read_text(encoding="utf-8").splitlines()
    assert header == "source_id,event_id,segment_id,km,distance_m,outcome,marks"
    assert rows == LOCATED


def test_distance_is_in_metres_on_the_ground(command: Command, folder: Path) -> None:
    # A thousandth of a degree of latitude at 44 degrees north is 111.1 m; the road lies along the parallel.
    for tolerance, row in (("112", "e,a,R/0,5.0,111.11,counted,"), ("111", "e,a,unlocated,,,unlocated,")):
        event = accident(event_id="a", source_id="e", location={"lon": 51.05, "lat": 44.001})
        rules = ("--network", "network.geojson", "--tolerance-m", tolerance)
        command("count", "-", *rules, "--out", "o.csv", "--located", "l.csv", stdin=lines([event]))
        assert (folder / "l.csv").read_text().splitlines()[1:] == [row]


def test_detail_is_the_long_form(command: Command, folder: Path) -> None:
    event = accident(event_id="a1", dead=1, injured=2, serious=1, location={"route": "R", "km": 1})
    seen = violation(source_id="cam-back")
    command("count", "-", *REGION, "--out", "o.csv", "--detail", "detail.csv", stdin=lines([event, seen]))
    assert (folder / "detail.csv").read_text().splitlines() == [
        "segment_id,window_start,measure,fleet,offence,kind,severity,direction,channel,value",
        f"R/0,{NOON_Z},accidents,,,collision,fatal,,,1",
        f"R/0,{NOON_Z},dead,,,collision,,,,1",
        f"R/0,{NOON_Z},dead_squared,,,collision,,,,1",
        f"R/0,{NOON_Z},injured,,,collision,,,,2",
        f"R/0,{NOON_Z},injured_seriously,,,collision,,,,1",
        f"R/0,{NOON_Z},injured_squared,,,collision,,,,4",
        f"R/0,{NOON_Z},violations,fixed_camera,592.2,,,backward,,1",
    ]


def test_coverage_is_hourly_and_the_same_seconds_are_watched_once(command: Command, folder: Path) -> None:
    watching = [
        status(event_id="s1", occurred_at=after_noon(1_800), period_start=after_noon(-600), passages=5),
        status(event_id="s2", occurred_at=after_noon(1_830), period_start=after_noon(1_770), passages=6),
        status(event_id="s3", source_id="cam-km", period_start=after_noon(-60), passages=0),
        status(event_id="s4", source_id="cam-km", occurred_at=after_noon(60), period_start=NOON, state="off"),
        status(event_id="s5", source_id="cam-lost", occurred_at=after_noon(60), period_start=NOON),
    ]
    options = ("--out", "o.csv", "--coverage", "coverage.csv")
    command("count", "-", *REGION, *options, stdin=lines([*watching, watching[0]]))
    assert (folder / "coverage.csv").read_text().splitlines() == [
        (
            "segment_id,hour_start,"
            "watched_s_fixed_camera,watched_s_ekin_patrol,watched_s_oracle_car,watched_s_drone,passages"
        ),
        "R/0,2026-11-22T06:00:00Z,600,0,0,0,0",
        "R/0,2026-11-22T07:00:00Z,1830,0,0,0,11",
        "R/10,2026-11-22T06:00:00Z,60,0,0,0,0",
    ]


def test_without_a_registry_every_source_is_accepted_and_no_fleet_known(command: Command) -> None:
    events = lines([violation(source_id="anyone", location=ON_R0), violation(source_id="cam-km")])
    assert command("count", "-", "--network", "network.geojson", "--out", "o.csv", stdin=events).code == 0
    assert rows_of("o.csv") == [
        ("R/0", NOON_Z, FIVE_PAST_Z, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0),
        ("unlocated", NOON_Z, FIVE_PAST_Z, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0),
    ]


# What a file may look like: the same events, and the same table.

CRLF = lines(EVENTS).replace(b"\n", b"\r\n")
BLANKS = b"\n \t\r\n" + lines(EVENTS).replace(b"\n", b"\n\n  \n") + b"\n\n"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("plain.ndjson", lines(EVENTS)),
        ("no-final-newline.ndjson", lines(EVENTS)[:-1]),
        ("crlf.ndjson", CRLF),
        ("crlf-no-final-newline.ndjson", CRLF[:-2]),
        ("blank-lines.ndjson", BLANKS),
        ("byte-order-mark.ndjson", b"\xef\xbb\xbf" + lines(EVENTS)),
        ("packed.ndjson.gz", gzip.compress(lines(EVENTS))),
        ("two-members.gz", gzip.compress(lines(EVENTS[:5])) + gzip.compress(lines(EVENTS[5:]))),
        ("no-ending", lines(EVENTS)),
        ("with spaces и по-русски.ndjson", lines(EVENTS)),
        ("reversed.ndjson", lines(reversed(EVENTS))),
    ],
)
def test_however_the_file_is_written_the_table_is_the_same(
    command: Command, folder: Path, name: str, content: bytes
) -> None:
    (folder / name).write_bytes(content)
    assert command("count", name, *REGION, "--out", "o.csv", "--books", "b.json").code == 0
    assert rows_of("o.csv") == COUNTS
    assert json.loads((folder / "b.json").read_bytes()) == BOOKS


def test_standard_input_is_a_file_like_any_other(command: Command) -> None:
    command("count", "-", *REGION, "--out", "o.csv", stdin=lines(EVENTS))
    assert rows_of("o.csv") == COUNTS


def test_a_file_without_records_makes_an_empty_table(command: Command, folder: Path) -> None:
    for name in ("empty.ndjson", "empty.gz"):
        (folder / name).touch()
    assert command("count", "empty.ndjson", "empty.gz", *REGION, "--out", "o.csv", "--located", "l.csv").code == 0
    assert (folder / "o.csv").read_text() == COLUMNS + "\n"
    assert (folder / "l.csv").read_text() == "source_id,event_id,segment_id,km,distance_m,outcome,marks\n"


@pytest.mark.parametrize("order", [("events.ndjson", "again.gz", "-"), ("-", "again.gz", "events.ndjson")])
def test_a_file_read_again_is_all_duplicates(
    command: Command, folder: Path, events: Path, order: tuple[str, ...]
) -> None:
    assert events.name in order
    (folder / "again.gz").write_bytes(gzip.compress(lines(EVENTS)))
    outputs = ("--out", "o.csv", "--books", "b.json", "--located", "l.csv", "--coverage", "c.csv")
    assert command("count", *order, *REGION, *outputs, stdin=lines(reversed(EVENTS))).code == 0
    assert rows_of("o.csv") == COUNTS
    assert json.loads((folder / "b.json").read_bytes()) == {**BOOKS, "received": 51, "duplicate": 34}
    with (folder / "l.csv").open(encoding="utf-8", newline="") as file:
        outcomes = [row["outcome"] for row in csv.DictReader(file)]
    assert outcomes[17:] == ["duplicate"] * 34
    assert (folder / "c.csv").read_text().splitlines()[1:] == ["R/0,2026-11-22T06:00:00Z,60,0,0,0,7"]


def test_outputs_of_an_earlier_run_are_replaced_and_links_stay_links(
    command: Command, folder: Path, events: Path
) -> None:
    (folder / "o.csv").write_text("yesterday")
    (folder / "link.json").symlink_to("real.json")
    command("count", events, *REGION, "--out", "o.csv", "--books", "link.json")
    assert rows_of("o.csv") == COUNTS
    assert (folder / "link.json").is_symlink()
    assert json.loads((folder / "real.json").read_bytes()) == BOOKS


def test_a_device_is_written_to_and_not_replaced(command: Command, folder: Path, events: Path) -> None:
    null = folder / "null"
    null.symlink_to("/dev/null")
    assert command("count", events, *REGION, "--out", "o.csv", "--books", null, "--located", null).code == 0
    assert null.is_char_device()
