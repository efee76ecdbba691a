"""The simulated fleet: published totals whatever the seed, the same bytes for the same seed, plausible rhythm."""

import hashlib
import json
import subprocess
import sys
from collections import Counter
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise

import pytest

from devices.simulator import DEFAULT_SEED, FLAWLESS, simulate
from devices.simulator.fleet import cameras
from devices.simulator.moments import AQTAU
from models.decoding import decode
from models.errors import RecordError
from models.topics import TOPIC_OF_TYPE


def local(text):
    return datetime.fromisoformat(text).replace(tzinfo=AQTAU)


def told(start, end, seed=DEFAULT_SEED):
    """Everything of a clean span but statuses, decoded from its JSON."""
    for record in simulate(seed, local(start), local(end), imperfections=FLAWLESS, status_interval_s=0):
        yield json.loads(record.value)


@lru_cache(maxsize=2)
def events(start, end, seed=DEFAULT_SEED):
    return list(told(start, end, seed))


@lru_cache(maxsize=1)
def nine_months_of_accidents():
    return of_type(told("2025-01-01", "2025-10-01"), "accident")


def of_type(found, kind):
    return [event for event in found if event["type"] == kind]


def official(found):
    test = {camera.device_id for camera in cameras() if camera.test}
    return [event for event in of_type(found, "violation") if event["source_id"] not in test]


def digest(records):
    return hashlib.sha256(b"".join(repr(tuple(record)).encode() for record in records)).hexdigest()


@pytest.mark.parametrize("seed", [DEFAULT_SEED, 7])
@pytest.mark.parametrize(
    ("start", "end", "totals"),
    # accidents, dead, injured, citizens' reports
    [
        ("2025-01-01", "2025-10-01", (1195, 68, 1742, 858)),
        ("2025-01-01", "2025-11-01", (1350, 76, 1963, 953)),
        ("2024-01-01", "2024-04-01", (400, 34, 540, 230)),
        ("2024-01-01", "2024-09-01", (725, 54, 990, 630)),
    ],
)
def test_published_totals(seed, start, end, totals):
    registered = [event for event in told(start, end, seed) if event["type"] != "violation"]
    found = of_type(registered, "accident")
    assert totals == (
        len({event["event_id"] for event in found}),
        sum(event["dead"] for event in found),
        sum(event["injured"] for event in found),
        len(of_type(registered, "report")),
    )


@pytest.mark.parametrize("seed", [DEFAULT_SEED, 7])
def test_fixed_cameras_record_the_published_number_of_violations(seed):
    keys = [(event["source_id"], event["event_id"]) for event in official(told("2025-01-01", "2026-01-01", seed))]
    assert len(set(keys)) == len(keys)
    assert Counter(source.split("-")[0] for source, _ in keys) == {
        "cam": 178_416,
        "ekin": 26_300,
        "oracle": 3_870,
        "drone": 1_800,
    }


def test_imperfections_do_not_change_the_official_totals():
    clean = official(events("2025-07-01", "2025-08-01"))
    test = {camera.device_id for camera in cameras() if camera.test}
    counted = set()
    for record in simulate(DEFAULT_SEED, local("2025-07-01"), local("2025-08-01"), status_interval_s=0):
        try:
            event = decode(record.value)
        except RecordError:
            continue
        if record.topic == "violations" and event.source_id not in test:
            counted.add((event.source_id, event.event_id))
            assert event.occurred_at.astimezone(AQTAU).month == 7
    assert counted == {(event["source_id"], event["event_id"]) for event in clean}


def test_another_seed_makes_other_events():
    assert events("2025-03-01", "2025-03-02") != events("2025-03-01", "2025-03-02", 7)


SPAN = (local("2025-06-10"), local("2025-06-11"))


def test_same_bytes_in_another_process_with_another_hash_seed():
    program = (
        "import hashlib; from datetime import datetime; from devices.simulator import simulate;"
        f"span = [datetime.fromisoformat(text) for text in {[moment.isoformat() for moment in SPAN]!r}];"
        "records = simulate(2025, *span, status_interval_s=1800);"
        "print(hashlib.sha256(b''.join(repr(tuple(r)).encode() for r in records)).hexdigest())"
    )
    out = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, env={"PYTHONHASHSEED": "4"}
    )
    assert out.stdout.strip() == digest(simulate(2025, *SPAN, status_interval_s=1800))


@pytest.mark.parametrize("hours", [24, 31, 3])
def test_a_span_may_be_cut_anywhere(hours):
    start, end = local("2025-06-10"), local("2025-06-13")
    cut = start + timedelta(hours=hours, minutes=20)
    whole = list(simulate(3, start, end, status_interval_s=1800))
    parts = [*simulate(3, start, cut, status_interval_s=1800), *simulate(3, cut, end, status_interval_s=1800)]
    assert sorted(parts) == whole


def test_records_come_in_the_order_they_are_sent():
    sent = [record.sent_at for record in simulate(5, local("2025-06-10"), local("2025-06-13"), status_interval_s=600)]
    assert all(a <= b for a, b in pairwise(sent))


