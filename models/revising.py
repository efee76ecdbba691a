"""Applies corrections: moves what an event contributes, and its place in the books, to what now holds.

What holds for an event is a function of the event and of all that was said about it, never of the order in which
that came. So a correction is applied by computing it anew and moving the difference.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
from pydantic import BaseModel, ValidationError

from models import books
from models.cells import SECTION, UNLOCATED
from models.corrections import Decision, Ruling, Rulings, Span, Writer
from models.decoding import type_of
from models.events import Accident, Location, Report, Section, Violation
from models.index import digest_bytes, entries_for
from models.measures import TEST_CONTRIBUTION, VIOLATIONS, violation_contribution
from models.placing import Place
from models.sighting import MICROSECOND, to_us

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from models.events import Correction, Event
    from models.index import EventIndex
    from models.sighting import Observer, Rules, Vocabulary
    from models.tallies import Tallies

RETRACTED: Final = 1 << 31
"""Set in an entry's `contribution`: the event is known and counts nothing."""

_CODE: Final = RETRACTED - 1
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_KEPT: Final = frozenset(
    {"offence", "location", "section", "junction", "kind", "dead", "injured", "serious", "slight", "official"}
    | {"channel", "category", "handled_at"}
)
"""Fields that decide how an event is counted. Nothing else of it is kept, plates least of all."""

_IDENTITY: Final = ("source_id", "event_id", "occurred_at", "mode")
_VALUED: Final[dict[str, type[Accident | Report]]] = {"accident": Accident, "report": Report}


class Move(NamedTuple):
    """What corrections made of an event: another column of the books, another segment, or another place on it.

    `place` is where it lies now, or None where that is still where it was first seen.
    """

    digest: bytes
    old_column: str
    new_column: str
    segment: int
    place: Place | None


class _Revised(NamedTuple):
    segment: int
    contribution: int
    place: Place | None


