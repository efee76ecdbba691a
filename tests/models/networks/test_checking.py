"""One fault in, its finding out, with the place where it is; and a network without any."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.networks.checking import FINDINGS, check_features

LON = 51.0
KM_LAT = 0.009  # a kilometre of latitude


def feature(km, to_km=None, direction="both", lonlat=..., **properties):
    """A kilometre of a road that leads straight north."""
    to_km = km + 1 if to_km is None else to_km
    if lonlat is ...:
        lonlat = [[LON, 43 + km * KM_LAT], [LON, 43 + to_km * KM_LAT]]
    several = bool(lonlat) and isinstance(lonlat[0][0], list)
    geometry = lonlat and {"type": "MultiLineString" if several else "LineString", "coordinates": lonlat}
    own = {"segment_id": f"R/{km}", "route": "R", "from_km": km, "to_km": to_km, "direction": direction}
    return {"type": "Feature", "properties": own | properties, "geometry": geometry}


def turned(one):
    one["geometry"]["coordinates"].reverse()
    return one


def junction(**properties):
    own = {"segment_id": "junction/1"} | properties
    return {"type": "Feature", "properties": own, "geometry": {"type": "Point", "coordinates": [51, 43]}}


def at(lat):
    return [[LON, lat], [LON, lat + KM_LAT]]


ROWS = [
    # kilometres
    ([feature(0), feature(2)], [("gap", 1, "R/2", 1, "km 1 to 2 of R belong to no segment")]),
    ([feature(0, 2), feature(1)], [("overlap", 1, "R/1", 1, "km 1 to 2 of R belong to R/0 as well")]),
    ([feature(0, 9), feature(1), feature(9)], [("overlap", 1, "R/1", 1, "km 1 to 2 of R belong to R/0 as well")]),
    (
        [feature(0, lonlat=None), feature(1.5, lonlat=None)],
        [("gap", 1, "R/1.5", 1, "km 1 to 1.5 of R belong to no segment")],
    ),
    ([feature(3, 3)], [("zero_length", 0, "R/3", None, "from_km: 3.0 must be less than to_km, 3.0")]),
    ([feature(3, 2)], [("unusable", 0, "R/3", None, "from_km: 3.0 must be less than to_km, 2.0")]),
    # lines
    ([feature(0, lonlat=[[LON, 43], [LON, 43]])], [("zero_length", 0, "R/0", 0, "its line has no length")]),
    (
        [feature(0), feature(1, lonlat=at(43.1))],
        [("jump", 1, "R/1", 1, "its line begins 10110 m from the end of R/0")],
    ),
    (
        [feature(0, lonlat=[at(43)[0:2], at(43.1)])],
        [("jump", 0, "R/0", 0, "a part of its line begins 10110 m from the end of the part before it")],
    ),
    (
        [feature(0), turned(feature(1)), feature(2)],
        [
            ("mixed_direction", 1, "R/1", 1, "is drawn against its kilometres, beside R/0"),
            ("mixed_direction", 1, "R/1", 2, "is drawn against its kilometres, beside R/2"),
        ],
    ),
    (
        [turned(feature(0)), feature(1)],
        [("mixed_direction", 0, "R/0", 1, "is drawn against its kilometres, beside R/1")],
    ),
    (
        [turned(feature(0)), turned(feature(1))],
        [
            ("mixed_direction", 0, "R/0", 1, "is drawn against its kilometres, beside R/1"),
            ("mixed_direction", 1, "R/1", 1, "is drawn against its kilometres, beside R/0"),
        ],
    ),
    # coordinates, ids, fields
    (
        [feature(0, lonlat=[[43, 51], [143, 91]])],
        [("out_of_range", 0, "R/0", None, "geometry: [143.0, 91.0] is not a longitude and a latitude in degrees")],
    ),
    ([feature(0), feature(1, segment_id="R/0")], [("duplicate_id", 1, "R/0", None, "feature 0 has the same id")]),
    ([feature(0), junction(segment_id="R/0")], [("duplicate_id", 1, "R/0", None, "feature 0 has the same id")]),
    ([junction(radius_m=-1)], [("unusable", 0, "junction/1", None, "radius_m: must be greater than 0")]),
    ([feature(0), 7, None], [
        ("unusable", 1, "", None, "feature: must be an object"),
        ("unusable", 2, "", None, "feature: must be an object"),
    ]),
    ([feature(0, segment_id=5)], [("unusable", 0, "", None, "segment_id: must be a valid string")]),
    # the poles are far from each other and from everything else, but no reason to stop
    ([feature(0, lonlat=[[0, 80], [0, 90]]), feature(1, lonlat=[[0, 90], [0, 80]])], []),
]  # fmt: skip


@pytest.mark.parametrize(("features", "expected"), ROWS)
def test_what_is_wrong_is_found_and_placed(features, expected):
    assert [tuple(finding) for finding in check_features(features)] == expected


SOUND = [
    [],
    [feature(km) for km in range(5)],
    [feature(km) for km in (3, 1, 0, 2)],
    [feature(0, lonlat=None), feature(1)],
    [feature(0), junction()],
    # two carriageways that cover the same kilometres, one drawn against the other's direction of travel or not
    [feature(0), *(feature(1, direction=d, segment_id=f"R/1{d}") for d in ("forward", "backward")), feature(2)],
    # a gap within what is asked for
    [feature(0), feature(1, lonlat=[[LON, 43 + 1.04 * KM_LAT], [LON, 43 + 2 * KM_LAT]])],
    [feature(0), feature(1.0005)],
]


@pytest.mark.parametrize("features", SOUND)
def test_nothing_is_found_where_nothing_is_wrong(features):
    assert check_features(features) == []


def test_a_gap_in_one_direction_is_a_gap():
    found = check_features([feature(0), feature(1, direction="forward"), feature(2)])
    assert [(finding.kind, finding.segment_id, finding.km) for finding in found] == [("gap", "R/2", 1)]


def test_how_far_lines_may_be_apart_is_asked_for():
    apart = [feature(0), feature(1, lonlat=[[LON, 43 + 1.04 * KM_LAT], [LON, 43 + 2 * KM_LAT]])]
    assert [finding.kind for finding in check_features(apart, jump_m=30)] == ["jump"]


def test_every_kind_is_explained():
    kinds = {finding[0] for _, expected in ROWS for finding in expected}
    assert kinds == set(FINDINGS)


def test_every_kind_is_documented():
    page = (Path(__file__).resolve().parents[3] / "docs" / "networks.md").read_text(encoding="utf-8")
    rows = dict(row.strip("| ").split(" | ", 1) for row in page.splitlines() if row.startswith("| `"))
    assert {name.strip("`"): meaning for name, meaning in rows.items()} == FINDINGS
