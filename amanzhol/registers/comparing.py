"""What a card says now against what was sent of it before: events and corrections.

An event's type, time and mode cannot be amended, so a card in which one of them changed is retracted and sent anew
under another id: the card's number with `~2`, `~3` and so on behind it.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from amanzhol.registers.fields import DEFAULTS_OF_TYPE
from models.events import NEVER_AMENDED

if TYPE_CHECKING:
    from collections.abc import Mapping

Content = dict[str, Any]
"""An event without its `event_id` and `source_id`."""

_DIGEST_BYTES = 12


class Card(NamedTuple):
    """What was sent of a card: under which of its ids, with which content, and whether it was retracted since."""

    content: Content
    generation: int = 1
    retracted: bool = False


class Occasion(NamedTuple):
    """The import that corrections come from: of which source, when its table was drawn, its number from 1.

    Of two corrections the later one holds; `number` decides between tables drawn at the same time.
    """

    source_id: str
    drawn_at: datetime
    number: int


class Said(NamedTuple):
    """What has to be sent, and what is known of the card afterwards."""

    records: list[dict[str, Any]]
    card: Card


def id_of(card_id: str, generation: int) -> str:
    """Give the id of a card's event."""
    return card_id if generation == 1 else f"{card_id}~{generation}"


def compare(card_id: str, known: Card | None, content: Content, occasion: Occasion) -> Said:
    """Say what has to be sent so that a card counts as its row says."""
    if known is None:
        return _sent(card_id, Card(content), occasion, [])
    if _identity(known.content) != _identity(content):
        before = [] if known.retracted else [_correction(card_id, known, occasion, "retract")]
        return _sent(card_id, Card(content, known.generation + 1), occasion, before)
    records = []
    if known.retracted:
        records.append(_correction(card_id, known, occasion, "restore"))
    defaults = DEFAULTS_OF_TYPE[content["type"]]
    changed = {
        name: content.get(name, defaults.get(name))
        for name in sorted(known.content.keys() | content.keys())
        if known.content.get(name, defaults.get(name)) != content.get(name, defaults.get(name))
    }
    if changed:
        records.append(_correction(card_id, known, occasion, "amend", changed))
    return Said(records, Card(content, known.generation))


def retract(card_id: str, known: Card, occasion: Occasion) -> Said:
    """Say what has to be sent so that a card counts no more."""
    return Said([_correction(card_id, known, occasion, "retract")], known._replace(retracted=True))


def _identity(content: Content) -> dict[str, Any]:
    """Give what cannot be amended. The same instant may be written with another offset."""
    fixed = {name: content[name] for name in NEVER_AMENDED & content.keys()}
    return fixed | {"occurred_at": datetime.fromisoformat(content["occurred_at"])}


def _sent(card_id: str, card: Card, occasion: Occasion, before: list[dict[str, Any]]) -> Said:
    ids = {"event_id": id_of(card_id, card.generation), "source_id": occasion.source_id}
    return Said([{"type": card.content["type"], **ids, **card.content}, *before], card)


def _correction(
    card_id: str, known: Card, occasion: Occasion, action: str, fields: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    target = {"source_id": occasion.source_id, "event_id": id_of(card_id, known.generation)}
    record: dict[str, Any] = {"type": "correction", "target": target, "action": action}
    if fields:
        record["fields"] = dict(fields)
    # The id orders corrections of the same time by their import, and is never that of another correction, not even
    # where the memory was lost and imports are numbered from 1 again.
    digest = hashlib.blake2b(msgspec.json.encode(record, order="sorted"), digest_size=_DIGEST_BYTES).hexdigest()
    drawn_ms = int(occasion.drawn_at.timestamp() * 1_000)
    ids = {
        "event_id": f"{drawn_ms:014d}.{occasion.number:06d}.{digest}",
        "source_id": occasion.source_id,
        "occurred_at": occasion.drawn_at.isoformat(),
    }
    return record | ids | {"reason": "import"}
