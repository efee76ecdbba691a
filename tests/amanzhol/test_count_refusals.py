"""Records that `amanzhol count` refuses, or counts on no segment: each with what becomes of it."""

from __future__ import annotations

import csv
import json
from base64 import b64decode
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from tests.country import REGION, lines
from tests.refused import REFUSED
from tests.rows import OFF_THE_ROAD, ON_R0, accident, after_noon, raw, violation

if TYPE_CHECKING:
    from pathlib import Path

    from tests.amanzhol.conftest import Command

MEBIBYTE = 1024 * 1024
NAIVE = "2026-11-22T12:00:00"
OUTPUTS = ("--out", "o.csv", "--books", "b.json", "--located", "l.csv", "--quarantine", "q.ndjson")


def mobile(**location):
    return violation(source_id="car-1", location=location or ...)


def at_km(route, km, **more):
    return accident(location={"route": route, "km": km, **more})


# A record, what becomes of it, and on which segment it is counted or under which code it is refused.
BECOMES = [
    (b"\x00", "quarantined", "not_json"),
    (b"{", "quarantined", "not_json"),
    (raw(accident())[:-1], "quarantined", "not_json"),
    (raw(accident()) + raw(accident()), "quarantined", "not_json"),
    ("Бейнеу".encode("cp1251"), "quarantined", "not_utf8"),
    (raw(accident(kind="Бейнеу")).decode().encode("utf-16"), "quarantined", "not_utf8"),
    (b"null", "quarantined", "null_record"),
    (b"[]", "quarantined", "not_an_object"),
    (b'"accident"', "quarantined", "not_an_object"),
    (accident(note="x" * 10 * MEBIBYTE), "quarantined", "too_large"),
    (accident(type="crash"), "quarantined", "unknown_type"),
    (accident(type=...), "quarantined", "missing_field"),
    (accident(kind=...), "quarantined", "missing_field"),
    (accident(source_id=...), "quarantined", "missing_field"),
    (accident(event_id=7), "quarantined", "wrong_type"),
    (accident(dead="1"), "quarantined", "wrong_type"),
    (accident(dead=1.5), "quarantined", "wrong_type"),
    (accident(dead=True), "quarantined", "wrong_type"),
    (accident(dead=-1), "quarantined", "bad_value"),
    (accident(dead=10**30), "quarantined", "bad_value"),
    (accident(occurred_at=NAIVE), "quarantined", "naive_time"),
    (accident(occurred_at="22.11.2026 12:00"), "quarantined", "bad_time"),
    (accident(location={"lon": 51.05}), "quarantined", "missing_field"),
    (accident(location={"lon": 777.7777, "lat": 77.7777}), "quarantined", "sentinel_position"),
    (accident(location={"lon": 44.0, "lat": 91.0}), "quarantined", "bad_value"),
    (accident(location={"lon": "51,05", "lat": "44,0"}), "quarantined", "decimal_comma"),
    (accident(location={"lon": 44.0, "lat": 51.05}), "quarantined", "swapped_coordinates"),
    (accident(location={"lon": 0.0, "lat": 0.0}), "quarantined", "zero_position"),
    (mobile(lon=0, lat=0), "quarantined", "zero_position"),
    (accident(location={"km": 5}), "quarantined", "missing_field"),
    (mobile(**ON_R0, heading=360), "quarantined", "bad_value"),
    (mobile(), "quarantined", "missing_location"),
    (violation(source_id="nobody", location=ON_R0), "quarantined", "unknown_device"),
    (violation(source_id="cam-moved", occurred_at=after_noon(86_400)), "quarantined", "device_not_valid"),
    (violation(source_id="cam-lost"), "unlocated", "unlocated"),
    (mobile(**OFF_THE_ROAD), "unlocated", "unlocated"),
    (mobile(**OFF_THE_ROAD, area="Beyneu"), "unlocated", "unlocated:Beyneu"),
    (at_km("R", 30.001), "unlocated", "unlocated"),
    (at_km("R", 99_999), "unlocated", "unlocated"),
    (at_km("KAZ99", 5), "unlocated", "unlocated"),
    (at_km("r", 5), "unlocated", "unlocated"),
    (at_km("KAZ99", 5, area="Beyneu"), "unlocated", "unlocated:Beyneu"),
    (accident(location={}), "unlocated", "unlocated"),
    (accident(), "unlocated", "unlocated"),
    (at_km("KAZ99", 5, **ON_R0), "counted", "R/0"),
    (violation(source_id="cam-bad-km"), "counted", "R/0"),
    (mobile(**ON_R0, heading=0), "counted", "R/0"),
    (mobile(**ON_R0, heading=359.9), "counted", "R/0"),
    (accident(dead=100_000, location=ON_R0), "counted", "R/0"),
    (accident(occurred_at="1900-01-01T00:00:00Z", location=ON_R0), "counted", "R/0"),
    (accident(occurred_at="2199-12-31T23:59:59Z", location=ON_R0), "counted", "R/0"),
    (accident(kind="meteorite", location=ON_R0), "counted", "R/0"),
    (accident(**{"unknown field": 1}, location=ON_R0), "counted", "R/0"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("record", "outcome", "where"), BECOMES, ids=[f"{at}-{row[2]}" for at, row in enumerate(BECOMES)]
)
def test_what_becomes_of_a_record_between_two_good_ones(
    command: Command, folder: Path, record: object, outcome: str, where: str
) -> None:
    good = [accident(event_id=name, source_id="erap-2", location=ON_R0) for name in ("before", "after")]
    events = lines([good[0], record, good[1]])
    assert command("count", "-", *REGION, *OUTPUTS, stdin=events).code == 0

    with (folder / "l.csv").open(encoding="utf-8", newline="") as file:
        before, row, after = csv.DictReader(file)
    assert (before["outcome"], row["outcome"], after["outcome"]) == ("counted", outcome, "counted")
    books = json.loads((folder / "b.json").read_bytes())
    expected = {"received": 3, "counted": 2}
    expected[outcome] = expected.get(outcome, 0) + 1
    assert {name: n for name, n in books.items() if n} == expected
    refused = [json.loads(line) for line in (folder / "q.ndjson").read_bytes().splitlines()]
    if outcome == "quarantined":
        assert [(line["code"], line["file"], line["line"]) for line in refused] == [(where, "-", 2)]
    else:
        assert (row["segment_id"], refused) == (where, [])


def test_every_row_of_the_decoder_s_table_is_quarantined_alike(command: Command, folder: Path) -> None:
    """What cannot stand on a line of its own is left out; a first line may begin with a byte order mark."""
    rows = [(raw(record), code, path) for record, code, path in REFUSED if record is not None]
    rows = [(record, code, path) for record, code, path in rows if record.strip() and b"\n" not in record.rstrip()]
    content = b"\n" + b"\n".join(record.rstrip(b"\n") for record, _, _ in rows)
    assert command("count", "-", *REGION, *OUTPUTS, stdin=content).code == 0
    refused = [json.loads(line) for line in (folder / "q.ndjson").read_bytes().splitlines()]
    found = [(line["line"], line["code"], line["path"]) for line in refused]
    assert found == [(number, code, path) for number, (_, code, path) in enumerate(rows, start=2)]
    assert json.loads((folder / "b.json").read_bytes())["quarantined"] == len(rows)


def test_a_quarantined_record_says_what_is_wrong_and_keeps_its_bytes(command: Command, folder: Path) -> None:
    bad = raw(accident(occurred_at=NAIVE)) + b"\r"
    (folder / "events.ndjson").write_bytes(b"\n\n" + bad + b"\n")
    command("count", "events.ndjson", *REGION, *OUTPUTS)
    (line,) = (folder / "q.ndjson").read_bytes().splitlines()
    record = json.loads(line)
    assert b64decode(record.pop("raw")) == bad
    assert record == {
        "code": "naive_time",
        "message": "occurred_at: the time has no offset; end it with Z or with +05:00",
        "path": "$.occurred_at",
        "topic": None,
        "partition": None,
        "offset": None,
        "file": "events.ndjson",
        "line": 3,
        "length": None,
        "sha256": None,
        "last_offset": None,
        "replayed_at": None,
        "repaired": None,
    }


def test_of_a_large_record_the_beginning_is_kept_and_what_names_the_whole(command: Command, folder: Path) -> None:
    large = raw(accident(note="x" * 10 * MEBIBYTE))
    command("count", "-", *REGION, *OUTPUTS, stdin=large)
    record = json.loads((folder / "q.ndjson").read_bytes())
    assert b64decode(record["raw"]) == large[: 64 * 1024]
    assert (record["length"], record["sha256"]) == (len(large), sha256(large).hexdigest())


@pytest.mark.parametrize(
    ("record", "ids"),
    [
        (b"{", ","),
        (b'{"source_id": "erap", "event_id": "e1"', ","),
        (b'["erap", "e1"]', ","),
        (accident(event_id="x" * 65), ","),
        (accident(event_id="a\nb"), ","),
        (accident(source_id=7), ","),
        (accident(note="x" * MEBIBYTE), ","),
        (accident(occurred_at=NAIVE), "erap,e1"),
        (accident(location={"lon": 777.7777, "lat": 77.7777}), "erap,e1"),
        (violation(source_id="nobody"), "nobody,e1"),
        (accident(event_id='a,"b"', dead=-1), 'erap,"a,""b"""'),
    ],
)
def test_a_refused_record_has_its_ids_where_it_parses(command: Command, folder: Path, record: object, ids: str) -> None:
    command("count", "-", *REGION, *OUTPUTS, stdin=lines([record]))
    assert (folder / "l.csv").read_text(encoding="utf-8").splitlines()[1:] == [f"{ids},,,,quarantined,"]


def test_a_refused_record_leaves_no_trace_and_its_mended_self_is_counted(command: Command, folder: Path) -> None:
    events = lines([accident(occurred_at=NAIVE, location=ON_R0), accident(location=ON_R0)])
    command("count", "-", *REGION, *OUTPUTS, stdin=events)
    books = json.loads((folder / "b.json").read_bytes())
    assert {name: n for name, n in books.items() if n} == {"received": 2, "quarantined": 1, "counted": 1}
