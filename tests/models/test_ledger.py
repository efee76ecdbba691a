"""The ledger: every record in one column, every event counted once, however its records are cut into batches."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.books import Books
from models.cells import CellKey, figures
from models.coverage import Watcher
from models.fleet import DEFAULT_FLEET_KINDS
from models.ledger import Ledger
from models.topics import INPUTS, TOPIC_OF_TYPE
from tests.generated import events, record_of, records
from tests.rows import MICROSECOND, NOON_S, accident, after_noon, correction, raw, report, rules, status, violation

RULES = rules()
HOUR = 3_600


def columns(*batches, **fold):
    """Fold batches of events; give the column of each of their records."""
    ledger = Ledger(RULES)
    return [column for batch in batches for column in ledger.fold([raw(event) for event in batch], **fold).columns]


TWICE = [
    # a second record, and whether it is the same event as `violation()`
    (violation(), True),
    (violation(occurred_at=after_noon(5)), True),
    (violation(offence="600", mode="test"), True),
    (violation(source_id="cam-1", section={"section_id": "K", "length_m": 1, "entered_at": after_noon(-9)}), True),
    (accident(source_id="cam-1"), True),
    (report(source_id="cam-1"), True),
    (status(), True),
    (correction(event_id="e1", source_id="cam-1"), True),
    (violation(event_id="e2"), False),
    (violation(event_id="E1"), False),
    (violation(event_id="e1 "), False),
    (violation(event_id="\uff45\uff11"), False),  # e1 in letters of full width
    (violation(source_id="cam-km"), False),
    (report(source_id="cam-11"), False),
    (report(source_id="cam-", event_id="1e1"), False),
]


@pytest.mark.parametrize(("event", "same"), TWICE)
def test_the_same_ids_are_the_same_event(event, same):
    for batches in ([violation(), event],), ([violation()], [event]), ([violation()], [], [report(), event]):
        found = columns(*batches)
        assert found[0] == "counted"
        assert (found[-1] == "duplicate") == same


def test_forms_of_unicode_and_case_are_different_ids():
    ids = ["\u0439", "\u0438\u0306", "\u0419", "a", "A", "\u0430", "1", "\u0661"]
    found = columns([report(event_id=text) for text in ids], [report(event_id=text) for text in reversed(ids)])
    assert found == ["unlocated"] * len(ids) + ["duplicate"] * len(ids)


def test_the_same_event_in_two_topics_is_counted_as_what_was_folded_first():
    ledger = Ledger(RULES)
    one = raw(accident(source_id="cam-1", dead=1))
    other = raw(violation())
    assert ledger.fold([one], "accidents").columns == ["unlocated"]
    assert ledger.fold([other], "violations").columns == ["duplicate"]
    assert [segment for segment, _, _ in ledger.cells()] == ["unlocated"]


def test_what_is_refused_leaves_no_trace_and_may_come_again_mended():
    ledger = Ledger(RULES)
    first = ledger.fold([raw(violation(source_id="nobody")), raw(violation()) + b"x", raw(violation())])
    assert first.columns == ["quarantined", "quarantined", "counted"]
    assert len(ledger.index) == 1


def test_an_event_of_the_future_may_come_again_in_its_time():
    ledger = Ledger(RULES)
    early, late = (NOON_S - 301) * MICROSECOND, NOON_S * MICROSECOND
    assert ledger.fold([raw(violation())] * 2, "violations", [early, late]).columns == ["quarantined", "counted"]


def test_the_books_and_the_cells_of_a_small_day():
    ledger = Ledger(RULES)
    ledger.fold(
        [
            raw(violation()),
            raw(violation()),
            raw(violation(event_id="e2", occurred_at=after_noon(299.999999))),
            raw(violation(event_id="e3", occurred_at=after_noon(300))),
            raw(violation(event_id="e4", mode="test")),
            raw(accident(dead=1, location={"route": "R", "km": 5})),
            raw(report(location={"area": "Beyneu"})),
            raw(status()),
            raw(status(event_id="s1")),
            raw(correction(target={"source_id": "nobody", "event_id": "none"})),
            None,
            b"{}",
        ]
    )
    assert ledger.books == Books(
        received=12, quarantined=2, duplicate=2, corrections=1, statuses=1, test=1, unlocated=1, counted=4
    )
    wide = {
        (segment, start - NOON_S): {name: n for name, n in figures(cell, DEFAULT_FLEET_KINDS).items() if n}
        for segment, start, cell in ledger.cells()
    }
    cameras = "violations_fixed_camera"
    assert wide == {
        ("R/0", 0): {
            "accidents": 1, "accidents_fatal": 1, "dead": 1, "violations": 2, cameras: 2, "test_events": 1,
        },
        ("R/0", 300): {"violations": 1, cameras: 1},
        ("unlocated:Beyneu", 0): {"reports": 1},
    }  # fmt: skip


def test_records_that_could_not_be_read_are_quarantined_one_by_one():
    ledger = Ledger(RULES)
    ledger.refuse(500)
    assert ledger.books == Books(received=500, quarantined=500)


# -- any records, any batches -------------------------------------------------------------------------------


def folded(rows, cuts=()):
    """Fold rows of topic, arrival and record, cut into batches; batches are of one topic, as Kafka's are."""
    ledger = Ledger(RULES)
    found = []
    begin = 0
    for at in range(1, len(rows) + 1):
        if at == len(rows) or at in cuts or rows[at][0] != rows[begin][0]:
            batch = rows[begin:at]
            result = ledger.fold(
                [record for _, _, record in batch], batch[0][0], [arrival_s * MICROSECOND for _, arrival_s, _ in batch]
            )
            found += result.columns
            begin = at
    return ledger, found


