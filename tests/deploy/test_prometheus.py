"""A real Prometheus with our rules, asking a real worker that counts what the simulator sends through a real Kafka.

Beside it a watch over the fleet, in a hurry: everybody is silent after a few seconds, which an alert has to tell.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from devices.mangystau import DEVICES_PATH
from devices.simulator import Imperfections, SimulatedRecord, simulate
from devices.simulator.fleet import registry_rows
from devices.simulator.moments import AQTAU
from models.topics import STATUSES
from streams.fleet import AlertLog
from tests.command_line import amanzhol
from tests.deploy.prometheus import ADDRESS, PROMETHEUS, FleetProcess, Prometheus
from tests.integration.stream import PARTITIONS, Stream, Worker, wait_until
from tests.parts import require_part
from tests.rows import raw, status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amanzhol.broker import EmbeddedBroker

ROOT = Path(__file__).resolve().parents[2]
BEGIN = datetime(2025, 6, 10, tzinfo=AQTAU)
# Enough that is broken for the quarantine to have something to show.
IMPERFECTIONS = Imperfections(repeats=0.05, malformed=0.2)
CAMERAS = sorted({row["device_id"] for row in registry_rows() if row["kind"] == "fixed_camera"})
INTERVAL = {"$__rate_interval": "1m", "$__interval": "5s", "$__range": "30m"}
"""What Grafana would put in the place of its variables."""


class Watched(NamedTuple):
    """A worker that has counted some hours, and the Prometheus that saw it do so."""

    stream: Stream
    worker: Worker
    address: str
    prometheus: Prometheus

    def pulse(self) -> None:
        """Let every camera of the registry say that it is there now."""
        now = datetime.now(UTC)
        period = {"occurred_at": now.isoformat(), "period_start": (now - timedelta(seconds=1)).isoformat()}
        self.stream.send(
            SimulatedRecord(0, STATUSES, device_id, raw(status(source_id=device_id, event_id=f"{now}", **period)))
            for device_id in CAMERAS
        )


@pytest.fixture(scope="module")
def watched(broker: EmbeddedBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    require_part("prometheus")
    folder = tmp_path_factory.mktemp("watched")
    stream = Stream(broker.address, "watched.", folder)
    stream.make_topics()
    worker = stream.worker()
    # It tells of a silence after two seconds, or seven where it knows little of the device.
    fleet = FleetProcess(stream, "--silence-s", "2", "--since", "1m")
    prometheus: Prometheus | None = None
    try:
        stream.wait_until(lambda: worker.counting == PARTITIONS, "a worker that holds every partition")
        stream.wait_until(lambda: bool(fleet.address), "a watch over the fleet")
        (address,) = ADDRESS.findall(worker.log)
        prometheus = Prometheus({"amanzhol-worker": address, "amanzhol-fleet": fleet.address}, folder)
        stream.wait_until(prometheus.ready, "a Prometheus that is ready")
        for hours in (3, 6):  # twice, so that there is something to see before and after
            records = list(
                simulate(
                    1,
                    BEGIN + timedelta(hours=hours - 3),
                    BEGIN + timedelta(hours=hours),
                    imperfections=IMPERFECTIONS,
                    status_interval_s=600,
                )
            )
            stream.send(records)
            stream.wait_counted()
            seen = stream.sent
            stream.wait_until(
                lambda seen=seen: prometheus.values('sum(amanzhol_books{column="received"})') == [seen],
                f"a Prometheus that has seen {seen} records in the books",
            )
        yield Watched(stream, worker, address, prometheus)
    except AssertionError as error:
        error.add_note(prometheus.log if prometheus else "Prometheus was not started")
        error.add_note(fleet.log)
        raise
    finally:
        stream.close()
        fleet.kill()
        if prometheus is not None:
            prometheus.stop()


def dashboard_queries() -> dict[str, str]:
    """Each query of each panel, by the panel's title and the query's letter."""
    queries = {}
    for file in (ROOT / "deploy" / "grafana" / "dashboards").glob("*.json"):
        for panel in json.loads(file.read_text(encoding="utf-8"))["panels"]:
            for target in panel.get("targets", []):
                expression = target["expr"]
                for variable, value in INTERVAL.items():
                    expression = expression.replace(variable, value)
                assert "$" not in expression
                queries[f"{panel['title']} {target['refId']}"] = expression
    return queries


def test_every_panel_has_something_to_show(watched: Watched):
    queries = dashboard_queries()
    empty = dict(queries)

    def all_show_something() -> bool:
        for title in list(empty):
            if watched.prometheus.values(queries[title]):
                del empty[title]
        return not empty

    try:
        wait_until(all_show_something, "every panel")
    except AssertionError as error:
        error.add_note(f"nothing to show: {empty}")
        raise
    assert len(queries) > 15


def test_panels_show_what_was_counted(watched: Watched):
    queries = dashboard_queries()
    ask = watched.prometheus.values
    assert ask(queries["Books differ by A"]) == [0]
    assert ask(queries["Records that wait A"]) == [0]
    assert ask(queries["Partitions counting A"]) == [PARTITIONS]
    assert ask(queries["Workers A"]) == [1]
    assert ask(queries["Alerts firing A"]) == [0]
    received = watched.stream.sent
    assert ask(f"sum({queries['The books A']})") == [2 * received]  # what was received, and the columns
    assert ask(queries["The books A"] + '{column="received"}') == [received]
    assert sum(ask('column:amanzhol_books:sum{column="quarantined"}')) > 0
    assert ask("sum(amanzhol_event_to_cell_seconds_count)") == [received]
    assert ask('count({__name__=~"faust_.*", job="amanzhol-worker"})') > [5]  # Faust's own stand beside ours
    # The second half was counted while Prometheus watched.
    assert sum(ask(queries["Received per second, by topic A"])) > 0


def test_every_rule_is_evaluated_and_none_is_amiss(watched: Watched):
    def evaluated() -> list[str]:
        groups = watched.prometheus.ask("/api/v1/rules")["groups"]
        return [rule["health"] for group in groups for rule in group["rules"]]

    wait_until(lambda: "unknown" not in evaluated(), "rules that are evaluated")
    assert set(evaluated()) == {"ok"}
    assert len(evaluated()) == sum(file.read_text().count("expr:") for file in (PROMETHEUS / "rules").glob("*.yml"))
    assert watched.prometheus.alerts() == {}


def test_the_health_check_is_content(watched: Watched):
    port = watched.address.rpartition(":")[2]
    done = subprocess.run(
        [sys.executable, ROOT / "deploy" / "image" / "worker_health.py"],
        env=os.environ | {"AMANZHOL_METRICS_PORT": port},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_fleet_that_falls_silent_is_one_alert_that_is_cleared_when_it_is_back(watched: Watched):
    # From here on cameras are heard now and then only: the tests of what is well come before.
    causes = watched.prometheus.values
    query = 'sum(amanzhol_fleet_alerts{condition="silent", scope="kind"})'
    log = AlertLog(watched.stream.broker, watched.stream.topics)
    assert causes(query) == [0]  # half a day of June was counted: old data raises nothing
    assert causes('sum(amanzhol_devices{state="unseen"})') == [len(registry_rows()) - 2 - 3]  # two moved, three in test
    watched.pulse()
    wait_until(lambda: causes(query) == [1], "an alert that all cameras are silent")
    wait_until(lambda: "AmanzholFleetGone" in watched.prometheus.alerts(), "a pending alert of Prometheus")
    (raised,) = log.told()
    assert (raised.state, raised.condition, raised.scope, raised.name) == ("raised", "silent", "kind", "fixed_camera")
    assert raised.devices == len(CAMERAS) - 3

    def back() -> bool:
        watched.pulse()
        return causes(query) == [0]

    wait_until(back, "an alert that is cleared")
    assert [alert.state for alert in log.told()][:2] == ["raised", "cleared"]
    where = ("--broker", watched.stream.broker, "--prefix", watched.stream.prefix, "--devices", DEVICES_PATH)
    table = amanzhol("fleet", *where, cwd=watched.stream.folder)
    assert table.code == 0, table.err
    assert re.search(r"fixed_camera\s+│\s+212\s+│", table.out), table.out


def test_a_worker_that_is_gone_is_noticed(watched: Watched):
    # The last test of this worker. That the alert then fires after a minute is for promtool to show.
    watched.worker.kill()
    wait_until(lambda: "AmanzholWorkerAbsent" in watched.prometheus.alerts(), "a pending alert")
