"""The fleet's pulse: who says what how often, and where mobile units are."""

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from devices.simulator import FLAWLESS, simulate
from devices.simulator.mobile import shifts_of_day
from devices.simulator.moments import AQTAU
from models.decoding import decode

START = datetime(2025, 6, 10, tzinfo=AQTAU)


def statuses(length, **options):
    records = simulate(9, START, START + length, imperfections=FLAWLESS, **options)
    return [decode(record.value) for record in records if record.topic == "statuses"]


def by_source(found):
    sources = defaultdict(list)
    for status in found:
        sources[status.source_id].append(status)
    return sources


@pytest.mark.parametrize(
    ("length", "options", "camera_s", "mobile_s"),
    [
        (timedelta(hours=10), {}, 60, 10),
        (timedelta(hours=10), {"status_interval_s": 600}, 600, 100),
        (timedelta(days=8), {}, 3600, 600),
    ],
)
def test_intervals(length, options, camera_s, mobile_s):
    for source, found in by_source(statuses(length, **options)).items():
        gaps = Counter((b.occurred_at - a.occurred_at).total_seconds() for a, b in pairwise(found))
        if gaps:
            assert gaps.most_common(1)[0][0] == (camera_s if source.startswith("cam-") else mobile_s), source


def test_no_statuses():
    assert statuses(timedelta(days=1), status_interval_s=0) == []


def test_periods_join_and_cover_what_was_watched():
    for source, found in by_source(statuses(timedelta(days=1), status_interval_s=600)).items():
        for a, b in pairwise(found):
            if a.state == b.state == "active" and (b.occurred_at - a.occurred_at).total_seconds() <= 600:
                assert b.period_start == a.occurred_at, source


def test_passages_follow_the_day():
    by_hour = Counter()
    for status in statuses(timedelta(days=1), status_interval_s=3600):
        if status.passages is not None:
            by_hour[(status.occurred_at.astimezone(AQTAU) - timedelta(seconds=1)).hour] += status.passages
    assert by_hour[18] > 3 * by_hour[3]


def test_cameras_are_in_maintenance_or_off_now_and_then():
    states = Counter(status.state for status in statuses(timedelta(days=10)) if status.source_id.startswith("cam-"))
    assert states["active"] > 50 * states["maintenance"] > 0
    assert states["off"] > 0


def test_no_violation_while_a_camera_does_not_work():
    start, end = START, START + timedelta(days=10)
    down = {
        (status.source_id, status.period_start)
        for status in statuses(end - start)
        if status.state != "active" and status.source_id.startswith("cam-")
    }
    for record in simulate(9, start, end, imperfections=FLAWLESS, status_interval_s=0):
        if record.topic == "violations":
            event = decode(record.value)
            assert (event.source_id, event.occurred_at.replace(minute=0, second=0, microsecond=0)) not in down


def test_mobile_units_see_violations_where_they_are():
    fixes = by_source(statuses(timedelta(days=1)))
    seen = 0
    for record in simulate(9, START, START + timedelta(days=1), imperfections=FLAWLESS, status_interval_s=0):
        if record.topic == "violations" and not record.key.startswith("cam-"):
            event = decode(record.value)
            nearest = min(fixes[record.key], key=lambda fix: abs(fix.occurred_at - event.occurred_at))
            assert nearest.location.lon == pytest.approx(event.location.lon, abs=0.005)
            assert nearest.location.lat == pytest.approx(event.location.lat, abs=0.005)
            seen += 1
    assert seen > 20


def test_every_kind_is_on_duty_every_day_and_home_by_midnight():
    for number in range(30):
        day = START.date() + timedelta(days=number)
        shifts = shifts_of_day(9, day)
        assert {shift.kind for shift in shifts} == {"ekin_patrol", "oracle_car", "drone"}
        midnight = START + timedelta(days=number + 1)
        assert all(shift.to_us <= midnight.timestamp() * 1e6 for shift in shifts)
