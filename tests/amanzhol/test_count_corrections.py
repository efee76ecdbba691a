"""`amanzhol count` where corrections come: every file tells what holds in the end, whatever came first."""

from __future__ import annotations

import csv
import gzip
import json
import os
import random
import threading
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.country import REGION, lines
from tests.rows import OFF_THE_ROAD, ON_R10, accident, after_noon, correction, report, status, violation

if TYPE_CHECKING:
    from pathlib import Path

    from tests.amanzhol.conftest import Command

AT_R5 = {"route": "R", "km": 5}
AT_R7 = {"route": "R", "km": 7}
AT_S1 = {"route": "S", "km": 1}
OUTPUTS = ["--out", "o.csv", "--located", "l.csv", "--books", "b.json", "--detail", "d.csv", "--coverage", "c.csv"]


def about(event: dict) -> dict:
    return {"source_id": event["source_id"], "event_id": event["event_id"]}


def amend(name: str, event: dict, /, **fields) -> dict:
    return correction(event_id=name, action="amend", target=about(event), fields=fields)


A = accident(event_id="a", location=AT_R5, injured=1)
V = violation(event_id="v", source_id="car-1", location=ON_R10)
T = violation(event_id="t", source_id="cam-test")
RETRACT_A = correction(event_id="x", target=about(A))
RESTORE_A = correction(event_id="y", target=about(A), action="restore", occurred_at=after_noon(1))
TO_R7 = amend("m", A, location=AT_R7)

CASES = {
    "retracted": ([A, RETRACT_A], {"a": ("R/0", "5", "0", "retracted")}),
    "restored": ([A, RETRACT_A, RESTORE_A], {"a": ("R/0", "5", "0", "counted")}),
    "a test is retracted": ([T, correction(event_id="x", target=about(T))], {"t": ("R/0", "5", "0", "retracted")}),
    "on the same segment": ([A, TO_R7], {"a": ("R/0", "7", "0", "counted")}),
    "moved, then retracted": ([A, TO_R7, RETRACT_A], {"a": ("R/0", "7", "0", "retracted")}),
    "on another segment": ([A, amend("m", A, location=AT_S1)], {"a": ("S/0", "1", "0", "counted")}),
    "to nowhere known": ([A, amend("m", A, location=OFF_THE_ROAD)], {"a": ("unlocated", "", "", "unlocated")}),
    "what changes no place": ([A, amend("m", A, dead=1)], {"a": ("R/0", "5", "0", "counted")}),
    "a violation, by its car's position": (
        [V, amend("m", V, location={"lon": 51.05, "lat": 44.0001})],
        {"v": ("R/0", "5", "11", "counted")},
    ),
}  # fmt: skip


def located(folder: Path) -> list[list[str]]:
    with (folder / "l.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]


def shortened(row: list[str]) -> tuple[str, ...]:
    """A row without its ids, kilometre and distance to whole numbers."""
    segment_id, km, distance_m, outcome = row[2:6]
    return segment_id, km and f"{float(km):.0f}", distance_m and f"{float(distance_m):.0f}", outcome


@pytest.mark.parametrize("order", [1, -1], ids=["after", "before"])
@pytest.mark.parametrize(("events", "expected"), CASES.values(), ids=CASES)
def test_located_tells_what_holds_in_the_end(command: Command, folder: Path, events, expected, order):
    (folder / "e.ndjson").write_bytes(lines(events[::order]))
    assert command("count", "e.ndjson", *REGION, *OUTPUTS).code == 0
    assert {row[1]: shortened(row) for row in located(folder) if row[5] != "corrections"} == expected


def test_a_second_copy_stays_a_duplicate_where_the_first_was(command: Command, folder: Path):
    (folder / "e.ndjson").write_bytes(lines([A, A, TO_R7, RETRACT_A]))
    assert command("count", "e.ndjson", *REGION, *OUTPUTS).code == 0
    assert [(km, outcome) for _, _, _, km, _, outcome, _ in located(folder)] == [
        ("7.0", "retracted"),
        ("5.0", "duplicate"),
        ("", "corrections"),
        ("", "corrections"),
    ]


def test_rows_for_a_pipe_wait_for_the_corrections(command: Command, folder: Path):
    (folder / "e.ndjson").write_bytes(lines([A, RETRACT_A]))
    pipe = folder / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text(encoding="utf-8")), daemon=True)
    reader.start()
    done = command("count", "e.ndjson", *REGION, "--out", "o.csv", "--located", pipe)
    reader.join(20)
    assert done.code == 0
    assert [row.split(",")[5] for row in read[0].splitlines()] == ["outcome", "retracted", "corrections"]


def _anything(chance: random.Random) -> list[object]:
    """Events, twice at times, and corrections of them or of nothing, one identity saying one thing only."""
    names = [f"n{number}" for number in range(12)]
    events = []
    for number, name in enumerate(names):
        km = chance.choice([2, 9, 15, 25, 300])
        make = (violation, accident, report, status)[number % 4]
        place = {} if make is status else {"location": {"route": "R", "km": km}}
        source = {violation: chance.choice(["car-1", "cam-1", "cam-test"]), status: "cam-1"}.get(make, "register")
        events.append(make(event_id=name, source_id=source, occurred_at=after_noon(60 * number), **place))
    said: list[object] = []
    for number in range(20):
        who = chance.choice(events)
        action = chance.choice(["retract", "restore", "amend", "span"])
        when = after_noon(1_000 + chance.randrange(5))
        if action == "span":
            target = {
                "source_id": who["source_id"],
                "from": after_noon(0),
                "to": after_noon(60 * chance.randrange(1, 9)),
            }
            said.append(correction(event_id=f"c{number}", target=target, occurred_at=when))
        elif action == "amend":
            fields = {"location": {"route": chance.choice("RS"), "km": chance.randrange(30)}}
            said.append(
                correction(event_id=f"c{number}", target=about(who), action="amend", fields=fields, occurred_at=when)
            )
        else:
            said.append(correction(event_id=f"c{number}", target=about(who), action=action, occurred_at=when))
    everything = [*events, *chance.choices(events, k=5), *said, *chance.choices(said, k=3), b"not json", b'{"type": 1}']
    chance.shuffle(everything)
    return everything


@pytest.mark.parametrize("seed", range(25))
def test_books_are_the_outcomes_and_the_order_is_nothing(command: Command, folder: Path, seed: int):
    everything = _anything(random.Random(seed))
    told = []
    for files in (1, 3):
        paths = []
        for number in range(files):
            path = folder / f"{files}-{number}.ndjson{'.gz' if number else ''}"
            raw = lines(everything[number::files])
            path.write_bytes(gzip.compress(raw) if number else raw)
            paths.append(path)
        # The files in either order: three files hold the records in quite another order than one.
        assert command("count", *reversed(paths), *REGION, *OUTPUTS).code == 0
        rows = located(folder)
        books = json.loads((folder / "b.json").read_bytes())
        assert books.pop("received") == len(rows) == len(everything)
        assert {name: n for name, n in books.items() if n} == Counter(row[5] for row in rows)
        held = sorted(row for row in rows if row[5] in {"counted", "retracted", "unlocated", "test"})
        tables = [(folder / name).read_bytes() for name in ("o.csv", "d.csv", "c.csv")]
        told.append((books, held, tables))
    assert told[0] == told[1]
