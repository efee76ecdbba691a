"""What one event is, where it lies and in which column of the books it stands: event and rules in, a row out."""

from __future__ import annotations

import math

import pytest

from models.cells import cell_of, figures
from models.fleet import DEFAULT_FLEET_KINDS
from models.ledger import Ledger
from models.topics import TOPIC_OF_TYPE
from tests.rows import (
    MICROSECOND,
    NOON_S,
    OFF_THE_ROAD,
    ON_R0,
    ON_R10,
    REGISTRY,
    accident,
    after_noon,
    correction,
    raw,
    report,
    rules,
    status,
    violation,
)

KM_5_OF_S = {"route": "S", "km": 5}  # the end of a route belongs to its last segment
KM_15 = {"route": "R", "km": 15}
BEYOND = {"route": "R", "km": 30.1}


def sighting(event, registry=REGISTRY, topic=None, arrival_s=None):
    """Fold one record: its column (a refused one's code), segment, kilometre and fleet kind."""
    ledger = Ledger(rules(registry))
    arrivals_us = None if arrival_s is None else [arrival_s * MICROSECOND]
    folded = ledger.fold([raw(event)], topic, arrivals_us)
    if folded.refused:
        [(at, error)] = folded.refused
        assert (at, folded.columns, list(ledger.cells())) == (0, ["quarantined"], [])
        return error.code, error.path
    seen = folded.sightings
    km = None if math.isnan(seen.km[0]) else round(seen.km[0], 3)
    return folded.columns[0], ledger.vocabulary.segments[seen.segment[0]], km


def by_car(**changes):
    return violation(source_id="car-1", **changes)


def by_section(**changes):
    return violation(section={"section_id": "K11", "length_m": 5_000, "entered_at": after_noon(-180)}, **changes)


REFUSED = [
    (violation(source_id="nobody"), "unknown_device", "$.source_id"),
    (violation(source_id="CAM-1"), "unknown_device", "$.source_id"),
    (status(source_id="nobody"), "unknown_device", "$.source_id"),
    (by_section(source_id="nobody"), "unknown_device", "$.source_id"),
    (violation(source_id="nobody", mode="test"), "unknown_device", "$.source_id"),
    (violation(source_id="cam-moved", occurred_at=after_noon(-86_401)), "device_not_valid", "$.source_id"),
    (violation(source_id="cam-moved", occurred_at=after_noon(86_400)), "device_not_valid", "$.source_id"),
    (status(source_id="cam-moved", occurred_at=after_noon(86_400), period_start=after_noon(86_340)),
     "device_not_valid", "$.source_id"),
    (by_car(), "missing_location", "$.location"),
    (by_car(location=None, mode="backfill"), "missing_location", "$.location"),
    (violation(source_id="drone-1"), "missing_location", "$.location"),  # in test, and still it must say where
]  # fmt: skip


@pytest.mark.parametrize(("event", "code", "path"), REFUSED)
def test_an_event_that_the_registry_contradicts(event, code, path):
    assert sighting(event) == (code, path)


