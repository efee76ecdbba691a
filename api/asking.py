"""From the parameters of a request to a question for the store: checked against its role, and capped."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final, NamedTuple

from api.parameters import instant_of
from api.roles import final_until
from api.store.asking import Question
from models.calendar import HOUR_S, Span
from models.errors import BadParameterError, SpanTooLongError, ThinnedError
from models.figures import FILTERS, MOBILE, PASSAGES, WATCHED_S, Figure, chosen, figures_of, masks
from models.windows import DAY_S

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from api.parameters import Filtered, Placed, Timed, Totals
    from api.roles import Role
    from api.store.asking import Group
    from api.store.store import Snapshot
    from models.calendar import Calendar, Step
    from models.fleet import FleetKind
    from models.network import Network, Segment

_LONGEST_DAYS: Final[dict[Step, int]] = {"window": 31, "hour": 400, "day": 3_700}
_LONGEST_TABLE_DAYS: Final[dict[Step, int]] = {"window": 400, "hour": 3_700, "day": 36_600}
"""A table is streamed, so it may be longer than what is put together in memory."""

_LEAP_DAY: Final = 29


class Asked(NamedTuple):
    """What a request asks, apart from the numbers that only the store knows.

    `segments` is None for everything, what lies on no road too. `final_until` tells final rows from provisional ones.
    """

    span: Span
    step: Step
    by: Group
    figures: tuple[Figure, ...]
    filters: dict[str, frozenset[str]]
    segments: tuple[Segment, ...] | None
    others: tuple[str, ...]
    as_of: int | None
    final_until: int

    def question(self, snapshot: Snapshot, calendar: Calendar) -> Question:
        """Put it into the store's numbers. Raises ThinnedError where the detail asked for is gone."""
        thinned = snapshot.version.thinned_before
        if self.as_of is None:
            for piece in calendar.pieces(self.span, self.step):
                if piece.grain in ("window", "hour") and piece.span.first < thinned:
                    day = dt.datetime.fromtimestamp(thinned, calendar.zone).date()
                    raise ThinnedError(f"detail before {day} has been thinned: ask for whole days, by day or longer")
        words = snapshot.words
        dimensions = words.dimensions.since(0)
        codes = None
        if self.segments is not None:
            ids = [*(segment.segment_id for segment in self.segments), *self.others]
            codes = tuple(code for code in map(words.segments.find, ids) if code is not None)
        return Question(
            span=self.span,
            step=self.step,
            group=self.by,
            figures=tuple(figure.name for figure in self.figures),
            masks=dict(enumerate(masks(dimensions, self.figures, self.filters))),
            segments=codes,
            as_of=self.as_of,
        )


