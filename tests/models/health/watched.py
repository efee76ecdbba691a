"""A small fleet on a clock that tests move by hand."""

from __future__ import annotations

import json
from dataclasses import replace

from models.decoding import decode_all
from models.fleet import Device, Registry
from models.health.states import Limits
from models.health.watch import FleetWatch
from tests.rows import MICROSECOND, NOON_S, after_noon, raw, status, violation

MINUTE_S = 60
LIMITS = Limits()


def camera(number: int, **changes) -> Device:
    usual = Device(
        device_id=f"cam-{number}",
        kind="fixed_camera",
        mobile=False,
        site=f"site-{(number + 1) // 2}",
        uplink="fibre" if number <= 6 else "lte",
        district="Aktau",
    )
    return replace(usual, **changes)


CAMERAS = [camera(number) for number in range(1, 9)]
PATROL = Device(device_id="ekin-1", kind="ekin_patrol", mobile=True, site="yard", uplink="radio")
IN_TEST = camera(9, mode="test", site="site-9")
REGISTRY = Registry([*CAMERAS, PATROL, IN_TEST])
EVERYBODY = [row.device_id for row in REGISTRY.rows]


class Clock:
    """A watch over the fleet, seen from so many seconds after noon."""

    def __init__(self, registry: Registry = REGISTRY, ignored=(), told=(), limits: Limits = LIMITS) -> None:
        self.watch = FleetWatch(registry, NOON_S, ignored, limits, told)
        self.told = []

    def send(self, *events: dict, at_s: float) -> None:
        """Let events arrive, all at one moment."""
        self.watch.take(
            decode_all([raw(event) for event in events]), [round((NOON_S + at_s) * MICROSECOND)] * len(events)
        )

    def beat(self, devices, from_s: float, to_s: float, *, every_s: float = MINUTE_S, clock_s: float = 0, **changes):
        """Let devices send statuses on time, and look at them after each."""
        for at_s in range(int(from_s), int(to_s), int(every_s)):
            self.send(*(beat(device, at_s + clock_s, every_s, **changes) for device in devices), at_s=at_s + 1)
            self.look(at_s + 1)

    def look(self, at_s: float):
        look = self.watch.look(NOON_S + at_s)
        self.told += look.told
        return look

    def state_of(self, device: str, at_s: float) -> str:
        look = self.look(at_s)
        return look.state[look.roster.ids.index(device)]

    @property
    def said(self) -> list[tuple[str, str, str, str, str]]:
        """What was told since it was last asked."""
        said = [(one.state, one.condition, one.scope, one.name, one.recurrence) for one in self.told]
        self.told = []
        return said


def beat(device: str, at_s: float, every_s: float = MINUTE_S, **changes) -> dict:
    """A status about the time before `at_s`."""
    return status(
        source_id=device,
        event_id=f"s{at_s}",
        occurred_at=after_noon(at_s),
        period_start=after_noon(at_s - every_s),
        **changes,
    )


def seen(device: str, at_s: float, event_id: str | None = None, **changes) -> dict:
    """A violation at a time."""
    return violation(
        source_id=device, event_id=event_id or f"v{json.dumps(at_s)}", occurred_at=after_noon(at_s), **changes
    )
