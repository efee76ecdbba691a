"""Fixtures for tests of the stream: a stream of its own for each, and one span of simulated events for all."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import pytest

from devices.ndjson_sink import write_records
from devices.simulator import Imperfections, simulate
from devices.simulator.moments import AQTAU
from tests.integration.stream import REGION, Stream, Tables

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from amanzhol.broker import EmbeddedBroker
    from devices.simulator import SimulatedRecord

BEGIN = datetime(2025, 6, 10, tzinfo=AQTAU)
# A clock ten years ahead is refused by the stream, which knows when a record came, and not by `count`.
IMPERFECTIONS = Imperfections(repeats=0.05, malformed=0.02, clocks_ahead=0)


class Traffic(NamedTuple):
    """Records as they reach Kafka, and what `amanzhol count` makes of the same records in a file."""

    records: list[SimulatedRecord]
    counted: Tables


@pytest.fixture(scope="session")
def traffic(tmp_path_factory: pytest.TempPathFactory) -> Traffic:
    """Four days of the whole region, with everything that goes wrong in it."""
    folder = tmp_path_factory.mktemp("traffic")
    simulated = simulate(1, BEGIN, BEGIN + timedelta(days=4), imperfections=IMPERFECTIONS, status_interval_s=3600)
    # A record without bytes would be a blank line in the file, which is no record there.
    records = [record for record in simulated if record.value]
    file = folder / "events.ndjson"
    write_records(records, str(file))
    return Traffic(records, Tables.written_by("count", file, *REGION, folder=folder / "counted"))


@pytest.fixture
def stream(broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path) -> Iterator[Stream]:
    """Topics and workers of the test's own; workers that still run at its end are killed."""
    stream = Stream(broker.address, topic_prefix, tmp_path)
    yield stream
    stream.close()
