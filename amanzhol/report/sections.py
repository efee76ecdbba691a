"""Says in a language what the figures of a period are: one function per section."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from amanzhol.report.document import Block, Document, Drawing, Paragraph, Section, Table
from amanzhol.report.drawing import Pair, bar_chart
from amanzhol.report.figures import is_located, total
from amanzhol.report.worst_section import worst_sections
from models.cells import EMPTY
from models.events import ACCIDENT_KINDS, CHANNELS
from models.measures import (
    ACCIDENTS,
    ACCIDENTS_UNOFFICIAL,
    ANIMAL,
    DEAD,
    DEAD_SQUARED,
    FATAL,
    INJURED,
    INJURED_SQUARED,
    INJURY,
    REPORT_HANDLED_WITHIN_S,
    REPORTS,
    REPORTS_OPEN,
    VIOLATIONS,
    VIOLATIONS_SECTION,
)
from models.statistics.comparison import change, watched_change
from models.statistics.handling import waited
from models.statistics.severity import dead_per_100_casualties
from models.statistics.sun import Light

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping, Sequence

    from amanzhol.report.figures import Area, PeriodFigures
    from amanzhol.report.language import Language
    from amanzhol.report.worst import Worst
    from models.cells import Cell
    from models.statistics.breaks import Break
    from models.statistics.comparison import Change
    from models.statistics.severity import SeverityWeights

_MARK: Final = "*"
_DASH: Final = "–"


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything that a summary says, before it is said in any language.

    `registered` counts, per fleet kind, the devices that the registry has in the period, and those of them that only
    test; None without a registry.
    """

    area: Area
    now: PeriodFigures
    before: PeriodFigures
    breaks: Sequence[Break]
    fleet: Sequence[str]
    registered: tuple[Mapping[str, int], Mapping[str, int]] | None
    worst: Worst | None
    since: dt.date
    weights: SeverityWeights
    made: dt.datetime
    as_of: dt.datetime | None
    origin: str
    attribution: str | None
    simulated: bool
    behind: bool


def document(findings: Findings, language: Language) -> Document:
    """Write the whole summary in a language."""
    now, before = findings.now.period, findings.before.period
    say = language
    marks = [
        say(mark)
        for mark, holds in (
            ("mark_simulated", findings.simulated),
            ("mark_behind", findings.behind),
            ("mark_provisional", findings.now.provisional),
            ("mark_deaths", findings.now.deaths_provisional and not findings.now.provisional),
        )
        if holds
    ]
    colophon = [say("made", moment=say.moment(findings.made), origin=findings.origin)]
    if findings.as_of is not None:
        colophon.insert(0, say("as_of", moment=say.moment(findings.as_of)))
    if findings.attribution is not None:
        colophon.append(say("map_source", attribution=findings.attribution))
    if findings.area.network is None:
        colophon.append(say("no_network"))
    last_day = _day_before(now.end), _day_before(before.end)
    return Document(
        language=say.code,
        title=say("title", region=findings.area.region or say("everywhere")),
        subtitle=say(
            "subtitle",
            first=say.day(now.first),
            last=say.day(last_day[0]),
            first_before=say.day(before.first),
            last_before=say.day(last_day[1]),
        ),
        marks=tuple(marks),
        sections=(
            _accidents(findings, say),
            _kinds(findings, say),
            _animals(findings, say),
            *worst_sections(findings, say),
            _fleet(findings, say),
            _violations(findings, say),
            _reports(findings, say),
        ),
        colophon=tuple(colophon),
    )


