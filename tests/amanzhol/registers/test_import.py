"""`amanzhol import`: tables in, events and corrections out, the hostile tables first."""

from __future__ import annotations

import gzip
import json
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.amanzhol.conftest import Command
    from tests.command_line import Outcome

MAP = """
[table]
timezone = "Asia/Aqtau"
[event]
type = "accident"
[fields]
event_id = "card"
occurred_at = { column = "when", format = "%d.%m.%Y %H:%M" }
dead = { column = "dead", empty = 0 }
kind = { column = "type", codes = { 01 = "collision", 08 = "animal" } }
location = { route = "road", km = "km" }
"""
HEADER = "card,when,dead,type,road,km"
A = "a,22.11.2026 12:00,1,01,R,5"
B = "b,22.11.2026 13:30,,08,,"
EVENT_A = {
    "type": "accident", "event_id": "a", "source_id": "reg", "occurred_at": "2026-11-22T12:00:00+05:00",
    "dead": 1, "kind": "collision", "location": {"route": "R", "km": 5.0},
}  # fmt: skip
EVENT_B = {
    "type": "accident", "event_id": "b", "source_id": "reg", "occurred_at": "2026-11-22T13:30:00+05:00",
    "dead": 0, "kind": "animal",
}  # fmt: skip


def table(*rows: str, header: str = HEADER, encoding: str = "utf-8") -> bytes:
    return "\r\n".join([header, *rows, ""]).encode(encoding)


class Imported:
    """What one run of the command said and wrote."""

    def __init__(self, outcome: Outcome) -> None:
        self.code, self.err = outcome.code, outcome.err
        self.records = [json.loads(line) for line in outcome.out.splitlines()]

    @property
    def corrections(self) -> list[tuple]:
        return [
            (record["action"], record["target"]["event_id"], record.get("fields"))
            for record in self.records
            if record["type"] == "correction"
        ]

    @property
    def events(self) -> list[dict]:
        return [record for record in self.records if record["type"] != "correction"]


def run(command: Command, content: bytes, *options: object, mapping: str = MAP, name: str = "t.csv") -> Imported:
    Path("m.toml").write_text(mapping, encoding="utf-8")
    Path(name).write_bytes(content)
    return Imported(command("import", name, "--map", "m.toml", "--source", "reg", "--out", "-", *options))


TABLES = {
    "as it should be": (table(A, B), {}),
    "with a byte order mark": (b"\xef\xbb\xbf" + table(A, B), {}),
    "of a spreadsheet": ("\ufeff".encode("utf-16-le") + table(A, B, encoding="utf-16-le"), {"encoding": "utf-16"}),
    "with semicolons": (table(A, B).replace(b",", b";"), {"delimiter": ";"}),
    "packed": (gzip.compress(table(A, B)), {}),
    "with a title above": (b"Register of the region\n\n" + table(A, B), {"skip_lines": 2}),
    "with blank lines and more columns": (table(f"{A},x", ",,,,,,", "", f"{B},y", header=f"{HEADER},note"), {}),
    "with quoted texts": (table(f'"a",{A[2:]}', '="b"' + B[1:]), {}),
    "with spaces": (table(A.replace(",", " , "), B), {}),
    "with a comma for the point": (table('a,22.11.2026 12:00,1,01,R,"5,0"', B), {"decimal": ","}),
    "with words for nothing": (table(A, "b,22.11.2026 13:30,-,08,NULL,-"), {"empty": ["-", "NULL"]}),
}  # fmt: skip


@pytest.mark.parametrize(("content", "form"), TABLES.values(), ids=TABLES)
def test_however_a_table_is_written_it_says_the_same(command: Command, content: bytes, form: dict) -> None:
    settings = "".join(f"{name} = {json.dumps(value)}\n" for name, value in form.items())
    name = "t.csv.gz" if content[:2] == b"\x1f\x8b" else "t.csv"
    imported = run(command, content, mapping=MAP.replace("[table]\n", f"[table]\n{settings}"), name=name)
    assert (imported.code, imported.records) == (0, [EVENT_A, EVENT_B])