class Reviser:
    """What corrections have said in one partition, and the means to let it hold."""

    def __init__(
        self, rules: Rules, vocabulary: Vocabulary, observer: Observer, index: EventIndex, tallies: Tallies
    ) -> None:
        """Work on the index and the cells of one partition."""
        self.rulings = Rulings()
        self.values: dict[bytes, bytes] = {}
        self._new_values: list[bytes] = []
        self._rules = rules
        self._vocabulary = vocabulary
        self._observer = observer
        self._index = index
        self._tallies = tallies

    # -- what is said --------------------------------------------------------------------------------------

    def keep_value(self, digest: bytes, event: Any) -> None:
        """Keep what an amendment of an accident or a report will need: the fields that decide how it is counted."""
        kind = type_of(event)
        if kind in _VALUED:
            names = (*_IDENTITY, *sorted(_KEPT))
            kept = {name: getattr(event, name) for name in names if getattr(event, name, None) is not None}
            self.values[digest] = msgspec.json.encode({"type": kind} | kept, enc_hook=_plain)
            self._new_values.append(digest)

    def take_new_values(self) -> list[bytes]:
        """Digests of values kept since the last call."""
        taken, self._new_values = self._new_values, []
        return taken

    def hear(self, correction: Correction, target: bytes | None) -> NDArray[np.void]:
        """Take in a correction. Returns the index entries that it concerns; `target` is its event's digest."""
        writer = Writer(to_us(correction.occurred_at), correction.source_id, correction.event_id)
        if target is not None:
            ruling = self.rulings.about(target)
            if correction.action == "amend":
                ruling.amend(writer, {k: v for k, v in (correction.fields or {}).items() if k in _KEPT})
            else:
                ruling.decide(Decision(writer, retract=correction.action == "retract"))
            held, found = self._index.find(entries_for([target]))
            return held[found]
        start_us, end_us = _span_of(correction)
        decision = Decision(writer, retract=correction.action == "retract")
        self.rulings.add_span(correction.target.source_id, Span(start_us, end_us, decision))
        source = self._vocabulary.sources.code(correction.target.source_id)
        return self._index.of_source(source, start_us, end_us)

    # -- what holds ----------------------------------------------------------------------------------------

    def revise(self, entries: NDArray[np.void]) -> tuple[NDArray[np.void], list[Move]]:
        """Let hold what was said about these events. Returns the entries that changed, and how they moved."""
        new = entries.copy()
        changed = []
        moves = []
        for row, old in enumerate(entries):
            segment, contribution, place = self._revised(old)
            if (segment, contribution) != (int(old["segment"]), int(old["contribution"])):
                new[row]["segment"], new[row]["contribution"] = segment, contribution
                self._move(old, -1)
                self._move(new[row], +1)
                changed.append(row)
            elif place is None:
                continue
            moves.append(Move(digest_bytes(old), self.column_of(old), self.column_of(new[row]), segment, place))
        if changed:
            self._index.put(new[changed])
        return new[changed], moves

    def column_of(self, entry: np.void) -> str:
        """Give the column of the books that a counted event stands in."""
        code = int(entry["contribution"])
        if code & RETRACTED:
            return books.RETRACTED
        if self._vocabulary.contributions[code] == TEST_CONTRIBUTION:
            return books.TEST
        segment_id = self._vocabulary.segments[int(entry["segment"])]
        return books.UNLOCATED if segment_id.split(":")[0] == UNLOCATED else books.COUNTED

    def _move(self, entry: np.void, times: int) -> None:
        code = int(entry["contribution"])
        if not code & RETRACTED:
            window = self._rules.windows.start(int(entry["time"]) // MICROSECOND)
            added = self._vocabulary.contributions[code]
            self._tallies.add(int(entry["segment"]), window, added, times, corrected=True)

    def _revised(self, entry: np.void) -> _Revised:
        """What holds of an event by all that was said about it."""
        digest = digest_bytes(entry)
        old = _Revised(int(entry["segment"]), int(entry["contribution"]), None)
        new = old._replace(contribution=old.contribution & _CODE)
        if not self._vocabulary.contributions[new.contribution]:
            return old  # statuses and corrections count nothing, so there is nothing to correct
        ruling = self.rulings.by_event.get(digest)
        if ruling is not None and ruling.fields:
            new = self._amended(digest, entry, ruling, new)
        source_id = self._vocabulary.sources[int(entry["source"])]
        if self.rulings.retracts(digest, source_id, int(entry["time"])):
            new = new._replace(contribution=new.contribution | RETRACTED)
        return new

    def _amended(self, digest: bytes, entry: np.void, ruling: Ruling, old: _Revised) -> _Revised:
        raw = self.values.get(digest)
        if raw is None:
            return self._amended_violation(entry, ruling, old)
        values = msgspec.json.decode(raw)
        try:
            event = _VALUED[values["type"]].model_validate_json(msgspec.json.encode(values | ruling.values))
        except ValidationError:
            # Each new value is possible by itself but not with the others: until the rest comes, none holds.
            event = _VALUED[values["type"]].model_validate_json(raw)
        return self._observed(event) or old

    def _amended_violation(self, entry: np.void, ruling: Ruling, old: _Revised) -> _Revised:
        contribution = self._vocabulary.contributions[old.contribution]
        values = {name: value for name, value in ruling.values.items() if value is not None}
        base = contribution[0][0]
        is_test = contribution == TEST_CONTRIBUTION
        if not is_test and base.measure != VIOLATIONS:
            return old
        offence = values.get("offence", base.offence)
        if "location" in values or "section" in values:
            event = Violation.model_construct(
                type="violation",
                source_id=self._vocabulary.sources[int(entry["source"])],
                event_id="-",
                occurred_at=_instant(int(entry["time"])),
                mode="test" if is_test else "backfill",
                offence=offence,
                location=_location(values.get("location")),
                section=_section(values.get("section")),
            )
            return self._observed(event) or old
        if is_test:
            return old
        by_section = self._vocabulary.segments[old.segment].startswith(SECTION)
        revised = violation_contribution(base.fleet, offence, base.direction, by_section=by_section)
        return old._replace(contribution=self._vocabulary.contributions.code(revised))

    def _observed(self, event: Event) -> _Revised | None:
        seen = self._observer.observe([event])
        if not seen.at:
            return None
        segment = seen.segment[0]
        place = Place(segment, seen.km[0], seen.distance_m[0], noted=seen.noted.get(0, ()))
        return _Revised(segment, seen.contribution[0], place)


def _span_of(correction: Correction) -> tuple[int, int]:
    target = correction.target
    if target.from_ is None or target.to is None:
        raise ValueError("a correction without an event has a span: models.events checks it")
    return to_us(target.from_), to_us(target.to)


def _location(value: dict[str, Any] | None) -> Location | None:
    return None if value is None else Location.model_validate_json(msgspec.json.encode(value))


def _section(value: dict[str, Any] | None) -> Section | None:
    return None if value is None else Section.model_validate_json(msgspec.json.encode(value))


def _instant(time_us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=time_us)


def _plain(value: Any) -> Any:
    """Write a part of an event that pydantic decoded; those of the quick way write themselves."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_none=True)
    raise TypeError(f"{type(value)} is no part of an event")
