"""A real Prometheus with our rules, asking a real worker that counts what the simulator sends through a real Kafka."""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
import urllib.parse
import urllib.request
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import yaml

from amanzhol.broker.ports import free_port
from devices.simulator import Imperfections, simulate
from devices.simulator.moments import AQTAU
from tests.integration.stream import PARTITIONS, Stream, Worker, wait_until
from tests.parts import require_part

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amanzhol.broker import EmbeddedBroker

ROOT = Path(__file__).resolve().parents[2]
PROMETHEUS = ROOT / "deploy" / "prometheus"
BEGIN = datetime(2025, 6, 10, tzinfo=AQTAU)
# Enough that is broken for the quarantine to have something to show.
IMPERFECTIONS = Imperfections(repeats=0.05, malformed=0.2)
INTERVAL = {"$__rate_interval": "1m", "$__interval": "5s", "$__range": "30m"}
"""What Grafana would put in the place of its variables."""


class Prometheus(NamedTuple):
    """A Prometheus that runs."""

    url: str

    def ask(self, path: str, **parameters: str) -> Any:
        with urllib.request.urlopen(f"{self.url}{path}?{urllib.parse.urlencode(parameters)}", timeout=10) as answer:
            return json.load(answer)["data"]

    def ready(self) -> bool:
        with suppress(OSError), urllib.request.urlopen(f"{self.url}/-/ready", timeout=5) as answer:
            return bool(answer.status == 200)
        return False

    def values(self, expression: str) -> list[float]:
        """Values of an instant query, those that are numbers."""
        result = self.ask("/api/v1/query", query=expression)["result"]
        return [value for value in (float(series["value"][1]) for series in result) if math.isfinite(value)]

    def alerts(self) -> dict[str, str]:
        """States of the alerts that are not silent: `pending` or `firing`."""
        return {alert["labels"]["alertname"]: alert["state"] for alert in self.ask("/api/v1/alerts")["alerts"]}


class Watched(NamedTuple):
    """A worker that has counted some hours, and the Prometheus that saw it do so."""

    stream: Stream
    worker: Worker
    address: str
    prometheus: Prometheus


def configuration(address: str, folder: Path) -> Path:
    """Write local.yml as it is, but for this worker's address and in a hurry."""
    local = yaml.safe_load((PROMETHEUS / "local.yml").read_text(encoding="utf-8"))
    local["global"] = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
    local["rule_files"] = [str(PROMETHEUS / pattern) for pattern in local["rule_files"]]
    (job,) = local["scrape_configs"]
    (targets,) = job["static_configs"]
    targets["targets"] = [address]
    file = folder / "prometheus.yml"
    file.write_text(yaml.safe_dump(local), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def watched(broker: EmbeddedBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    program = require_part("prometheus")
    folder = tmp_path_factory.mktemp("watched")
    stream = Stream(broker.address, "watched.", folder)
    stream.make_topics()
    worker = stream.worker()
    port = free_port()
    log = folder / "prometheus.log"
    process: subprocess.Popen[bytes] | None = None
    try:
        stream.wait_until(lambda: worker.counting == PARTITIONS, "a worker that holds every partition")
        (address,) = re.findall(r"metrics at http://(\S+)/metrics", worker.log)
        with log.open("wb") as output:
            process = subprocess.Popen(
                [
                    program,
                    f"--config.file={configuration(address, folder)}",
                    f"--storage.tsdb.path={folder / 'tsdb'}",
                    f"--web.listen-address=127.0.0.1:{port}",
                ],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        prometheus = Prometheus(f"http://127.0.0.1:{port}")
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
        error.add_note(log.read_text() if log.exists() else "Prometheus was not started")
        raise
    finally:
        stream.close()
        if process is not None:
            process.terminate()
            process.wait(30)


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


def test_a_worker_that_is_gone_is_noticed(watched: Watched):
    # The last test of this worker. That the alert then fires after a minute is for promtool to show.
    watched.worker.kill()
    wait_until(lambda: "AmanzholWorkerAbsent" in watched.prometheus.alerts(), "a pending alert")
