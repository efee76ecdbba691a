"""What a record may be, and under which code and path another is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from models.decoding import decode, decode_all, decode_slowly, type_of
from models.errors import RecordError
from tests.accepted import ACCEPTED
from tests.refused import REFUSED
from tests.rows import EACH_TYPE, raw, report, violation


def shown(value):
    return f"{raw(value)[:70]!r}" if value is not None else "None"


@pytest.mark.parametrize(("event", "code", "path"), REFUSED, ids=[shown(row[0]) for row in REFUSED])
def test_a_record_that_is_no_event_is_refused_under_a_code_and_a_path(event, code, path):
    record = None if event is None else raw(event)
    for way in (decode, decode_slowly):
        with pytest.raises(RecordError) as refusal:
            way(record)
        assert (refusal.value.code, refusal.value.path) == (code, path)


def test_a_refusal_is_one_short_line_that_quotes_nothing_but_names():
    secret = "123ABC12"
    for event in (violation(plate=[secret]), violation(mode=secret), violation(lane=secret), violation(type=secret)):
        with pytest.raises(RecordError) as refusal:
            decode(raw(event))
        assert secret not in str(refusal.value)
        assert "\n" not in str(refusal.value)
    for event, _, _ in REFUSED:
        with pytest.raises(RecordError) as refusal:
            decode(None if event is None else raw(event))
        assert len(str(refusal.value)) < 200


@pytest.mark.parametrize(("event", "says"), ACCEPTED, ids=[shown(row[0]) for row in ACCEPTED])
def test_an_event_says_what_its_record_says(event, says):
    for way in (decode, decode_slowly):
        decoded = way(raw(event))
        found = {name: getattr(decoded, name) for name in says}
        assert found == says
        assert [type(value) for value in found.values()] == [type(value) for value in says.values()]


LOCATIONS = [
    {},
    {"lon": 180, "lat": -90},
    {"lon": -180.0, "lat": 90.0, "heading": 0},
    {"lon": 0, "lat": 0, "heading": 359.999, "accuracy_m": 0, "of": "unit", "target": "oncoming"},
    {"route": "R"},
    {"route": "R", "km": 0, "direction": "backward"},
    {"route": "R", "km": 383.25, "lon": 51.5, "lat": 44, "area": "Бейнеу"},
    {"lon": None, "lat": None, "area": "Beyneu", "altitude_m": -28},
]


@pytest.mark.parametrize("location", LOCATIONS)
def test_a_location(location):
    for way in (decode, decode_slowly):
        found = way(raw(violation(location=location))).location
        fields = ("lon", "lat", "heading", "accuracy_m", "of", "target", "route", "km", "direction", "area")
        assert {name: getattr(found, name) for name in fields} == dict.fromkeys(fields) | {
            name: value for name, value in location.items() if name in fields
        }


SECTION = {"section_id": "KAZ11-1", "length_m": 5_000}
P5 = timezone(timedelta(hours=5))
TIMES = [
    ("2026-11-22T12:00:00Z", datetime(2026, 11, 22, 12, tzinfo=UTC)),
    ("2026-11-22t12:00:00z", datetime(2026, 11, 22, 12, tzinfo=UTC)),
    ("2026-11-22 12:00:00Z", datetime(2026, 11, 22, 12, tzinfo=UTC)),
    ("2026-11-22T12:00:00-00:00", datetime(2026, 11, 22, 12, tzinfo=UTC)),
    ("2026-11-22T12:00:00+05:00", datetime(2026, 11, 22, 12, tzinfo=P5)),
    ("2026-11-22T12:00:00.5+05:00", datetime(2026, 11, 22, 12, 0, 0, 500_000, tzinfo=P5)),
    ("2026-11-22T12:00:00.000001Z", datetime(2026, 11, 22, 12, 0, 0, 1, tzinfo=UTC)),
    # Nanoseconds: the last instant of a day is not the first of the next.
    ("2026-11-22T23:59:59.999999499Z", datetime(2026, 11, 22, 23, 59, 59, 999_999, tzinfo=UTC)),
    ("2026-11-22T23:59:59.999999999Z", datetime(2026, 11, 22, 23, 59, 59, 999_999, tzinfo=UTC)),
    ("2026-11-22T23:59:59.9999995+05:00", datetime(2026, 11, 22, 23, 59, 59, 999_999, tzinfo=P5)),
    ("2199-12-31T23:59:59.9999999Z", datetime(2199, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)),
    ("2024-02-29T00:00:00+23:59", datetime(2024, 2, 29, tzinfo=timezone(timedelta(hours=23, minutes=59)))),
    ("1900-01-01T05:00:00+05:00", datetime(1900, 1, 1, tzinfo=UTC)),
    ("2199-12-31T18:59:59-05:00", datetime(2199, 12, 31, 23, 59, 59, tzinfo=UTC)),
]


@pytest.mark.parametrize(("text", "instant"), TIMES)
def test_a_time(text, instant):
    for way in (decode, decode_slowly):
        event = way(raw(violation(occurred_at=text, section=SECTION | {"entered_at": text})))
        assert (event.occurred_at, event.section.entered_at) == (instant, instant)


def test_a_batch_keeps_its_order_and_no_record_harms_its_neighbours():
    # Joined with commas into one array, these would read as three records of which the second is ours.
    spilling = raw(violation(event_id="crafted"))[:-1] + b', "x": [' + b"{}"
    records = [raw(violation()), None, spilling, raw(report()), b"]}", raw(violation(event_id="ы"))]
    decoded = decode_all(records)
    assert [getattr(each, "event_id", None) or each.code for each in decoded] == [
        "e1", "null_record", "not_json", "e1", "not_json", "ы"
    ]  # fmt: skip
    assert [type_of(decoded[at]) for at in (0, 3, 5)] == ["violation", "report", "violation"]


@pytest.mark.parametrize("name", EACH_TYPE)
def test_either_way_knows_the_type(name):
    record = raw(EACH_TYPE[name]())
    assert type_of(decode(record)) == type_of(decode_slowly(record)) == name