CYRILLIC = MAP.replace('"card"', '"карта"').replace("\n[event]", '\nencoding = "windows-1251"\n[event]')
WRONG_TABLES = {
    "of another encoding": (
        table("a,22.11.2026 12:00,1,01,Дорога,5", encoding="cp1251"), MAP,
        "t.csv: line 2: is not utf-8 (invalid continuation byte): correct `encoding` in the mapping",
    ),
    "of another encoding, unnoticed until the header": (
        table(A, header=HEADER.replace("card", "карта")), CYRILLIC, "t.csv: line 1, column 'карта': is missing from",
    ),
    "of a header without a column": (
        table("a,1", header="card,dead"), MAP,
        "t.csv: line 1, column 'when': is missing from the header, and the field occurred_at needs it; the header has",
    ),
    "of a header with a column twice": (table(header=f"{HEADER},card"), MAP, "line 1, column 'card': stands in the he"),
    "without anything": (b"", MAP, "t.csv: line 1: there is no header: the table is empty"),
    "of blank lines": (b"\n\n\n", MAP, "t.csv: line 4: there is no header"),
    "with a quote that is not closed": (table(A, f'"{B}'), MAP, "t.csv: line 3: is not CSV: "),
    "of one endless line": (b"x" * 1_100_000, MAP, "t.csv: line 1: is longer than 1,048,576 bytes: this is no table"),
    "of a picture": (b"\x89PNG\r\n\x1a\n\0\0", MAP, "t.csv: line 1: is not utf-8"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "mapping", "says"), WRONG_TABLES.values(), ids=WRONG_TABLES)
def test_a_table_that_cannot_be_read_sends_nothing(command: Command, content: bytes, mapping: str, says: str) -> None:
    imported = run(command, content, mapping=mapping)
    (line,) = imported.err.splitlines()
    assert (imported.code, imported.records) == (2, [])
    assert says in line
    assert run(command, table(A)).records == [EVENT_A]  # nor was anything remembered


@pytest.mark.parametrize("content", [gzip.compress(table(A, B))[:-9], b"not packed at all"])
def test_a_damaged_file_is_said(command: Command, content: bytes) -> None:
    imported = run(command, content, name="t.csv.gz")
    assert (imported.code, imported.records) == (2, [])
    assert "t.csv.gz: the compressed data is damaged" in imported.err


ROWS = {
    "no number": (",22.11.2026 12:00,1,01,,", "column card: is empty: each row needs the number of its card"),
    "a number like ours": ("a~2,22.11.2026 12:00,1,01,,", "column card: a card's number is 1 to 58 printable"),
    "an endless number": (f"{'a' * 59},22.11.2026 12:00,1,01,,", "column card: a card's number is 1 to 58 printable"),
    "a formula": ("a,22.11.2026 12:00,=1+1,01,,", "column dead: '=1+1' is a formula: export the values"),
    "a command": ("a,22.11.2026 12:00,@SUM(A1),01,,", "column dead: '@SUM(A1)' is a formula: export the values"),
    "another form of time": ("a,2026-11-22,1,01,,", "column when: '2026-11-22' is no time of the form %d.%m.%Y %H:%M"),
    "a day that never was": ("a,30.02.2026 12:00,1,01,,", "column when: '30.02.2026 12:00' is no time"),
    "no time": ("a,,1,01,,", "column when: occurred_at: field required"),
    "half a death": ("a,22.11.2026 12:00,0.5,01,,", "column dead: '0.5' is no whole number"),
    "fewer than none": ("a,22.11.2026 12:00,-1,01,,", "column dead: dead: input should be greater than or equal to 0"),
    "a word for a number": ("a,22.11.2026 12:00,one,01,,", "column dead: 'one' is no number (with '.' as its decimal"),
    "an endless number of dead": (f"a,22.11.2026 12:00,{'9' * 5000},01,,", "is no number"),
    "not a number": ("a,22.11.2026 12:00,nan,01,,", "column dead: 'nan' is no number"),
    "no kind": ("a,22.11.2026 12:00,1,,,", "column type: kind: field required"),
    "a kilometre of no road": ("a,22.11.2026 12:00,1,01,,5", "column road: location.route: a kilometre needs"),
    "too few cells": ("a,22.11.2026 12:00,1,01", "has 4 cells where the header has 6"),
    "too many cells": (f"{A},x", "has 7 cells where the header has 6"),
    "a plate": ("a,22.11.2026 12:00,123ABC12,01,,", "column dead: '***' is no number"),
}  # fmt: skip


@pytest.mark.parametrize(("row", "says"), ROWS.values(), ids=ROWS)
def test_a_row_that_cannot_be_believed_is_reported_and_others_are_sent(command: Command, row: str, says: str) -> None:
    imported = run(command, table(row, B), "--report", "r.ndjson")
    assert (imported.code, imported.records) == (0, [EVENT_B])
    assert imported.err.startswith("t.csv: line 2")
    assert says in imported.err
    (finding,) = map(json.loads, Path("r.ndjson").read_text(encoding="utf-8").splitlines())
    assert (finding["finding"], finding["line"]) == ("refused", 2)
    assert finding["message"] in imported.err
    # Mended, it is sent as if it had always been so.
    assert run(command, table(A, B)).records == [EVENT_A]


