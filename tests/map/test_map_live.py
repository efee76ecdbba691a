"""The map of the whole product: broker, worker and API run, the fleet drives, and the page follows."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from devices.ndjson_sink import write_records
from devices.simulator import Imperfections, simulate
from devices.simulator.moments import AQTAU
from tests.integration.stream import REGION, Stream, Tables, wait_until
from tests.integration.test_api import ADDRESS, running
from tests.map.browsing import visiting

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from amanzhol.broker import EmbeddedBroker

BEGIN = datetime(2025, 6, 10, tzinfo=AQTAU)
SPAN = "from=2025-06-10&to=2025-06-11"
SUMS = ("violations", "accidents", "dead", "injured", "reports")


@pytest.fixture
def stream(broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path) -> Iterator[Stream]:
    stream = Stream(broker.address, topic_prefix, tmp_path)
    yield stream
    stream.close()


def test_the_map_follows_the_fleet_and_ends_with_what_count_counts(browser, stream, tmp_path):
    simulated = simulate(
        3, BEGIN, BEGIN + timedelta(days=1), imperfections=Imperfections(clocks_ahead=0), status_interval_s=3600
    )
    records = [record for record in simulated if record.value]
    file = tmp_path / "events.ndjson"
    write_records(records, str(file))
    counted = Tables.written_by("count", file, *REGION, folder=tmp_path / "counted")
    rows = list(csv.DictReader(io.StringIO(counted.out.decode())))
    expected = {name: sum(int(row[name]) for row in rows) for name in SUMS}
    assert expected["violations"] > 100

    stream.make_topics()
    stream.wait_counting((stream.worker("w"), 4))
    half = len(records) // 2
    stream.send(records[:half])
    with running(stream, str(tmp_path / "store.duckdb"), tmp_path / "api.log") as api:
        api.wait_for(half)
        address = ADDRESS.findall(api.log)[-1].removesuffix("api/v1")
        with visiting(browser, address) as visit:
            page = visit.open("span=own&from=2025-06-10&through=2025-06-10&lang=en")
            before = int(visit.totals["violations"])
            assert 0 < before < expected["violations"]
            page.locator("#live").click()
            page.wait_for_selector("body[data-live=hello]")
            with stream.sending(records[half:], over_s=2):
                wait_until(lambda: int(visit.totals["violations"]) > before, "the page to follow")
            api.wait_for(len(records))
            wanted = {name: str(value) for name, value in expected.items()}
            wait_until(lambda: visit.totals == wanted, f"sums of {wanted}")
            (totals,) = json.loads(api.get(f"/totals?{SPAN}"))["rows"]
            assert {name: totals[name] for name in SUMS} == expected

            busiest = max(api.rows(""), key=lambda row: (int(row["violations"] or 0), row["segment_id"]))
            page.fill("#search", busiest["segment_id"])
            page.locator("#list button").first.click()
            page.wait_for_selector(".series")
            numbers = dict(row.inner_text().split("\t") for row in page.locator("#segment > .numbers tr").all())
            assert numbers["violations"] == busiest["violations"]
            assert numbers["accidents"] == busiest["accidents"]
