"""Where a setting comes from: the flag, then `AMANZHOL_*`, then `amanzhol.toml`, then the default."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.country import REGION, lines
from tests.rows import ON_R0, accident, violation

if TYPE_CHECKING:
    from tests.amanzhol.conftest import Command

EVENTS = lines([accident(location={"lon": 51.05, "lat": 44.001}), violation(source_id="cam-1")])


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("flag", "variable", "toml", "end"),
    [
        ("1h", "30m", "15m", "08:00:00"),
        ("1h", "nonsense", "15m", "08:00:00"),
        (None, "30m", "15m", "07:30:00"),
        (None, "30m", "nonsense", "07:30:00"),
        (None, "", "15m", "07:15:00"),  # a variable that is set to nothing is not set
        (None, None, "15m", "07:15:00"),
        (None, None, None, "07:05:00"),
    ],
)
def test_the_first_that_has_a_value_wins(
    command: Command,
    monkeypatch: pytest.MonkeyPatch,
    flag: str | None,
    variable: str | None,
    toml: str | None,
    end: str,
) -> None:
    if variable is not None:
        monkeypatch.setenv("AMANZHOL_WINDOW", variable)
    if toml is not None:
        Path("amanzhol.toml").write_text(f'window = "{toml}"\n')
    options = () if flag is None else ("--window", flag)
    assert command("count", "-", *REGION, "--out", "o.csv", *options, stdin=EVENTS).code == 0
    assert {row["window_end"][11:-1] for row in table(Path("o.csv"))} == {end}


@pytest.mark.parametrize(
    ("setting", "segment"),
    [("", "unlocated"), ("tolerance_m = 112\n", "R/0"), ('timezone = "UTC"\n', "unlocated")],
)
def test_a_command_needs_no_flags_where_the_file_has_the_settings(
    command: Command, folder: Path, setting: str, segment: str
) -> None:
    files = 'network = "network.geojson"\ndevices = "devices.csv"\n'
    (folder / "amanzhol.toml").write_text(files + setting)
    assert command("count", "-", "--out", "o.csv", stdin=EVENTS).code == 0
    counted = {row["segment_id"]: row for row in table(folder / "o.csv")}
    assert counted["R/0"]["violations_fixed_camera"] == "1"
    assert counted[segment]["accidents"] == "1"


def test_windows_begin_at_midnight_of_the_time_zone(command: Command, folder: Path) -> None:
    for zone, start in (("Asia/Aqtau", "2026-11-21T19:00:00Z"), ("UTC", "2026-11-22T00:00:00Z")):
        options = ("--window", "1d", "--timezone", zone)
        command("count", "-", *REGION, "--out", "o.csv", *options, stdin=EVENTS)
        assert {row["window_start"] for row in table(folder / "o.csv")} == {start}


def test_a_new_fleet_kind_is_one_entry_of_a_setting(command: Command, folder: Path) -> None:
    (folder / "amanzhol.toml").write_text('fleet = ["fixed_camera", "bus_recorder:mobile"]\n')
    (folder / "buses.csv").write_text("device_id,kind\nbus-7,bus_recorder\n")
    event = violation(source_id="bus-7", location=ON_R0)
    rules = ("--network", "network.geojson", "--devices", "buses.csv")
    command("count", "-", *rules, "--out", "o.csv", "--coverage", "c.csv", stdin=lines([event]))
    (row,) = table(folder / "o.csv")
    columns = [name for name in row if name.startswith("violations")]
    assert columns == ["violations", "violations_fixed_camera", "violations_bus_recorder", "violations_section"]
    assert (row["violations"], row["violations_bus_recorder"]) == ("1", "1")
    header = (folder / "c.csv").read_text().strip()
    assert header == "segment_id,hour_start,watched_s_fixed_camera,watched_s_bus_recorder,passages"


@pytest.mark.parametrize(
    ("variables", "toml", "says"),
    [
        ({}, 'window = "1h\n', "amanzhol.toml: Illegal character '\\n' (at line 1, column 13)"),
        ({}, "window: 1h\n", "amanzhol.toml: Expected '=' after a key in a key/value pair (at line 1, column 7)"),
        ({}, 'window = "1h"\nwindow = "2h"\n', "amanzhol.toml: Cannot overwrite a value (at line 2, column 14)"),
        ({}, "\x00", "amanzhol.toml: "),
        ({}, 'windoww = "1h"\n', "amanzhol.toml: windoww: there is no such setting"),
        ({}, '[count]\nwindow = "1h"\n', "amanzhol.toml: count: there is no such setting"),
        ({}, "window = 5\n", "--window (AMANZHOL_WINDOW, amanzhol.toml: window): must be a valid string"),
        ({}, "network = 5\n", "--network (AMANZHOL_NETWORK, amanzhol.toml: network): "),
        ({}, 'timezone = "Aqtau"\n', "(AMANZHOL_TIMEZONE, amanzhol.toml: timezone): there is no time zone 'Aqtau'"),
        ({}, 'fleet = "drone"\n', "amanzhol.toml: fleet"),
        ({}, 'fleet = ["Drone"]\n', "amanzhol.toml: fleet): each kind once, in lower case letters"),
        ({}, 'fleet = ["drone", "drone:mobile"]\n', "amanzhol.toml: fleet): each kind once"),
        ({"WINDOW": "7m"}, "", "(AMANZHOL_WINDOW, amanzhol.toml: window): a window of 420 s does not divide 24 hours"),
        ({"TOLERANCE_M": "far"}, "", "(AMANZHOL_TOLERANCE_M, amanzhol.toml: tolerance_m): must be a valid number"),
        ({"NETWORK": "no.geojson"}, "", "no.geojson: cannot be read: No such file or directory"),
        ({"FLEET": "drone"}, "", 'AMANZHOL_FLEET: write a JSON list, such as ["fixed_camera", "drone:mobile"]'),
    ],
)
def test_a_setting_that_cannot_be_used_is_said_in_one_line(
    command: Command, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], toml: str, says: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"AMANZHOL_{name}", value)
    Path("amanzhol.toml").write_text(toml)
    region = () if "NETWORK" in variables or "network" in toml else ("--network", "network.geojson")
    outcome = command("count", "-", *region, "--out", "o.csv", stdin=EVENTS)
    (line,) = outcome.err.splitlines()
    assert (outcome.code, line[:10]) == (2, "amanzhol: ")
    assert says in line
    assert not Path("o.csv").exists()


def test_a_settings_file_of_another_encoding_is_said(command: Command, folder: Path) -> None:
    (folder / "amanzhol.toml").write_bytes('window = "5м"'.encode("cp1251"))
    outcome = command("count", "-", *REGION, "--out", "o.csv", stdin=EVENTS)
    (line,) = outcome.err.splitlines()
    assert (outcome.code, line.startswith("amanzhol: amanzhol.toml: 'utf-8' codec can't decode")) == (2, True)
