"""The command as a process of its own: how it ends when it is ended, and what it shows on a terminal."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.command_line import AMANZHOL, amanzhol, environment
from tests.country import REGION, lines
from tests.rows import ON_R0, accident

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

EVENTS = lines(accident(event_id=f"a{number}", location=ON_R0) for number in range(25_000))
"""More than two batches, so that something has been written before the input ends."""

OUTPUTS = ("--out", "o.csv", "--located", "l.csv", "--quarantine", "q.ndjson", "--books", "b.json")
IN_TIME_S = 60


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + IN_TIME_S
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def test_the_module_is_the_command(tmp_path: Path) -> None:
    said = [
        subprocess.run([*command, "count"], cwd=tmp_path, env=environment(), capture_output=True, check=False)
        for command in ([AMANZHOL], [sys.executable, "-m", "amanzhol"])
    ]
    assert [(done.returncode, done.stdout, done.stderr) for done in said] == [
        (2, b"", b"amanzhol: Missing argument 'EVENTS...' (see amanzhol count --help)\n")
    ] * 2


def test_without_a_command_the_help_is_shown(tmp_path: Path) -> None:
    outcome = amanzhol(cwd=tmp_path)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith("Usage: amanzhol [OPTIONS] COMMAND [ARGS]...")
    assert outcome == amanzhol("--help", cwd=tmp_path)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Let children be interrupted also where whoever runs the tests put them into the background of a shell."""
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, handler)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize(
    ("ended_by", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGKILL, -signal.SIGKILL)]
)
def test_an_interrupted_run_leaves_the_outputs_as_they_were(folder: Path, ended_by: signal.Signals, code: int) -> None:
    (folder / "l.csv").write_text("yesterday")
    (folder / "b.json").write_text("yesterday")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with (folder.parent / "said").open("wb") as said:
        running = subprocess.Popen(
            [AMANZHOL, "count", "-", *REGION, *OUTPUTS], cwd=folder, stdin=subprocess.PIPE, stderr=said
        )
        try:
            assert running.stdin is not None
            running.stdin.write(EVENTS)
            running.stdin.flush()
            # Its standard input stays open: it has begun, and waits for the rest.
            wait_until(lambda: any(folder.glob(".l.csv.*")))
            running.send_signal(ended_by)
            assert running.wait(IN_TIME_S) == code
        finally:
            running.kill()
            running.communicate()
    after = {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.startswith(".")}
    assert after == before
    if ended_by != signal.SIGKILL:  # which nobody can clean up after
        assert not list(folder.glob(".*"))
        assert (folder.parent / "said").read_text().split() == ["amanzhol:", "interrupted"]


def test_whoever_stops_reading_ends_the_writer_without_a_word(tmp_path: Path) -> None:
    span = ("--from", "2025-01-01", "--to", "2025-03-01", "--status-every", "0")
    running = subprocess.Popen(
        [AMANZHOL, "simulate", *span, "--out", "-"],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert running.stdout is not None
    assert running.stderr is not None
    assert running.stdout.readline().startswith(b"{")
    running.stdout.close()
    assert running.wait(IN_TIME_S) == 1
    assert running.stderr.read() == b""
    running.stderr.close()


def test_a_terminal_shows_progress_and_the_books(folder: Path) -> None:
    (folder / "events.ndjson").write_bytes(EVENTS)
    ours, theirs = pty.openpty()
    running = subprocess.Popen(
        [AMANZHOL, "count", "events.ndjson", *REGION, *OUTPUTS],
        cwd=folder,
        env=environment({"TERM": "xterm", "COLUMNS": "120"}),
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    # Linux ends a terminal that nobody holds any more with an error.
    try:
        while block := os.read(ours, 65_536):
            shown += block
    except OSError:
        pass
    os.close(ours)
    assert running.wait(IN_TIME_S) == 0
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())
    assert "counting events.ndjson" in text
    assert "1 rows in o.csv" in text
    numbers = next(line for line in text.splitlines() if "25,000" in line)
    assert re.findall(r"[\d,]+", numbers) == ["25,000", "0", "0", "0", "0", "0", "0", "0", "25,000", "0"]
