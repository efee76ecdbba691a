"""`amanzhol simulate` as it is typed."""

import json

import pytest
from click.testing import CliRunner

from amanzhol.commands.simulate import simulate
from devices.mangystau import DEVICES_PATH, NETWORK_PATH
from models.errors import OutputError, SettingsError

SPAN = ["--from", "2025-03-01", "--to", "2025-03-02", "--status-every", "0"]


def run(*args):
    return CliRunner().invoke(simulate, list(args), catch_exceptions=False, standalone_mode=False)


def test_a_day_to_a_file(tmp_path):
    out = tmp_path / "day.ndjson"
    run(*SPAN, "--clean", "--out", str(out))
    events = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert {event["type"] for event in events} == {"violation", "accident", "report"}
    assert {event["occurred_at"][:10] for event in events} == {"2025-03-01"}


def test_the_same_command_makes_the_same_file(tmp_path):
    for name in ("a", "b"):
        run(*SPAN, "--out", str(tmp_path / name))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_moment_may_carry_its_offset(tmp_path):
    out = tmp_path / "hour.ndjson"
    moments = ("--from", "2025-03-01T10:00:00Z", "--to", "2025-03-01T16:00:00+05:00")
    run(*moments, "--clean", "--status-every", "3600", "--out", str(out))
    assert '"occurred_at":"2025-03-01T15:00:00+05:00"' in out.read_text(encoding="utf-8")


def test_the_region_for_count(tmp_path):
    run("--write-region", str(tmp_path / "region"))
    assert (tmp_path / "region" / "network.geojson").read_bytes() == NETWORK_PATH.read_bytes()
    assert (tmp_path / "region" / "devices.csv").read_bytes() == DEVICES_PATH.read_bytes()


@pytest.mark.parametrize(
    ("args", "error", "says"),
    [
        (["--to", "2025-01-02"], SettingsError, "--from is missing"),
        (["--from", "2025-01-02"], SettingsError, "--to is missing"),
        (["--from", "yesterday", "--to", "2025-01-02"], SettingsError, "--from: 'yesterday' is no time"),
        (["--from", "2025-01-01T00:00", "--to", "2025-01-02"], SettingsError, "no offset"),
        (["--from", "2025-01-03", "--to", "2025-01-02"], SettingsError, "ends before it begins"),
        ([*SPAN, "--timezone", "Asia/Nowhere"], SettingsError, "Asia/Nowhere"),
        ([*SPAN, "--timezone", "../etc"], SettingsError, "--timezone"),
        ([*SPAN, "--speed", "0"], SettingsError, "--speed"),
        ([*SPAN, "--status-every", "7"], SettingsError, "divide an hour"),
        ([*SPAN, "--out", "/nowhere/at/all.ndjson"], OutputError, "cannot be written"),
        (["--write-region", "/dev/null/region"], OutputError, "cannot be written"),
    ],
)
def test_what_is_typed_wrong_is_said(args, error, says):
    with pytest.raises(error, match=says):
        run(*args)


def test_a_fault_is_caused_and_one_that_cannot_be_is_refused(command, folder):
    span = ("--from", "2025-06-10", "--to", "2025-06-10T00:20:00+05:00", "--clean", "--no-tail")
    assert command("simulate", *span, "--fault", "silent:device=cam-007@5m-10m", "--out", "broken.ndjson").code == 0
    assert command("simulate", *span, "--out", "whole.ndjson").code == 0
    missing = set((folder / "whole.ndjson").read_text().split("\n")) - set(
        (folder / "broken.ndjson").read_text().split("\n")
    )
    assert len(missing) == 5
    assert all('"source_id":"cam-007"' in line for line in missing)
    refused = command("simulate", *span, "--fault", "loud:device=cam-007")
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert "--fault: 'loud:device=cam-007'" in refused.err
