"""30,202 real accidents through a real broker and a real worker give the very bytes that `count` gives."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from devices.simulator.record import SimulatedRecord
from models.topics import ACCIDENTS
from tests.integration.stream import Tables
from tests.realdata import fars, interstates
from tests.realdata.recount import recount

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.stream import Stream

pytestmark = pytest.mark.skipif(
    not (fars.SOURCE.exists() and interstates.SOURCE.exists()),
    reason=f"{fars.SOURCE.name} and {interstates.SOURCE.name} are not beside this checkout",
)


def test_the_stream_a_file_and_a_query_make_the_same_table(stream: Stream, tmp_path: Path) -> None:
    network, events, located = (tmp_path / name for name in ("network.geojson", "events.ndjson", "located.csv"))
    network.write_text(json.dumps(interstates.network()), encoding="utf-8")
    fars.write_events(events)
    rules = ("--network", str(network), "--timezone", "America/Chicago", "--tolerance-m", "300")

    stream.make_topics()
    worker = stream.worker("one", *rules)
    stream.send(SimulatedRecord(0, ACCIDENTS, fars.SOURCE_ID, line) for line in events.read_bytes().splitlines())
    stream.wait_counted()
    assert worker.stop() == 0
    counted = Tables.written_by("count", events, *rules, "--located", located, folder=tmp_path / "counted")
    recount(events, located, tmp_path / "sql.csv")

    assert counted.books["received"] == 30_202
    assert stream.export() == counted
    assert counted.out == (tmp_path / "sql.csv").read_bytes()
