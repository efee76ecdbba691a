"""What one event adds to its cell."""

from __future__ import annotations

import pytest

from models.decoding import decode
from models.measures import (
    REPORT_HANDLED_WITHIN_S,
    Dimensions,
    accident_contribution,
    report_contribution,
    violation_contribution,
)
from tests.rows import accident, after_noon, raw, report


def row(measure, n=1, **dimensions):
    return Dimensions(measure, **dimensions), n


VIOLATIONS = [
    (("", "592.2", "", False), [row("violations", offence="592.2")]),
    (
        ("fixed_camera", "592.2", "forward", False),
        [row("violations", fleet="fixed_camera", offence="592.2", direction="forward")],
    ),
    (
        ("fixed_camera", "592.2", "", True),
        [
            row("violations", fleet="fixed_camera", offence="592.2"),
            row("violations_section", fleet="fixed_camera", offence="592.2"),
        ],
    ),
]


@pytest.mark.parametrize(("seen", "rows"), VIOLATIONS)
def test_a_violation(seen, rows):
    fleet, offence, direction, by_section = seen
    assert violation_contribution(fleet, offence, direction, by_section=by_section) == tuple(rows)


ACCIDENTS = [
    # a kind that nobody knows
    ({"kind": "meteorite"}, [row("accidents", kind="other", severity="damage")]),
    ({"kind": "ANIMAL"}, [row("accidents", kind="other", severity="damage")]),
    # by the worst outcome
    ({}, [row("accidents", kind="collision", severity="damage")]),
    (
        {"injured": 3},
        [
            row("accidents", kind="collision", severity="injury"),
            row("injured", 3, kind="collision"),
            row("injured_squared", 9, kind="collision"),
        ],
    ),
    (
        {"kind": "animal", "dead": 2, "injured": 3, "serious": 1, "slight": 2, "location": {"direction": "backward"}},
        [
            row("accidents", kind="animal", severity="fatal", direction="backward"),
            row("dead", 2, kind="animal", direction="backward"),
            row("dead_squared", 4, kind="animal", direction="backward"),
            row("injured", 3, kind="animal", direction="backward"),
            row("injured_squared", 9, kind="animal", direction="backward"),
            row("injured_seriously", 1, kind="animal", direction="backward"),
            row("injured_slightly", 2, kind="animal", direction="backward"),
        ],
    ),
    # what is not official is counted, but nobody in it
    ({"official": False, "dead": 2}, [row("accidents_unofficial", kind="collision", severity="fatal")]),
    # a swerve: the animal was not hit
    ({"kind": "overturn", "animal": "camel"}, [row("accidents", kind="overturn", severity="damage")]),
]


@pytest.mark.parametrize(("fields", "rows"), ACCIDENTS)
def test_an_accident(fields, rows):
    assert accident_contribution(decode(raw(accident(**fields)))) == tuple(rows)


HOUR = 3_600
BUCKETS = [name for name, _ in REPORT_HANDLED_WITHIN_S]
REPORTS = [
    (None, ["reports_open"]),
    (0, BUCKETS),
    (HOUR, BUCKETS),
    (HOUR + 1, BUCKETS[1:]),
    (4 * HOUR, BUCKETS[1:]),
    (4 * HOUR + 1, BUCKETS[2:]),
    (24 * HOUR, BUCKETS[2:]),
    (24 * HOUR + 1, BUCKETS[3:]),
    (72 * HOUR + 1, BUCKETS[4:]),
    (240 * HOUR, BUCKETS[4:]),
    (240 * HOUR + 1, ["report_handled_le_inf"]),
]


@pytest.mark.parametrize(("waited_s", "buckets"), REPORTS)
def test_a_report_and_how_soon_it_was_handled(waited_s, buckets):
    handled_at = None if waited_s is None else after_noon(waited_s)
    found = report_contribution(decode(raw(report(handled_at=handled_at, category="traffic"))))
    assert found == tuple(row(name, kind="traffic", channel="police_102") for name in ["reports", *buckets])


@pytest.mark.parametrize(("channel", "counted"), [("kaspi", "kaspi"), ("telegram", "other"), ("eGov", "other")])
def test_a_channel_that_nobody_knows_is_counted_as_other(channel, counted):
    found = report_contribution(decode(raw(report(channel=channel))))
    assert found[0] == row("reports", kind="other", channel=counted)
