"""`amanzhol config check`: what holds and where it comes from; what must never be shown; what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from amanzhol.commands.config import HIDDEN, effective, shown, unknown_variables
from amanzhol.settings import Settings
from devices.mangystau import DEVICES_PATH, NETWORK_PATH

REGION = ("--network", NETWORK_PATH, "--devices", DEVICES_PATH)


@pytest.mark.parametrize(
    ("flags", "environment", "file", "origin"),
    [
        ({"window": "1h"}, {"AMANZHOL_WINDOW": "30m"}, {"window": "15m"}, "--window"),
        ({"window": None}, {"AMANZHOL_WINDOW": "30m"}, {"window": "15m"}, "AMANZHOL_WINDOW"),
        ({}, {"AMANZHOL_WINDOW": ""}, {"window": "15m"}, "amanzhol.toml"),
        ({}, {}, {}, "default"),
    ],
)
def test_each_setting_says_where_it_comes_from(flags, environment, file, origin):
    rows = {row.name: row for row in effective(Settings(), flags, environment, file)}
    assert list(rows) == list(Settings.model_fields)
    assert rows["window"].origin == origin
    assert rows["partitions"].origin == "default"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("store_password", "hunter2", HIDDEN),
        ("api_token", "hunter2", HIDDEN),
        ("security_password_file", Path("/run/secrets/kafka"), "/run/secrets/kafka"),
        ("store", "postgresql://amanzhol:hunter2@db/amanzhol", f"postgresql://amanzhol:{HIDDEN}@db/amanzhol"),
        ("fleet", ("fixed_camera", "drone:mobile"), "fixed_camera, drone:mobile"),
        ("network", None, ""),
        ("window", "5m", "5m"),
    ],
)
def test_secrets_are_never_shown(name, value, expected):
    assert shown(name, value) == expected


def test_a_misspelt_variable_is_noticed():
    assert unknown_variables({"AMANZHOL_WINDWO": "1h", "AMANZHOL_WINDOW": "1h", "HOME": "/"}) == ["AMANZHOL_WINDWO"]


def test_what_holds_is_printed_and_its_files_are_read(command, folder):
    Path("amanzhol.toml").write_text('window = "15m"\n')
    Path("ignored.csv").write_text("scope,name,until\ndevice,cam-001,2026-12-01\n")
    done = command("config", "check", *REGION, "--ignored", "ignored.csv")
    assert done.code == 0, done.err
    assert "amanzhol.toml" in done.out
    assert "231 rows of devices" in done.out
    assert "ignored.csv: 1 entries" in done.out


@pytest.mark.parametrize(
    ("toml", "options", "complaint"),
    [
        ('window = "7m"\n', (), "--window (AMANZHOL_WINDOW, amanzhol.toml: window): "),
        ("windwo = 1\n", (), "amanzhol.toml: windwo: there is no such setting"),
        ("", ("--network", "gone.geojson"), "gone.geojson"),
        ("", ("--ignored", "gone.csv"), "gone.csv: cannot be read"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(command, folder, toml, options, complaint):
    Path("amanzhol.toml").write_text(toml)
    done = command("config", "check", *options)
    assert done.code == 2
    assert complaint in done.err
    assert len(done.err.splitlines()) == 1