class Asker(NamedTuple):
    """Who asks, when (UTC seconds), and what there is to be asked for."""

    role: Role
    now_s: float
    calendar: Calendar
    network: Network
    fleet: tuple[FleetKind, ...]

    def asked(self, totals: Totals, by: Group, step: Step, *, table: bool = False) -> Asked:
        """Check a request. Raises the RequestError that names the parameter at fault."""
        filters = self._filters(totals)
        segments, others = self._segments(totals)
        span, as_of = self._span(totals)
        self._check_length(span, step, table=table)
        if as_of is not None and step in ("window", "hour"):
            raise BadParameterError("as_of: revisions are dated by day: ask for a step of a day or longer", "as_of")
        final = final_until(self.now_s)
        if not self.role.sees_provisional:
            # Of a day that is still being counted the public sees the hours that are final.
            last = self.calendar.start("day" if as_of is not None else self.calendar.grains[-2], final)
            span = Span(min(span.first, last), min(span.end, last))
        return Asked(span, step, by, self._figures(totals, filters, step), filters, segments, others, as_of, final)

    def _figures(self, totals: Totals, filters: dict[str, frozenset[str]], step: Step) -> tuple[Figure, ...]:
        figures = chosen(figures_of(self.fleet, merged=not self.role.sees_fleet), filters)
        if totals.measures == "usual":
            figures = tuple(figure for figure in figures if figure.usual)
        # Who watched is known by the hour, so no window says it.
        coverage = [figure for figure in figures if figure.name.startswith(WATCHED_S) or figure.name == PASSAGES]
        if len(coverage) == len(figures):
            raise BadParameterError(
                f"{', '.join(filters)}: no figure can be asked by all of these together", next(iter(filters))
            )
        return tuple(figure for figure in figures if figure not in coverage) if step == "window" else figures

    def _filters(self, filtered: Filtered) -> dict[str, frozenset[str]]:
        filters = {name: frozenset(values) for name in FILTERS if (values := getattr(filtered, name))}
        if "fleet" in filters:
            filters["fleet"] = self._kinds(filters["fleet"])
        return filters

    def _kinds(self, names: Iterable[str]) -> frozenset[str]:
        known: dict[str, frozenset[str]] = {}
        for kind in self.fleet:
            name = MOBILE if kind.mobile and not self.role.sees_fleet else kind.name
            known[name] = known.get(name, frozenset()) | {kind.name}
        unknown = sorted(set(names) - known.keys())
        if unknown:
            raise BadParameterError(f"fleet: {_short(unknown[0])} is none of {', '.join(known)}", "fleet")
        return frozenset().union(*(known[name] for name in names))

    def _segments(self, placed: Placed) -> tuple[tuple[Segment, ...] | None, tuple[str, ...]]:
        if (placed.from_km is not None or placed.to_km is not None) and len(placed.route) != 1:
            raise BadParameterError(
                "from_km and to_km go with one route", "from_km" if placed.to_km is None else "to_km"
            )
        if not placed.segment and not placed.route and not placed.district:
            return None, ()
        every = self.network.segments
        _check_known("route", placed.route, {segment.route for segment in every})
        _check_known("district", placed.district, {segment.district for segment in every})
        wanted, routes, districts = set(placed.segment), set(placed.route), set(placed.district)
        found = tuple(
            segment
            for segment in every
            if (not wanted or segment.segment_id in wanted)
            and (not routes or segment.route in routes)
            and (not districts or segment.district in districts)
            and (placed.from_km is None or segment.to_km > placed.from_km)
            and (placed.to_km is None or segment.from_km < placed.to_km)
        )
        # What was counted on no segment of the network has an id as well, and no route or district.
        elsewhere = wanted - {segment.segment_id for segment in every}
        _check_known("segment", [name for name in elsewhere if not name.startswith(("unlocated", "section:"))], set())
        return found, () if routes or districts else tuple(sorted(elsewhere))

    def _span(self, timed: Timed) -> tuple[Span, int | None]:
        span = Span(instant_of(timed.from_, "from", self.calendar), instant_of(timed.to, "to", self.calendar))
        if span.first >= span.end:
            raise BadParameterError("to: must be later than from", "to")
        as_of = None
        if timed.as_of is not None:
            as_of = instant_of(timed.as_of, "as_of", self.calendar) // HOUR_S * HOUR_S
        unit: Step = "window" if as_of is None else "day"
        for name, instant in (("from", span.first), ("to", span.end)):
            if self.calendar.start(unit, instant) != instant:
                what = "window begins" if as_of is None else "local day begins, to be answered as of a time"
                raise BadParameterError(f"{name}: must be where a {what}", name)
        return span, as_of

    def _check_length(self, span: Span, step: Step, *, table: bool) -> None:
        days = (_LONGEST_TABLE_DAYS if table else _LONGEST_DAYS).get(step)
        if days is not None and span.end - span.first > days * DAY_S + HOUR_S:
            more = "" if table else "; tables (csv, ndjson, parquet, arrow) may be longer"
            raise SpanTooLongError(f"to: by {step}, a span may be of {days} days{more}", "to")

    def before(self, asked: Asked, against: str) -> Asked:
        """Ask the same of the span that a comparison is with. Raises BadParameterError where there is none."""
        if against == "period_before":
            days = _local_days(asked.span, self.calendar)
            if days is None:
                first = asked.span.first - (asked.span.end - asked.span.first)
            else:
                first = self.calendar.midnight(_local(asked.span.first, self.calendar).date() - dt.timedelta(days=days))
            return asked._replace(span=Span(first, asked.span.first))
        first, end = (_year_before(instant, self.calendar) for instant in asked.span)
        return asked._replace(span=Span(first, end))


def _local(instant: int, calendar: Calendar) -> dt.datetime:
    return dt.datetime.fromtimestamp(instant, calendar.zone)


def _local_days(span: Span, calendar: Calendar) -> int | None:
    """Length of a span of whole local days, None where it is none."""
    if any(calendar.start("day", instant) != instant for instant in span):
        return None
    return (_local(span.end, calendar).date() - _local(span.first, calendar).date()).days


def _year_before(instant: int, calendar: Calendar) -> int:
    """The same local date and time a year before; of a leap day, the 28th."""
    local = _local(instant, calendar)
    day = 28 if (local.month, local.day) == (2, _LEAP_DAY) else local.day
    moved = int(local.replace(year=local.year - 1, day=day).timestamp())
    return calendar.windows.start(moved)


def _check_known(parameter: str, names: Sequence[str], known: set[str] | set[str | None]) -> None:
    for name in names:
        if name not in known:
            raise BadParameterError(f"{parameter}: there is no {parameter} {_short(name)} in the network", parameter)


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:60] + "…")  # noqa: PLR2004
