"""Each condition: when it is raised, when it is cleared, and what only looks like it."""

from __future__ import annotations

import pytest

from models.fleet import Registry
from models.health.ignoring import Ignored
from tests.models.health.watched import EVERYBODY, MINUTE_S, REGISTRY, Clock, beat, camera, seen
from tests.rows import MICROSECOND, NOON_S

HOUR_S = 3_600
DAY_S = 86_400
OTHERS = [device for device in EVERYBODY if device != "cam-1"]
RAISED, CLEARED = "raised", "cleared"


# -- nothing wrong ------------------------------------------------------------------------------------------


def test_a_fleet_that_does_what_it_should_is_active_and_nothing_is_told():
    clock = Clock()
    clock.beat(EVERYBODY, 0, HOUR_S)
    assert clock.said == []
    assert {clock.state_of(device, HOUR_S) for device in EVERYBODY} == {"active", "test"}
    assert clock.state_of("cam-9", HOUR_S) == "test"


def test_nobody_is_missed_before_anybody_was_heard():
    clock = Clock()
    assert clock.look(DAY_S).problems == {}
    assert set(clock.look(DAY_S).state) == {"unseen", "test"}


@pytest.mark.parametrize("speed", [2, 60, 3_600], ids="{}x".format)
@pytest.mark.parametrize("age_s", [2 * HOUR_S, 30 * DAY_S, 365 * DAY_S], ids=lambda s: f"{s // HOUR_S} h old")
def test_a_replay_of_old_data_raises_nothing(age_s, speed):
    clock = Clock()
    for minute in range(60):
        at_s = minute * MINUTE_S / speed
        clock.send(*(beat(device, minute * MINUTE_S - age_s) for device in EVERYBODY), at_s=at_s)
        clock.look(at_s)
    clock.look(HOUR_S)
    clock.look(3 * HOUR_S)
    assert clock.said == []


def test_a_replay_beside_a_fleet_that_works_raises_nothing():
    clock = Clock()
    for minute in range(60):
        now = [beat(device, minute * MINUTE_S) for device in EVERYBODY]
        old = [beat(device, minute * MINUTE_S - 5 * HOUR_S) for device in EVERYBODY]
        clock.send(*now, *old, at_s=minute * MINUTE_S + 1)
        clock.look(minute * MINUTE_S + 1)
    assert clock.said == []


def test_backfill_is_history():
    clock = Clock()
    for minute in range(30):
        clock.send(*(beat(device, minute * MINUTE_S, mode="backfill") for device in EVERYBODY), at_s=minute * MINUTE_S)
    assert set(clock.look(HOUR_S).state) == {"unseen", "test"}


def test_records_of_nobody_and_broken_ones_are_no_signals():
    clock = Clock()
    clock.send(beat("stranger", 0), b"{", b"", seen("cam-1", 0), at_s=1)
    assert clock.state_of("cam-1", 2) == "active"
    assert clock.watch.take([], []) == 0


# -- silent -------------------------------------------------------------------------------------------------


def test_one_that_falls_silent_is_told_once_and_once_when_it_is_back():
    clock = Clock()
    clock.beat(EVERYBODY, 0, 600)
    clock.beat(OTHERS, 600, 800)  # its last status came at 541 s: 180 s and 90 s to settle are not over
    assert clock.said == []
    clock.beat(OTHERS, 840, 1_200)
    assert clock.said == [(RAISED, "silent", "device", "cam-1", "new")]
    assert clock.state_of("cam-1", 1_200) == "silent"
    clock.beat(EVERYBODY, 1_200, 1_800)
    assert clock.said == [(CLEARED, "silent", "device", "cam-1", "new")]


def test_what_comes_again_recurs_and_after_a_week_it_is_new():
    clock = Clock()
    clock.beat(EVERYBODY, 0, 600)
    for from_s, again in ((600, "new"), (2_400, "recurring")):
        clock.beat(OTHERS, from_s, from_s + 1_200)
        clock.beat(EVERYBODY, from_s + 1_200, from_s + 1_800)
        assert clock.said == [(state, "silent", "device", "cam-1", again) for state in (RAISED, CLEARED)]
    later_s = 8 * DAY_S
    clock.beat(EVERYBODY, later_s, later_s + 600)
    clock.said  # noqa: B018 - what was told of the pause itself
    clock.beat(OTHERS, later_s + 600, later_s + 3_000)
    assert clock.said == [(RAISED, "silent", "device", "cam-1", "new")]


