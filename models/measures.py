"""What is counted: measures, their dimensions, and what one event adds to its cell.

A measure is a name and a sum. Whatever adds up can be one, buckets of a histogram included; what does not
(medians, distinct counts) is kept as something that does. A new measure is a line here: cells, the stream and
the detail tables carry it without knowing its name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from models.events import ACCIDENT_KINDS, CHANNELS, OTHER

if TYPE_CHECKING:
    from models.events import Accident, Report

ACCIDENTS = "accidents"
ACCIDENTS_UNOFFICIAL = "accidents_unofficial"
DEAD = "dead"
DEAD_SQUARED = "dead_squared"
INJURED = "injured"
INJURED_SQUARED = "injured_squared"
INJURED_SERIOUSLY = "injured_seriously"
INJURED_SLIGHTLY = "injured_slightly"
VIOLATIONS = "violations"
VIOLATIONS_SECTION = "violations_section"
REPORTS = "reports"
REPORTS_OPEN = "reports_open"
TEST_EVENTS = "test_events"

REPORT_HANDLED_WITHIN_S = (
    ("report_handled_le_1h", 3_600),
    ("report_handled_le_4h", 4 * 3_600),
    ("report_handled_le_1d", 86_400),
    ("report_handled_le_3d", 3 * 86_400),
    ("report_handled_le_10d", 10 * 86_400),
    ("report_handled_le_inf", None),
)
"""Cumulative buckets, as in a Prometheus histogram: `report_handled_le_inf` counts every handled report."""

FATAL = "fatal"
INJURY = "injury"
DAMAGE = "damage"
"""Severity of an accident by its worst outcome: someone died; nobody died but someone was hurt; neither."""

ANIMAL = "animal"


class Dimensions(NamedTuple):
    """What a figure is about. A dimension that does not apply is the empty string."""

    measure: str
    fleet: str = ""
    offence: str = ""
    kind: str = ""
    severity: str = ""
    direction: str = ""
    channel: str = ""


Contribution = tuple[tuple[Dimensions, int], ...]
"""What one event adds to its cell: figures by dimensions, without zeros."""

TEST_CONTRIBUTION: Contribution = ((Dimensions(TEST_EVENTS), 1),)


def violation_contribution(fleet: str, offence: str, direction: str, *, by_section: bool) -> Contribution:
    """Count a violation; one of average speed also under the measure of its own."""
    ordinary = (Dimensions(VIOLATIONS, fleet=fleet, offence=offence, direction=direction), 1)
    if not by_section:
        return (ordinary,)
    return ordinary, (Dimensions(VIOLATIONS_SECTION, fleet=fleet, offence=offence, direction=direction), 1)


def accident_contribution(accident: Accident) -> Contribution:
    """Count an accident with its dead and injured, or, where it is not official, apart from the others."""
    kind = accident.kind if accident.kind in ACCIDENT_KINDS else OTHER
    severity = FATAL if accident.dead else INJURY if accident.injured else DAMAGE
    direction = (accident.location and accident.location.direction) or ""
    measure = ACCIDENTS if accident.official else ACCIDENTS_UNOFFICIAL
    counted = [(Dimensions(measure, kind=kind, severity=severity, direction=direction), 1)]
    if accident.official:
        amounts = (
            (DEAD, accident.dead),
            (DEAD_SQUARED, accident.dead**2),
            (INJURED, accident.injured),
            (INJURED_SQUARED, accident.injured**2),
            (INJURED_SERIOUSLY, accident.serious or 0),
            (INJURED_SLIGHTLY, accident.slight or 0),
        )
        counted += [(Dimensions(name, kind=kind, direction=direction), n) for name, n in amounts if n]
    return tuple(counted)


def report_contribution(report: Report) -> Contribution:
    """Count a report, and the buckets of the time until it was handled."""
    channel = report.channel if report.channel in CHANNELS else OTHER
    category = report.category or OTHER
    names = [REPORTS]
    if report.handled_at is None:
        names.append(REPORTS_OPEN)
    else:
        waited_s = (report.handled_at - report.occurred_at).total_seconds()
        names += [name for name, limit_s in REPORT_HANDLED_WITHIN_S if limit_s is None or waited_s <= limit_s]
    return tuple((Dimensions(name, kind=category, channel=channel), 1) for name in names)
