"""`amanzhol publish` and `amanzhol gateway` with a command line, or a file on it, that is wrong: one line, code 2."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devices.publisher import Spool

if TYPE_CHECKING:
    from pathlib import Path

    from tests.amanzhol.conftest import Command

KEY = "6b" * 32

# The file of keys, and what is said about it.
KEYS = [
    ("", "keys: holds no key: write a line per key: ID YYYY-MM-DD HEX"),
    ("# none yet\n\n", "keys: holds no key: write a line per key: ID YYYY-MM-DD HEX"),
    (f"k1 {KEY}", "keys: line 1: has 2 words; write ID YYYY-MM-DD HEX"),
    (f"K1 2025-01-01 {KEY}", "keys: line 1, key id: 1 to 16 of a-z, 0-9 and -, not 'K1'"),
    (f"\nk1 01.01.2025 {KEY}", "keys: line 2, day: '01.01.2025' is no day; write YYYY-MM-DD"),
    ("k1 2025-01-01 6b6b", "keys: line 1, key: must be 16 to 64 bytes in hex"),
    (f"k1 2025-01-01 {KEY}x", "keys: line 1, key: must be 16 to 64 bytes in hex"),
    (f"k1 2025-01-01 {KEY}\nk1 2026-01-01 {KEY}", "keys: line 2, key id: this id or day stands in an earlier line too"),
]


@pytest.mark.parametrize(("content", "said"), KEYS)
def test_keys_that_are_wrong(command: Command, folder: Path, content: str, said: str) -> None:
    (folder / "keys").write_text(content)
    (folder / "keys").chmod(0o640)
    done = command("publish", "-", "--plate-keys", "keys")
    assert (done.code, done.out, done.err) == (2, "", f"amanzhol: {said}\n")
    assert KEY not in done.err


def test_keys_that_everybody_may_read(command: Command, folder: Path) -> None:
    (folder / "keys").write_text(f"k1 2025-01-01 {KEY}")
    (folder / "keys").chmod(0o644)
    assert "chmod o-r keys" in command("publish", "-", "--plate-keys", "keys").err


# Arguments, and what is said.
WRONG = [
    ("publish none.ndjson", "none.ndjson: there is no such file"),
    ("publish .", ".: cannot be read: a file of events is wanted"),
    ("publish --spool-mb 0", "--spool-mb (AMANZHOL_SPOOL_MB, amanzhol.toml: spool_mb): "),
    ("publish --plate-period week", "--plate-period (AMANZHOL_PLATE_PERIOD, amanzhol.toml: plate_period): "),
    ("publish --plate-keys none", "none: cannot be read: No such file or directory"),
    ("gateway", "--devices (AMANZHOL_DEVICES, amanzhol.toml: devices): a registry with vendor_id is required"),
    ("gateway --devices none.csv", "none.csv: cannot be read: No such file or directory"),
    ("gateway --devices devices.csv --map none.csv", "none.csv: cannot be read: No such file or directory"),
    ("gateway --devices devices.csv --map Box.csv", "Box.csv: its name becomes an address: use 1 to 16 of a-z, 0-9, "),
    ("gateway --devices devices.csv --offences none.csv", "none.csv: cannot be read: No such file or directory"),
]


@pytest.mark.parametrize(("arguments", "said"), WRONG)
def test_what_is_wrong_is_said_in_one_line(command: Command, arguments: str, said: str) -> None:
    done = command(*arguments.split())
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"amanzhol: {said}")
    assert done.err.count("\n") == 1


HEAD = "field,path,as\n"
TIME = "occurred_at,time,time\n"

# A mapping's file, and what is said about it.
MAPS = [
    ("", "line 1, column field: is missing from the header"),
    ("field,path\n", "line 1, column as: is missing from the header"),
    (HEAD, "field occurred_at is missing: say where the time is"),
    (HEAD + "speed,a,\n", "line 2, column field: 'speed' is none of each, occurred_at, "),
    (HEAD + "lane,,\n", "line 2, column path: is empty"),
    (HEAD + TIME + TIME, "line 3, column field: occurred_at stands in an earlier line too"),
    (HEAD + "occurred_at,t,\n", "line 2, column as: '' does not go with occurred_at"),
    (HEAD + "occurred_at,t,time:%d.%m\n", "line 2, column as: the time has no offset (%z)"),
    (HEAD + "offence,t,words:a\n", "line 2, column as: write words:A=B;C=D"),
    (HEAD + "lane,t,percent\n", "line 2, column as: 'percent' does not go with lane"),
    (HEAD + "lane,t,roman\n", "line 2, column as: 'roman' does not go with lane"),
]
OFFENCES_HEAD = "since,vendor,code,over_kmh,offence\n"
OFFENCES = [
    ("since\n", "line 1, column vendor: is missing from the header"),
    (OFFENCES_HEAD + "2025,,speed,10,592\n", "line 2, column since: '2025' is no day; write YYYY-MM-DD"),
    (OFFENCES_HEAD + "2025-01-01,,,10,592\n", "line 2, column code: is empty"),
    (OFFENCES_HEAD + "2025-01-01,,speed,ten,592\n", "line 2, column over_kmh: 'ten' is no whole number of km/h"),
    (OFFENCES_HEAD + "2025-01-01,,speed,10,\n", "line 2, column offence: '' is neither an article such as 592.2"),
    (OFFENCES_HEAD + "2025-01-01,,speed\n", "line 2, column offence: '' is neither an article such as 592.2"),
]


@pytest.mark.parametrize(
    ("option", "content", "said"),
    [*(("--map", *row) for row in MAPS), *(("--offences", *row) for row in OFFENCES)],
)
def test_a_table_that_is_wrong(command: Command, folder: Path, option: str, content: str, said: str) -> None:
    (folder / "table.csv").write_text(content)
    done = command("gateway", "--devices", "devices.csv", option, "table.csv")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"amanzhol: table.csv: {said}")
    assert done.err.count("\n") == 1


def test_a_mapping_named_like_a_vendor(command: Command, folder: Path) -> None:
    (folder / "axis.csv").write_text(HEAD + TIME)
    done = command("gateway", "--devices", "devices.csv", "--map", "axis.csv")
    assert (done.code, done.err.startswith("amanzhol: axis.csv: there is an adapter 'axis' already")) == (2, True)


def test_a_spool_that_another_publisher_uses(command: Command, folder: Path) -> None:
    spool = Spool(folder / "mine")
    done = command("publish", "--spool", "mine")
    assert (done.code, done.err) == (
        1,
        "amanzhol: mine: another publisher uses this spool: give each its own --spool\n",
    )
    spool.close()
