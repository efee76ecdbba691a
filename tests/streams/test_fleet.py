"""The watch over the fleet as a service: nobody is judged while records wait, or while Kafka is away."""

from __future__ import annotations

import time

import pytest

from models.health.watch import FleetWatch
from streams.fleet import FleetService, read_until_now
from streams.metrics import FleetMetrics
from tests.models.health.watched import EVERYBODY, REGISTRY, beat
from tests.rows import MICROSECOND, NOON_S, raw

KINDS = ("fixed_camera", "ekin_patrol")


class Log:
    """Gives batches, one each time it is read; then says that nothing waits, or that the broker is away."""

    def __init__(self, *batches) -> None:
        self.batches = list(batches)
        self.away = False

    def waiting(self):
        return None if self.away else sum(len(values) for values, _ in self.batches)

    def read(self, timeout_s):
        return self.batches.pop(0)


class Alerts:
    def __init__(self) -> None:
        self.told = []

    def tell(self, alerts) -> None:
        self.told += alerts


def minute(at_s: int, devices=EVERYBODY):
    """A status of each of these devices."""
    return [raw(beat(device, at_s)) for device in devices], [round((NOON_S + at_s) * MICROSECOND)] * len(devices)


@pytest.fixture
def clock(monkeypatch):
    now = [float(NOON_S)]
    monkeypatch.setattr(time, "time", lambda: now[0])

    def set_to(at_s: float) -> None:
        now[0] = NOON_S + at_s

    return set_to


def sample(metrics, name, **labels):
    return metrics.registry.get_sample_value(f"amanzhol_{name}", labels)


def test_nobody_is_judged_before_all_is_read_nor_while_kafka_is_away(clock):
    log, alerts, metrics = Log(*(minute(at_s) for at_s in range(0, 600, 60))), Alerts(), FleetMetrics()
    service = FleetService(log, alerts, FleetWatch(REGISTRY, NOON_S), metrics)
    clock(7_200)  # it was started late: everybody looks silent until all is read
    log.batches += [minute(at_s) for at_s in range(600, 7_200, 60)]
    while log.batches:
        assert service.turn(KINDS) is None
    log.away = True
    clock(20_000)
    assert service.turn(KINDS) is None
    assert alerts.told == []
    assert sample(metrics, "fleet_judged_timestamp_seconds") == 0
    log.away = False
    clock(7_200)
    assert service.turn(KINDS) is not None
    assert alerts.told == []
    assert sample(metrics, "fleet_judged_timestamp_seconds") == NOON_S + 7_200
    assert sample(metrics, "devices", kind="fixed_camera", state="active") == 8
    assert sample(metrics, "devices", kind="fixed_camera", state="test") == 1
    assert sample(metrics, "fleet_records_total") == 120 * len(EVERYBODY)


def test_what_is_told_is_counted(clock):
    log, alerts, metrics = Log(), Alerts(), FleetMetrics()
    service = FleetService(log, alerts, FleetWatch(REGISTRY, NOON_S), metrics)
    for at_s in range(0, 1_200, 60):
        log.batches.append(minute(at_s, EVERYBODY if at_s < 600 else EVERYBODY[1:]))
        clock(at_s + 1)
        service.turn(KINDS)
        service.turn(KINDS)
    assert [(alert.state, alert.name) for alert in alerts.told] == [("raised", "cam-1")]
    labels = {"condition": "silent", "recurrence": "new"}
    assert sample(metrics, "fleet_alerts", scope="device", **labels) == 1
    assert sample(metrics, "fleet_alerts", scope="fleet", **labels) == 0
    assert sample(metrics, "fleet_alerts_raised_total", **labels) == 1
    assert sample(metrics, "devices", kind="fixed_camera", state="silent") == 1


def test_strangers_are_counted_and_not_named(clock):
    metrics = FleetMetrics()
    log = Log(minute(0, ["stranger", "cam-1"]))
    FleetService(log, Alerts(), FleetWatch(REGISTRY, NOON_S), metrics).turn(KINDS)
    assert sample(metrics, "fleet_unknown_records_total") == 1


def test_a_table_is_as_of_when_all_was_read(clock):
    log = Log(minute(0), minute(60))
    clock(61)
    assert read_until_now(log, FleetWatch(REGISTRY, NOON_S)) == NOON_S + 61
    assert log.batches == []
