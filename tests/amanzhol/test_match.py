"""`match`: tracks in, a row per fix out; what is wrong with a file is said in one line."""

from __future__ import annotations

import csv
import random

import pytest

HEADER = "track_id,time,lon,lat\n"
# Along R, which is 0.1 degrees of longitude for 10 km of posts: 80 m and 0.1 km for each thousandth.
DRIVE = [
    "car,2026-11-22T12:00:00+05:00,51.0975,44.0001",
    "car,2026-11-22T12:00:10+05:00,51.0995,44.0001",
    "car,2026-11-22T12:00:20+05:00,51.1015,43.9999",
    "car,2026-11-22T12:00:20.5+05:00,51.1015,43.9",
]
MATCHED = [
    ["car", "2026-11-22T07:00:00Z", "R/0", "9.75", "11.11"],
    ["car", "2026-11-22T07:00:10Z", "R/0", "9.95", "11.11"],
    ["car", "2026-11-22T07:00:20Z", "R/10", "10.15", "11.11"],
    ["car", "2026-11-22T07:00:20.500000Z", "", "", ""],
]


@pytest.fixture
def match(command, folder):
    def run(text, *options):
        data = text if isinstance(text, bytes) else text.encode()
        (folder / "track.csv").write_bytes(data)
        done = command("match", "track.csv", "--network", "network.geojson", "--out", "out.csv", *options)
        out = folder / "out.csv"
        return done, list(csv.reader(out.read_text(encoding="utf-8").splitlines())) if out.exists() else None

    return run


def lines(rows):
    return HEADER + "\n".join(rows) + "\n"


@pytest.mark.parametrize(
    "text",
    [
        lines(DRIVE),
        "\ufeff" + lines(DRIVE).replace("\n", "\r\n"),
        lines([DRIVE[0], "", " , ,", *DRIVE[1:]]),
        (HEADER.strip() + ",heading,speed\n" + "\n".join(f"{row},90,7" for row in DRIVE)),
        (HEADER.strip() + ",heading\n" + "\n".join([DRIVE[0], *(f"{row}," for row in DRIVE[1:])])),
    ],
    ids=["as it is", "as Windows writes it", "with empty lines", "with headings", "with no headings"],
)
def test_a_row_per_fix(match, folder, text):
    done, rows = match(text, "--driven", "driven.csv")
    assert (done.code, done.out, rows) == (0, "", [["track_id", "time", "segment_id", "km", "distance_m"], *MATCHED])
    assert "3 of 4 fixes of 1 tracks on segments, 0.3 km driven: out.csv" in done.err
    driven = (folder / "driven.csv").read_text(encoding="utf-8").splitlines()
    assert driven == ["track_id,segment_id,driven_km", "car,R/0,0.2005", "car,R/10,0.1203"]


def test_rows_stay_where_they_stand_whatever_their_times(match):
    tracks = [row.replace("car", name) for name in ("b", "a") for row in DRIVE]
    expected = [[name, *row[1:]] for name in ("b", "a") for row in MATCHED]
    order = random.Random(1).sample(range(8), 8)
    _, rows = match(lines(tracks[at] for at in order))
    assert rows[1:] == [expected[at] for at in order]


def test_the_tolerance_is_a_setting(match):
    assert [row[2] for row in match(lines(DRIVE), "--tolerance-m", "11")[1][1:]] == ["", "", "", ""]


def test_other_formats(command, folder):
    (folder / "track.csv").write_text(lines(DRIVE), encoding="utf-8")
    assert command("match", "track.csv", "--network", "network.geojson", "--out", "out.ndjson").code == 0
    assert (folder / "out.ndjson").read_text(encoding="utf-8").splitlines()[-1] == (
        '{"track_id":"car","time":"2026-11-22T07:00:20.500000Z","segment_id":null,"km":null,"distance_m":null}'
    )


