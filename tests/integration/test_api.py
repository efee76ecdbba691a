"""The service on a real Kafka: what it answers is what `export` writes, whatever happens to it meanwhile."""

from __future__ import annotations

import csv
import io
import json
import re
import signal
import subprocess
import urllib.request
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from tests.api.database import make_database, running_postgres
from tests.command_line import AMANZHOL, environment
from tests.integration.stream import REGION, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.integration.conftest import Traffic
    from tests.integration.stream import Stream

ADDRESS = re.compile(r"^API +(http://\S+)$", re.MULTILINE)
SPAN = "from=2025-06-09&to=2025-06-16"
COUNTED = ("accidents", "accidents_fatal", "dead", "injured", "animal_accidents", "reports", "test_events")


class RunningApi:
    """An `amanzhol api` on a store."""

    def __init__(self, stream: Stream, store: str, log: Path) -> None:
        self._log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [
                    *(AMANZHOL, "api", "--broker", stream.broker, "--prefix", stream.prefix, *REGION[:2]),
                    *("--api-port", "0", "--home", str(log.parent / "api-home"), "--store", store),
                ],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment(), start_new_session=True,
            )  # fmt: skip
        wait_until(lambda: len(ADDRESS.findall(self.log)) > 0 or self._process.poll() is not None, "an address")
        assert self._process.poll() is None, self.log

    @property
    def log(self) -> str:
        return self._log.read_text()

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(ADDRESS.findall(self.log)[-1] + path, timeout=60) as answer:
            return answer.read()

    def wait_for(self, received: int, *, caught_up: bool = True) -> None:
        """Wait until the books have so many records, and nothing is behind, unless that does not matter."""

        said: list[object] = [None]

        def there() -> bool:
            with suppress(OSError):
                said[0] = books = json.loads(self.get("/books"))
                return books["books"]["received"] >= received and not (caught_up and books["freshness"]["behind"])
            return False

        try:
            wait_until(there, f"{received} records in the books of the API", timeout_s=120)
        except AssertionError as error:
            error.add_note(f"it said last: {said[0]}\n{self.log}")
            raise

    def rows(self, asked: str) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.get(f"/counts?{SPAN}&f=csv&{asked}").decode())))

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(20)


@contextmanager
def running(stream: Stream, store: str, log: Path) -> Iterator[RunningApi]:
    log.unlink(missing_ok=True)
    api = RunningApi(stream, store, log)
    try:
        yield api
    finally:
        api.kill()


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Where each kind of store is made."""
    with running_postgres() as address:
        yield {
            "duckdb": str(tmp_path_factory.mktemp("store") / "store.duckdb"),
            "postgres": make_database(address, "store"),
        }


def table(data: bytes, key: tuple[str, ...], columns: tuple[str, ...]) -> dict[tuple[str, ...], tuple[str, ...]]:
    rows = csv.DictReader(io.StringIO(data.decode()))
    return {tuple(row[name] for name in key): tuple(row[name] for name in columns) for row in rows}


def counts(api: RunningApi, step: str) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Counts by segment and step, as `export` has them; null, where nobody looked, is no violation."""
    return {
        (row["segment_id"], row["start"]): (*(row[name] for name in COUNTED), row["violations"] or "0")
        for row in api.rows(f"step={step}")
        if any(row[name] not in ("", "0") for name in (*COUNTED, "violations", "accidents_unofficial"))
    }


def test_the_api_answers_what_is_exported_whatever_happens_to_it(
    stream: Stream, traffic: Traffic, stores: dict[str, str], tmp_path: Path
) -> None:
    stream.make_topics()
    worker = stream.worker()
    stream.wait_counting((worker, 4))
    sent = len(traffic.records)
    logs = {kind: tmp_path / f"{kind}.log" for kind in stores}
    columns = (*COUNTED, "violations")
    with ExitStack() as stack:
        with stream.sending(traffic.records, over_s=2):
            # Killed while they write, wherever they are.
            for fraction in (0.3,):
                with ExitStack() as killed:
                    for kind, store in stores.items():
                        api = killed.enter_context(running(stream, store, logs[kind]))
                        api.wait_for(int(fraction * sent), caught_up=False)
            apis = [stack.enter_context(running(stream, store, logs[kind])) for kind, store in stores.items()]
        stream.wait_counted()
        exported = stream.export()
        for api in apis:
            api.wait_for(stream.sent)
            assert json.loads(api.get("/books"))["books"] == exported.books
            assert counts(api, "window") == table(exported.out, ("segment_id", "window_start"), columns)
            assert api.stop() == 0
    # A store that was deleted is made again from Kafka alone.
    (tmp_path / "anew").mkdir()
    with running(stream, str(tmp_path / "anew" / "store.duckdb"), logs["duckdb"]) as api:
        api.wait_for(stream.sent)
        assert counts(api, "window") == table(exported.out, ("segment_id", "window_start"), columns)
        hours = {
            (row["segment_id"], row["start"]): (row["watched_s_fixed_camera"], row["passages"])
            for row in api.rows("step=hour")
            if row["watched_s"] != "0" or row["passages"] != "0"
        }
    assert hours == table(exported.coverage, ("segment_id", "hour_start"), ("watched_s_fixed_camera", "passages"))