def test_its_own_rhythm_counts():
    clock = Clock()
    slow = ["cam-1"]
    for at_s in range(0, 4 * HOUR_S, MINUTE_S):
        clock.send(*(beat(device, at_s) for device in OTHERS), at_s=at_s + 1)
        if at_s % 1_200 == 0:  # it reports every twenty minutes
            clock.send(*(beat(device, at_s, 1_200) for device in slow), at_s=at_s + 1)
        clock.look(at_s + 1)
    told = clock.said
    assert told == [] or told[-1][0] == CLEARED
    clock.beat(OTHERS, 4 * HOUR_S, 4 * HOUR_S + 2_400)
    assert clock.said == []  # three times its rhythm is an hour
    clock.beat(OTHERS, 4 * HOUR_S + 2_400, 4 * HOUR_S + 7_200)
    assert clock.said == [(RAISED, "silent", "device", "cam-1", "new" if not told else "recurring")]


@pytest.mark.parametrize("state", ["off", "maintenance"])
def test_one_that_said_so_is_not_silent(state):
    clock = Clock()
    clock.beat(EVERYBODY, 0, 600)
    clock.send(beat("cam-1", 600, state=state), at_s=601)
    clock.beat(OTHERS, 600, HOUR_S)
    assert clock.said == []
    assert clock.state_of("cam-1", HOUR_S) == state


def test_a_camera_that_was_never_heard_is_missed_and_a_patrol_is_not():
    clock = Clock()
    heard = [device for device in EVERYBODY if device not in {"cam-1", "ekin-1"}]
    clock.beat(heard, 0, HOUR_S)
    assert clock.said == [(RAISED, "silent", "device", "cam-1", "new")]


def test_a_fleet_that_begins_to_send_one_after_the_other_is_not_missed_meanwhile():
    clock = Clock()  # it has looked for a long time when the first one comes
    for number, device in enumerate(EVERYBODY):
        clock.beat([device], DAY_S + number * 10, DAY_S + number * 10 + 1)
    clock.beat(EVERYBODY, DAY_S + 120, DAY_S + 600)
    assert clock.said == []


def test_a_device_that_is_not_valid_any_more_is_not_missed():
    gone = camera(1, valid_to_us=(NOON_S + 900) * MICROSECOND)
    clock = Clock(Registry([gone, *(row for row in REGISTRY.rows if row.device_id != "cam-1")]))
    clock.beat(EVERYBODY, 0, 900)
    clock.beat(OTHERS, 900, HOUR_S)
    assert clock.said == []


def test_a_store_that_is_emptied_is_no_wrong_clock():
    clock = Clock()
    clock.beat(EVERYBODY, 0, 600)
    clock.beat(OTHERS, 600, 2 * HOUR_S)
    clock.said  # noqa: B018 - that it was silent
    # Two hours of statuses arrive within seconds, in order, and then it goes on.
    clock.send(*(beat("cam-1", at_s) for at_s in range(600, 2 * HOUR_S, MINUTE_S)), at_s=2 * HOUR_S + 1)
    clock.beat(EVERYBODY, 2 * HOUR_S, 3 * HOUR_S)
    assert clock.said == [(CLEARED, "silent", "device", "cam-1", "new")]


# -- wrong clock --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("clock_s", [-3 * HOUR_S, -150, 70, 3 * HOUR_S, 10 * DAY_S])
def test_a_clock_that_is_off_is_told(clock_s):
    clock = Clock()
    clock.beat(EVERYBODY, 0, 600)
    for at_s in range(600, 1_800, MINUTE_S):
        clock.send(beat("cam-1", at_s + clock_s), *(beat(device, at_s) for device in OTHERS), at_s=at_s + 1)
        clock.look(at_s + 1)
    assert clock.said == [(RAISED, "wrong_clock", "device", "cam-1", "new")]
    assert clock.state_of("cam-1", 1_800) == "wrong_clock"
    clock.beat(EVERYBODY, 1_800, 2_400)
    assert clock.said == [(CLEARED, "wrong_clock", "device", "cam-1", "new")]


@pytest.mark.parametrize("clock_s", [-110, -59, 0, 55])
def test_a_clock_that_may_be_right_is_not(clock_s):
    # A status may be sent up to a period after the moment that it speaks of.
    clock = Clock()
    clock.beat(EVERYBODY, 0, 1_800, clock_s=clock_s)
    assert clock.said == []


@pytest.mark.parametrize(("offset_ms", "told"), [(61_000, 1), (-61_000, 1), (59_000, 0)])
def test_what_a_device_measured_itself_holds(offset_ms, told):
    clock = Clock()
    clock.beat(OTHERS, 0, 60)
    clock.beat(["cam-1"], 0, 600, clock_offset_ms=offset_ms)
    clock.beat(OTHERS, 60, 600)
    assert [said[1:4] for said in clock.said] == [("wrong_clock", "device", "cam-1")] * told


