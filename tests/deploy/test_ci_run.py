""".ci/run, with every program that it calls replaced by one that notes how it was called."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / ".ci" / "run"
NOTES = """#!{bash}
echo "{name} $* require_all=${{AMANZHOL_REQUIRE_ALL:-}}" >> "$NOTES"
[ "{name} $*" != "$FAILS" ]
"""
PARTS = ["promtool", "prometheus", "chromium"]
LINT, TEST = "make lint require_all=1", "make test require_all=1"
UPDATE = "apt-get update --quiet require_all=1"
INSTALL = "apt-get install --quiet --yes --no-install-recommends {} require_all=1"
ABSENT = "install {} yourself, or the tests that need them will fail"


def run(folder, programs, fails=""):
    """Run a copy of the script where only these programs exist. Returns its exit code, the calls, and what it said."""
    bash = shutil.which("bash")
    (folder / "bin").mkdir()
    for name in ["make", *programs]:
        program = folder / "bin" / name
        program.write_text(NOTES.format(bash=bash, name=name))
        program.chmod(0o755)
    for name in {"env", "sudo"} & {"env", *programs}:  # they hand on to the program behind their one argument
        (folder / "bin" / name).write_text(f'#!{bash}\nshift\nexec "$@"\n')
        (folder / "bin" / name).chmod(0o755)
    script = folder / "checkout" / ".ci" / "run"
    script.parent.mkdir(parents=True)
    shutil.copy(SCRIPT, script)
    notes = folder / "notes"
    notes.touch()
    done = subprocess.run(
        [bash, script],
        env={"PATH": str(folder / "bin"), "NOTES": str(notes), "FAILS": fails},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    return done.returncode, notes.read_text().splitlines(), done.stderr


@pytest.mark.parametrize(
    ("programs", "calls"),
    [
        ([*PARTS, "apt-get", "sudo"], [LINT, TEST]),
        (["apt-get", "sudo"], [UPDATE, INSTALL.format("prometheus chromium"), LINT, TEST]),
        (["apt-get", "sudo", "chromium", "promtool"], [UPDATE, INSTALL.format("prometheus"), LINT, TEST]),
        (["apt-get", "sudo", "promtool", "prometheus"], [UPDATE, INSTALL.format("chromium"), LINT, TEST]),
        (PARTS, [LINT, TEST]),
    ],
)
def test_what_is_absent_is_installed_then_everything_runs(tmp_path, programs, calls):
    assert run(tmp_path, programs) == (0, calls, "")


def test_without_apt_it_says_so_and_runs_on(tmp_path):
    code, calls, said = run(tmp_path, ["chromium"])
    assert (code, calls) == (0, [LINT, TEST])
    assert ABSENT.format("prometheus") in said


@pytest.mark.parametrize(
    ("fails", "calls"),
    [
        ("make lint", [LINT]),
        ("make test", [LINT, TEST]),
    ],
)
def test_the_first_failure_ends_it(tmp_path, fails, calls):
    code, called, _ = run(tmp_path, PARTS, fails)
    assert code != 0
    assert called == calls


def test_it_can_be_executed():
    assert os.access(SCRIPT, os.X_OK)
    assert SCRIPT.read_text().startswith("#!/usr/bin/env bash\n")
