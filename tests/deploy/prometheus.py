"""A Prometheus of the machine with our rules, and the watch over a fleet, as processes that outlive no test."""

from __future__ import annotations

import json
import math
import re
import subprocess
import urllib.parse
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from amanzhol.broker.ports import free_port
from devices.mangystau import DEVICES_PATH
from tests.command_line import AMANZHOL, environment
from tests.parts import require_part

if TYPE_CHECKING:
    from tests.integration.stream import Stream

PROMETHEUS = Path(__file__).resolve().parents[2] / "deploy" / "prometheus"
ADDRESS = re.compile(r"metrics at http://(\S+)/metrics")

_DURATION = re.compile(r"\b(\d+)(s|m|h)\b")
_UNIT_S = {"s": 1, "m": 60, "h": 3_600}


class FleetProcess:
    """An `amanzhol fleet --watch` over a stream."""

    def __init__(self, stream: Stream, *options: str, port: int = 0) -> None:
        self._log = stream.folder / "fleet.log"
        where = ("--broker", stream.broker, "--prefix", stream.prefix, "--devices", str(DEVICES_PATH))
        with self._log.open("wb") as output:
            self._process = subprocess.Popen(
                [AMANZHOL, "fleet", "--watch", *where, "--fleet-port", str(port), *options],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=stream.folder,
                env=environment(),
            )

    @property
    def log(self) -> str:
        return self._log.read_text()

    @property
    def address(self) -> str:
        """Where its metrics are; empty until it serves them."""
        found = ADDRESS.search(self.log)
        return "" if found is None else found[1]

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


class Prometheus:
    """A Prometheus that asks these addresses, by job, every second, with our rules `hurry` times as fast."""

    def __init__(self, addresses: dict[str, str], folder: Path, hurry: int = 1) -> None:
        program = require_part("prometheus")
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._log = folder / "prometheus.log"
        with self._log.open("wb") as output:
            self._process = subprocess.Popen(
                [
                    program,
                    f"--config.file={_configuration(addresses, folder, hurry)}",
                    f"--storage.tsdb.path={folder / 'tsdb'}",
                    f"--web.listen-address=127.0.0.1:{port}",
                ],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def log(self) -> str:
        return self._log.read_text()

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(30)

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
        """States of the alerts that are not silent, `pending` or `firing`, but for the one that never is."""
        states = sorted((one["state"], one["labels"]["alertname"]) for one in self.ask("/api/v1/alerts")["alerts"])
        found = {name: state for state, name in reversed(states)}  # of several series, one that fires says it
        assert found.pop("AmanzholDeadMansSwitch", "firing") == "firing"
        return found


def _configuration(addresses: dict[str, str], folder: Path, hurry: int) -> Path:
    """Write local.yml as it is, but for these addresses and in a hurry."""
    local = yaml.safe_load((PROMETHEUS / "local.yml").read_text(encoding="utf-8"))
    local["global"] = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
    local["rule_files"] = [str(_hurried(path, folder, hurry)) for path in (PROMETHEUS / "rules").glob("*.yml")]
    for job in local["scrape_configs"]:
        (targets,) = job["static_configs"]
        targets["targets"] = [addresses[job["job_name"]]]
    file = folder / "prometheus.yml"
    file.write_text(yaml.safe_dump(local), encoding="utf-8")
    return file


def _hurried(path: Path, folder: Path, hurry: int) -> Path:
    """Write rules whose times are so many times as short; the names of recorded series keep theirs."""
    if hurry == 1:
        return path
    rules = yaml.safe_load(path.read_text(encoding="utf-8"))
    for group in rules["groups"]:
        for rule in group["rules"]:
            for field in ("for", "keep_firing_for"):
                if field in rule:
                    rule[field] = _shorter(rule[field], hurry)
            rule["expr"] = re.sub(r"\[[^]]+\]", lambda span: _shorter(span[0], hurry), rule["expr"])
    file = folder / path.name
    file.write_text(yaml.safe_dump(rules), encoding="utf-8")
    return file


def _shorter(text: str, hurry: int) -> str:
    return _DURATION.sub(lambda found: f"{max(int(found[1]) * _UNIT_S[found[2]] // hurry, 5)}s", text)