def state(ledger):
    """Everything that a ledger has counted."""
    counted = {(segment, start): cell for segment, start, cell in ledger.cells()}
    assert ledger.books.difference == 0
    return ledger.books, counted, ledger.coverage_cells()


EVENTS = events().map(lambda event: (TOPIC_OF_TYPE[event["type"]], record_of(event)))
ROWS = st.lists(
    st.tuples(EVENTS | st.tuples(st.sampled_from(INPUTS), records() | st.none()), st.integers(-400, 400)).map(
        lambda row: (row[0][0], NOON_S + row[1], row[0][1])
    ),
    max_size=25,
)


@settings(deadline=None)
@given(ROWS, st.sets(st.integers(1, 25)))
def test_batches_change_nothing(rows, cuts):
    whole, columns_of_whole = folded(rows)
    pieces, columns_of_pieces = folded(rows, cuts)
    assert columns_of_pieces == columns_of_whole
    assert state(pieces) == state(whole)
    assert whole.books.received == len(rows)


@settings(deadline=None)
@given(ROWS)
def test_reading_everything_again_changes_no_cell(rows):
    once, _ = folded(rows)
    twice, found = folded(rows + rows)
    assert state(twice)[1:] == state(once)[1:]
    again = found[len(rows) :]
    assert set(again) <= {"duplicate", "quarantined"}
    assert Counter(again)["quarantined"] == once.books.quarantined


@settings(deadline=None)
@given(st.lists(events(("violation", "accident", "report", "status")), unique_by=lambda e: e["event_id"]), st.randoms())
def test_any_order_gives_the_same_cells(found, random):
    rows = [record_of(event | {"source_id": "cam-1"}) for event in found]
    ledger, shuffled = Ledger(RULES), Ledger(RULES)
    ledger.fold(rows)
    shuffled.fold(random.sample(rows, len(rows)))
    assert state(shuffled) == state(ledger)


# -- coverage -----------------------------------------------------------------------------------------------


