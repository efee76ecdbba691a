"""Each alert about devices is seen firing once by causing its fault, and cleared after; and nothing else fires."""

from __future__ import annotations

from datetime import timedelta

import pytest

from devices.simulator import KINDS, parse_breakdown
from tests.simulation.breakdowns import BEGIN_US, alerts_of

MINUTE_US = 60_000_000


def test_every_alert_is_raised_by_its_fault_and_cleared_after():
    # All at once, each about other devices; `broken` shows that what does not decode is not heard.
    faults = {
        "silent:device=cam-007@5m-18m": ("silent", "device", "cam-007"),
        "silent:uplink=fibre-shetpe@5m-18m": ("silent", "uplink", "fibre-shetpe"),
        "silent:site=AKT-016@5m-18m": ("silent", "site", "AKT-016"),
        "broken:device=cam-050@5m-18m": ("silent", "device", "cam-050"),
        "clock:device=cam-010@5m-18m": ("wrong_clock", "device", "cam-010"),
        "stuck:device=cam-020@5m-18m": ("stuck", "device", "cam-020"),
    }
    mended = "speed:device=cam-020@20m-22m"  # that a camera repeats itself no more shows with its next violation
    told = alerts_of([*faults, mended], timedelta(minutes=23))
    by_state = {state: [alert for alert in told if alert.state == state] for state in ("raised", "cleared")}
    for alerts in by_state.values():
        assert sorted((alert.condition, alert.scope, alert.name) for alert in alerts) == sorted(faults.values())
    assert {alert.recurrence for alert in told} == {"new"}


def test_a_camera_that_measures_one_speed_is_stuck():
    told = alerts_of(["speed:device=cam-030@2m-30m"], timedelta(minutes=25))
    assert [(alert.state, alert.condition, alert.name) for alert in told] == [("raised", "stuck", "cam-030")]


def test_a_fleet_with_its_everyday_flaws_raises_nothing():
    assert alerts_of([], timedelta(minutes=30)) == []


@pytest.mark.parametrize(
    ("gone", "cause"),
    [
        ("kind=fixed_camera", ("kind", "fixed_camera")),
        ("district=Karakiya district", ("district", "Karakiya district")),
        ("district=Zhanaozen", ("uplink", "fibre-zhanaozen")),  # which all of its cameras share
    ],
)
def test_a_whole_group_is_one_alert(gone, cause):
    (told,) = alerts_of([f"silent:{gone}@6m-30m"], timedelta(minutes=14))
    assert (told.condition, told.scope, told.name) == ("silent", *cause)
    # All but those that do not work today, and said so.
    assert told.devices >= len(parse_breakdown(f"silent:{gone}", BEGIN_US).devices) * 0.9


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("silent", "write it like"),
        ("silent:device=cam-007@5m", "write it like"),
        ("loud:device=cam-007", "no loud"),
        ("silent:segment=KAZ11", "not of a segment"),
        ("silent:device=cam-999", "no device of the simulated fleet has the device 'cam-999'"),
        ("silent:device=cam-007@5m-5m", "ends before it begins"),
    ],
)
def test_a_fault_that_cannot_be_caused_is_refused(text, complaint):
    with pytest.raises(ValueError, match=complaint):
        parse_breakdown(text, 0)


def test_when_and_whom_a_fault_concerns():
    fault = parse_breakdown("clock:site=AKT-001@10m-2h", 0)
    assert fault.kind in KINDS
    assert fault.devices == {"cam-001", "cam-002"}
    assert (fault.from_us, fault.to_us) == (10 * MINUTE_US, 120 * MINUTE_US)
