"""From what the command line says to a summary in a file."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import msgspec

from amanzhol.files.output import check_outputs
from amanzhol.report.asking import ROOT, Service, from_api
from amanzhol.report.evidence import from_kafka
from amanzhol.report.figures import Area, counted_since, period_figures
from amanzhol.report.language import Language
from amanzhol.report.rendering import renderer_for
from amanzhol.report.sections import Findings, document
from amanzhol.report.worst import find_worst
from models.errors import RunError, SettingsError
from models.measures import ACCIDENTS
from models.network_file import read_network
from models.registry import read_registry
from models.statistics.breaks import DEFAULT_BREAKS_PATH, read_breaks
from models.statistics.comparison import Period, year_before
from models.statistics.severity import DEFAULT_WEIGHTS, SeverityWeights
from models.topics import Topics

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from amanzhol.reading import Progress
    from amanzhol.report.figures import Evidence
    from amanzhol.settings import Settings

    Read = Callable[[dt.datetime | None], Evidence]

_SIMULATED = "demo-"
"""What the demo's topics begin with: what they count never happened, and a summary of it must say so."""

_MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What was asked for, as it was written."""

    first: str
    end: str
    language: str
    out: Path
    as_of: str | None = None
    region: str | None = None
    api: str | None = None
    token: str | None = None
    breaks: Path | None = None
    weights: str | None = None


def write_summary(settings: Settings, wanted: Wanted, made: dt.datetime, read: Read) -> str:
    """Read what was counted, as of a moment where one is wanted, and write the summary. Returns one line about it.

    `made` is the clock, aware. Raises the InputError that names the option or file that is wrong, before anything is
    read; what `read` raises; and RunError where nothing was counted.
    """
    language = Language(wanted.language)
    period = _period(wanted)
    render = renderer_for(wanted.out)
    check_outputs((wanted.out,), (settings.network, settings.devices, wanted.breaks))
    breaks = read_breaks(wanted.breaks or DEFAULT_BREAKS_PATH)
    weights = _weights(wanted.weights)
    area = Area(None if settings.network is None else read_network(settings.network), wanted.region)
    registered = _registered(settings, period)
    as_of = None if wanted.as_of is None else _moment(wanted.as_of, settings.zone)
    evidence = read(as_of)
    since = counted_since(evidence, settings.zone)
    if since is None:
        raise RunError(f"nothing has been counted yet: {evidence.origin} holds no cells")

    now_s = int(made.timestamp())
    now, before = (period_figures(evidence, area, one, settings.zone, now_s) for one in (period, year_before(period)))
    findings = Findings(
        area=area,
        now=now,
        before=before,
        breaks=breaks,
        fleet=[kind.name for kind in settings.fleet_kinds],
        registered=registered,
        worst=find_worst(evidence, area, now, since, settings.zone, weights),
        since=since,
        weights=weights,
        made=made,
        as_of=as_of,
        origin=evidence.origin,
        attribution=_attribution(settings.network),
        behind=evidence.behind,
        simulated=wanted.api is None and settings.prefix.startswith(_SIMULATED),
    )
    render(document(findings, language), wanted.out, made)
    return f"{now.sum(ACCIDENTS):,} accidents from {period.first} to before {period.end} in {wanted.out}"


def read_evidence(settings: Settings, wanted: Wanted, progress: Progress, as_of: dt.datetime | None) -> Evidence:
    """Read the API where one is named, and Kafka otherwise, which does not know what was counted when."""
    if wanted.api is not None:
        period = _period(wanted)
        service = Service(wanted.api.rstrip("/").removesuffix(ROOT), wanted.token, as_of)
        return from_api(service, (period, year_before(period)), settings.zone, progress)
    if as_of is not None:
        raise SettingsError(
            "--as-of: needs --api: Kafka keeps the newest revision of a cell, the API's store all of them"
        )
    return from_kafka(settings.broker, Topics(settings.prefix), progress)


def _period(wanted: Wanted) -> Period:
    first, end = _day("--from", wanted.first), _day("--to", wanted.end)
    if first >= end:
        raise SettingsError(f"--to: {end} must come after --from, {first}: it is the day after the last one")
    return Period(first, end)


def _day(option: str, text: str) -> dt.date:
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise SettingsError(f"{option}: {text!r} is no day; write 2025-01-01") from None
    # So that the period before, and a day beyond, still are days.
    if not dt.date(1950, 1, 1) <= day <= dt.date(2200, 1, 1):
        raise SettingsError(f"{option}: {text} lies outside the years 1950 to 2200")
    return day


def _moment(text: str, zone: ZoneInfo) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise SettingsError(f"--as-of: {text!r} is no time; write 2025-10-24 or 2025-10-24T09:00:00+05:00") from None
    if moment.tzinfo is not None:
        return moment.astimezone(zone)
    if "T" in text.upper() or " " in text:
        raise SettingsError(f"--as-of: {text!r} has no offset; end it with Z or +05:00")
    return moment.replace(tzinfo=zone)


def _weights(text: str | None) -> SeverityWeights:
    if text is None:
        return DEFAULT_WEIGHTS
    names = [field.name for field in fields(SeverityWeights)]
    given: dict[str, float] = {}
    for part in text.split(","):
        name, _, number = part.strip().partition("=")
        if name not in names or name in given:
            raise SettingsError(f"--weights: {part!r} must be one of {', '.join(names)}, = and a number, each once")
        try:
            given[name] = float(number)
        except ValueError:
            raise SettingsError(f"--weights: {name}: {number!r} is no number") from None
    return SeverityWeights(**given)


def _registered(settings: Settings, period: Period) -> tuple[Mapping[str, int], Mapping[str, int]] | None:
    """Count the devices of each kind that were registered at some time of the period, and of them those for tests."""
    if settings.devices is None:
        return None
    registry = read_registry(settings.devices, settings.fleet_kinds, zone=settings.zone)
    first_us, end_us = (
        int(dt.datetime.combine(day, dt.time(), settings.zone).timestamp()) * _MICROSECONDS
        for day in (period.first, period.end)
    )
    valid = [
        row
        for row in registry.rows
        if (row.valid_from_us is None or row.valid_from_us < end_us)
        and (row.valid_to_us is None or row.valid_to_us > first_us)
    ]
    live = {(row.device_id, row.kind) for row in valid if row.mode == "live"}
    tests = {(row.device_id, row.kind) for row in valid} - live
    return Counter(kind for _, kind in live | tests), Counter(kind for _, kind in tests)


def _attribution(network: Path | None) -> str | None:
    """Say whom the geometry is owed to, where the file does."""
    if network is None:
        return None
    document = msgspec.json.decode(network.read_bytes().removeprefix(b"\xef\xbb\xbf"))
    said = document.get("attribution")
    return said if isinstance(said, str) and said.strip() else None