def test_no_fixes_make_no_rows(match):
    done, rows = match(HEADER)
    assert (done.code, len(rows)) == (0, 1)


GOOD = DRIVE[0]
WRONG = [
    ("", "track.csv: line 1: is empty: begin with the header track_id,time,lon,lat"),
    ("\n\n", "line 1: is empty"),
    ("track_id;time;lon;lat\n", "line 1, column track_id: is missing from the header"),
    ("track_id,time,lon\n", "line 1, column lat: is missing from the header"),
    ("track_id,time,lon,lat,lon\n", "line 1, column lon: stands in the header twice"),
    (lines([GOOD, GOOD + ",90"]), "line 3: has 5 fields, the header 4"),
    (lines([GOOD, "", "car"]), "line 4, column time: not an RFC 3339 time"),
    (lines([",2026-11-22T12:00:00Z,51,44"]), "line 2, column track_id: must have 1 to 128 printable characters"),
    (lines(["x" * 129 + ",2026-11-22T12:00:00Z,51,44"]), "line 2, column track_id: must have 1 to 128"),
    (lines(["car,2026-11-22T12:00:00,51,44"]), "line 2, column time: the time has no offset"),
    (lines(["car,yesterday,51,44"]), "line 2, column time: not an RFC 3339 time"),
    (lines(["car,0001-01-01T00:00:00+14:00,51,44"]), "line 2, column time: "),
    (lines(["car,2026-11-22T12:00:00Z,,44"]), "line 2, column lon: '' must be a number of degrees from -180 to 180"),
    (lines(["car,2026-11-22T12:00:00Z,nan,44"]), "line 2, column lon: 'nan' must be a number"),
    (lines(["car,2026-11-22T12:00:00Z,51,1e999"]), "line 2, column lat: '1e999' must be a number"),
    (lines(['car,2026-11-22T12:00:00Z,"51,5",44']), "line 2, column lon: '51,5' must be a number"),
    (lines(["car,2026-11-22T12:00:00Z,51,91"]), "line 2, column lat: '91' must be a number of degrees from -90 to 90"),
    (HEADER.strip() + f",heading\n{GOOD},360\n", "line 2, column heading: must be below 360; north is 0"),
    (HEADER.strip() + f",heading\n{GOOD},N\n", "line 2, column heading: 'N' must be a number"),
    (lines([GOOD]).encode() + b"car,\xff\n", "line 3: is not UTF-8"),
    (lines([GOOD, 'car,"2026']), "line 3: is not CSV"),
]


@pytest.mark.parametrize(("text", "told"), WRONG, ids=[told for _, told in WRONG])
def test_a_wrong_file_is_named_with_line_and_column(match, text, told):
    done, rows = match(text)
    assert (done.code, rows) == (2, None)
    assert done.err.startswith("amanzhol: track.csv: ")
    assert told in done.err
    assert done.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("none.csv", "--network", "network.geojson", "--out", "o.csv"), "none.csv: cannot be read: No such file"),
        ((".", "--network", "network.geojson", "--out", "o.csv"), ".: cannot be read: Is a directory"),
        (("track.csv", "--out", "o.csv"), "--network"),
        (("track.csv", "--network", "track.csv", "--out", "o.csv"), "track.csv: is not JSON"),
        (("track.csv", "--network", "network.geojson", "--out", "track.csv"), "track.csv: is named twice"),
        (("track.csv", "--network", "network.geojson", "--out", "o.csv", "--driven", "o.csv"), "o.csv: is named twice"),
        (("track.csv", "--network", "network.geojson", "--out", "o.txt"), "o.txt: the ending says the format"),
        (("track.csv", "--network", "network.geojson"), "--out"),
    ],
)
def test_a_wrong_command_line(command, folder, arguments, told):
    (folder / "track.csv").write_text(lines(DRIVE), encoding="utf-8")
    done = command("match", *arguments)
    assert done.code == 2
    assert told in done.err
    assert not (folder / "o.csv").exists()
