"""A day of events through a publisher that is killed, cut off and out of room; and what of it arrives."""

from __future__ import annotations

import re
import signal
import subprocess
import threading
import time
from collections import defaultdict
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from confluent_kafka import Consumer, KafkaError, TopicPartition

from devices.simulator import Imperfections, simulate
from devices.simulator.moments import AQTAU
from models.decoding import decode, type_of
from models.topics import DEFAULT_PARTITIONS, Topics
from tests.command_line import AMANZHOL, environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from amanzhol.broker import EmbeddedBroker

BEGIN = datetime(2025, 6, 10, tzinfo=AQTAU)
SOURCES = 20
FULL = "no room"

_UNSURE_LINES = 4_000
_PEAK = re.compile(r"VmHWM:\s+(\d+) kB")


def day_of_events(hours: int) -> list[bytes]:
    """What the box of a few devices sends in so many hours: a status a minute of each, violations, plates, repeats."""
    flaws = Imperfections(repeats=0.05, malformed=0, plates=0.5, clocks_ahead=0, late_shifts=0)
    records = simulate(3, BEGIN, BEGIN + timedelta(hours=hours), imperfections=flaws, status_interval_s=60)
    chosen: dict[str, None] = {}
    lines = []
    for record in records:
        if len(chosen) < SOURCES:
            chosen[record.key] = None
        if record.key in chosen:
            lines.append(record.value)
    return lines


def order_of(lines: Sequence[bytes]) -> dict[tuple[str, str], list[str]]:
    """Event ids by type and source, each once, in the order in which they first came."""
    found: defaultdict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for line in lines:
        event = decode(line)
        found[type_of(event), event.source_id][event.event_id] = None
    return {source: list(ids) for source, ids in found.items()}


def arrived(broker: str, prefix: str) -> list[bytes]:
    """All records of the input topics, those of a partition in their order."""
    consumer = Consumer({"bootstrap.servers": broker, "group.id": f"{prefix}arrived", "enable.partition.eof": True})
    partitions = [TopicPartition(name, n, 0) for name in Topics(prefix).inputs for n in range(DEFAULT_PARTITIONS)]
    consumer.assign(partitions)
    values: list[bytes] = []
    ended = 0
    while ended < len(partitions):
        message = consumer.poll(20)
        assert message is not None
        if message.error() is None:
            values.append(message.value())
        else:
            assert message.error().code() == KafkaError._PARTITION_EOF
            ended += 1
    consumer.close()
    return values


class Device:
    """A box whose software writes events into a publisher's pipe, and starts it anew where it ended."""

    def __init__(self, folder: Path, broker: str, prefix: str, *options: str) -> None:
        usual = ["--broker", broker, "--prefix", prefix, "--home", str(folder / "home")]
        self._command = [AMANZHOL, "publish", "-", *usual, *options]
        self._log = folder / "publisher.log"
        self._process = self._start()
        self.kills = 0
        self.peak_kb = 0

    def _start(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=log, stderr=log, env=environment(), start_new_session=True
            )

    def feed(self, lines: Sequence[bytes], over_s: float, kills: int, before_last: Callable[[], None]) -> None:
        """Write all lines, evenly over some seconds, with as many kills in between; do something before the last.

        Each time the next publisher is handed again what may be lost: what the last one's spool had not taken stood in
        the pipe or in its hands, which is less than these lines.
        """
        begun = time.monotonic()
        kill_at = {len(lines) * (number + 1) // (kills + 1) for number in range(kills)}
        for number, line in enumerate(lines):
            early_s = over_s * number / len(lines) - (time.monotonic() - begun)
            if early_s > 0.02:
                time.sleep(early_s)
            self._write([line])
            if number in kill_at:
                if self.kills == kills - 1:
                    before_last()
                self._kill()
                self._write(lines[max(0, number - _UNSURE_LINES) : number + 1])
        self._look()
        self._process.stdin.close()

    def _write(self, lines: Sequence[bytes]) -> None:
        try:
            self._process.stdin.writelines(line + b"\n" for line in lines)
            self._process.stdin.flush()
        except BrokenPipeError as error:
            error.add_note(self.log)
            raise

    def _kill(self) -> None:
        self._look()
        self._process.kill()
        self._process.wait()
        with suppress(OSError):
            self._process.stdin.close()
        self.kills += 1
        self._process = self._start()

    def _look(self) -> None:
        """Note the most memory that a publisher ever had."""
        with suppress(OSError):
            found = _PEAK.search(Path(f"/proc/{self._process.pid}/status").read_text())
            self.peak_kb = max(self.peak_kb, int(found[1]) if found else 0)

    def wait(self, timeout_s: float) -> None:
        """Wait until the last publisher has sent everything and ended."""
        code = self._process.wait(timeout_s)
        assert code == 0, self.log

    @property
    def runs(self) -> bool:
        """Whether a publisher runs, or is between two lives."""
        return self._process.poll() in (None, -signal.SIGKILL)

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def close(self) -> None:
        """Let nothing outlive the test."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        with suppress(OSError):
            self._process.stdin.close()


@contextmanager
def flapping(broker: EmbeddedBroker, away_s: float, there_s: float) -> Iterator[list[float]]:
    """Let a broker be there and away in turn while the block runs, and there at its end. Gives its times away."""
    stop = threading.Event()
    away: list[float] = []

    def flap() -> None:
        while not stop.wait(there_s):
            begun = time.monotonic()
            broker.stop()
            stop.wait(away_s)
            broker.start()
            away.append(time.monotonic() - begun)

    thread = threading.Thread(target=flap)
    thread.start()
    try:
        yield away
    finally:
        stop.set()
        thread.join()
