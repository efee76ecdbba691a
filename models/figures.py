"""The figures that an answer has: a column each, what it adds up, and what can be asked of it.

The wide table of `count` and `export` has the first of them under the same names; an answer adds those that only
the detail has, and who watched. For the public the mobile kinds are one, so that nobody follows two hidden cars.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from models import measures
from models.measures import ANIMAL, FATAL, INJURY, REPORT_HANDLED_WITHIN_S

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from models.fleet import FleetKind
    from models.measures import Dimensions

WATCHED_S: Final = "watched_s"
"""Seconds that devices of a fleet kind watched; of two devices that watch the same segment both are added."""

PASSAGES: Final = "passages"
"""Vehicles that devices saw."""

MOBILE: Final = "mobile"
"""What the public sees of all mobile kinds: their sum."""

_ACCIDENTS: Final = frozenset({"kind", "severity", "direction"})
_CASUALTIES: Final = frozenset({"kind", "direction"})
_VIOLATIONS: Final = frozenset({"fleet", "offence", "direction"})
_REPORTS: Final = frozenset({"category", "channel"})

FILTERS: Final[Mapping[str, str]] = {
    "fleet": "fleet",
    "offence": "offence",
    "kind": "kind",
    "category": "kind",
    "severity": "severity",
    "direction": "direction",
    "channel": "channel",
}
"""What figures can be filtered by, and the dimension that it looks at. Reports keep their category as kind."""


class Figure(NamedTuple):
    """A column: the figures with these dimensions, added up.

    `filters` are those of `FILTERS` that it can be asked by. Where it is asked by another one it is left out of the
    answer, since it does not know. `unseen` names the column without whose watch time a zero means that nobody looked.
    """

    name: str
    meaning: str
    takes: Callable[[Dimensions], bool]
    filters: frozenset[str] = frozenset()
    unseen: str | None = None
    usual: bool = True


def figures_of(fleet: Sequence[FleetKind], *, merged: bool) -> tuple[Figure, ...]:
    """All figures of a fleet in the order of their columns; `merged` makes one of the mobile kinds."""
    groups: dict[str, frozenset[str]] = {}
    for kind in fleet:
        name = MOBILE if merged and kind.mobile else kind.name
        groups[name] = groups.get(name, frozenset()) | {kind.name}
    return (
        _plain(measures.ACCIDENTS, "accidents in the official register", _ACCIDENTS),
        Figure("accidents_fatal", "of these, with someone dead within 30 days", _accidents_of(FATAL), _ACCIDENTS),
        Figure("accidents_injury", "of these, with someone hurt and nobody dead", _accidents_of(INJURY), _ACCIDENTS),
        _plain(measures.DEAD, "people who died at the scene or within 30 days", _CASUALTIES),
        _plain(measures.INJURED, "people hurt", _CASUALTIES),
        Figure("animal_accidents", "accidents with an animal", _animal_accident, _ACCIDENTS),
        _plain(measures.VIOLATIONS, "violations that devices detected; not fines", _VIOLATIONS)._replace(
            unseen=WATCHED_S
        ),
        *(
            Figure(
                f"violations_{name}",
                f"of these, by {name}",
                _of_fleet(measures.VIOLATIONS, kinds),
                _VIOLATIONS,
                unseen=f"{WATCHED_S}_{name}",
            )
            for name, kinds in groups.items()
        ),
        _plain(measures.VIOLATIONS_SECTION, "of these, of average speed", _VIOLATIONS),
        _plain(measures.REPORTS, "citizens' reports", _REPORTS),
        _plain(measures.ACCIDENTS_UNOFFICIAL, "accidents in no official register", _ACCIDENTS),
        _plain(measures.TEST_EVENTS, "events of devices under test, counted nowhere else"),
        _plain(WATCHED_S, "seconds watched, over all devices", frozenset({"fleet"})),
        *(
            Figure(f"{WATCHED_S}_{name}", f"of these, by {name}", _of_fleet(WATCHED_S, kinds), frozenset({"fleet"}))
            for name, kinds in groups.items()
        ),
        _plain(PASSAGES, "vehicles that devices saw"),
        *(
            _plain(name, meaning, filters)._replace(usual=False)
            for name, meaning, filters in (
                (measures.INJURED_SERIOUSLY, "of the injured, seriously", _CASUALTIES),
                (measures.INJURED_SLIGHTLY, "of the injured, slightly", _CASUALTIES),
                (measures.DEAD_SQUARED, "sum over accidents of the dead squared, for intervals", _CASUALTIES),
                (measures.INJURED_SQUARED, "sum over accidents of the injured squared, for intervals", _CASUALTIES),
                (measures.REPORTS_OPEN, "of the reports, not handled yet", _REPORTS),
                *((name, _within(limit_s), _REPORTS) for name, limit_s in REPORT_HANDLED_WITHIN_S),
            )
        ),
    )


def chosen(figures: Iterable[Figure], filters: Iterable[str]) -> tuple[Figure, ...]:
    """Give the figures that can be asked by all of these filters; who watched and what passed stays as it is."""
    asked = frozenset(filters)
    return tuple(figure for figure in figures if asked <= figure.filters or _is_coverage(figure))


def masks(
    dimensions: Iterable[Dimensions], figures: Sequence[Figure], filters: Mapping[str, frozenset[str]]
) -> list[int]:
    """Per dimensions the figures that they add to, as bits: bit i for `figures[i]`."""
    return [
        sum(
            1 << bit
            for bit, figure in enumerate(figures)
            if figure.takes(words)
            and all(
                getattr(words, FILTERS[name]) in values for name, values in filters.items() if name in figure.filters
            )
        )
        for words in dimensions
    ]


def _is_coverage(figure: Figure) -> bool:
    return figure.name == PASSAGES or figure.name.startswith(WATCHED_S)


def _plain(measure: str, meaning: str, filters: frozenset[str] = frozenset()) -> Figure:
    return Figure(measure, meaning, lambda words: words.measure == measure, filters)


def _accidents_of(severity: str) -> Callable[[Dimensions], bool]:
    return lambda words: words.measure == measures.ACCIDENTS and words.severity == severity


def _animal_accident(words: Dimensions) -> bool:
    return words.measure == measures.ACCIDENTS and words.kind == ANIMAL


def _of_fleet(measure: str, kinds: frozenset[str]) -> Callable[[Dimensions], bool]:
    return lambda words: words.measure == measure and words.fleet in kinds


def _within(limit_s: int | None) -> str:
    return "of the reports, handled" if limit_s is None else f"of the reports, handled within {limit_s // 3_600} h"
