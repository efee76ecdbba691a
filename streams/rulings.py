"""How corrections lie in the `state` topic: what was said about each event and source, and values it may change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.corrections import Ruling, Spans
from models.records import RulingRecord, decode_ruling, decode_spans, encode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from models.ledger import Ledger

_RULING = "ruling/"
_SPANS = "spans/"
_VALUE = "value/"


def rulings_to_store(ledger: Ledger) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of all that changed since the last call."""
    reviser = ledger.reviser
    events, sources = reviser.rulings.take_changed()
    for digest in events:
        ruling = reviser.rulings.by_event[digest]
        yield f"{_RULING}{digest.hex()}".encode(), encode(RulingRecord(ruling.decision, ruling.fields))
    for source_id in sources:
        yield f"{_SPANS}{source_id}".encode(), encode(list(reviser.rulings.by_source[source_id]))
    for digest in reviser.take_new_values():
        yield f"{_VALUE}{digest.hex()}".encode(), reviser.values[digest]


def restore_rulings(ledger: Ledger, state: Mapping[bytes, bytes]) -> None:
    """Take up what `rulings_to_store` wrote; other keys are of other things."""
    reviser = ledger.reviser
    for key, value in state.items():
        kind, _, name = key.decode().partition("/")
        if f"{kind}/" == _RULING:
            record = decode_ruling(value)
            reviser.rulings.by_event[bytes.fromhex(name)] = Ruling(record.decision, dict(record.fields))
        elif f"{kind}/" == _SPANS:
            reviser.rulings.by_source[name] = Spans(decode_spans(value))
        elif f"{kind}/" == _VALUE:
            reviser.values[bytes.fromhex(name)] = value
