"""What corrections have said: which events are retracted, and which of their fields have other values.

Corrections may come before their event, twice, and in any order: whether an event is retracted, and the value of
each amended field, is decided by the last writer, the correction with the greatest (`occurred_at`, `source_id`,
`event_id`). A span binds events that come later too.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


class Writer(NamedTuple):
    """Who said something and when; the greater one holds."""

    occurred_us: int
    source_id: str
    event_id: str


class Decision(NamedTuple):
    """Whether to retract, as its writer said."""

    writer: Writer
    retract: bool


class Span(NamedTuple):
    """A decision about all events of a source with `start_us` ≤ time < `end_us`."""

    start_us: int
    end_us: int
    decision: Decision


class Spans:
    """Decisions about the time of one source: disjoint spans in order, each with the decision that holds in it.

    >>> spans = Spans()
    >>> spans.add(Span(0, 100, Decision(Writer(1, "a", "x"), retract=True)))
    >>> spans.add(Span(40, 60, Decision(Writer(2, "a", "y"), retract=False)))
    >>> [(span.start_us, span.end_us, span.decision.retract) for span in spans]
    [(0, 40, True), (40, 60, False), (60, 100, True)]
    """

    __slots__ = ("_spans",)

    def __init__(self, spans: Iterable[Span] = ()) -> None:
        """Begin with spans that are disjoint and in order."""
        self._spans = list(spans)

    def __iter__(self) -> Iterator[Span]:
        """The spans, in order of time."""
        return iter(self._spans)

    def at(self, time_us: int) -> Decision | None:
        """The decision that holds at a time, or None where nothing was said."""
        place = bisect_right(self._spans, time_us, key=lambda span: span.start_us) - 1
        if place >= 0 and time_us < self._spans[place].end_us:
            return self._spans[place].decision
        return None

    def add(self, new: Span) -> None:
        """Let a decision hold in its span, except where that of a greater writer does."""
        kept: list[Span] = []
        uncovered = new.start_us
        for span in self._spans:
            if span.end_us <= new.start_us or span.start_us >= new.end_us:
                kept.append(span)
                continue
            start, end = max(span.start_us, new.start_us), min(span.end_us, new.end_us)
            if span.start_us < start:
                kept.append(Span(span.start_us, start, span.decision))
            if uncovered < start:
                kept.append(Span(uncovered, start, new.decision))
            kept.append(Span(start, end, max(span.decision, new.decision)))
            uncovered = end
            if end < span.end_us:
                kept.append(Span(end, span.end_us, span.decision))
        if uncovered < new.end_us:
            kept.append(Span(uncovered, new.end_us, new.decision))
        self._spans = _joined(sorted(kept))


def _joined(spans: Iterable[Span]) -> list[Span]:
    """Join neighbours that say the same."""
    joined: list[Span] = []
    for span in spans:
        if joined and joined[-1].end_us == span.start_us and joined[-1].decision == span.decision:
            joined[-1] = Span(joined[-1].start_us, span.end_us, span.decision)
        else:
            joined.append(span)
    return joined


@dataclass(slots=True)
class Ruling:
    """What was said about one event: to retract it or not, and new values of fields, each with its writer."""

    decision: Decision | None = None
    fields: dict[str, tuple[Writer, Any]] = field(default_factory=dict)

    def decide(self, decision: Decision) -> None:
        """Take in a retraction or a restoration."""
        if self.decision is None or decision > self.decision:
            self.decision = decision

    def amend(self, writer: Writer, values: Mapping[str, Any]) -> None:
        """Take in new values of fields."""
        for name, value in values.items():
            held = self.fields.get(name)
            if held is None or writer > held[0]:
                self.fields[name] = (writer, value)

    @property
    def values(self) -> dict[str, Any]:
        """New values by field."""
        return {name: value for name, (_, value) in self.fields.items()}


class Rulings:
    """Everything that corrections have said in one source partition, by target."""

    def __init__(self) -> None:
        """Begin with nothing said."""
        self.by_event: dict[bytes, Ruling] = {}
        self.by_source: dict[str, Spans] = {}
        self._changed_events: set[bytes] = set()
        self._changed_sources: set[str] = set()

    def about(self, digest: bytes) -> Ruling:
        """What was said about an event, to be changed by the caller."""
        self._changed_events.add(digest)
        return self.by_event.setdefault(digest, Ruling())

    def add_span(self, source_id: str, span: Span) -> None:
        """Take in a decision about a source's time."""
        self._changed_sources.add(source_id)
        self.by_source.setdefault(source_id, Spans()).add(span)

    def retracts(self, digest: bytes, source_id: str, time_us: int) -> bool:
        """Whether an event is retracted now."""
        ruling = self.by_event.get(digest)
        spans = self.by_source.get(source_id)
        decisions = [
            decision
            for decision in (ruling and ruling.decision, spans and spans.at(time_us))
            if isinstance(decision, Decision)
        ]
        return max(decisions).retract if decisions else False

    def concerns(self, digest: bytes, source_id: str) -> bool:
        """Whether anything was said that may concern this event: the quick look for every event."""
        return digest in self.by_event or source_id in self.by_source

    def __len__(self) -> int:
        """Count events and sources about which something was said."""
        return len(self.by_event) + len(self.by_source)

    def take_changed(self) -> tuple[list[bytes], list[str]]:
        """Events and sources about which something was said since the last call."""
        events, self._changed_events = sorted(self._changed_events), set()
        sources, self._changed_sources = sorted(self._changed_sources), set()
        return events, sources
