"""Reads all that was counted for a summary from the API, which answers as of any moment and runs elsewhere.

An answer of the API adds figures up by name, so what a summary tells apart is asked for by filter: each kind of
accident, each channel, each article. Rows are of days, so an hour's light is known of accidents with animals alone,
which are asked for by window. Where two devices watched one segment, the seconds in which any of them did are taken
for as many as they watched together, at most the day's: the answer does not tell them apart.
"""

from __future__ import annotations

import datetime as dt
import json
import urllib.error
import urllib.parse
import urllib.request
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from amanzhol.report.figures import Evidence, Seen, bounds_s
from amanzhol.report.language import articles
from models.cells import CellKey
from models.errors import ServiceUnavailableError, SettingsError
from models.events import ACCIDENT_KINDS, CHANNELS
from models.measures import (
    ACCIDENTS,
    ACCIDENTS_UNOFFICIAL,
    ANIMAL,
    DAMAGE,
    DEAD,
    DEAD_SQUARED,
    FATAL,
    INJURED,
    INJURED_SERIOUSLY,
    INJURED_SLIGHTLY,
    INJURED_SQUARED,
    INJURY,
    REPORT_HANDLED_WITHIN_S,
    REPORTS,
    REPORTS_OPEN,
    VIOLATIONS,
    VIOLATIONS_SECTION,
    Dimensions,
)
from models.records import epoch_s
from models.statistics.comparison import Period

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from zoneinfo import ZoneInfo

    from amanzhol.reading import Progress

ROOT: Final = "/api/v1"
"""What an address of the API may or may not end with."""

_TIMEOUT_S: Final = 60
_BEHIND: Final = "behind=yes"
_LONGEST_REFUSAL_BYTES: Final = 64 * 1024
_CASUALTIES: Final = (DEAD, DEAD_SQUARED, INJURED, INJURED_SQUARED, INJURED_SERIOUSLY, INJURED_SLIGHTLY)
_BUCKETS: Final = (REPORTS, REPORTS_OPEN, *(name for name, _ in REPORT_HANDLED_WITHIN_S))
_WATCHED: Final = "watched_s_"
_DETECTED: Final = "violations_"
_HISTORY: Final = dt.timedelta(days=1_096)
"""Three years, for the ranking: `amanzhol.report.worst`."""

Row = dict[str, Any]


@dataclass(slots=True)
class Service:
    """An API that answers: its address, who asks (None on loopback), and as of when (None: now).

    `behind` is what its answers say: whether its store waited for something that had been counted.
    """

    url: str
    token: str | None
    as_of: dt.datetime | None
    behind: bool = False

    def rows(self, first_s: int, end_s: int, step: str, **filters: str) -> Iterator[Row]:
        """Ask for counts by segment. Raises ServiceUnavailableError with what the API says where it does not answer."""
        asked = {"f": "ndjson", "measures": "all", "from": _utc(first_s), "to": _utc(end_s), "step": step, **filters}
        if self.as_of is not None:
            asked["as_of"] = self.as_of.astimezone(dt.UTC).isoformat()
        request = urllib.request.Request(f"{self.url}{ROOT}/counts?{urllib.parse.urlencode(asked)}")  # noqa: S310 - checked
        if self.token is not None:
            request.add_header("Authorization", f"Bearer {self.token}")
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310
                self.behind |= _BEHIND in answer.headers.get("Amanzhol-Freshness", "")
                for line in answer:
                    yield json.loads(line)
        except urllib.error.HTTPError as refused:
            with refused:
                raise ServiceUnavailableError(f"{self.url} refuses: {_said(refused)}") from None
        except (OSError, ValueError) as error:
            raise ServiceUnavailableError(f"{self.url} does not answer: {getattr(error, 'reason', error)}") from None


def from_api(service: Service, periods: Sequence[Period], zone: ZoneInfo, progress: Progress) -> Evidence:
    """Ask for the cells of a period and the one before it (in this order), and for the years of the ranking.

    Raises SettingsError for an address that is none, ServiceUnavailableError where the API does not answer.
    """
    if urllib.parse.urlsplit(service.url).scheme not in {"http", "https"}:
        raise SettingsError(f"--api: {service.url!r} is no address; write it like http://127.0.0.1:8080")
    now, _ = periods
    found = _Found()
    history = Period(min(one.first for one in periods), now.end)
    history = Period(min(history.first, now.end - _HISTORY), now.end)
    cuts = sorted({history.first, *(day for one in periods for day in (one.first, one.end))})
    spans = [Period(first, end) for first, end in pairwise(cuts)]
    asked = [question for span in spans for question in _questions(span, detailed=span in periods, latest=span == now)]
    for number, (span, what, value) in enumerate(asked, start=1):
        first_s, end_s = bounds_s(span, zone)
        rows = service.rows(first_s, end_s, "day", **({what: value} if what else {}))
        if (span, what, value) == (now, "kind", ANIMAL):
            rows = _by_window(service, first_s, end_s)
        for row in rows:
            found.take(row, what, value, detailed=span in periods)
        progress(number, len(asked))
    as_of_s = None if service.as_of is None else int(service.as_of.timestamp())
    return Evidence(found.cells, found.ends.__getitem__, found.coverage, service.url, as_of_s, service.behind)