def _accidents(findings: Findings, say: Language) -> Section:
    now, before = findings.now, findings.before
    rows, notes = [], []
    counted: tuple[tuple[str, str, dict[str, str], str | None], ...] = (
        (ACCIDENTS, ACCIDENTS, {}, None),
        ("accidents_fatal", ACCIDENTS, {"severity": FATAL}, None),
        ("accidents_injury", ACCIDENTS, {"severity": INJURY}, None),
        (DEAD, DEAD, {}, DEAD_SQUARED),
        (INJURED, INJURED, {}, INJURED_SQUARED),
    )
    for name, measure, wanted, squares in counted:
        figures = now.sum(measure, **wanted), before.sum(measure, **wanted)
        size = 1.0
        if squares is not None and any(figures):
            size = (now.sum(squares) + before.sum(squares)) / sum(figures)
        # Injury accidents were counted by the rule that accidents are.
        rule = name if name in {DEAD, "accidents_fatal"} else INJURED if name == INJURED else ACCIDENTS
        found = change(rule, *figures, periods=(now.period, before.period), breaks=findings.breaks, size=size)
        marked = now.provisional or (name in {DEAD, "accidents_fatal"} and now.deaths_provisional)
        rows.append((say(name), *_compared(found, say, marked=marked)))
        if found.broken is not None:
            one = found.broken
            notes.append(say("broken", measure=say(name), date=say.day(one.date), reason=one.reason, source=one.source))
    severities = [dead_per_100_casualties(each.sum(DEAD), each.sum(INJURED)) for each in (now, before)]
    rows.append((say("severity"), *(_DASH if one is None else say.number(one) for one in severities), "", ""))
    if unofficial := now.sum(ACCIDENTS_UNOFFICIAL):
        rows.append((say("unofficial"), say.count(unofficial), say.count(before.sum(ACCIDENTS_UNOFFICIAL)), "", ""))
    blocks: list[Block] = [
        Table(_columns(say("accidents_columns")), tuple(rows)),
        *(Paragraph(note, note=True) for note in dict.fromkeys(notes)),
        Paragraph(say("interval_note"), note=True),
        Drawing("months", bar_chart(_months(findings, say), say("months_caption")), say("months_caption")),
    ]
    return Section(say("accidents_heading"), tuple(blocks))


def _kinds(findings: Findings, say: Language) -> Section:
    now = findings.now
    kinds = sorted(ACCIDENT_KINDS, key=lambda kind: (-now.sum(ACCIDENTS, kind=kind), kind))
    rows = [
        (
            say.word("accident_kinds", kind),
            *(say.count(now.sum(name, kind=kind)) for name in (ACCIDENTS, DEAD, INJURED)),
        )
        for kind in kinds
        if now.sum(ACCIDENTS, kind=kind)
    ]
    blocks: list[Block] = [Table(_columns(say("kinds_columns")), tuple(rows))]
    unlocated = sum(total(cell, ACCIDENTS) for one, cell in now.by_segment.items() if not is_located(one))
    if findings.area.network is not None:
        by_area: dict[str, list[int]] = {"town": [0, 0, 0], "highway": [0, 0, 0], "": [0, 0, 0]}
        for segment_id, cell in now.by_segment.items():
            segment = findings.area.segments.get(segment_id)
            sums = by_area[(segment.area if segment else None) or ""]
            for at, name in enumerate((ACCIDENTS, DEAD, INJURED)):
                sums[at] += total(cell, name)
        rows = [(say.word("areas", name), *map(say.count, sums)) for name, sums in by_area.items() if any(sums)]
        blocks.append(Table(_columns(say("areas_columns")), tuple(rows)))
        if unlocated:
            counts = {"n": say.count(unlocated), "all": say.count(now.sum(ACCIDENTS))}
            blocks.append(Paragraph(say("unlocated_note", **counts), note=True))
    return Section(say("kinds_heading"), tuple(blocks))


def _animals(findings: Findings, say: Language) -> Section:
    now, before = findings.now, findings.before
    n = now.sum(ACCIDENTS, kind=ANIMAL)
    text = say(
        "animals_text",
        n=say.count(n),
        before=say.count(before.sum(ACCIDENTS, kind=ANIMAL)),
        dead=say.count(now.sum(DEAD, kind=ANIMAL)),
        injured=say.count(now.sum(INJURED, kind=ANIMAL)),
    )
    if not n:
        return Section(say("animals_heading"), (Paragraph(text),))
    rows = [(say(f"light_{light}"), say.count(now.animals_by_light[light])) for light in Light]
    if unknown := now.animals_by_light[None]:
        rows.append((say("light_unknown"), say.count(unknown)))
    table = Table(_columns(say("animals_columns")), tuple(rows))
    return Section(say("animals_heading"), (Paragraph(text), table, Paragraph(say("animals_note"), note=True)))


def _fleet(findings: Findings, say: Language) -> Section:
    watched_s, registered = findings.now.watched_s, findings.registered
    rows = tuple(
        (
            say.word("fleet", kind),
            *((_DASH, _DASH) if registered is None else (say.count(counts.get(kind, 0)) for counts in registered)),
            say.count(watched_s[kind] / 3_600) if watched_s[kind] else _DASH,
        )
        for kind in findings.fleet
    )
    note = Paragraph(say("fleet_note"), note=True)
    return Section(say("fleet_heading"), (Table(_columns(say("fleet_columns")), rows), note))