def watch(*statuses, with_rules=RULES):
    """Fold statuses; give who watched when, and the passages, in seconds after NOON."""
    ledger = Ledger(with_rules)
    ledger.fold([raw(each) for each in statuses])
    found = {}
    for key, cell in ledger.coverage_cells().items():
        spans = {
            watcher.source_id: [(start - NOON_S, end - NOON_S) for start, end in spans]
            for watcher, spans in cell.spans.items()
        }
        found[key.segment_id, (key.window_start - NOON_S) // HOUR] = (spans, cell.passages)
    return found


def span(begin, end, event_id="s", **changes):
    return status(occurred_at=after_noon(end), period_start=after_noon(begin), event_id=event_id, **changes)


WATCHED = [
    # who is not there, does not look, or is only tried out, watches nothing
    ([span(0, 60, state="off")], {}),
    ([span(0, 60, state="maintenance", passages=7)], {}),
    ([span(0, 60, mode="test")], {}),
    ([span(0, 60, source_id="cam-test")], {}),
    ([span(0, 60, source_id="cam-lost")], {}),
    ([span(0, 60, source_id="nobody")], {}),
    ([span(0, 0)], {}),
    # one who does
    ([span(0, 60)], {("R/0", 0): ({"cam-1": [(0, 60)]}, 0)}),
    ([span(0, 60), span(0, 60)], {("R/0", 0): ({"cam-1": [(0, 60)]}, 0)}),
    ([span(60, 120, "b", passages=3), span(0, 60, "a", passages=4)], {("R/0", 0): ({"cam-1": [(0, 120)]}, 7)}),
    ([span(0, 60, "a"), span(0, 60, "b")], {("R/0", 0): ({"cam-1": [(0, 60)]}, 0)}),
    ([span(0, 60, "a"), span(90, 120, "b")], {("R/0", 0): ({"cam-1": [(0, 60), (90, 120)]}, 0)}),
    (
        [span(0, 60), span(0, 60, source_id="cam-back")],
        {("R/0", 0): ({"cam-1": [(0, 60)], "cam-back": [(0, 60)]}, 0)},
    ),
    ([span(0, 60, location={"route": "S", "km": 1})], {("R/0", 0): ({"cam-1": [(0, 60)]}, 0)}),
    # over the end of an hour; passages belong to the hour that the period ends in, whose end is exclusive
    (
        [span(HOUR - 30, HOUR + 30, passages=5)],
        {("R/0", 0): ({"cam-1": [(HOUR - 30, HOUR)]}, 0), ("R/0", 1): ({"cam-1": [(HOUR, HOUR + 30)]}, 5)},
    ),
    ([span(HOUR - 60, HOUR, passages=5)], {("R/0", 0): ({"cam-1": [(HOUR - 60, HOUR)]}, 5)}),
    # before it moved, and after
    (
        [span(-60, -30, "a", source_id="cam-moved"), span(0, 60, "b", source_id="cam-moved")],
        {("R/0", -1): ({"cam-moved": [(-60, -30)]}, 0), ("S/0", 0): ({"cam-moved": [(0, 60)]}, 0)},
    ),
]


@pytest.mark.parametrize(("statuses", "found"), WATCHED)
def test_a_fixed_camera_watches_its_segment(statuses, found):
    assert watch(*statuses) == found


def test_a_status_of_a_whole_day_watches_every_hour_of_it():
    found = watch(span(0, 24 * HOUR))
    assert sorted(found) == [("R/0", hour) for hour in range(24)]
    assert all(spans == {"cam-1": [(hour * HOUR, hour * HOUR + HOUR)]} for (_, hour), (spans, _) in found.items())


def test_without_a_registry_nobody_is_known_to_watch():
    assert watch(span(0, 60, passages=3), with_rules=rules(registry=None)) == {}


@pytest.mark.parametrize(("occurred_s", "hour_s"), [(-1, -HOUR), (0, -HOUR), (1, 0)])
def test_passages_about_1970_lie_in_their_hour_too(occurred_s, hour_s):
    ledger = Ledger(RULES)
    at = after_noon(occurred_s - NOON_S)
    ledger.fold([raw(status(occurred_at=at, period_start=at, passages=2))])
    assert {key.window_start: cell.passages for key, cell in ledger.coverage_cells().items()} == {hour_s: 2}


# -- what has to be stored ----------------------------------------------------------------------------------


def test_changes_are_told_once():
    ledger = Ledger(RULES)
    ledger.fold([raw(violation()), raw(violation()), raw(span(0, 60)), raw(accident(location={"area": "B"}))])
    assert len(ledger.take_entries()) == 3
    told = {(segment, start) for segment, start, *_ in ledger.take_cells()}
    assert told == {("R/0", NOON_S), ("unlocated:B", NOON_S)}
    assert [(segment, hour) for segment, hour, _ in ledger.take_coverage()] == [("R/0", NOON_S)]
    assert (len(ledger.take_entries()), list(ledger.take_cells()), list(ledger.take_coverage())) == (0, [], [])
    ledger.fold([raw(violation(event_id="e2")), raw(violation())])
    assert (len(ledger.take_entries()), len(list(ledger.take_cells())), list(ledger.take_coverage())) == (1, 1, [])


def test_coverage_names_the_device_and_its_kind():
    ledger = Ledger(RULES)
    ledger.fold([raw(span(0, 60))])
    assert set(ledger.coverage_cells()[CellKey("R/0", NOON_S)].spans) == {Watcher("fixed_camera", "cam-1")}
