"""From the bytes a device hands over to the record that leaves it: topic, key, and no plate."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from models.masking import carries_plate, mask_record
from models.topics import MAX_RECORD_BYTES, TOPIC_OF_TYPE, VIOLATIONS

if TYPE_CHECKING:
    from models.pseudonyms import Pseudonyms

NOBODY: Final = b"unknown"
"""Key of a record whose source cannot be read."""


class Outgoing(NamedTuple):
    """A record on its way: one of `models.topics.INPUTS`, the source that keys it, the event's bytes."""

    topic: str
    key: bytes
    value: bytes


class PlatePolicy:
    """What becomes of plates: dropped, or replaced by pseudonyms where there are keys for them.

    A `plate_hash` that was not made under one of the keys is refused: the field goes, the event stays, and `refused`
    counts it. `dropped` and `replaced` count plates.
    """

    __slots__ = ("counts", "pseudonyms")

    def __init__(self, pseudonyms: Pseudonyms | None = None) -> None:
        """Drop, or replace where there are pseudonyms."""
        self.pseudonyms = pseudonyms
        self.counts: Counter[str] = Counter()

    def pseudonym(self, plate: Any, plate_hash: Any, occurred_at: Any) -> str | None:
        """Give what stands for a plate in the event, None for nothing."""
        found = self._of_plate(plate, occurred_at)
        if plate is not None:
            self.counts["dropped" if found is None else "replaced"] += 1
        if plate_hash is not None:
            if self.pseudonyms is not None and isinstance(plate_hash, str) and self.pseudonyms.made(plate_hash):
                return found or plate_hash
            self.counts["refused"] += 1
        return found

    def _of_plate(self, plate: Any, occurred_at: Any) -> str | None:
        if self.pseudonyms is None or not isinstance(plate, str) or not isinstance(occurred_at, str):
            return None
        try:
            return self.pseudonyms.of(plate, date.fromisoformat(occurred_at[:10]))
        except ValueError:
            return None


def outgoing(raw: bytes, plates: PlatePolicy) -> Outgoing:
    """Make the record of one event as a device gives it, whatever it gives.

    What is no event becomes a record of the violations all the same, masked: it is for the worker to refuse it, count
    it and keep it. What is longer than any event may be is cut behind the limit, for the same end.
    """
    if len(raw) > MAX_RECORD_BYTES:
        # Masked as text: to parse it would take many times its length in memory.
        cut = mask_record(raw[:MAX_RECORD_BYTES])
        return Outgoing(VIOLATIONS, NOBODY, cut.ljust(MAX_RECORD_BYTES + 1))
    try:
        event = json.loads(raw)
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, dict):
        return Outgoing(VIOLATIONS, NOBODY, mask_record(raw))
    kind = event.get("type")
    topic = TOPIC_OF_TYPE.get(kind, VIOLATIONS) if isinstance(kind, str) else VIOLATIONS
    return Outgoing(topic, _key(event), _without_plates(raw, event, plates))


def _key(event: dict[str, Any]) -> bytes:
    """Key that keeps a source's records in order; a correction belongs to the source it is about."""
    target = event.get("target") if event.get("type") == "correction" else None
    source = (target if isinstance(target, dict) else event).get("source_id")
    return source.encode("utf-8", "replace")[:256] if isinstance(source, str) and source else NOBODY


def _without_plates(raw: bytes, event: dict[str, Any], plates: PlatePolicy) -> bytes:
    carrying = [name for name in event if carries_plate(name)]
    if not carrying:
        return mask_record(raw)
    word = plates.pseudonym(event.get("plate"), event.get("plate_hash"), event.get("occurred_at"))
    for name in carrying:
        del event[name]
    # Escaped, so that half a letter stays the same half a letter and is refused for what it is.
    kept = mask_record(json.dumps(event, separators=(",", ":")).encode())
    if word is None:
        return kept
    return kept[:-1] + f'{"," if event else ""}"plate_hash":"{word}"}}'.encode()
