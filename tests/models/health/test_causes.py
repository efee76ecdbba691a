"""One cause, not one alert for each device."""

from __future__ import annotations

import pytest

from models.health.alerts import decode_alert
from models.records import encode
from tests.models.health.watched import EVERYBODY, Clock

FIBRE = [f"cam-{number}" for number in range(1, 7)]


def without(*devices: str) -> list[str]:
    return [device for device in EVERYBODY if device not in devices]


@pytest.mark.parametrize(
    ("gone", "expected"),
    [
        (["cam-1"], {("device", "cam-1")}),
        (["cam-1", "cam-2"], {("site", "site-1")}),
        (FIBRE, {("uplink", "fibre")}),
        ([*FIBRE, "cam-7"], {("uplink", "fibre"), ("device", "cam-7")}),
        (FIBRE[1:], {("device", "cam-2"), ("site", "site-2"), ("site", "site-3")}),
        ([f"cam-{number}" for number in range(1, 9)], {("district", "Aktau")}),
        (EVERYBODY, {("fleet", "all")}),
        (["cam-1", "cam-3"], {("device", "cam-1"), ("device", "cam-3")}),
        (["ekin-1"], {("device", "ekin-1")}),
        (["cam-9"], set()),
    ],
    ids=[
        "one", "a site", "an uplink", "an uplink and one more", "not all of an uplink", "a district and kind",
        "all", "two that share nothing whole", "the only one of its kind", "one in test",
    ],
)  # fmt: skip
def test_silence_is_told_as_its_cause(gone, expected):
    clock = Clock()
    clock.beat(EVERYBODY, 0, 600)
    clock.beat(without(*gone), 600, 1_800)
    clock.look(1_800)
    assert {said[2:4] for said in clock.said} == expected


def test_devices_that_fall_silent_one_after_the_other_are_one_cause():
    clock = Clock()
    clock.beat(EVERYBODY, 0, 600)
    for number, device in enumerate(FIBRE):  # each sends for the last time within one minute
        clock.beat([device], 600 + number * 10, 601 + number * 10)
    clock.beat(without(*FIBRE), 660, 1_800)
    assert [said[2:4] for said in clock.said] == [("uplink", "fibre")]


def test_a_cause_that_mends_bit_by_bit_stays_one_until_half_of_it_is_back():
    clock = Clock()
    clock.beat(EVERYBODY, 0, 600)
    clock.beat(without(*FIBRE), 600, 1_800)
    clock.said  # noqa: B018 - that it is gone
    clock.beat(without(*FIBRE[2:]), 1_800, 2_400)
    assert clock.said == []
    clock.beat(without(*FIBRE[4:]), 2_400, 3_000)
    assert [(said[0], *said[2:4]) for said in clock.said] == [
        ("cleared", "uplink", "fibre"),
        ("raised", "site", "site-3"),
    ]
    clock.beat(EVERYBODY, 3_000, 3_600)
    assert [(said[0], *said[2:4]) for said in clock.said] == [("cleared", "site", "site-3")]


def test_devices_that_come_back_one_after_the_other_are_one_message():
    clock = Clock()
    clock.beat(EVERYBODY, 0, 600)
    clock.beat(without(*FIBRE), 600, 1_800)
    clock.said  # noqa: B018 - that it is gone
    for number, device in enumerate(FIBRE):
        clock.beat([device], 1_800 + number * 10, 1_801 + number * 10)
    clock.beat(EVERYBODY, 1_860, 2_400)
    assert clock.said == [("cleared", "silent", "uplink", "fibre", "new")]


def test_a_watch_that_is_started_anew_tells_nothing_twice():
    first = Clock()
    first.beat(EVERYBODY, 0, 600)
    first.beat(without("cam-1"), 600, 1_800)
    told = [decode_alert(encode(alert)) for alert in first.told]
    assert told[0].message.startswith("cam-1: silent")
    second = Clock(told=told)
    second.beat(without("cam-1"), 0, 1_800)
    assert second.said == []
    second.beat(EVERYBODY, 1_800, 1_900)
    assert second.said == [("cleared", "silent", "device", "cam-1", "new")]