def test_a_card_that_says_two_things_is_not_believed_in_either(command: Command) -> None:
    run(command, table(A))
    other, third = A.replace(",1,", ",2,"), A.replace(",1,", ",3,")
    for rows in ((A, other), (other, A), (other, B, third, A), (other, A.replace("22", "x", 1))):
        imported = run(command, table(*rows), "--retract-missing", "--report", "r.ndjson", "--dry-run")
        assert imported.records == []
        findings = [json.loads(line) for line in Path("r.ndjson").read_text().splitlines()]
        (conflict,) = (finding for finding in findings if finding["finding"] == "conflict")
        assert (conflict["card"], conflict["line"]) == ("a", 2)
    imported = run(command, table(A, B, A))
    assert (imported.records, "1 repeated, 0 in conflict" in imported.err) == ([EVENT_B], True)


NEXT = {
    # the rows of the next table; what is sent of it
    "the same": ([A, B], [], []),
    "in another order": ([B, A], [], []),
    "one more": ([A, B, "c,22.11.2026 13:30,,08,,"], [EVENT_B | {"event_id": "c"}], []),
    "one died": ([A, "b,22.11.2026 13:30,1,08,,"], [], [("amend", "b", {"dead": 1})]),
    "a kilometre found": (
        ["a,22.11.2026 12:00,1,01,R,6", B], [], [("amend", "a", {"location": {"route": "R", "km": 6}})],
    ),
    "a place withdrawn": (["a,22.11.2026 12:00,1,01,,", B], [], [("amend", "a", {"location": None})]),
    "two values": (["a,22.11.2026 12:00,,08,R,5", B], [], [("amend", "a", {"dead": 0, "kind": "animal"})]),
    "a code without a name": ([A, "b,22.11.2026 13:30,,13,,"], [], [("amend", "b", {"kind": "13"})]),
    "another time": (
        [A, "b,22.11.2026 13:31,,08,,"],
        [EVENT_B | {"event_id": "b~2", "occurred_at": "2026-11-22T13:31:00+05:00"}],
        [("retract", "b", None)],
    ),
    "one vanished": ([A], [], []),
    "one cannot be read": ([A, "b,22.11.2026 13:30,x,08,,"], [], []),
}  # fmt: skip


@pytest.mark.parametrize(("rows", "events", "corrections"), NEXT.values(), ids=NEXT)
def test_of_the_next_table_only_what_changed_is_sent(
    command: Command, rows: list[str], events: list[dict], corrections: list[tuple]
) -> None:
    assert run(command, table(A, B)).records == [EVENT_A, EVENT_B]
    imported = run(command, table(*rows))
    assert (imported.events, imported.corrections) == (events, corrections)
    assert imported.records == [*imported.events, *(r for r in imported.records if r["type"] == "correction")]
    assert run(command, table(*rows)).records == []
    # It is the same where the first table was imported by somebody else.
    Path("before.csv").write_bytes(table(A, B))
    elsewhere = run(command, table(*rows), "--home", "elsewhere", "--previous", "before.csv")
    assert (elsewhere.events, elsewhere.corrections) == (events, corrections)


def test_a_vanished_card_is_retracted_on_request_and_comes_back(command: Command) -> None:
    run(command, table(A, B))
    reported = run(command, table(A), "--report", "r.ndjson")
    assert json.loads(Path("r.ndjson").read_text())["card"] == "b"
    assert "1 vanished (still counted: --retract-missing retracts them)" in reported.err
    assert run(command, table(A), "--retract-missing").corrections == [("retract", "b", None)]
    assert run(command, table(A), "--retract-missing").records == []
    assert run(command, table(A, B)).corrections == [("restore", "b", None)]
    assert run(command, table(A), "--retract-missing").corrections == [("retract", "b", None)]
    changed = run(command, table(A, B.replace("08", "01")))
    assert changed.corrections == [("restore", "b", None), ("amend", "b", {"kind": "collision"})]
    run(command, table(A), "--retract-missing")
    moved = run(command, table(A, B.replace("13:30", "13:31")))
    assert ([event["event_id"] for event in moved.events], moved.corrections) == (["b~2"], [])


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ((), "t.csv: line 2: there are no rows: nothing is retracted for an empty table"),
        ((B, ",22.11.2026 12:00,1,01,,"), "t.csv: line 3: is empty: each row needs the number of its card: while rows"),
        ((B, "a"), "t.csv: line 3: has 1 cells where the header has 6: while rows have no readable card number"),
    ],
)
def test_nothing_is_retracted_where_it_cannot_be_known_what_vanished(
    command: Command, rows: tuple[str, ...], says: str
) -> None:
    run(command, table(A, B))
    imported = run(command, table(*rows), "--retract-missing")
    assert (imported.code, imported.records) == (2, [])
    assert says in imported.err
    assert run(command, table(*rows)).code == 0


