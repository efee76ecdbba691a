"""The gateway's memory: reads become passages of a minute, offences become events, halves become one."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from devices.gateway.intake import Entry
from devices.gateway.minutes import HALF_MS, OPEN_MS, REMEMBERED_MS, Minutes
from devices.gateway.offences import read_offences
from devices.gateway.reading import Reading
from devices.publisher import Spool
from models.decoding import decode
from models.errors import SpoolFullError

NOON = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
NOON_MS = round(NOON.timestamp() * 1000)


def entry(about="passage", *, at_s: float = 10, late_s: float = 1, source="cam-1", mobile=False, **fields) -> Entry:
    happened_at = NOON + timedelta(seconds=at_s)
    reading = Reading(about=about, happened_at=happened_at, **fields)
    return Entry("hikvision", source, mobile, happened_at, happened_at + timedelta(seconds=late_s), reading)


@pytest.fixture
def spool(tmp_path):
    spool = Spool(tmp_path)
    yield spool
    spool.close()


@pytest.fixture
def minutes(spool):
    return Minutes(spool, read_offences())


def sent(spool: Spool) -> list[dict]:
    records = [found.record for found in spool.after(0, 1_000, 1 << 30)]
    assert [record.key.decode() for record in records] == [decode(record.value).source_id for record in records]
    return [json.loads(record.value) for record in records]


def statuses(spool: Spool) -> list[tuple[str, str, int]]:
    found = [event for event in sent(spool) if event["type"] == "status"]
    return [(event["source_id"], event["period_start"][11:16], event["passages"]) for event in found]


# Entries, and the statuses of all minutes when they are closed: source, minute, passages.
CLOSED = [
    ([], []),
    ([entry()], [("cam-1", "07:00", 1)]),
    ([entry("sign")], [("cam-1", "07:00", 0)]),
    ([entry(), entry("sign"), entry()], [("cam-1", "07:00", 2)]),
    ([entry(vendor_id="a"), entry(vendor_id="a", late_s=2), entry(vendor_id="b")], [("cam-1", "07:00", 2)]),
    ([entry("flow", passages=17, vendor_id="f"), entry("flow", passages=17, vendor_id="f")], [("cam-1", "07:00", 17)]),
    ([entry(at_s=59.999), entry(at_s=60)], [("cam-1", "07:00", 1), ("cam-1", "07:01", 1)]),
    ([entry(source="cam-2"), entry()], [("cam-1", "07:00", 1), ("cam-2", "07:00", 1)]),
    ([entry("offence", code="1301", vendor_id="a")], [("cam-1", "07:00", 1)]),
]


@pytest.mark.parametrize(("entries", "expected"), CLOSED)
def test_minutes(spool, minutes, entries, expected):
    for one in entries:  # a commit each, or all in one: the same
        minutes.take([one])
    assert statuses(spool) == []
    minutes.close_due(NOON_MS + 11_000 + OPEN_MS - 1 - 1_000)
    assert statuses(spool) == []
    minutes.close_due(NOON_MS + 10 * OPEN_MS)
    assert statuses(spool) == expected
    minutes.close_due(NOON_MS + 20 * OPEN_MS)
    assert statuses(spool) == expected


def test_what_comes_after_a_minute_was_closed_is_another_status_of_it(spool, minutes):
    minutes.take([entry()])
    minutes.close_due(NOON_MS + 2 * OPEN_MS)
    minutes.take([entry(late_s=200)])
    minutes.close_due(NOON_MS + 9 * OPEN_MS)
    assert statuses(spool) == [("cam-1", "07:00", 1)] * 2
    assert len({event["event_id"] for event in sent(spool)}) == 2


def test_a_status_tells_the_clock_and_a_patrol_its_place(spool, minutes):
    minutes.take([entry(late_s=-30), entry("sign", mobile=True, source="ekin-1", position=(51.2, 43.6))])
    minutes.take([entry(late_s=9_000, history=True)])
    minutes.close_due(NOON_MS + OPEN_MS * 200)
    fixed, mobile = sent(spool)
    assert (fixed["clock_offset_ms"], fixed["passages"], "location" in fixed) == (30_000, 2, False)
    assert mobile["location"] == {"lon": 51.2, "lat": 43.6, "of": "unit"}
    assert (fixed["occurred_at"], fixed["period_start"]) == ("2026-11-22T07:01:00.000Z", "2026-11-22T07:00:00.000Z")


def test_a_passage_is_remembered_for_an_hour(spool, minutes):
    minutes.take([entry(vendor_id="a")])
    minutes.close_due(NOON_MS + REMEMBERED_MS)
    minutes.take([entry(vendor_id="a", late_s=3_000)])
    minutes.close_due(NOON_MS + REMEMBERED_MS + 20_000)
    minutes.take([entry(vendor_id="a", late_s=3_700)])
    minutes.close_due(NOON_MS + 3 * REMEMBERED_MS)
    assert [passages for _, _, passages in statuses(spool)] == [1, 0, 1]


# Fields of an offence, and what stands in its event.
OFFENCES = [
    ({"code": "1301"}, {"offence": "596"}),
    ({"code": "1234"}, {"offence": "hikvision-1234"}),
    ({"code": "превышение"}, {"offence": "hikvision--"}),
    ({"code": "1303", "speed_kmh": 64.0, "limit_kmh": 60.0}, {"offence": "592", "speed_kmh": 64.0}),
    ({"code": "1303", "speed_kmh": 80.0, "limit_kmh": 60.0}, {"offence": "592.1"}),
    ({"code": "1303", "speed_kmh": 81.0, "limit_kmh": 60.0}, {"offence": "592.2"}),
    ({"code": "1303", "speed_kmh": 120.0, "limit_kmh": 60.0}, {"offence": "592.3-1"}),
    ({"code": "1303", "speed_kmh": 120.0}, {"offence": "592"}),
    ({"code": "x", "article": "600"}, {"offence": "600"}),
    ({"code": "1301", "history": True}, {"mode": "backfill"}),
    ({"code": "1301", "lane": 2, "confidence": 0.5, "vehicle_class": "bus"}, {"lane": 2, "vehicle_class": "bus"}),
]


@pytest.mark.parametrize(("fields", "expected"), OFFENCES)
def test_an_offence_is_an_event(spool, minutes, fields, expected):
    minutes.take([entry("offence", vendor_id="a", **fields)])
    (event,) = sent(spool)
    assert event["type"] == "violation"
    assert event["occurred_at"] == "2026-11-22T07:00:10.000Z"
    assert {name: event[name] for name in expected} == expected


def test_part_3_1_exists_since_december_2024(spool, minutes):
    day = timedelta(days=(datetime(2024, 11, 30, tzinfo=UTC) - NOON).days)
    fields = {"code": "1303", "speed_kmh": 130.0, "limit_kmh": 60.0}
    minutes.take(
        entry("offence", at_s=(day + timedelta(days=more)).total_seconds(), vendor_id=str(more), **fields)
        for more in (0, 2)
    )
    assert [event["offence"] for event in sent(spool)] == ["592.3", "592.3-1"]


def test_the_same_offence_has_the_same_name_and_others_have_others(spool, minutes):
    one = {"code": "1301", "lane": 1, "speed_kmh": 50.0}
    same = [entry("offence", **one), entry("offence", late_s=900, **one), entry("offence", history=True, **one)]
    others = [
        entry("offence", **one | {"lane": 2}),
        entry("offence", **one, source="cam-2"),
        entry("offence", **one, at_s=11),
        entry("offence", **one, vendor_id="a"),
        entry("offence", **one, vendor_id="b"),
    ]
    minutes.take([*same, *others])
    ids = [event["event_id"] for event in sent(spool)]
    assert len(set(ids[:3])) == 1
    assert len(set(ids)) == 6


def test_two_halves_are_one_event(spool, minutes):
    minutes.take([entry("offence", vendor_id="a", code="1301", lane=2, more=True)])
    minutes.take([entry("offence", vendor_id="a", code="1301", lane=2, more=True)])  # sent again, for want of an answer
    assert sent(spool) == []
    minutes.take([entry("passage", vendor_id="a", speed_kmh=70.0)])
    (event,) = sent(spool)
    assert (event["offence"], event["lane"], event["speed_kmh"]) == ("596", 2, 70.0)
    minutes.close_due(NOON_MS + 10 * OPEN_MS)
    assert statuses(spool) == [("cam-1", "07:00", 1)]


def test_a_half_that_stays_alone_is_an_event_too(spool, minutes):
    minutes.take([entry("offence", vendor_id="a", code="1301", more=True)])
    minutes.close_due(NOON_MS + 11_000 + HALF_MS - 1)
    assert sent(spool) == []
    minutes.close_due(NOON_MS + 11_000 + HALF_MS)
    assert [event["offence"] for event in sent(spool)] == ["596"]


def test_it_all_outlives_the_process(tmp_path):
    for part in ({"code": "1301", "more": True}, {"speed_kmh": 70.0}):
        spool = Spool(tmp_path)
        Minutes(spool, read_offences()).take([entry("offence", vendor_id="a", **part), entry()])
        spool.close()
    spool = Spool(tmp_path)
    Minutes(spool, read_offences()).close_due(NOON_MS + 10 * OPEN_MS)
    assert [event.get("speed_kmh") for event in sent(spool)] == [70.0, None]
    assert statuses(spool) == [("cam-1", "07:00", 3)]
    spool.close()


def test_what_does_not_fit_is_not_counted_in_part(tmp_path):
    spool = Spool(tmp_path, max_bytes=150_000)
    minutes = Minutes(spool, read_offences())
    many = [entry("offence", vendor_id=f"{n}", code="1301") for n in range(2_000)]
    with pytest.raises(SpoolFullError):
        minutes.take(many)
    minutes.take([entry()])
    minutes.close_due(NOON_MS + 10 * OPEN_MS)
    assert statuses(spool) == [("cam-1", "07:00", 1)]
    spool.close()