def test_without_a_tail_nothing_is_sent_after_the_end():
    end_us = round(SPAN[1].timestamp() * 1e6)
    without = list(simulate(5, *SPAN, status_interval_s=0, tail=False))
    assert without == [record for record in simulate(5, *SPAN, status_interval_s=0) if record.sent_at < end_us]


def test_every_clean_record_is_a_valid_event_on_its_topic_under_its_source():
    for record in simulate(11, *SPAN, imperfections=FLAWLESS, status_interval_s=300):
        event = decode(record.value)
        assert TOPIC_OF_TYPE[json.loads(record.value)["type"]] == record.topic
        assert event.source_id == record.key
        assert event.occurred_at.timestamp() * 1e6 <= record.sent_at


REQUIRED = {
    "violation": {"offence"},
    "accident": {"kind", "dead", "injured", "location", "time_precision", "registered_at"},
    "report": {"channel", "category"},
}


def test_required_fields():
    for event in events("2025-03-01", "2025-04-01"):
        fields = REQUIRED[event["type"]] | {"type", "event_id", "source_id", "occurred_at"}
        assert fields <= event.keys()
        assert event["occurred_at"].endswith("+05:00")


OVER_KMH = {"592.1": range(10, 21), "592.2": range(21, 41), "592.3": range(41, 60), "592.3-1": range(60, 100)}


def test_speeds_fit_their_article_and_limit():
    for event in of_type(events("2025-03-01", "2025-04-01"), "violation"):
        speed = event.get("average_speed_kmh", event.get("speed_kmh"))
        if event["offence"] in OVER_KMH:
            assert speed - event["limit_kmh"] in OVER_KMH[event["offence"]]
        else:
            assert speed is None


def test_part_3_1_and_average_speed_came_in_december_2024():
    before = of_type(events("2024-11-20", "2024-12-01"), "violation")
    after = of_type(events("2024-12-01", "2024-12-12"), "violation")
    for key in ("592.3-1", "section"):
        assert not [event for event in before if key in (event["offence"], *event)]
        assert [event for event in after if key in (event["offence"], *event)]


def test_a_section_was_entered_as_long_before_as_its_average_speed_says():
    found = [e for e in of_type(events("2025-03-01", "2025-04-01"), "violation") if "section" in e]
    for event in found:
        left, entered = (datetime.fromisoformat(t) for t in (event["occurred_at"], event["section"]["entered_at"]))
        hours = (left - entered).total_seconds() / 3600
        assert event["section"]["length_m"] / 1000 / hours == pytest.approx(event["average_speed_kmh"], rel=1e-3)


def on_highway(event):
    return event["location"].get("route") is not None


def test_most_accidents_happen_in_town_and_most_deaths_on_highways():
    found = nine_months_of_accidents()
    highway = [event for event in found if on_highway(event)]
    assert len(highway) / len(found) == pytest.approx(34 / 400, abs=0.01)
    assert 0.6 < sum(event["dead"] for event in highway) / 68 < 0.75
    aktau = [event for event in found if event["location"].get("area") == "Aktau"]
    assert len(aktau) / len(found) == pytest.approx(730 / 1350, abs=0.01)


def hour(event):
    return int(event["occurred_at"][11:13])


def at_night(event):
    return hour(event) >= 19 or hour(event) < 6


def test_the_rhythm_of_a_day():
    by_hour = Counter(hour(event) for event in of_type(events("2025-03-01", "2025-04-01"), "violation"))
    assert by_hour[18] > 3 * by_hour[3]
    assert by_hour[8] > by_hour[11]


def test_fatal_and_animal_accidents_on_highways_happen_mostly_at_night():
    highway = [event for event in nine_months_of_accidents() if on_highway(event)]
    for some in ([e for e in highway if e["dead"]], [e for e in highway if e["kind"] == "animal"]):
        assert sum(map(at_night, some)) > len(some) / 2
    assert {e["animal"] for e in highway if e["kind"] == "animal"} == {"camel", "horse"}


def test_a_victim_in_every_accident():
    for event in nine_months_of_accidents():
        assert event["dead"] + event["injured"] > 0
        assert event["serious"] + event["slight"] == event["injured"]


def test_before_the_cameras_there_is_nothing_but_accidents_and_reports():
    assert {event["type"] for event in events("2022-05-01", "2022-06-01")} == {"accident", "report"}


@pytest.mark.parametrize(
    ("start", "end", "interval"),
    [
        (local("2025-01-02"), local("2025-01-01"), None),
        (datetime(2025, 1, 1), local("2025-01-02"), None),  # noqa: DTZ001  # that it is naive is the case
        (local("2003-01-01"), local("2025-01-02"), None),
        (local("2025-01-01"), local("2101-01-02"), None),
        (local("2025-01-01"), local("2025-01-02"), 7),
        (local("2025-01-01"), local("2025-01-02"), 2),
        (local("2025-01-01"), local("2025-01-02"), 7200),
    ],
)
def test_spans_and_intervals_that_make_no_sense(start, end, interval):
    with pytest.raises(ValueError):  # noqa: PT011  # each says it in words of its own
        simulate(1, start, end, status_interval_s=interval)


def test_an_empty_span_has_no_records():
    assert list(simulate(1, SPAN[0], SPAN[0])) == []
