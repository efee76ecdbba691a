"""Each thing that goes wrong, by itself: what it does to the records, and what it leaves alone."""

from collections import Counter
from datetime import datetime

import pytest

from devices.simulator import FLAWLESS, Imperfections, simulate
from devices.simulator.fleet import cameras
from devices.simulator.moments import AQTAU
from models.decoding import decode
from models.errors import RecordError


def one_of(imperfection, share=1.0):
    flaws = {**dict.fromkeys(Imperfections.__slots__, 0.0), imperfection: share}
    span = (datetime(2025, 7, 1, tzinfo=AQTAU), datetime(2025, 7, 3, tzinfo=AQTAU))
    clean = list(simulate(1, *span, imperfections=FLAWLESS, status_interval_s=0))
    return clean, list(simulate(1, *span, imperfections=Imperfections(**flaws), status_interval_s=0))


def test_repeats_are_the_same_bytes_again():
    clean, found = one_of("repeats")
    assert Counter(record.value for record in found) == Counter(record.value for record in clean * 2)


def test_late_shifts_send_hours_after_the_event():
    clean, found = one_of("late_shifts")
    assert sorted(record.value for record in found) == sorted(record.value for record in clean)
    mobile = [record for record in found if record.topic == "violations" and not record.key.startswith("cam-")]
    lag_s = [record.sent_at / 1e6 - decode(record.value).occurred_at.timestamp() for record in mobile]
    assert min(lag_s) > 3600


def test_clocks_are_off_by_minutes_within_their_day():
    clean, found = one_of("clocks_off")
    assert len(found) == len(clean)
    offsets = []
    right = {(e.source_id, e.event_id): e for e in (decode(r.value) for r in clean)}
    for record in found:
        event = decode(record.value)
        exact = right[event.source_id, event.event_id]
        offsets.append((event.occurred_at - exact.occurred_at).total_seconds())
        assert event.occurred_at.astimezone(AQTAU).date() == exact.occurred_at.astimezone(AQTAU).date()
    assert min(offsets) < -1200
    assert 180 < max(offsets) <= 240


def test_a_clock_years_ahead_belongs_to_a_camera_in_test():
    clean, found = one_of("clocks_ahead")
    extra = [decode(record.value) for record in set(found) - set(clean)]
    assert {event.occurred_at.year for event in extra} == {2035}
    assert {event.source_id for event in extra} <= {camera.device_id for camera in cameras() if camera.test}


def test_malformed_records_are_all_refused_and_of_every_sort():
    clean, found = one_of("malformed")
    assert set(clean) <= set(found)
    codes = Counter()
    for record in set(found) - set(clean):
        with pytest.raises(RecordError) as refused:
            decode(record.value)
        codes[refused.value.code] += 1
    assert codes.keys() == {"not_json", "naive_time", "missing_field", "wrong_type", "not_utf8", "empty_record"}


def test_plates_are_on_violations():
    _, found = one_of("plates")
    for record in found:
        assert (b'"plate":"' in record.value) == (record.topic == "violations")


def test_corrections_are_off_by_default_and_name_events_that_exist():
    assert Imperfections().corrections == 0
    clean, found = one_of("corrections")
    known = {(event.source_id, event.event_id) for event in (decode(record.value) for record in clean)}
    corrections = [(record.key, decode(record.value)) for record in found if record.topic == "corrections"]
    assert {(c.target.source_id, c.target.event_id) for _, c in corrections} == known
    assert all(key == correction.target.source_id for key, correction in corrections)
    assert {correction.action for _, correction in corrections} == {"retract", "amend"}


@pytest.mark.parametrize("share", [-0.1, 1.5])
def test_a_share_is_between_0_and_1(share):
    with pytest.raises(ValueError, match="repeats"):
        Imperfections(repeats=share)