PLACED = [
    # a fixed camera stands where the registry says, whatever it sends; by kilometre where there is one
    (violation(), ("counted", "R/0", 5)),
    (violation(location=ON_R10), ("counted", "R/0", 5)),
    (violation(location=KM_15), ("counted", "R/0", 5)),
    (violation(location={"area": "Beyneu"}), ("counted", "R/0", 5)),
    (violation(source_id="cam-km"), ("counted", "R/10", 15)),
    (violation(source_id="cam-bad-km", location=ON_R10), ("counted", "R/0", 5)),
    (violation(source_id="cam-lost", location=ON_R10), ("unlocated", "unlocated", None)),
    # one that moved stands where it stood then
    (violation(source_id="cam-moved", occurred_at=after_noon(-0.000001)), ("counted", "R/0", 5)),
    (violation(source_id="cam-moved", occurred_at=after_noon(-86_400)), ("counted", "R/0", 5)),
    (violation(source_id="cam-moved"), ("counted", "S/0", 1)),
    # a mobile one says where it is: its coordinates first, then its kilometre, then its area
    (by_car(location=ON_R0), ("counted", "R/0", 5)),
    (by_car(location=ON_R0 | KM_15), ("counted", "R/0", 5)),
    (by_car(location=OFF_THE_ROAD | KM_15), ("counted", "R/10", 15)),
    (by_car(location=KM_5_OF_S), ("counted", "S/0", 5)),
    (by_car(location=OFF_THE_ROAD), ("unlocated", "unlocated", None)),
    (by_car(location=OFF_THE_ROAD | {"area": "Beyneu"}), ("unlocated", "unlocated:Beyneu", None)),
    (by_car(location={"area": "Beyneu"}), ("unlocated", "unlocated:Beyneu", None)),
    (by_car(location={}), ("unlocated", "unlocated", None)),
    (by_car(location={"route": "R"}), ("unlocated", "unlocated", None)),
    (by_car(location={"lon": 0, "lat": 90}), ("unlocated", "unlocated", None)),
    # a register's kilometre goes before its coordinates
    (accident(location=ON_R0 | KM_15), ("counted", "R/10", 15)),
    (accident(location=ON_R0), ("counted", "R/0", 5)),
    (accident(location=ON_R0 | BEYOND), ("counted", "R/0", 5)),
    (accident(location=ON_R0 | {"route": "unknown", "km": 5}), ("counted", "R/0", 5)),
    (accident(location=OFF_THE_ROAD | BEYOND | {"area": "Ақтау"}), ("unlocated", "unlocated:Ақтау", None)),
    (accident(location=BEYOND), ("unlocated", "unlocated", None)),
    (accident(location={"route": "r", "km": 5}), ("unlocated", "unlocated", None)),
    (accident(location={"route": "unknown", "km": 5, "area": "Beyneu"}), ("unlocated", "unlocated:Beyneu", None)),
    (accident(), ("unlocated", "unlocated", None)),
    (report(), ("unlocated", "unlocated", None)),
    (report(location=KM_15), ("counted", "R/10", 15)),
    (report(location=ON_R10), ("counted", "R/10", 15)),
    (accident(location={"route": "R", "km": 10}), ("counted", "R/10", 10)),
    (accident(location={"route": "R", "km": 9.999}), ("counted", "R/0", 9.999)),
    (accident(location={"route": "R", "km": 30}), ("counted", "R/20", 30)),
    # average speed lies on its section, never on the exit's kilometre
    (by_section(), ("counted", "section:K11", None)),
    (by_section(source_id="cam-lost"), ("counted", "section:K11", None)),
    (by_section(source_id="car-1"), ("counted", "section:K11", None)),
    # tests, by the event or by the registry
    (violation(mode="test"), ("test", "R/0", 5)),
    (violation(source_id="cam-test"), ("test", "R/0", 5)),
    (violation(source_id="cam-test", mode="backfill"), ("test", "R/0", 5)),
    (violation(source_id="drone-1", location=ON_R10 | {"of": "vehicle"}), ("test", "R/10", 15)),
    (by_car(location=OFF_THE_ROAD, mode="test"), ("test", "unlocated", None)),
    (by_section(mode="test"), ("test", "section:K11", None)),
    (accident(mode="test"), ("test", "unlocated", None)),
    (report(mode="test", location=KM_15), ("test", "R/10", 15)),
    # history is counted like the rest
    (violation(mode="backfill"), ("counted", "R/0", 5)),
    # a register may have the id of a device
    (accident(source_id="cam-1", location=ON_R10), ("counted", "R/10", 15)),
]  # fmt: skip


@pytest.mark.parametrize(("event", "row"), PLACED)
def test_the_segment_the_kilometre_and_the_column(event, row):
    assert sighting(event) == row


WITHOUT_REGISTRY = [
    (violation(source_id="nobody"), ("unlocated", "unlocated", None)),
    (violation(source_id="cam-1", location=ON_R10), ("counted", "R/10", 15)),
    (violation(source_id="cam-1", location=ON_R0 | KM_15), ("counted", "R/0", 5)),
    (violation(source_id="cam-test", location=ON_R0), ("counted", "R/0", 5)),
    (violation(mode="test"), ("test", "unlocated", None)),
    (by_section(), ("counted", "section:K11", None)),
]


@pytest.mark.parametrize(("event", "row"), WITHOUT_REGISTRY)
def test_without_a_registry_every_source_is_accepted(event, row):
    assert sighting(event, registry=None) == row


@pytest.mark.parametrize(
    ("event", "column"),
    [
        (status(), "statuses"),
        (status(mode="test"), "statuses"),
        (status(source_id="cam-test"), "statuses"),
        (status(source_id="car-1"), "statuses"),
        (status(source_id="car-1", location=OFF_THE_ROAD), "statuses"),
        (correction(), "corrections"),
        (correction(mode="test"), "corrections"),
    ],
)
def test_statuses_and_corrections_have_columns_of_their_own(event, column):
    assert sighting(event)[0] == column


@pytest.mark.parametrize("event", [violation(), accident(), report(), status(), correction()])
@pytest.mark.parametrize("topic", [*TOPIC_OF_TYPE.values(), None])
def test_a_type_belongs_on_its_topic(event, topic):
    found = sighting(event, topic=topic)
    if topic in {None, TOPIC_OF_TYPE[event["type"]]}:
        assert found[0] in {"counted", "unlocated", "statuses", "corrections"}
    else:
        assert found == ("wrong_topic", "$.type")