def _by_window(service: Service, first_s: int, end_s: int) -> Iterator[Row]:
    """Ask for accidents with animals by window, or by day where that is all that is known."""
    if service.as_of is None:
        try:
            return iter(list(service.rows(first_s, end_s, "window", kind=ANIMAL)))
        except ServiceUnavailableError:
            # Windows of so long ago may have been thinned. Whatever else is wrong, the next question meets it, too.
            pass
    return service.rows(first_s, end_s, "day", kind=ANIMAL)


def _questions(span: Period, *, detailed: bool, latest: bool) -> Iterator[tuple[Period, str, str]]:
    """List what is asked about a span: everything, then each value of the filters that it is told apart by."""
    yield span, "", ""
    if detailed:
        yield from ((span, "kind", kind) for kind in sorted(ACCIDENT_KINDS))
        yield from ((span, "channel", channel) for channel in sorted(CHANNELS))
    if latest:
        yield from ((span, "offence", article) for article in articles())


@dataclass(slots=True)
class _Found:
    """Answers, put back into cells."""

    cells: defaultdict[CellKey, dict[Dimensions, int]] = field(default_factory=lambda: defaultdict(dict))
    ends: dict[int, int] = field(default_factory=dict)
    coverage: dict[CellKey, Seen] = field(default_factory=dict)

    def take(self, row: Row, what: str, value: str, *, detailed: bool) -> None:
        start = epoch_s(row["start"])
        end = self.ends[start] = epoch_s(row["end"])
        key = CellKey(row["segment_id"], start)
        if what == "kind" or not detailed:
            self._accidents(key, row, value)
        elif what == "channel":
            self._add(key, row, {name: Dimensions(name, channel=value) for name in _BUCKETS})
        elif what == "offence":
            # What an article has is no longer of those without one.
            for fleet, n in _detected(row):
                self._put(key, Dimensions(VIOLATIONS, fleet, value), n)
                self._put(key, Dimensions(VIOLATIONS, fleet), -n)
        else:
            for fleet, n in _detected(row):
                self._put(key, Dimensions(VIOLATIONS, fleet), n)
            self._add(key, row, {name: Dimensions(name) for name in (VIOLATIONS_SECTION, ACCIDENTS_UNOFFICIAL)})
            watched_s = {name.removeprefix(_WATCHED): n for name, n in row.items() if name.startswith(_WATCHED) and n}
            if watched_s:
                observed_s = min(end - start, sum(watched_s.values()))
                self.coverage[key] = Seen(watched_s, observed_s, row.get("passages") or 0)

    def _accidents(self, key: CellKey, row: Row, kind: str) -> None:
        fatal, injury = row["accidents_fatal"] or 0, row["accidents_injury"] or 0
        damage = (row[ACCIDENTS] or 0) - fatal - injury
        for severity, n in ((FATAL, fatal), (INJURY, injury), (DAMAGE, damage)):
            self._put(key, Dimensions(ACCIDENTS, kind=kind, severity=severity), n)
        self._add(key, row, {name: Dimensions(name, kind=kind) for name in _CASUALTIES})

    def _add(self, key: CellKey, row: Row, figures: dict[str, Dimensions]) -> None:
        for name, dimensions in figures.items():
            self._put(key, dimensions, row.get(name) or 0)

    def _put(self, key: CellKey, dimensions: Dimensions, n: int) -> None:
        if n:
            cell = self.cells[key]
            cell[dimensions] = cell.get(dimensions, 0) + n
            if not cell[dimensions]:
                del cell[dimensions]


def _detected(row: Row) -> Iterator[tuple[str, int]]:
    """Violations by fleet kind, of which the public sees the mobile ones as one."""
    for name, n in row.items():
        if name.startswith(_DETECTED) and name != VIOLATIONS_SECTION and n:
            yield name.removeprefix(_DETECTED), n


def _utc(epoch: int) -> str:
    return dt.datetime.fromtimestamp(epoch, dt.UTC).isoformat()


def _said(refused: urllib.error.HTTPError) -> str:
    """What a problem of the API says is to be done, in one line."""
    body = refused.read(_LONGEST_REFUSAL_BYTES)
    try:
        detail = json.loads(body)["detail"]
    except (ValueError, KeyError, TypeError):
        return f"{refused.code} {refused.reason}"
    return " ".join(str(detail).split())
