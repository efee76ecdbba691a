"""One import: the table taken in, compared with what was sent, remembered, and put into the outbox."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from amanzhol.registers.comparing import Card, Occasion, Said, compare, retract
from amanzhol.registers.converting import CellError, converter
from amanzhol.registers.mapping import Cell
from models.decoding import decode
from models.errors import RecordError, TableFileError
from models.masking import mask_text
from models.signatures import sign
from models.topics import TOPIC_OF_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from amanzhol.registers.mapping import Mapping
    from amanzhol.registers.memory import Conflict, Memory
    from amanzhol.registers.table import Row

_OWN_SUFFIX = re.compile(r".*~[0-9]+", re.DOTALL)
_LONGEST_CARD = 58
"""An id has 64 characters; what a card that is sent anew has behind its number must fit in."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A row that was not believed: its line, the column at fault where one is, and what to do."""

    line: int
    column: str
    message: str


@dataclass(slots=True)
class Outcome:
    """What became of a table.

    Each card of it is new, changed, unchanged, or in `conflicts`; rows that repeat an earlier one are `repeated`, and
    those that were refused in `faults`. Cards in `missing` are not in the table. `sent` counts records by topic.
    """

    rows: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    repeated: int = 0
    faults: list[Fault] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    retracted: int = 0
    sent: dict[str, int] = field(default_factory=dict)


class Order(NamedTuple):
    """What is to be imported: the table by its name, whose it is, when it was drawn, and what of vanished cards.

    What is sent is signed where there is a key.
    """

    table: str
    source_id: str
    drawn_at: datetime
    retract_missing: bool = False
    signing_key: Ed25519PrivateKey | None = None


def believe(memory: Memory, mapping: Mapping, rows: Iterable[Row], source_id: str) -> int:
    """Take a table for what was sent before, where nothing is remembered: nothing goes into the outbox.

    Returns the number of cards. Call it within a transaction.
    """
    memory.take_in(_contents(mapping, rows, source_id, Outcome()))
    cards = 0
    for card_id, content, _known in memory.incoming():
        memory.remember(card_id, Card(content))
        cards += 1
    return cards


def take_over(memory: Memory, mapping: Mapping, rows: Iterable[Row], order: Order) -> Outcome:
    """Bring memory and outbox to what a table says. Call it within a transaction.

    Raises TableFileError where cards that vanished shall be retracted and it cannot be known which: the table is
    empty, or has rows without a card's number.
    """
    outcome = Outcome()
    imports, _drawn_ms = memory.last
    occasion = Occasion(order.source_id, order.drawn_at, imports + 1)
    taken = memory.take_in(_contents(mapping, rows, order.source_id, outcome))
    outcome.repeated, outcome.conflicts = taken.repeats, taken.conflicts
    for card_id, content, known in memory.incoming():
        said = compare(card_id, known, content, occasion)
        if known is None:
            outcome.new += 1
        elif said.records:
            outcome.changed += 1
        _note(memory, card_id, said, outcome, order)
    outcome.unchanged = taken.believed - outcome.new - outcome.changed
    for card_id, known in memory.missing():
        outcome.missing.append(card_id)
        if order.retract_missing:
            _check_retractable(outcome, mapping, order.table)
            _note(memory, card_id, retract(card_id, known, occasion), outcome, order)
            outcome.retracted += 1
    if outcome.sent:
        memory.note_import(occasion.number, int(order.drawn_at.timestamp() * 1_000))
    return outcome


def _note(memory: Memory, card_id: str, said: Said, outcome: Outcome, order: Order) -> None:
    for record in said.records:
        topic = TOPIC_OF_TYPE[record["type"]]
        raw = msgspec.json.encode(record)
        memory.put(topic, raw if order.signing_key is None else sign(raw, order.signing_key))
        outcome.sent[topic] = outcome.sent.get(topic, 0) + 1
    memory.remember(card_id, said.card)


def _check_retractable(outcome: Outcome, mapping: Mapping, table: str) -> None:
    if not outcome.rows:
        raise TableFileError(f"{table}: line 2: there are no rows: nothing is retracted for an empty table")
    columns = mapping.fields["event_id"]
    nameless = [
        fault for fault in outcome.faults if isinstance(columns, Cell) and fault.column in {*columns.column, ""}
    ]
    if nameless:
        raise TableFileError(
            f"{table}: line {nameless[0].line}: {nameless[0].message}: while rows have no readable card number it "
            "cannot be known which cards vanished: mend them, or import without --retract-missing"
        )


def _contents(
    mapping: Mapping, rows: Iterable[Row], source_id: str, outcome: Outcome
) -> Iterator[tuple[str, int, dict[str, Any] | None]]:
    """Give each row's card, line and content, None for a row that is refused and whose card is known."""
    convert = converter(mapping)
    number_of = _card_number(mapping)
    for row in rows:
        outcome.rows += 1
        card_id = ""
        try:
            card_id = number_of(row)
            content = convert(row.cells)
            _check(mapping, content, source_id)
        except CellError as error:
            outcome.faults.append(Fault(row.line, error.column, mask_text(str(error))))
            if card_id:
                yield card_id, row.line, None
        else:
            del content["event_id"]
            yield card_id, row.line, {"type": mapping.type, **content}


def _card_number(mapping: Mapping) -> Any:
    """Give the function that reads a row's card number. It raises CellError."""
    only = mapping.model_copy(
        update={"fields": {"event_id": mapping.fields["event_id"]}, "event": {"type": mapping.type}}
    )
    convert = converter(only)
    columns = getattr(mapping.fields["event_id"], "column", ("",))

    def number_of(row: Row) -> str:
        if row.fault is not None:
            raise CellError("", row.fault)
        card_id = convert(row.cells).get("event_id", "")
        if not isinstance(card_id, str) or not card_id:
            raise CellError(columns[0], "is empty: each row needs the number of its card")
        if len(card_id) > _LONGEST_CARD or not card_id.isprintable() or _OWN_SUFFIX.fullmatch(card_id):
            raise CellError(
                columns[0], f"a card's number is 1 to {_LONGEST_CARD} printable characters and does not end in ~2"
            )
        return card_id

    return number_of


def _check(mapping: Mapping, content: dict[str, Any], source_id: str) -> None:
    """Let the models of events judge. Raises CellError with the column that the field at fault came from."""
    try:
        decode(msgspec.json.encode({**content, "type": mapping.type, "source_id": source_id}))
    except RecordError as error:
        field_name = error.path.removeprefix("$.")
        cell = mapping.fields.get(field_name)
        column = cell.column[0] if isinstance(cell, Cell) else cell.date.column[0] if cell is not None else ""
        raise CellError(column, str(error)) from None
