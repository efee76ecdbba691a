"""From decoded events to sightings: what each is of, where it lies, and in which column of the books it belongs.

Everything that needs the registry, the network or the time of arrival is decided here, for a batch at a time and
without memory: the same event gives the same sighting whatever came before.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from models import books, errors, locating
from models.cells import SECTION, UNLOCATED, UNLOCATED_AREA
from models.decoding import type_of
from models.measures import (
    TEST_CONTRIBUTION,
    Contribution,
    accident_contribution,
    report_contribution,
    violation_contribution,
)
from models.names import Names
from models.topics import TOPIC_OF_TYPE

if TYPE_CHECKING:
    from collections.abc import Container, Sequence
    from datetime import datetime

    from models.events import Event, Location
    from models.locating import Locator
    from models.network import Network
    from models.registry import Device, Registry
    from models.signatures import Keyring
    from models.windows import Windows

DEFAULT_CLOCK_TOLERANCE_S = 300
MICROSECOND = 1_000_000

_KEPT = frozenset({"accident", "report"})
_FROM_DEVICES = frozenset({"violation", "status"})
NEVER_COUNTED = frozenset({"status", "correction"})
"""Events that add to no cell of counts."""


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


class Place(NamedTuple):
    """Where an event lies: a code of `Vocabulary.segments`, the kilometre of its route, metres off the line."""

    segment: int
    km: float = math.nan
    distance_m: float = math.nan
    located: bool = False


@dataclass(slots=True)
class Vocabulary:
    """The words behind the codes of one partition's index."""

    segments: Names[str] = field(default_factory=Names)
    sources: Names[str] = field(default_factory=Names)
    contributions: Names[Contribution] = field(default_factory=Names)


class Sightings(NamedTuple):
    """Columns of equal length, one row per valid event of a batch, and what was refused.

    `at` is the record's place in the batch, `column` that of the books unless the event turns out a duplicate.
    `kept` and `corrections` are the rows of accidents and reports, whose values are kept, and of corrections.
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


class Observer:
    """Makes sightings under one set of rules and with one partition's codes."""

    def __init__(self, rules: Rules, vocabulary: Vocabulary) -> None:
        """Prepare the codes that every event needs."""
        self._rules = rules
        self._registry = rules.registry
        self._vocabulary = vocabulary
        self._segment_codes = [-1] * len(rules.network.segments)
        self._sites: dict[Device, Place] = {}
        self._violations: dict[tuple[str, str, str, bool], int] = {}
        self._tolerance_us = rules.clock_tolerance_s * MICROSECOND
        self._horizon_us = None if rules.horizon_s is None else rules.horizon_s * MICROSECOND
        self.nowhere = Place(vocabulary.segments.code(UNLOCATED))

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
        seen = Sightings([], [], [], [], [], [], [], [], [], [], [], [])
        pending: list[_Pending] = []
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
        if pending:
            self._locate(pending, seen)
        return seen

    def _observe_one(
        self,
        at: int,
        event: Any,
        topic: str | None,
        arrival_us: int | None,
        seen: Sightings,
        pending: list[_Pending],
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

        place = self._place(len(seen.at), kind, event, device, pending)
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

    def _place(self, row: int, kind: str, event: Any, device: Device | None, pending: list[_Pending]) -> Place:
        """Where the event lies; where coordinates must say so, it is noted as pending for the whole batch."""
        if device is not None and not device.mobile and (kind == "status" or event.section is None):
            return self._site(device)
        if kind in NEVER_COUNTED:
            return self.nowhere
        if kind == "violation":
            if event.section is not None:
                return Place(self._vocabulary.segments.code(SECTION + event.section.section_id), located=True)
            if device is not None and event.location is None:
                message = "location: a violation of a mobile source says where it was"
                raise errors.MissingLocationError(message, "$.location")
        location = event.location
        if location is None:
            return self.nowhere
        # A register's clerk knows the kilometre and looks the coordinates up; a device measures coordinates.
        by_km = self._by_chainage(location) if kind != "violation" or location.lon is None else None
        if by_km is not None and by_km.located:
            return by_km
        if location.lon is not None:
            pending.append(_Pending(row, location))
        return by_km or self._unlocated(location)

    def _by_chainage(self, location: Location) -> Place | None:
        if location.route is None or location.km is None:
            return None
        found = self._rules.locator.by_chainage(location.route, location.km, location.direction)
        if found.segment == locating.UNLOCATED:
            return None
        return Place(self._segment_code(found.segment), found.km, 0.0, located=True)

    def _unlocated(self, location: Location) -> Place:
        if location.area is None:
            return self.nowhere
        return Place(self._vocabulary.segments.code(UNLOCATED_AREA + location.area))

    def _site(self, device: Device) -> Place:
        """Where a fixed device stands, found once: by kilometre where the registry has one, else by coordinates."""
        site = self._sites.get(device)
        if site is None:
            site = self.nowhere
            locator = self._rules.locator
            found = None
            if device.route is not None and device.km is not None:
                found = locator.by_chainage(device.route, device.km, device.direction)
            if (found is None or found.segment == locating.UNLOCATED) and device.lon is not None:
                near = locator.by_coordinates(np.array([device.lon]), np.array([device.lat]))
                found = locating.Placement(int(near.segment[0]), float(near.km[0]), float(near.distance_m[0]))
            if found is not None and found.segment != locating.UNLOCATED:
                site = Place(self._segment_code(found.segment), found.km, found.distance_m, located=True)
            self._sites[device] = site
        return site

    def _locate(self, pending: list[_Pending], seen: Sightings) -> None:
        """Give the pending rows the place that their coordinates say."""
        near = self._rules.locator.by_coordinates(
            np.array([location.lon for _, location in pending], dtype=np.float64),
            np.array([location.lat for _, location in pending], dtype=np.float64),
        )
        found = zip(near.segment.tolist(), near.km.tolist(), near.distance_m.tolist(), strict=True)
        for (row, location), (segment, km, distance_m) in zip(pending, found, strict=True):
            if segment != locating.UNLOCATED:
                place = Place(self._segment_code(segment), km, distance_m, located=True)
            else:
                # A device's own coordinates lie off the network: its kilometre may still be on it.
                place = self._by_chainage(location) or self._unlocated(location)
            seen.segment[row], seen.km[row], seen.distance_m[row], located = place
            if located and seen.column[row] == books.UNLOCATED:
                seen.column[row] = books.COUNTED

    def _segment_code(self, index: int) -> int:
        code = self._segment_codes[index]
        if code < 0:
            segment_id = self._rules.network.segments[index].segment_id
            code = self._segment_codes[index] = self._vocabulary.segments.code(segment_id)
        return code


class _Pending(NamedTuple):
    """A row of the batch that its coordinates will place."""

    row: int
    location: Location
