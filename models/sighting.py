"""From decoded events to sightings: what each is of, where it lies, and in which column of the books it belongs.

Everything that needs the registry, the network or the time of arrival is decided here, for a batch at a time and
without memory: the same event gives the same sighting whatever came before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from models import books, errors
from models.decoding import type_of
from models.measures import (
    TEST_CONTRIBUTION,
    Contribution,
    accident_contribution,
    report_contribution,
    violation_contribution,
)
from models.names import Names
from models.placing import NEVER_COUNTED, Pending, Placer
from models.topics import TOPIC_OF_TYPE

if TYPE_CHECKING:
    from collections.abc import Container, Sequence
    from datetime import datetime

    from models.events import Event
    from models.locating import Locator
    from models.network import Network
    from models.registry import Device, Registry
    from models.signatures import Keyring
    from models.windows import Windows

DEFAULT_CLOCK_TOLERANCE_S = 300
MICROSECOND = 1_000_000

_KEPT = frozenset({"accident", "report"})
_FROM_DEVICES = frozenset({"violation", "status"})


def to_us(instant: datetime) -> int:
    """Microseconds since 1970 of an aware time."""
    return round(instant.timestamp() * MICROSECOND)


@dataclass(frozen=True, slots=True)
class Rules:
    """What decides how an event is counted. The same rules and events give the same cells.

    `registry` None accepts every source and knows no fleet kinds. `hours` are the windows of coverage. `horizon_s` None
    counts events of any age; else those older than that when they arrive are refused. `keyring` None takes everybody at
    their word.
    """

    network: Network
    locator: Locator
    windows: Windows
    hours: Windows
    registry: Registry | None = None
    clock_tolerance_s: int = DEFAULT_CLOCK_TOLERANCE_S
    horizon_s: int | None = None
    keyring: Keyring | None = None


@dataclass(slots=True)
class Vocabulary:
    """The words behind the codes of one partition's index."""

    segments: Names[str] = field(default_factory=Names)
    sources: Names[str] = field(default_factory=Names)
    contributions: Names[Contribution] = field(default_factory=Names)


class Sightings(NamedTuple):
    """Columns of equal length, one row per valid event of a batch, and what was refused.

    `at` is the record's place in the batch, `column` that of the books unless the event turns out a duplicate.
    `kept` and `corrections` are the rows of accidents and reports, whose values are kept, and of corrections. `noted`
    are the marks (`models.marks`) of the few rows that have any.
    """

    at: list[int]
    events: list[Event]
    time_us: list[int]
    segment: list[int]
    km: list[float]
    distance_m: list[float]
    fleet: list[str]
    contribution: list[int]
    column: list[str]
    kept: list[int]
    corrections: list[int]
    refused: list[tuple[int, errors.RecordError]]
    noted: dict[int, tuple[str, ...]]

    @classmethod
    def none(cls) -> Self:
        """Begin with no rows."""
        return cls([], [], [], [], [], [], [], [], [], [], [], [], {})

    def without(self, rows: Container[int]) -> Self:
        """Leave rows out; what is refused stays as it is."""
        left = [row for row in range(len(self.at)) if row not in rows]
        number = {row: place for place, row in enumerate(left)}
        return self._replace(
            **{name: [getattr(self, name)[row] for row in left] for name in _PER_ROW},
            kept=[number[row] for row in self.kept if row in number],
            corrections=[number[row] for row in self.corrections if row in number],
            noted={number[row]: noted for row, noted in self.noted.items() if row in number},
        )


_PER_ROW = ("at", "events", "time_us", "segment", "km", "distance_m", "fleet", "contribution", "column")


