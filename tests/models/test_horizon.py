"""Where a horizon is set, what is older is `expired`, and whether it was forgotten yet makes no difference."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models.ledger import Ledger
from tests.rows import MICROSECOND, NOON_S, accident, after_noon, correction, raw, rules, violation

DAY_S = 86_400
RULES = replace(rules(), horizon_s=DAY_S)
OF_E1 = {"source_id": "cam-1", "event_id": "e1"}


def span(begin_s: float, end_s: float) -> dict:
    return {"source_id": "cam-1", "from": after_noon(begin_s), "to": after_noon(end_s)}


ROWS = [
    # What arrives so many seconds after noon; its column.
    (violation(), 0, "counted"),
    (violation(), DAY_S, "counted"),
    (violation(), DAY_S + 1, "quarantined"),
    (violation(mode="backfill"), DAY_S + 1, "quarantined"),
    (accident(time_precision="day"), DAY_S + 1, "quarantined"),
    (correction(target=OF_E1, occurred_at=after_noon(DAY_S)), 2 * DAY_S, "corrections"),
    (correction(target=OF_E1, occurred_at=after_noon(DAY_S)), 2 * DAY_S + 1, "quarantined"),
    # A span is as old as its beginning, whenever it was said.
    (correction(target=span(0, 60), occurred_at=after_noon(DAY_S)), DAY_S, "corrections"),
    (correction(target=span(0, 60), occurred_at=after_noon(DAY_S)), DAY_S + 1, "quarantined"),
]


@pytest.mark.parametrize(("event", "arrival_s", "column"), ROWS)
def test_what_is_before_the_horizon_is_refused(event: dict, arrival_s: int, column: str) -> None:
    folded = Ledger(RULES).fold([raw(event)], None, [(NOON_S + arrival_s) * MICROSECOND])
    assert folded.columns == [column]
    assert [error.code for _, error in folded.refused] == (["expired"] if column == "quarantined" else [])


RETRACTIONS = [(DAY_S, "retracted", 0), (DAY_S + 1, "counted", 1)]


@pytest.mark.parametrize("forgotten", [False, True])
@pytest.mark.parametrize(("arrival_s", "column", "left"), RETRACTIONS)
def test_a_correction_of_an_event_before_the_horizon_changes_nothing(
    forgotten: bool, arrival_s: int, column: str, left: int
) -> None:
    ledger = Ledger(RULES)
    ledger.fold([raw(violation())], None, [NOON_S * MICROSECOND])
    arrival_us = (NOON_S + arrival_s) * MICROSECOND
    if forgotten:
        ledger.index.drop_before(arrival_us - DAY_S * MICROSECOND)
    said = correction(target=OF_E1, action="retract", occurred_at=after_noon(arrival_s))
    assert ledger.fold([raw(said)], None, [arrival_us]).columns == ["corrections"]
    assert ledger.books.as_dict()[column] == 1
    assert sum(sum(cell.values()) for _, _, cell in ledger.cells()) == left
