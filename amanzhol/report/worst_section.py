"""Says where it is worst: ten segments with a map, and the stretches where injuries lie close together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amanzhol.report.document import Block, Drawing, Paragraph, Section, Table
from amanzhol.report.drawing import DETAIL_TALLEST, crowds, road_map, whole_map
from amanzhol.report.figures import injury_accidents
from amanzhol.report.worst import FEWEST_ACCIDENTS
from models.cells import EMPTY
from models.measures import ACCIDENTS
from models.statistics.breaks import break_between
from models.statistics.rates import DAYS_A_YEAR
from models.statistics.severity import casualties, severity_index
from models.statistics.stretches import WINDOW_KM

if TYPE_CHECKING:
    from amanzhol.report.language import Language
    from amanzhol.report.sections import Findings
    from amanzhol.report.worst import Worst
    from models.cells import Cell
    from models.statistics.ranking import Insufficient, RankedSite

_LABELS = 2


def worst_sections(findings: Findings, say: Language) -> tuple[Section, ...]:
    """The two sections about places; none without a network."""
    if findings.worst is None:
        return ()
    return _segments(findings, findings.worst, say), _stretches(findings.worst, say)


def _segments(findings: Findings, worst: Worst, say: Language) -> Section:
    if not worst.ten:
        return Section(say("worst_heading"), (Paragraph(say("worst_none")),))
    columns = say("worst_columns").split("|")
    estimated = worst.ranking.insufficient is None
    if estimated:
        columns += say("worst_columns_bayes").split("|")
        first, last = worst.history.first, worst.history.end.fromordinal(worst.history.end.toordinal() - 1)
        how = say("worst_bayes", first=say.day(first), last=say.day(last))
    else:
        how = say("worst_raw", fewest=FEWEST_ACCIDENTS)
    rows = tuple(_row(number, site, findings, worst, say) for number, site in enumerate(worst.ten, start=1))
    blocks: list[Block] = [Paragraph(how), Table(tuple(columns), rows, _LABELS)]
    if worst.ranking.insufficient is not None:
        blocks.append(Paragraph(_why(worst.ranking.insufficient, findings, say), note=True))
    broken = break_between(findings.breaks, ACCIDENTS, worst.history.first, worst.history.end)
    if estimated and broken is not None:
        blocks.append(Paragraph(say("worst_broken", date=say.day(broken.date), reason=broken.reason), note=True))
    weights = findings.weights
    given = {
        "dead": say.number(weights.dead),
        "seriously": say.number(weights.injured_seriously),
        "slightly": say.number(weights.injured_slightly),
    }
    blocks.append(Paragraph(say("worst_index", **given), note=True))
    return Section(say("worst_heading"), (*blocks, *_maps(findings, worst, say)))


def _row(number: int, site: RankedSite, findings: Findings, worst: Worst, say: Language) -> tuple[str, ...]:
    cell: Cell = findings.now.by_segment.get(site.segment_id, EMPTY)
    dead, injured, *_ = casualties(cell)
    raw = worst.raw[site.segment_id].per_km_year
    row = (
        str(number),
        say.segment(findings.area.segments.get(site.segment_id), site.segment_id),
        say.count(injury_accidents(cell)),
        say.count(dead),
        say.count(injured),
        say.number(severity_index(cell, findings.weights)),
        say.number(raw.value),
        say.span(raw.interval),
    )
    if site.expectation is None:
        return row
    per_km_year = DAYS_A_YEAR / (site.length_km * worst.history.days)
    found = site.expectation
    return (*row, say.number(found.estimate * per_km_year), say.span(found.interval.scaled(per_km_year)))


def _why(insufficient: Insufficient, findings: Findings, say: Language) -> str:
    return say("worst_insufficient", why=say(insufficient, since=say.day(findings.since)))


def _maps(findings: Findings, worst: Worst, say: Language) -> list[Drawing]:
    segments = findings.area.segments
    numbered = {number: segments[site.segment_id] for number, site in enumerate(worst.ten, start=1)}
    whole = whole_map(segments.values())
    if whole is None:
        return []
    maps = [Drawing("map", road_map(segments.values(), numbered, whole, say("map_caption")), say("map_caption"))]
    for at, (box, numbers) in enumerate(crowds(numbered), start=1):
        caption = say("inset_caption", numbers=", ".join(map(str, numbers)))
        drawn = road_map(segments.values(), numbered, box, caption, DETAIL_TALLEST)
        maps.append(Drawing(f"detail-{at}", drawn, caption))
    return maps


def _stretches(worst: Worst, say: Language) -> Section:
    window = say.number(WINDOW_KM, 0)
    if not worst.stretches:
        return Section(say("stretches_heading"), (Paragraph(say("stretches_none", window=window)),))
    rows = tuple(
        (
            one.route,
            say.number(one.from_km),
            say.number(one.to_km),
            say.count(one.accidents),
            say.number(one.expected),
            say.number(one.weight),
        )
        for one in worst.stretches
    )
    note = Paragraph(say("stretches_note", window=window), note=True)
    return Section(say("stretches_heading"), (Table(tuple(say("stretches_columns").split("|")), rows), note))