class Observer:
    """Makes sightings under one set of rules and with one partition's codes."""

    def __init__(self, rules: Rules, vocabulary: Vocabulary) -> None:
        """Prepare the codes that every event needs."""
        self._rules = rules
        self._registry = rules.registry
        self._vocabulary = vocabulary
        self._violations: dict[tuple[str, str, str, bool], int] = {}
        self._tolerance_us = rules.clock_tolerance_s * MICROSECOND
        self._horizon_us = None if rules.horizon_s is None else rules.horizon_s * MICROSECOND
        self._placer = Placer(rules.locator, vocabulary.segments)
        self.nowhere = self._placer.nowhere

    def adopt(self, registry: Registry | None) -> None:
        """Look devices up in another registry from now on."""
        self._registry = registry

    def observe(
        self,
        decoded: Sequence[Event | errors.RecordError],
        topic: str | None = None,
        arrivals_us: Sequence[int] | None = None,
        left_out: Container[int] = (),
    ) -> Sightings:
        """Make sightings of a batch.

        `topic` is the input topic that the batch was read from, `arrivals_us` the times at which its records
        reached the log; a file knows neither, and then nothing is held against them. Events at the places `left_out`
        are not looked at.
        """
        seen = Sightings.none()
        pending: list[Pending] = []
        for at, event in enumerate(decoded):
            if isinstance(event, errors.RecordError):
                seen.refused.append((at, event))
                continue
            if at in left_out:
                continue
            arrival_us = None if arrivals_us is None else arrivals_us[at]
            try:
                self._observe_one(at, event, topic, arrival_us, seen, pending)
            except errors.RecordError as error:
                seen.refused.append((at, error))
        return self._locate(pending, seen) if pending else seen

    def _observe_one(
        self,
        at: int,
        event: Any,
        topic: str | None,
        arrival_us: int | None,
        seen: Sightings,
        pending: list[Pending],
    ) -> None:
        kind = type_of(event)
        if topic is not None and TOPIC_OF_TYPE[kind] != topic:
            raise errors.WrongTopicError(f"type: a {kind} belongs on {TOPIC_OF_TYPE[kind]}", "$.type")
        time_us = to_us(event.occurred_at)
        if arrival_us is not None:
            self._check_arrival(event, time_us, arrival_us)
        device = None
        if self._registry is not None and kind in _FROM_DEVICES:
            device = self._registry.row_at(event.source_id, time_us)
        test = event.mode == "test" or (device is not None and device.mode == "test")

        place = self._placer.place(len(seen.at), kind, event, device, pending)
        if place.noted:
            seen.noted[len(seen.at)] = place.noted
        if kind == "correction":
            column = books.CORRECTIONS
        elif kind == "status":
            column = books.STATUSES
        elif test:
            column = books.TEST
        else:
            column = books.COUNTED if place.located else books.UNLOCATED
        if kind in _KEPT:
            seen.kept.append(len(seen.at))
        elif kind == "correction":
            seen.corrections.append(len(seen.at))
        seen.at.append(at)
        seen.events.append(event)
        seen.time_us.append(time_us)
        seen.segment.append(place.segment)
        seen.km.append(place.km)
        seen.distance_m.append(place.distance_m)
        seen.fleet.append("" if test or device is None else device.kind)
        seen.contribution.append(self._contribution(kind, event, device, test=test))
        seen.column.append(column)

    def _check_arrival(self, event: Any, time_us: int, arrival_us: int) -> None:
        if time_us > arrival_us + self._tolerance_us:
            ahead_s = (time_us - arrival_us) // MICROSECOND
            message = f"occurred_at: {ahead_s} s ahead of its arrival: set the device's clock"
            raise errors.FutureError(message, "$.occurred_at")
        if self._horizon_us is None:
            return
        # A correction is as old as what it is about, where it says when that was.
        begin = getattr(event, "target", None) and event.target.from_
        about_us, path = (to_us(begin), "$.target.from") if begin else (time_us, "$.occurred_at")
        if about_us < arrival_us - self._horizon_us:
            message = f"{path[2:]}: before the horizon when it arrived; recount the input to have older history"
            raise errors.ExpiredError(message, path)

    # -- what it is ----------------------------------------------------------------------------------------

    def _contribution(self, kind: str, event: Any, device: Device | None, *, test: bool) -> int:
        """Code of what the event adds to its cell."""
        if kind == "violation" and not test:
            location = event.location
            direction = (location and location.direction) or (device and device.direction) or ""
            key = (
                device.kind if device is not None else "",
                event.offence,
                direction,
                event.section is not None,
            )
            code = self._violations.get(key)
            if code is None:
                fleet, offence, direction, by_section = key
                added = violation_contribution(fleet, offence, direction, by_section=by_section)
                code = self._violations[key] = self._vocabulary.contributions.code(added)
            return code
        if kind in NEVER_COUNTED:
            contribution: Contribution = ()
        elif test:
            contribution = TEST_CONTRIBUTION
        elif kind == "accident":
            contribution = accident_contribution(event)
        else:
            contribution = report_contribution(event)
        return self._vocabulary.contributions.code(contribution)

    # -- where it lies -------------------------------------------------------------------------------------

    def _locate(self, pending: list[Pending], seen: Sightings) -> Sightings:
        """Give the pending rows the place that their coordinates say. A row that looks mistaken is refused."""
        refused: set[int] = set()
        for waiting, place in zip(pending, self._placer.located(pending), strict=True):
            row = waiting.row
            if isinstance(place, errors.RecordError):
                refused.add(row)
                seen.refused.append((seen.at[row], place))
                continue
            seen.segment[row], seen.km[row], seen.distance_m[row], located, noted = place
            if noted:
                seen.noted[row] = noted
            if located and seen.column[row] == books.UNLOCATED:
                seen.column[row] = books.COUNTED
        if not refused:
            return seen
        seen.refused.sort(key=itemgetter(0))
        return seen.without(refused)
