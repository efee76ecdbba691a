"""Corrections: whatever the order in which events and corrections come, the same holds in the end."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random  # noqa: TC003 - hypothesis reads the annotation
from zlib import crc32
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.books import COLUMNS, Books
from models.corrections import Decision, Span, Spans, Writer
from models.ledger import Ledger
from models.locating import Locator
from models.network import Network, Segment
from models.sighting import Rules
from models.windows import Windows

NETWORK = Network(Segment(segment_id=f"KAZ11/{km}", route="KAZ11", from_km=km, to_km=km + 1) for km in range(383, 388))
RULES = Rules(
    network=NETWORK,
    locator=Locator(NETWORK),
    windows=Windows(300, ZoneInfo("Asia/Aqtau")),
    hours=Windows(3600, ZoneInfo("Asia/Aqtau")),
)
START = datetime(2025, 3, 1, tzinfo=UTC)


def at(minutes: float) -> str:
    return (START + timedelta(minutes=minutes)).isoformat()


def accident(name: str, *, minute: float = 0, km: float = 383.5, **fields) -> dict:
    location = {"route": "KAZ11", "km": km}
    event = {"type": "accident", "event_id": name, "source_id": "mvd", "occurred_at": at(minute), "kind": "overturn"}
    return event | {"location": location} | fields


def violation(name: str, *, source: str = "cam", minute: float = 0, **fields) -> dict:
    event = {"type": "violation", "event_id": name, "source_id": source, "occurred_at": at(minute), "offence": "592.1"}
    return event | {"location": {"route": "KAZ11", "km": 384.5}} | fields


def report(name: str, *, minute: float = 0, **fields) -> dict:
    event = {"type": "report", "event_id": name, "source_id": "egov", "occurred_at": at(minute), "channel": "egov"}
    return event | {"location": {"route": "KAZ11", "km": 385.5}} | fields


def correct(name: str, action: str, target: dict, *, minute: float = 600, by: str = "clerk", **more) -> dict:
    return {
        "type": "correction",
        "event_id": name,
        "source_id": by,
        "occurred_at": at(minute),
        "action": action,
        "target": target,
    } | more


def event_of(source: str, name: str) -> dict:
    return {"source_id": source, "event_id": name}


def span_of(source: str, start: float, end: float) -> dict:
    return {"source_id": source, "from": at(start), "to": at(end)}


def fold(*batches: list[dict]) -> Ledger:
    ledger = Ledger(RULES)
    for batch in batches:
        ledger.fold([json.dumps(event).encode() for event in batch])
    assert ledger.books.difference == 0
    return ledger


def total(ledger: Ledger) -> dict[str, int]:
    """Figures by measure over all cells."""
    figures: dict[str, int] = {}
    for _segment, _start, cell in ledger.cells():
        for dimensions, n in cell.items():
            figures[dimensions.measure] = figures.get(dimensions.measure, 0) + n
    return figures


def state(ledger: Ledger) -> tuple[dict, Books]:
    return {(segment, start): cell for segment, start, cell in ledger.cells() if cell}, ledger.books


MVD_A = event_of("mvd", "a")

CASES = {
    "retracted": (
        [accident("a", dead=2)],
        [correct("c", "retract", MVD_A)],
        {},
        {"retracted": 1, "corrections": 1},
    ),
    "restored": (
        [accident("a", dead=2)],
        [correct("c", "retract", MVD_A, minute=600), correct("d", "restore", MVD_A, minute=601)],
        {"accidents": 1, "dead": 2, "dead_squared": 4},
        {"counted": 1, "corrections": 2},
    ),
    "an older retraction that comes later does not hold": (
        [accident("a", dead=2)],
        [correct("d", "restore", MVD_A, minute=601), correct("c", "retract", MVD_A, minute=600)],
        {"accidents": 1, "dead": 2, "dead_squared": 4},
        {"counted": 1, "corrections": 2},
    ),
    "at the same time the greater id holds": (
        [accident("a")],
        [correct("d", "retract", MVD_A), correct("c", "restore", MVD_A)],
        {},
        {"retracted": 1, "corrections": 2},
    ),
    "an injured person dies": (
        [accident("a", injured=3)],
        [correct("c", "amend", MVD_A, fields={"dead": 1, "injured": 2})],
        {"accidents": 1, "dead": 1, "dead_squared": 1, "injured": 2, "injured_squared": 4},
        {"counted": 1, "corrections": 1},
    ),
    "fields amended one by one": (
        [accident("a", injured=3)],
        [correct("c", "amend", MVD_A, fields={"dead": 1}), correct("d", "amend", MVD_A, fields={"injured": 2})],
        {"accidents": 1, "dead": 1, "dead_squared": 1, "injured": 2, "injured_squared": 4},
        {"counted": 1, "corrections": 2},
    ),
    "amended while retracted, restored later": (
        [accident("a", injured=3)],
        [
            correct("c", "retract", MVD_A),
            correct("d", "amend", MVD_A, fields={"injured": 1}),
            correct("e", "restore", MVD_A, minute=700),
        ],
        {"accidents": 1, "injured": 1, "injured_squared": 1},
        {"counted": 1, "corrections": 3},
    ),
    "a report is closed": (
        [report("a", category="traffic")],
        [correct("c", "amend", event_of("egov", "a"), fields={"handled_at": at(60 * 5)})],
        {
            "reports": 1,
            "report_handled_le_1d": 1,
            "report_handled_le_3d": 1,
            "report_handled_le_10d": 1,
            "report_handled_le_inf": 1,
        },
        {"counted": 1, "corrections": 1},
    ),
    "an accident turns out to lie nowhere known": (
        [accident("a")],
        [correct("c", "amend", MVD_A, fields={"location": {"route": "M32", "km": 3}})],
        {"accidents": 1},
        {"unlocated": 1, "corrections": 1},
    ),
    "a day of a camera": (
        [violation("a"), violation("b", minute=30), violation("c", minute=60), violation("a", source="other")],
        [correct("c", "retract", span_of("cam", 0, 60))],
        {"violations": 2},
        {"retracted": 2, "counted": 2, "corrections": 1},
    ),
    "one event restored within a retracted span": (
        [violation("a", minute=0), violation("b", minute=30)],
        [
            correct("c", "retract", span_of("cam", 0, 60), minute=600),
            correct("d", "restore", event_of("cam", "a"), minute=601),
        ],
        {"violations": 1},
        {"retracted": 1, "counted": 1, "corrections": 2},
    ),
    "something never seen": (
        [accident("a")],
        [correct("c", "retract", event_of("mvd", "never"))],
        {"accidents": 1},
        {"counted": 1, "corrections": 1},
    ),
    "a correction of a correction does nothing": (
        [accident("a")],
        [correct("c", "retract", MVD_A), correct("d", "retract", event_of("clerk", "c"), minute=700)],
        {},
        {"retracted": 1, "corrections": 2},
    ),
    "twice is once": (
        [accident("a"), accident("a")],
        [correct("c", "retract", MVD_A), correct("c", "retract", MVD_A)],
        {},
        {"retracted": 1, "corrections": 1, "duplicate": 2},
    ),
    "a test stays a test, retracted or not": (
        [accident("a", mode="test"), accident("b", mode="test")],
        [correct("c", "retract", MVD_A), correct("d", "amend", event_of("mvd", "b"), fields={"dead": 5})],
        {"test_events": 1},
        {"test": 1, "retracted": 1, "corrections": 2},
    ),
    "values that do not go together hold when the rest comes": (
        [accident("a", injured=3, serious=2, slight=1)],
        [correct("c", "amend", MVD_A, fields={"injured": 2})],
        {"accidents": 1, "injured": 3, "injured_squared": 9, "injured_seriously": 2, "injured_slightly": 1},
        {"counted": 1, "corrections": 1},
    ),
    "an unofficial accident becomes official": (
        [accident("a", dead=1, official=False)],
        [correct("c", "amend", MVD_A, fields={"official": True})],
        {"accidents": 1, "dead": 1, "dead_squared": 1},
        {"counted": 1, "corrections": 1},
    ),
}


@pytest.mark.parametrize("order", ["after", "before", "together"])
@pytest.mark.parametrize(("events", "corrections", "figures", "columns"), CASES.values(), ids=CASES)
def test_what_holds_does_not_depend_on_what_comes_first(order, events, corrections, figures, columns):
    batches = {
        "after": [events, corrections],
        "before": [corrections, events],
        "together": [corrections[:1] + events + corrections[1:]],
    }[order]
    ledger = fold(*batches)
    assert total(ledger) == figures
    assert {name: n for name in COLUMNS if (n := getattr(ledger.books, name))} == columns


def test_an_offence_is_requalified_and_a_violation_moves():
    target = event_of("cam", "a")
    ledger = fold(
        [violation("a")],
        [correct("c", "amend", target, fields={"offence": "592.3"})],
        [correct("d", "amend", target, fields={"location": {"route": "KAZ11", "km": 387.2, "direction": "backward"}})],
    )
    ((segment, _start), cell), *rest = state(ledger)[0].items()
    assert (segment, rest) == ("KAZ11/387", [])
    (dimensions,) = cell
    assert (dimensions.offence, dimensions.direction) == ("592.3", "backward")


def test_a_corrected_cell_says_so_and_no_other():
    ledger = fold([accident("a"), violation("a")])
    assert [corrected for *_, corrected in ledger.take_cells()] == [False, False]
    ledger.fold([json.dumps(correct("c", "retract", MVD_A)).encode()])
    assert [(segment, dict(cell), corrected) for segment, _, cell, corrected in ledger.take_cells()] == [
        ("KAZ11/383", {}, True)
    ]


NAMES = st.sampled_from("abc")
SOURCES = st.sampled_from(["cam", "mvd", "egov"])
MINUTES = st.integers(0, 6).map(lambda n: n * 10)
VALUES = st.fixed_dictionaries(
    {},
    optional={
        "dead": st.integers(0, 2),
        "injured": st.integers(0, 3),
        "serious": st.integers(0, 3),
        "kind": st.sampled_from(["animal", "head_on"]),
        "offence": st.sampled_from(["592.2", "594"]),
        "location": st.sampled_from([{"route": "KAZ11", "km": 386}, {"area": "Shetpe"}, {"route": "M32", "km": 1}]),
        "handled_at": st.sampled_from([None, at(100), at(10_000)]),
    },
).filter(bool)
MADE = {"cam": violation, "mvd": accident, "egov": report}


@st.composite
def records(draw) -> dict:
    if draw(st.booleans()):
        source = draw(SOURCES)
        name = draw(NAMES)
        # The time belongs to the identity: the same event is the same, however often it comes.
        return MADE[source](name, minute=10 * "abc".index(name))
    target = (
        event_of(draw(SOURCES), draw(NAMES))
        if draw(st.booleans())
        else span_of(draw(SOURCES), start := draw(MINUTES), start + 10 + draw(MINUTES))
    )
    action = draw(st.sampled_from(["retract", "restore", *(["amend"] if "event_id" in target else [])]))
    more = {"fields": draw(VALUES)} if action == "amend" else {}
    minute = draw(st.integers(600, 603))
    # One identity says one thing only, else the first that comes would hold.
    name = f"{minute}-{crc32(json.dumps([action, target, more], sort_keys=True).encode()):08x}"
    return correct(name, action, target, minute=minute, **more)


@given(st.lists(records(), max_size=25), st.randoms(use_true_random=False), st.integers(1, 10))
def test_any_order_and_any_batches_come_to_the_same(made: list[dict], shuffler: Random, size: int):
    expected = state(fold(made))
    shuffled = list(made)
    shuffler.shuffle(shuffled)
    assert state(fold(*(shuffled[at : at + size] for at in range(0, len(shuffled), size)))) == expected


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 30), st.integers(0, 5), st.booleans()), max_size=12))
def test_spans_decide_each_moment_by_the_last_writer(drawn):
    spans, said = Spans(), []
    for number, (start, length, when, retract) in enumerate(drawn):
        span = Span(start, start + length, Decision(Writer(when, "s", f"{number:02}"), retract=retract))
        spans.add(span)
        said.append(span)
    for moment in range(-1, 62):
        decisions = [span.decision for span in said if span.start_us <= moment < span.end_us]
        assert spans.at(moment) == max(decisions, default=None)
    kept = list(spans)
    assert all(a.end_us <= b.start_us for a, b in pairwise(kept))
