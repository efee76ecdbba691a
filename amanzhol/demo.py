"""The demo: Kafka, a worker, the API and the simulated fleet of Mangystau on this machine, watched for a while."""

from __future__ import annotations

import re
import shutil
import signal
import time
import urllib.request
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from amanzhol.broker import EmbeddedBroker
from amanzhol.broker.ports import free_port
from amanzhol.children import Child, child
from amanzhol.reading import CountedReader
from devices.mangystau import DEVICES_PATH, NETWORK_PATH
from models.errors import RunError
from models.topics import Topics
from streams.topics import ensure_topics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from amanzhol.reading import Counted
    from amanzhol.settings import Settings

CATCH_UP = timedelta(days=7)
"""How far back the demo begins where it has no end: it catches up with the clock and then keeps to it."""

_FOREVER = timedelta(days=3650)
_DRAIN_TIMEOUT_S = 30.0
_START_TIMEOUT_S = 60.0
_SETTLED_READS = 3
_COUNTING = re.compile(rb'^amanzhol_partitions\{state="counting"\} [1-9]', re.MULTILINE)


class Plan(NamedTuple):
    """What the demo does: `seconds` after the first event it ends, or, where None, never by itself."""

    seconds: float | None
    speed: float

    def span(self, now: datetime) -> tuple[datetime, datetime]:
        """The stretch of simulated time: one that ends now, and is through when the demo's time is."""
        length = CATCH_UP if self.seconds is None else timedelta(seconds=self.seconds * self.speed)
        return now - length, now if self.seconds is not None else now + _FOREVER


class Sight(NamedTuple):
    """What there is to see at one moment."""

    counted: Counted
    simulated_from: datetime
    running_s: float


@dataclass(slots=True)
class Demo:
    """A running demo."""

    map_url: str
    metrics_url: str
    broker: str
    folder: Path
    simulated_from: datetime
    _reader: CountedReader
    _simulator: Child
    _worker: Child
    _api: Child
    _first_event: float | None = field(default=None)

    def look(self) -> Sight:
        """Read what has been counted by now. Raises RunError where a part of the demo has failed."""
        self._simulator.check()
        self._worker.check()
        self._api.check()
        counted = self._reader.read()
        if self._first_event is None and counted.books.received:
            self._first_event = time.monotonic()
        running_s = 0.0 if self._first_event is None else time.monotonic() - self._first_event
        return Sight(counted, self.simulated_from, running_s)

    def finish(self) -> Sight:
        """Stop the fleet, wait until all it sent is counted, stop the worker, and take a last look."""
        self._simulator.stop(signal.SIGINT)
        deadline = time.monotonic() + _DRAIN_TIMEOUT_S
        received, unchanged = -1, 0
        while unchanged < _SETTLED_READS and time.monotonic() < deadline:
            now = self._reader.read().books.received
            unchanged = unchanged + 1 if now == received else 0
            received = now
            time.sleep(0.5)
        self._worker.stop()
        self._api.stop()
        return self.look()


@contextmanager
def running_demo(settings: Settings, plan: Plan, tell: Callable[[str], None]) -> Iterator[Demo]:
    """Start everything, and stop everything when the block ends. `tell` is told what is being done."""
    with ExitStack() as stack:
        folder = settings.home / "demo"
        # What an earlier demo simulated is of no use, and its events would come once more as duplicates.
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        broker = settings.broker
        if "broker" not in settings.model_fields_set:
            tell("starting Kafka (the first time, its 44 MB are fetched)")
            broker = stack.enter_context(EmbeddedBroker(folder)).address
        prefix = f"demo-{datetime.now(UTC):%Y%m%d-%H%M%S}."
        topics = Topics(prefix)
        ensure_topics(broker, topics, settings.partitions)
        where = ["--broker", broker, "--prefix", prefix]
        port = free_port(settings.metrics_port)
        tell("starting a worker")
        worker = stack.enter_context(
            child(
                [
                    "worker",
                    *where,
                    *("--network", str(NETWORK_PATH), "--devices", str(DEVICES_PATH)),
                    *("--metrics-port", str(port), "--home", str(folder)),
                ],
                folder / "worker.log",
            )
        )
        metrics_url = f"http://{settings.metrics_host}:{port}/metrics"
        api_port = free_port(settings.api_port)
        api = stack.enter_context(
            child(
                [
                    "api",
                    *where,
                    *("--network", str(NETWORK_PATH), "--home", str(folder)),
                    *("--api-host", "127.0.0.1", "--api-port", str(api_port)),
                ],
                folder / "api.log",
            )
        )
        map_url = f"http://127.0.0.1:{api_port}/"
        _wait_until_it_counts(worker, metrics_url)
        tell("starting the API")
        _wait_until_it_answers(api, f"{map_url}api/v1/freshness")
        now = datetime.now(UTC)
        start, end = plan.span(now)
        simulator = stack.enter_context(
            child(
                [
                    "simulate",
                    *where,
                    *("--from", start.isoformat(), "--to", end.isoformat(), "--speed", str(plan.speed)),
                    *("--live", "--no-tail", "--status-every", "60"),
                ],
                folder / "simulator.log",
            )
        )
        reader = CountedReader(broker, topics)
        stack.callback(reader.close)
        yield Demo(
            map_url=map_url,
            metrics_url=metrics_url,
            broker=broker,
            folder=folder,
            simulated_from=start,
            _reader=reader,
            _simulator=simulator,
            _worker=worker,
            _api=api,
        )


def _wait_until_it_counts(worker: Child, metrics_url: str) -> None:
    """Wait until the worker holds partitions, so that the fleet does not run ahead of it."""
    deadline = time.monotonic() + _START_TIMEOUT_S
    while True:
        worker.check()
        with suppress(OSError), urllib.request.urlopen(metrics_url, timeout=1) as answer:  # noqa: S310 - our own worker
            if _COUNTING.search(answer.read()):
                return
        if time.monotonic() > deadline:
            raise RunError(f"the worker has not begun to count after {_START_TIMEOUT_S:.0f} s: see its log")
        time.sleep(0.1)


def _wait_until_it_answers(api: Child, url: str) -> None:
    """Wait until the API answers, so that the address that is shown can be opened."""
    deadline = time.monotonic() + _START_TIMEOUT_S
    while True:
        api.check()
        with suppress(OSError), urllib.request.urlopen(url, timeout=1):  # noqa: S310 - our own API
            return
        if time.monotonic() > deadline:
            raise RunError(f"the API does not answer after {_START_TIMEOUT_S:.0f} s: see its log")
        time.sleep(0.1)