def _violations(findings: Findings, say: Language) -> Section:
    now, before = findings.now, findings.before
    by: dict[str, dict[str, int]] = {}
    for dimensions, n in now.total.items():
        if dimensions.measure == VIOLATIONS:
            row = by.setdefault(dimensions.offence, {})
            row[dimensions.fleet] = row.get(dimensions.fleet, 0) + n
    seen = {fleet for row in by.values() for fleet in row}
    kinds = [kind for kind in findings.fleet if kind in seen] + sorted(seen - set(findings.fleet))
    rows = [
        (
            _article(article, say, findings),
            *(say.count(row.get(kind, 0)) for kind in kinds),
            say.count(sum(row.values())),
        )
        for article, row in sorted(by.items(), key=lambda item: (-sum(item[1].values()), item[0]))
    ]
    sums = [sum(row.get(kind, 0) for row in by.values()) for kind in kinds]
    rows.append((say("total"), *map(say.count, sums), say.count(sum(sums)) + _MARK * now.provisional))
    columns = (say("violations_columns"), *(say.word("fleet", kind) for kind in kinds), say("all_fleets"))
    blocks: list[Block] = [Paragraph(say("violations_label")), Table(columns, tuple(rows))]
    if by_section := now.sum(VIOLATIONS_SECTION):
        blocks.append(Paragraph(say("section_note", n=say.count(by_section)), note=True))
    compared = watched_change(
        VIOLATIONS, now.watched, before.watched, periods=(now.period, before.period), breaks=findings.breaks
    )
    found = compared.change
    if found is None or found.broken is not None:
        blocks.append(Paragraph(say("violations_not_compared"), note=True))
    else:
        given = {"percent": say.percent(found.percent), "interval": say.span(found.interval)}
        blocks.append(Paragraph(say("violations_compared", n=say.count(len(compared.segments)), **given)))
    return Section(say("violations_heading"), tuple(blocks))


def _reports(findings: Findings, say: Language) -> Section:
    now, before = findings.now, findings.before

    def row(name: str, wanted: dict[str, str]) -> tuple[str, ...]:
        buckets = {bucket: now.sum(bucket, **wanted) for bucket, _ in REPORT_HANDLED_WITHIN_S}
        return (
            name,
            say.count(now.sum(REPORTS, **wanted)) + _MARK * now.provisional,
            say.count(before.sum(REPORTS, **wanted)),
            say.count(now.sum(REPORTS_OPEN, **wanted)),
            say.waited(waited(buckets, 0.5)),
            say.waited(waited(buckets, 0.9)),
        )

    used = [one for one in CHANNELS if now.sum(REPORTS, channel=one) or before.sum(REPORTS, channel=one)]
    channels = sorted(used, key=lambda channel: (-now.sum(REPORTS, channel=channel), channel))
    rows = [row(say.word("channels", channel), {"channel": channel}) for channel in channels]
    table = Table(_columns(say("reports_columns")), (*rows, row(say("total"), {})))
    return Section(say("reports_heading"), (table, Paragraph(say("reports_note"), note=True)))


def _compared(found: Change, say: Language, *, marked: bool) -> Iterator[str]:
    yield say.count(found.now) + _MARK * marked
    yield say.count(found.before)
    yield say.percent(found.percent)
    yield say.span(found.interval)


def _article(article: str, say: Language, findings: Findings) -> str:
    name = say.offence(article, _day_before(findings.now.period.end))
    return f"{article}: {name}" if name else article


def _months(findings: Findings, say: Language) -> list[Pair]:
    """Months of this period beside those, so many years earlier, of the one before."""
    now, before = findings.now, findings.before
    years = now.period.end.year - before.period.end.year
    pairs = []
    month = now.period.first.replace(day=1)
    while month < now.period.end:
        earlier: Cell = before.by_month.get(month.replace(year=month.year - years), EMPTY)
        pairs.append(
            Pair(say.month(month), total(now.by_month.get(month, EMPTY), ACCIDENTS), total(earlier, ACCIDENTS))
        )
        month = (
            month.replace(year=month.year + 1, month=1) if month.month == 12 else month.replace(month=month.month + 1)  # noqa: PLR2004
        )
    return pairs


def _columns(names: str) -> tuple[str, ...]:
    return tuple(names.split("|"))


def _day_before(day: dt.date) -> dt.date:
    return day.fromordinal(day.toordinal() - 1)
