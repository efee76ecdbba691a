"""However a register changes from table to table, what was sent counts as its last table alone would."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from amanzhol.registers.comparing import Card, Occasion, compare, retract
from models.ledger import Ledger
from tests.rows import after_noon, raw, rules

if TYPE_CHECKING:
    from collections.abc import Iterable

RULES = rules()
FIRST = datetime(2026, 11, 23, tzinfo=UTC)

Table = dict[str, dict]

contents = st.fixed_dictionaries(
    {"type": st.just("accident"), "occurred_at": st.sampled_from([after_noon(), after_noon(3_600)]),
     "kind": st.sampled_from(["collision", "animal"])},
    optional={"dead": st.integers(0, 2), "injured": st.integers(0, 2), "official": st.booleans(),
              "location": st.sampled_from([{"route": "R", "km": 5}, {"route": "S", "km": 1}])},
)  # fmt: skip
tables = st.dictionaries(st.sampled_from("abc"), contents)


def sent(snapshots: Iterable[Table]) -> list[dict]:
    """Everything that is sent when these tables are imported one after the other, vanished cards retracted."""
    known: dict[str, Card] = {}
    records = []
    for number, table in enumerate(snapshots, 1):
        occasion = Occasion("reg", FIRST + timedelta(days=number // 2), number)
        changes = [(card, compare(card, known.get(card), content, occasion)) for card, content in table.items()]
        changes += [
            (card, retract(card, held, occasion))
            for card, held in known.items()
            if card not in table and not held.retracted
        ]
        for card, said in changes:
            known[card] = said.card
            records += said.records
    return records


def counted(records: Iterable[dict]) -> tuple[dict, dict]:
    """What is in the cells in the end, empty ones left out, and the books."""
    ledger = Ledger(RULES)
    for record in records:
        ledger.fold([raw(record)])
    cells = {
        (segment, start): {figure: n for figure, n in cell.items() if n} for segment, start, cell in ledger.cells()
    }
    return {place: cell for place, cell in cells.items() if cell}, ledger.books.as_dict()


@settings(max_examples=60, deadline=None)
@given(st.lists(tables, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_the_last_table_is_what_counts_in_whatever_order_records_arrive(snapshots: list[Table], random) -> None:
    records = sent(snapshots)
    random.shuffle(records)
    cells, books = counted([*records, *records[:3]])
    assert cells == counted(sent(snapshots[-1:]))[0]
    assert books["quarantined"] == 0
    assert len({record["event_id"] for record in records}) == len(records)


@given(st.lists(tables, min_size=1, max_size=4))
@settings(max_examples=30, deadline=None)
def test_the_same_table_again_sends_nothing(snapshots: list[Table]) -> None:
    assert len(sent([*snapshots, snapshots[-1]])) == len(sent(snapshots))
