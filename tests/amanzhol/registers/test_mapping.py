"""What a mapping may say, and how it is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from amanzhol.registers.converting import converter
from amanzhol.registers.mapping import read_mapping
from models.errors import MappingFileError

if TYPE_CHECKING:
    from pathlib import Path

WHOLE = """
[table]
timezone = "Asia/Aqtau"
[event]
type = "accident"
kind = "collision"
[fields]
event_id = "card"
occurred_at = { column = "when", format = "iso" }
"""

WRONG = [
    ("", "event.type: must be one of"),
    ("[fields", "is not TOML: "),
    (WHOLE.replace("accident", "status"), "event.type: must be one of accident, report, violation"),
    (WHOLE.replace('type = "accident"', ""), "event.type: must be one of accident, report, violation"),
    (WHOLE.replace('event_id = "card"', ""), "fields.event_id: is missing; every event needs it"),
    (WHOLE.replace(', format = "iso"', ""), "fields.occurred_at: needs a format, such as %d.%m.%Y %H:%M"),
    (WHOLE + 'ded = "dead"\n', "fields.ded: accident has no such field (event_id, source_id, occurred_at"),
    (WHOLE + 'source_id = "office"\n', "fields.source_id: the source is said on the command line (--source)"),
    (WHOLE + 'kind = "type"\n', "fields.kind: stands in [event] too; say it once"),
    (WHOLE + 'location = { x = "x" }\n', "fields.location.x: accident has no such field"),
    (WHOLE + 'dead = { colunm = "dead" }\n', "fields.dead"),
    (
        WHOLE + 'dead = { column = "dead", format = "iso" }\n',
        "fields.dead: is no time; format, timezone, ",
    ),
    (WHOLE + "dead = { column = [] }\n", "fields.dead"),
    (WHOLE + "dead = 5\n", "fields.dead"),
    (WHOLE.replace("Asia/Aqtau", "Aqtau"), "table.timezone: there is no time zone 'Aqtau'; write it like Asia/Aqtau"),
    (WHOLE.replace("[table]", '[table]\nencoding = "klingon"'), "table.encoding: there is no text encoding 'klingon'"),
    (WHOLE.replace("[table]", '[table]\nencoding = "base64"'), "table.encoding: there is no text encoding 'base64'"),
    (WHOLE.replace("[table]", '[table]\ndelimiter = "::"'), "table.delimiter: "),
    (WHOLE.replace("[table]", '[table]\ndecimals = ","'), "table.decimals: "),
    (
        WHOLE.replace('timezone = "Asia/Aqtau"', "").replace('"iso"', '"%d.%m.%Y"'),
        "fields.occurred_at: needs a timezone, its own or that of [table], or %z in its format",
    ),
]


@pytest.mark.parametrize(("text", "says"), WRONG)
def test_a_mapping_that_cannot_be_used_is_said_in_one_line(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "m.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(MappingFileError) as error:
        read_mapping(path)
    assert str(error.value).startswith(f"{path}: {says}")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("content", "says"), [(b"\xff", "line 1: is not UTF-8"), (b"#" * 2_000_000, "is larger than 1,048,576 bytes")]
)
def test_a_file_that_is_no_mapping(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "m.toml"
    path.write_bytes(content)
    with pytest.raises(MappingFileError, match=says):
        read_mapping(path)


REGISTERED = 'registered_at = { column = "x", format = "FORM" }'
FIELDS = [
    # how a field is mapped, what stands in the column, what comes out
    ('dead = "x"', "2", {"dead": 2}),
    ('dead = "x"', "1 234", {"dead": 1234}),
    ('dead = "x"', "2.0", {"dead": 2}),
    ('dead = "x"', "", {}),
    ('dead = { column = "x", empty = 0 }', "", {"dead": 0}),
    ('dead = { column = "x", absent = ["99"] }', "99", {}),
    ('official = "x"', "true", {"official": True}),
    ('official = { column = "x", codes = { "да" = true, "нет" = false } }', "нет", {"official": False}),
    ('animal = { column = "x", codes = { 1 = "camel" }, unlisted = "empty" }', "7", {}),
    ('animal = { column = "x", codes = { 1 = "camel" } }', "horse", {"animal": "horse"}),
    ('animal = { column = "x", longest = 3 }', "horse", {"animal": "hor"}),
    ('animal = { column = ["none", "x"] }', "horse", {"animal": "horse"}),
    ('location = { lon = "x" }', "51.5", {"location": {"lon": 51.5}}),
    ('location = { km = "x" }', "+1e2", {"location": {"km": 100.0}}),
    (REGISTERED.replace("FORM", "iso"), "2026-11-22T09:00Z", {"registered_at": "2026-11-22T09:00:00+00:00"}),
    (REGISTERED.replace("FORM", "%d.%m.%Y"), "22.11.2026", {"registered_at": "2026-11-22T00:00:00+05:00"}),
    (REGISTERED.replace("FORM", "epoch_s"), "1795330800", {"registered_at": "2026-11-22T12:00:00+05:00"}),
    (REGISTERED.replace("FORM", "epoch_ms"), "1795330800500", {"registered_at": "2026-11-22T12:00:00.500000+05:00"}),
]  # fmt: skip


CONSTANT = {"type", "event_id", "occurred_at", "kind"}


@pytest.mark.parametrize(("field", "cell", "expected"), FIELDS)
def test_a_cell_becomes_what_its_field_wants(tmp_path: Path, field: str, cell: str, expected: dict) -> None:
    path = tmp_path / "m.toml"
    path.write_text(WHOLE + field, encoding="utf-8")
    event = converter(read_mapping(path))({"card": "1", "when": "2026-11-22T12:00+05:00", "x": cell, "none": ""})
    assert {name: value for name, value in event.items() if name not in CONSTANT} == expected


CLOCKS = [
    ("2026-11-22", "09:30", {"occurred_at": "2026-11-22T09:30:00+05:00"}),
    ("2026-11-22", "", {"occurred_at": "2026-11-22T00:00:00+05:00", "time_precision": "day"}),
    ("", "09:30", {}),
    # The clock was put back at midnight: 23:30 came twice, and the first is taken.
    ("2024-02-29", "23:30", {"occurred_at": "2024-02-29T23:30:00+06:00"}),
    ("2024-03-01", "00:00", {"occurred_at": "2024-03-01T00:00:00+05:00"}),
]


@pytest.mark.parametrize(("day", "clock", "expected"), CLOCKS)
def test_a_day_and_a_clock_make_a_time(tmp_path: Path, day: str, clock: str, expected: dict) -> None:
    path = tmp_path / "m.toml"
    when = 'date = { column = "day", format = "%Y-%m-%d" }, time = { column = "clock", format = "%H:%M" }'
    text = WHOLE.replace('column = "when", format = "iso"', when).replace("Asia/Aqtau", "Asia/Almaty")
    path.write_text(text, encoding="utf-8")
    event = converter(read_mapping(path))({"card": "1", "day": day, "clock": clock})
    assert {name: event[name] for name in event if name in {"occurred_at", "time_precision"}} == expected
