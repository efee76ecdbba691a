"""Each alert is seen firing once in a demo by causing its fault, and cleared after: `python -m tests.breakdowns`.

A real Kafka, worker, fleet (simulated, live), watch and Prometheus. Rules and silences are `--hurry` times as fast;
with `--hurry 1` it takes some hours. What a fault cannot cause from outside is left to promtool: books that do not
balance, checkpoints that fail, partitions that are restored for long or again and again, a lag that grows, a loop that
hangs.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from amanzhol.broker import EmbeddedBroker
from amanzhol.broker.ports import free_port
from streams.fleet import AlertLog
from tests.command_line import AMANZHOL, environment
from tests.deploy.prometheus import ADDRESS, FleetProcess, Prometheus
from tests.integration.stream import PARTITIONS, Stream, Worker, wait_until

STATUS_S = 6
"""The shortest time between statuses that the simulator knows."""

FAULTS = {
    "silent:uplink=fibre-shetpe": ("silent", "uplink", "fibre-shetpe"),
    "silent:site=AKT-016": ("silent", "site", "AKT-016"),
    "silent:device=cam-007": ("silent", "device", "cam-007"),
    "clock:device=cam-010": ("wrong_clock", "device", "cam-010"),
    "stuck:device=cam-020": ("stuck", "device", "cam-020"),
    "broken:device=cam-050": ("silent", "device", "cam-050"),
}
MENDS = "speed:device=cam-020"
OF_THE_FLEET = {"AmanzholFleetGone", "AmanzholDevicesUnwell", "AmanzholQuarantineRateHigh"}


@dataclass
class Scene:
    """Everything that runs, and what it is told by."""

    stream: Stream
    folder: Path
    hurry: int
    stack: ExitStack
    worker: Worker = field(init=False)
    fleet: FleetProcess = field(init=False)
    prometheus: Prometheus = field(init=False)

    def __post_init__(self) -> None:
        self.begun = time.monotonic()
        self.silence_s = max(180 // self.hurry, 2 * STATUS_S)
        self.fleet_port, self.worker_port = free_port(), free_port()
        self.alerts = AlertLog(self.stream.broker, self.stream.topics)
        self.stream.make_topics()
        self.start_worker()
        self.stream.wait_counting((self.worker, PARTITIONS))
        self.start_fleet()
        wait_until(lambda: bool(self.fleet.address), "a watch over the fleet")
        (address,) = ADDRESS.findall(self.worker.log)
        addresses = {"amanzhol-worker": address, "amanzhol-fleet": self.fleet.address}
        self.prometheus = Prometheus(addresses, self.folder, self.hurry)
        self.stack.callback(self.prometheus.stop)
        wait_until(self.prometheus.ready, "a Prometheus that is ready")

    def say(self, what: str) -> None:
        sys.stdout.write(f"{time.monotonic() - self.begun:6.1f} s  {what}\n")
        sys.stdout.flush()

    def start_worker(self) -> None:
        self.worker = self.stream.worker(None, "--metrics-port", str(self.worker_port))

    def start_fleet(self) -> None:
        self.fleet = FleetProcess(
            self.stream, "--silence-s", str(self.silence_s), "--since", "30m", port=self.fleet_port
        )
        self.stack.callback(self.fleet.kill)

    def simulate(self, from_s: int, to_s: int) -> None:
        """Let the fleet send live, with every fault from then to then and what mends the last of them after."""
        start = datetime.now(UTC) - timedelta(seconds=2)
        faults = [f"{fault}@{from_s}s-{to_s}s" for fault in FAULTS] + [f"{MENDS}@{to_s + 5}s-{to_s + 20}s"]
        log = self.stack.enter_context((self.folder / "simulator.log").open("wb"))
        where = ("--broker", self.stream.broker, "--prefix", self.stream.prefix)
        span = ("--from", start.isoformat(), "--to", (start + timedelta(hours=6)).isoformat())
        simulator = subprocess.Popen(
            [
                *(AMANZHOL, "simulate", *where, *span, "--live", "--no-tail", "--status-every", str(STATUS_S)),
                *(option for fault in faults for option in ("--fault", fault)),
            ],
            stdout=log,
            stderr=log,
            cwd=self.folder,
            env=environment(),
        )
        self.stack.callback(simulator.wait)
        self.stack.callback(simulator.kill)

    def told(self, state: str) -> set[tuple[str, str, str]]:
        return {(one.condition, one.scope, one.name) for one in self.alerts.told() if one.state == state}

    def firing(self) -> set[str]:
        return {name for name, state in self.prometheus.alerts().items() if state == "firing"}

    def wait_firing(self, names: set[str], timeout_s: float) -> None:
        wait_until(lambda: self.firing() >= names, f"Prometheus to fire {names}", timeout_s)
        self.say(f"Prometheus fires {', '.join(sorted(self.firing()))}")

    def wait_silent(self, names: set[str], timeout_s: float) -> None:
        wait_until(lambda: not self.firing() & names, f"Prometheus to be silent about {names}", timeout_s)
        self.say(f"Prometheus is silent about {', '.join(sorted(names))}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hurry", type=int, default=15)
    hurry = parser.parse_args().hurry
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        broker = stack.enter_context(EmbeddedBroker(folder))
        stream = Stream(broker.address, "breakdowns.", folder)
        stack.callback(stream.close)
        scene = Scene(stream, folder, hurry, stack)
        # Twelve statuses of each before anything breaks, then long enough for the slowest rule.
        from_s = 12 * STATUS_S + 20
        to_s = from_s + 4 * scene.silence_s + 900 // hurry + 60
        scene.simulate(from_s, to_s)
        expected = set(FAULTS.values())
        wait_until(lambda: scene.told("raised") >= expected, "every alert in the topic alerts", to_s + 60)
        assert scene.told("raised") == expected, scene.told("raised") - expected
        scene.say(f"{len(expected)} alerts were raised, and no other")
        scene.wait_firing(OF_THE_FLEET, 1_200 / hurry + to_s)
        try:
            wait_until(lambda: scene.told("cleared") >= expected, "all of them cleared", to_s + 120)
        except AssertionError as error:
            error.add_note(f"not cleared: {expected - scene.told('cleared')}")
            raise
        scene.say(f"all of them were cleared; beside them came {scene.told('raised') - expected or 'none'}")
        scene.wait_silent(OF_THE_FLEET, 3_600 / hurry + 120)
        for name, take_away, bring_back in (
            ("AmanzholWorkerAbsent", scene.worker.kill, scene.start_worker),
            ("AmanzholFleetNotWatched", scene.fleet.kill, scene.start_fleet),
        ):
            take_away()
            scene.wait_firing({name}, 600 / hurry + 90)
            bring_back()
            scene.wait_silent({name}, 600 / hurry + 120)


if __name__ == "__main__":
    main()