def test_one_status_from_the_future_is_no_clock():
    clock = Clock()
    clock.beat(EVERYBODY, 0, 600)
    clock.send(beat("cam-1", 10 * DAY_S), at_s=601)
    clock.beat(EVERYBODY, 600, 1_200)
    assert clock.said == []


# -- stuck --------------------------------------------------------------------------------------------------


def test_the_same_event_over_and_over_is_told_until_another_one_comes():
    clock = Clock()
    clock.beat(EVERYBODY, 0, 600)
    for at_s in range(600, 600 + 9 * MINUTE_S, MINUTE_S):
        clock.send(seen("cam-1", 600, "same"), at_s=at_s + 1)
        clock.beat(EVERYBODY, at_s, at_s + 1)
    assert clock.said == []
    clock.send(seen("cam-1", 600, "same"), at_s=1_200)
    clock.beat(EVERYBODY, 1_200, 1_201)
    assert clock.said == [(RAISED, "stuck", "device", "cam-1", "new")]
    clock.send(seen("cam-1", 1_260, "another"), at_s=1_261)
    clock.look(1_262)
    assert clock.said == [(CLEARED, "stuck", "device", "cam-1", "new")]


@pytest.mark.parametrize(("speeds", "told"), [([102] * 20, 1), ([102] * 19, 0), ([102, 103] * 20, 0), ([None] * 30, 0)])
def test_one_speed_whatever_passes_is_told(speeds, told):
    clock = Clock()
    clock.beat(EVERYBODY, 0, 60)
    clock.send(*(seen("cam-1", 60, f"v{n}", speed_kmh=s or ...) for n, s in enumerate(speeds)), at_s=61)
    clock.look(62)
    assert [said[1:4] for said in clock.said] == [("stuck", "device", "cam-1")] * told
    clock.send(seen("cam-1", 120, "v99", speed_kmh=77), at_s=121)
    clock.look(122)
    assert clock.said == [(CLEARED, "stuck", "device", "cam-1", "new")] * told


def test_one_event_thirty_times_is_one_speed_once():
    clock = Clock()
    clock.beat(EVERYBODY, 0, 60)
    clock.send(*[seen("cam-1", 60, "same", speed_kmh=102)] * 30, at_s=61)
    clock.look(62)
    clock.send(seen("cam-1", 63, "another", speed_kmh=102), at_s=64)
    clock.look(65)
    assert [said[0] for said in clock.said] == [RAISED, CLEARED]


def test_a_shift_that_is_uploaded_twice_is_not_stuck():
    clock = Clock()
    clock.beat(EVERYBODY, 0, 60)
    shift = [
        seen("ekin-1", -600 + n, f"v{n}", speed_kmh=100 + n, location={"lon": 51.05, "lat": 44.0}) for n in range(30)
    ]
    clock.send(*shift, *shift, at_s=61)
    clock.look(62)
    assert clock.said == []


# -- past its verification ----------------------------------------------------------------------------------


def test_one_past_its_verification_is_told_from_that_moment():
    due = camera(1, verified_until_us=(NOON_S + 900) * MICROSECOND)
    clock = Clock(Registry([due, *(row for row in REGISTRY.rows if row.device_id != "cam-1")]))
    clock.beat(EVERYBODY, 0, 900)
    assert clock.said == []
    clock.look(961)  # the registry is looked at once a minute
    assert clock.said == [(RAISED, "unverified", "device", "cam-1", "new")]


# -- ignored ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scope", "name", "condition", "told"),
    [
        ("device", "cam-1", None, 0),
        ("site", "site-1", "silent", 0),
        ("fleet", "", None, 0),
        ("device", "cam-2", None, 1),
        ("device", "cam-1", "stuck", 1),
    ],
)
def test_what_is_ignored_is_not_told_until_it_is_not_ignored_any_more(scope, name, condition, told):
    entry = Ignored(scope, name, condition, NOON_S, NOON_S + HOUR_S, "road works")
    clock = Clock(ignored=[entry])
    clock.beat(EVERYBODY, 0, 600)
    clock.beat(OTHERS, 600, HOUR_S)
    assert [said[3] for said in clock.said] == ["cam-1"] * told
    clock.beat(OTHERS, HOUR_S, HOUR_S + 300)
    assert [said[3] for said in clock.said] == ["cam-1"] * (1 - told)
