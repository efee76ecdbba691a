"""Where an event lies, by all the ways in which one may say so: the registry, a section, a kilometre, coordinates.

Whose word counts: a fixed device stands where the registry says. An average speed lies on its section. A register's
clerk knows the kilometre and looks the coordinates up; a device measures coordinates, and its kilometre is derived.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from models import locating, marks
from models.cells import SECTION, UNLOCATED, UNLOCATED_AREA
from models.errors import MissingLocationError, RecordError
from models.fleet import FLYING
from models.junctions import NO_JUNCTION, Claims
from models.suspicions import suspicions
from models.travel import WAYS, Travel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.events import Location
    from models.fleet import Device
    from models.locating import Locator, Placement, Placements
    from models.names import Names

    Floats = NDArray[np.float64]

NEVER_COUNTED = frozenset({"status", "correction"})
"""Events that add to no cell of counts."""

_NO_HEADING = math.nan
_OPPOSITE = 180.0
_FULL_CIRCLE = 360.0


class Place(NamedTuple):
    """Where an event lies: a code of the vocabulary of segments, the kilometre of its route, metres off the line.

    `noted` are `models.marks`.
    """

    segment: int
    km: float = math.nan
    distance_m: float = math.nan
    located: bool = False
    noted: tuple[str, ...] = ()


class Pending(NamedTuple):
    """A row of a batch that its coordinates will place, or at least check.

    `stated` is where its kilometre lies, if anywhere. `of_unit`: the position and the heading are the patrol's.
    """

    row: int
    kind: str
    event: Any
    stated: Placement | None
    of_unit: bool

    @property
    def location(self) -> Location:
        """What it says of its place: coordinates at least."""
        location: Location = self.event.location
        return location

    @property
    def keeps_its_kilometre(self) -> bool:
        """Whether its kilometre goes before its coordinates: that of a register does."""
        return self.stated is not None and self.kind != "violation"


class Placer:
    """Places the events of one partition: its codes of segments stand in the places."""

    def __init__(self, locator: Locator, segments: Names[str]) -> None:
        """Prepare the codes that every event needs."""
        self._locator = locator
        self._segments = segments
        self._codes = [-1] * len(locator.network.segments)
        self._sites: dict[Device, Place] = {}
        self.nowhere = Place(segments.code(UNLOCATED))

    def place(self, row: int, kind: str, event: Any, device: Device | None, pending: list[Pending]) -> Place:
        """Where an event of this type lies; where coordinates have a say, it is noted as pending for the whole batch.

        Raises MissingLocationError for a violation of a mobile device that does not say where it was.
        """
        if device is not None and not device.mobile and (kind == "status" or event.section is None):
            return self._site(device)
        if kind in NEVER_COUNTED:
            return self.nowhere
        location = event.location
        if kind == "violation":
            if event.section is not None:
                return Place(self._segments.code(SECTION + event.section.section_id), located=True)
            if device is not None and location is None:
                message = "location: a violation of a mobile source says where it was"
                raise MissingLocationError(message, "$.location")
        if location is None:
            return self.nowhere
        stated = self._stated(location)
        of_unit = location.of == "unit" or (location.of is None and device is not None and device.mobile)
        if location.lon is None:
            return self._by_post(kind, event, stated)
        if of_unit and device is not None and device.kind in FLYING:
            # A drone hovers beside the road, or over one that it does not watch.
            return self._by_word(location, stated, (marks.DRONE_POSITION,))
        pending.append(Pending(row, kind, event, stated, of_unit))
        return self._by_word(location, stated)

    def located(self, pending: Sequence[Pending]) -> list[Place | RecordError]:
        """Give the place of each pending row, now that coordinates are looked at, or why it must be quarantined."""
        lon = np.array([waiting.location.lon for waiting in pending], dtype=np.float64)
        lat = np.array([waiting.location.lat for waiting in pending], dtype=np.float64)
        accuracy_m = np.array([waiting.location.accuracy_m for waiting in pending], dtype=np.float64)  # None: NaN
        found = self._locator.by_coordinates(lon, lat, _travel(pending), accuracy_m)
        claims = self._claims(pending, lon, lat)
        suspected = suspicions(self._locator, lon, lat, np.maximum(found.segment, claims.junction))
        conflicting = self._conflicting(pending, lon, lat, found)
        columns = (found.segment.tolist(), found.km.tolist(), found.distance_m.tolist(), found.tie.tolist())
        places: list[Place | RecordError] = []
        for at, (waiting, segment, km, distance_m, tie) in enumerate(zip(pending, *columns, strict=True)):
            noted: tuple[str, ...] = (marks.LOCATION_CONFLICT,) if at in conflicting else ()
            if at in suspected:
                places.append(suspected[at])
            elif claims.junction[at] != NO_JUNCTION and not (waiting.keeps_its_kilometre and noted):
                places.append(self._at_junction(int(claims.junction[at]), float(claims.distance_m[at]), noted))
            elif segment == locating.UNLOCATED or waiting.keeps_its_kilometre:
                # Coordinates may lie off the network whose kilometre is on it.
                places.append(self._by_word(waiting.location, waiting.stated, noted))
            else:
                noted += (marks.TIE,) if tie else ()
                places.append(Place(self._code(segment), km, distance_m, located=True, noted=noted))
        return places

    def _claims(self, pending: Sequence[Pending], lon: Floats, lat: Floats) -> Claims:
        """Which accidents among the pending rows belong to a junction."""
        claims = Claims(np.full(lon.size, NO_JUNCTION, dtype=np.int64), np.full(lon.size, math.nan))
        rows = [at for at, waiting in enumerate(pending) if waiting.kind == "accident"]
        if rows and len(self._locator.junctions):
            marked = np.array([bool(pending[at].event.junction) for at in rows])
            claimed = self._locator.junctions.claim(lon[rows], lat[rows], marked)
            claims.junction[rows], claims.distance_m[rows] = claimed
        return claims

    def _at_junction(self, index: int, distance_m: float = 0.0, noted: tuple[str, ...] = ()) -> Place:
        """A junction as a place: it has no kilometre of its own."""
        code = self._segments.code(self._locator.network.junctions[index].segment_id)
        return Place(code, math.nan, distance_m, located=True, noted=noted)

    def _conflicting(self, pending: Sequence[Pending], lon: Floats, lat: Floats, found: Placements) -> frozenset[int]:
        """Which of the pending rows state a kilometre that their coordinates contradict."""
        both = [at for at, waiting in enumerate(pending) if waiting.stated is not None]
        if not both:
            return frozenset()
        rows = np.array(both)
        stated = [pending[at].stated for at in both]
        segment, km = (np.array([getattr(placement, name) for placement in stated]) for name in ("segment", "km"))
        conflict = self._locator.conflicts(lon[rows], lat[rows], segment, km, found.take(rows))
        return frozenset(rows[conflict].tolist())

    def _by_post(self, kind: str, event: Any, stated: Placement | None) -> Place:
        """Where an event without coordinates lies."""
        if kind == "accident" and event.junction and stated is not None:
            junction = self._locator.junctions.claim_stated(stated.segment, stated.km)
            if junction != NO_JUNCTION:
                return self._at_junction(junction)
        return self._by_word(event.location, stated)

    def _stated(self, location: Location) -> Placement | None:
        """Where the kilometre of a location lies; None where it has none, or one that is on no segment."""
        if location.route is None or location.km is None:
            return None
        found = self._locator.by_chainage(location.route, location.km, location.direction)
        return None if found.segment == locating.UNLOCATED else found

    def _by_word(self, location: Location, stated: Placement | None, noted: tuple[str, ...] = ()) -> Place:
        """Where a location lies without its coordinates: at its kilometre, else in its area, else nowhere."""
        if stated is not None:
            noted = tuple(mark for mark in noted if mark != marks.DRONE_POSITION)
            return Place(self._code(stated.segment), stated.km, 0.0, located=True, noted=noted)
        if location.area is not None:
            return Place(self._segments.code(UNLOCATED_AREA + location.area), noted=noted)
        return self.nowhere._replace(noted=noted) if noted else self.nowhere

    def _site(self, device: Device) -> Place:
        """Where a fixed device stands, found once: by kilometre where the registry has one, else by coordinates."""
        site = self._sites.get(device)
        if site is None:
            site = self.nowhere
            found = None
            if device.route is not None and device.km is not None:
                found = self._locator.by_chainage(device.route, device.km, device.direction)
            if (found is None or found.segment == locating.UNLOCATED) and device.lon is not None:
                # It looks up or down its road, so its heading tells which road that is, and not more.
                near = self._locator.by_coordinates(
                    np.array([device.lon], dtype=np.float64),
                    np.array([device.lat], dtype=np.float64),
                    _travel_of([device.heading], [True], [device.direction]),
                )
                found = locating.Placement(int(near.segment[0]), float(near.km[0]), float(near.distance_m[0]))
            if found is not None and found.segment != locating.UNLOCATED:
                site = Place(self._code(found.segment), found.km, found.distance_m, located=True)
            self._sites[device] = site
        return site

    def _code(self, index: int) -> int:
        """Code of a segment of the network."""
        code = self._codes[index]
        if code < 0:
            code = self._codes[index] = self._segments.code(self._locator.network.segments[index].segment_id)
        return code


def _travel(pending: Sequence[Pending]) -> Travel:
    """How the vehicles moved. A patrol's heading is theirs only where it is said how they met.

    Where it is not, it still tells along which road: the patrol's position is taken for the vehicle's, too.
    """
    headings: list[float | None] = []
    axes: list[bool] = []
    for waiting in pending:
        heading, target = waiting.location.heading, waiting.location.target
        turned = waiting.of_unit and target == "oncoming" and heading is not None
        headings.append((heading + _OPPOSITE) % _FULL_CIRCLE if turned and heading is not None else heading)
        axes.append(waiting.of_unit and target is None)
    return _travel_of(headings, axes, [waiting.location.direction for waiting in pending])


def _travel_of(headings: Sequence[float | None], axes: Sequence[bool], directions: Sequence[str | None]) -> Travel:
    return Travel(
        heading=np.array(headings, dtype=np.float64),  # None: NaN
        axis=np.array(axes, dtype=np.bool_),
        direction=np.array([WAYS.get(direction or "", 0) for direction in directions], dtype=np.int8),
    )