def test_of_two_tables_the_one_drawn_later_holds(command: Command) -> None:
    times = ("2026-11-20T00:00:00+05:00", "2026-11-21T00:00:00+05:00")
    run(command, table(A, B), "--drawn-at", times[0])
    ids = []
    for dead in (3, 2, 4):
        (changed,) = run(command, table(A.replace(",1,", f",{dead},"), B), "--drawn-at", times[1]).records
        ids.append(changed["event_id"])
        assert changed["occurred_at"] == times[1]
    # Of corrections of one time the one with the greatest id holds: that must be the later import's.
    assert ids == sorted(ids)
    early = run(command, table(A, B), "--drawn-at", times[0])
    assert (early.code, early.records) == (2, [])
    assert "--drawn-at: 2026-11-20T00:00:00+05:00 is before the table that was imported last" in early.err


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--drawn-at", "2999-01-01T00:00:00Z"], "--drawn-at: 2999-01-01T00:00:00Z lies in the future"),
        (["--drawn-at", "2026-11-20T00:00:00"], "--drawn-at: '2026-11-20T00:00:00' has no offset"),
        (["--drawn-at", "yesterday"], "--drawn-at: 'yesterday' is no time"),
        (["--source", ""], "--source: a source_id is 1 to 64 printable characters"),
        (["--source", "a\nb"], "--source: a source_id is 1 to 64 printable characters"),
        (["--map", "no.toml"], "no.toml: cannot be read: No such file or directory"),
        (["--previous", "no.csv"], "no.csv: cannot be read: No such file or directory"),
        (["--report", "t.csv"], "t.csv: is named twice"),
        (["--out", "no/e.ndjson"], "no/e.ndjson: the folder no does not exist"),
    ],
)
def test_a_command_line_that_cannot_be_meant(command: Command, options: list[str], says: str) -> None:
    imported = run(command, table(A), *options)
    (line,) = imported.err.splitlines()
    assert (imported.code, imported.records, says in line) == (2, [], True), line


def test_a_dry_run_sends_and_remembers_nothing(command: Command) -> None:
    tried = run(command, table(A, B), "--dry-run")
    assert (tried.records, "2 accidents would be sent" in tried.err) == ([], True)
    assert run(command, table(A, B)).records == [EVENT_A, EVENT_B]


def test_what_did_not_arrive_is_sent_by_the_next_import(command: Command) -> None:
    failed = run(command, table(A), "--out", "/dev/full")
    assert failed.code == 2
    assert run(command, table(A, B)).records == [EVENT_A, EVENT_B]
    assert run(command, table(A, B)).records == []


def test_two_imports_of_one_source_at_once(command: Command) -> None:
    run(command, table(A))
    (memory,) = Path(".amanzhol/registers").glob("reg-*.sqlite")
    with sqlite3.connect(memory) as other:
        other.execute("BEGIN EXCLUSIVE")
        refused = run(command, table(A, B))
        other.execute("ROLLBACK")
    other.close()
    assert (refused.code, "another import of this source is running" in refused.err) == (1, True)


def test_a_damaged_memory_is_said(command: Command) -> None:
    run(command, table(A))
    (memory,) = Path(".amanzhol/registers").glob("reg-*.sqlite")
    memory.write_bytes(b"no database" * 1_000)
    damaged = run(command, table(A, B))
    assert (damaged.code, damaged.records) == (1, [])
    assert "is damaged" in damaged.err
    assert "--previous" in damaged.err
    memory.unlink()
    Path("before.csv").write_bytes(table(A))
    assert run(command, table(A, B), "--previous", "before.csv").records == [EVENT_B]


def test_sources_and_destinations_do_not_know_of_each_other(command: Command) -> None:
    run(command, table(A))
    other = run(command, table(A), "--source", "Реестр/2")
    assert [record["source_id"] for record in other.records] == ["Реестр/2"]
