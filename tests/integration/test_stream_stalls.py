"""A worker that stands still says so, ends with 1, and costs nothing: the next one counts everything once."""

from __future__ import annotations

import sys
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING

from tests.integration.stream import Stream

if TYPE_CHECKING:
    from amanzhol.broker import EmbeddedBroker
    from tests.integration.conftest import Traffic

STALLING = str(Path(__file__).with_name("stalling_worker.py"))
PATIENCE_S = 10
STANDING = "amanzhol_standing_still_seconds"

CAUSES = {
    # What hangs; what the worker says of it.
    "agents": "the record source has not turned for",
    "consumer": "records wait behind offset 0, none was folded for",
}


def test_a_worker_that_stands_still_ends(
    broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path, traffic: Traffic
) -> None:
    with ExitStack() as streams:
        stalling = {}
        for cause in CAUSES:  # both at once: a test has patience too
            folder = tmp_path / cause
            folder.mkdir()
            (folder / "amanzhol.toml").write_text(f"patience_s = {PATIENCE_S}\n")
            stream = streams.enter_context(closing(Stream(broker.address, f"{topic_prefix}{cause}.", folder)))
            stream.make_topics()
            stream.send(traffic.records)
            stalling[cause] = (stream, stream.worker("one", program=(sys.executable, STALLING, cause)))
        for cause, (stream, worker) in stalling.items():
            stream.wait_until(lambda worker=worker: worker.metrics().get(STANDING, 0) > 0, "a stall in the metrics")
            stream.wait_until(lambda worker=worker: not worker.runs, "the end of a worker that stands still")
            assert worker.wait() == 1
            assert worker.last_line.startswith("amanzhol: ")
            assert CAUSES[cause] in worker.last_line
            assert "thread record-source stands at" in worker.log
        stream, _ = stalling["agents"]
        stream.worker("one")
        stream.wait_counted()
        assert stream.export() == traffic.counted
