"""The simulated fleet with a breakdown, watched over in simulated time: a record arrives when it is sent."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from devices.mangystau import DEVICES_PATH
from devices.simulator import Imperfections, broken_down, parse_breakdown, simulate
from devices.simulator.moments import AQTAU
from models.decoding import decode_all
from models.health.watch import FleetWatch
from models.registry import read_registry
from models.topics import STATUSES, VIOLATIONS

if TYPE_CHECKING:
    from models.health.alerts import Alert

BEGIN = datetime(2025, 6, 10, 9, tzinfo=AQTAU)
BEGIN_US = round(BEGIN.timestamp()) * 1_000_000
REGISTRY = read_registry(DEVICES_PATH, zone=ZoneInfo("Asia/Aqtau"))

_LOOK_EVERY_US = 30_000_000


def alerts_of(faults: list[str], length: timedelta) -> list[Alert]:
    """Watch the fleet of Mangystau for so long, with these faults. Returns what was told, in order."""
    records = simulate(1, BEGIN, BEGIN + length, imperfections=Imperfections(), tail=False)
    records = broken_down(records, [parse_breakdown(fault, BEGIN_US) for fault in faults])
    watch = FleetWatch(REGISTRY, BEGIN_US / 1e6)
    told: list[Alert] = []
    values: list[bytes] = []
    arrivals_us: list[int] = []
    due_us = BEGIN_US + _LOOK_EVERY_US
    for record in records:
        while record.sent_at >= due_us:
            watch.take(decode_all(values), arrivals_us)
            values, arrivals_us = [], []
            told += watch.look(due_us / 1e6).told
            due_us += _LOOK_EVERY_US
        if record.topic in {STATUSES, VIOLATIONS}:
            values.append(record.value)
            arrivals_us.append(record.sent_at)
    return told
