"""Runs one command after another and says what each took: wall clock, CPU and the most memory it held."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

_RECEIVED = re.compile(rb'amanzhol_books\{column="received"\} ([0-9.e+]+)')
_METRICS_URL = re.compile(r"metrics at (http://\S+)")
_LOOK_EVERY_S = 0.02
_TIMEOUT_S = 900.0


class Took(NamedTuple):
    """What a run took. `seconds` is the measured stretch, without starting; CPU is that of the whole process."""

    records: int
    seconds: float
    cpu_s: float
    memory_mb: float
    first_s: float = 0.0

    @property
    def per_s(self) -> float:
        return self.records / self.seconds


def _end(process: subprocess.Popen[bytes]) -> tuple[float, float]:
    """Wait for the end. Returns CPU seconds and megabytes."""
    _pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def measured_by_itself(records: int, module: str, *arguments: object) -> Took:
    """Run a module that prints the seconds that it took."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        out = process.stdout.read() if process.stdout else b""
        cpu_s, memory_mb = _end(process)
    if process.returncode:
        raise SystemExit(f"{module} ended with {process.returncode}")
    said = out.rpartition(b"\n")[2]  # Faust has a banner of its own
    return Took(records, json.loads(said)["seconds"], cpu_s, memory_mb)


def measured_from_outside(records: int, *arguments: object) -> Took:
    """Run an `amanzhol` command to its end, its start included."""
    begun = time.perf_counter()
    command = [sys.executable, "-m", "amanzhol", *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        cpu_s, memory_mb = _end(process)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return Took(records, time.perf_counter() - begun, cpu_s, memory_mb)


def measured_worker(records: int, log: Path, *arguments: object) -> Took:
    """Run a worker until it has committed so many records; the time runs from its first committed ones on.

    `first_s` is the time from the start of the process to these.
    """
    started = time.perf_counter()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "amanzhol", "worker", "--metrics-port", "0", *map(str, arguments)],
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    begun = first = received = 0.0
    now = started
    try:
        while received < records:
            if process.poll() is not None or now - started > _TIMEOUT_S:
                raise SystemExit(f"the worker counted {received:.0f} of {records}:\n{log.read_text()[-2_000:]}")
            time.sleep(_LOOK_EVERY_S)
            received, now = _received(log), time.perf_counter()
            if not begun and received:
                begun, first = now, received
    finally:
        process.terminate()
        cpu_s, memory_mb = _end(process)
    return Took(int(records - first), now - begun, cpu_s, memory_mb, begun - started)


def _received(log: Path) -> float:
    url = _METRICS_URL.search(log.read_text(errors="replace"))
    if url is not None:
        with suppress(OSError), urllib.request.urlopen(url[1], timeout=5) as answer:
            found = _RECEIVED.search(answer.read())
            return float(found[1]) if found else 0.0
    return 0.0