@pytest.mark.parametrize(
    ("event", "ahead_s", "refused"),
    [
        (violation(), 301, True),
        (violation(occurred_at=after_noon(0.000001)), 300, True),
        (violation(mode="backfill"), 301, True),
        (violation(mode="test"), 301, True),
        (violation(occurred_at="2199-01-01T00:00:00Z", source_id="cam-1"), 0, True),
        (status(), 301, True),
        (correction(), 301, True),
        (violation(), 300, False),
        (violation(), 0, False),
        (violation(), -1, False),
        (violation(), -10 * 365 * 86_400, False),
        (violation(occurred_at="1969-07-20T20:17:40Z"), 0, False),
    ],
)
def test_an_event_may_be_ahead_of_its_arrival_by_the_clock_tolerance(event, ahead_s, refused):
    found = sighting(event, arrival_s=NOON_S - ahead_s)
    assert (found == ("future", "$.occurred_at")) == refused


@pytest.mark.parametrize(
    ("event", "topic", "arrival_s", "code"),
    [
        (violation(source_id="nobody"), "statuses", NOON_S - 900, "wrong_topic"),
        (violation(source_id="nobody"), "violations", NOON_S - 900, "future"),
        (violation(source_id="nobody"), "violations", NOON_S, "unknown_device"),
    ],
)
def test_the_first_reason_of_several_counts(event, topic, arrival_s, code):
    assert sighting(event, topic=topic, arrival_s=arrival_s)[0] == code


FIGURES = [
    (violation(), {"violations": 1, "violations_fixed_camera": 1}),
    (by_car(location=ON_R0), {"violations": 1, "violations_oracle_car": 1}),
    (by_section(), {"violations": 1, "violations_section": 1, "violations_fixed_camera": 1}),
    (violation(mode="test", source_id="cam-1"), {"test_events": 1}),
    (accident(mode="test", dead=1), {"test_events": 1}),
    (accident(kind="animal", dead=1, injured=2), {"accidents": 1, "accidents_fatal": 1, "dead": 1, "injured": 2,
                                                   "animal_accidents": 1}),
    (accident(official=False, dead=1), {"accidents_unofficial": 1}),
    (report(), {"reports": 1}),
    (status(passages=5), {}),
    (correction(), {}),
]  # fmt: skip


@pytest.mark.parametrize(("event", "row"), FIGURES)
def test_what_it_adds(event, row):
    ledger = Ledger(rules())
    ledger.fold([raw(event)])
    found = figures(cell_of(tuple(cell.items()) for _, _, cell in ledger.cells()), DEFAULT_FLEET_KINDS)
    assert {name: n for name, n in found.items() if n} == row


@pytest.mark.parametrize(
    ("event", "direction"),
    [
        (violation(), ""),
        (violation(location={"direction": "forward"}), "forward"),
        (violation(source_id="cam-back"), "backward"),
        (violation(source_id="cam-back", location={"direction": "forward"}), "forward"),
        (accident(location={"direction": "backward"}), "backward"),
    ],
)
def test_the_direction(event, direction):
    ledger = Ledger(rules())
    ledger.fold([raw(event)])
    [(_, _, cell)] = ledger.cells()
    assert {dimensions.direction for dimensions in cell} == {direction}


def test_a_batch_is_located_row_by_row():
    """Rows that coordinates place stand among rows that the registry places, and refused ones between them."""
    events = [
        accident(event_id="a", location=ON_R10),
        violation(event_id="b"),
        by_car(event_id="c"),
        by_car(event_id="d", location=ON_R0),
        b"{",
        by_car(event_id="e", location=OFF_THE_ROAD | {"area": "Beyneu"}),
        report(event_id="f", location=OFF_THE_ROAD | {"area": "Beyneu"}),
        violation(event_id="g", source_id="cam-km", location=OFF_THE_ROAD),
    ]
    ledger = Ledger(rules())
    folded = ledger.fold([raw(event) for event in events])
    seen = folded.sightings
    segments = [ledger.vocabulary.segments[code] for code in seen.segment]
    assert list(zip(seen.at, segments, seen.column, strict=True)) == [
        (0, "R/10", "counted"),
        (1, "R/0", "counted"),
        (3, "R/0", "counted"),
        (5, "unlocated:Beyneu", "unlocated"),
        (6, "unlocated:Beyneu", "unlocated"),
        (7, "R/10", "counted"),
    ]
    assert [(at, error.code) for at, error in folded.refused] == [(2, "missing_location"), (4, "not_json")]
    assert [round(metres) for metres in seen.distance_m if not math.isnan(metres)] == [0, 0, 0, 0]
