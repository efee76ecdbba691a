"""What is typed wrong, or stands wrong in a file that is named: one line, exit code 2, and nothing is written."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest

from tests.country import REGION, feature, lines
from tests.rows import NETWORK, accident

if TYPE_CHECKING:
    from pathlib import Path

    from tests.amanzhol.conftest import Command

EVENTS = lines([accident()])
OUT = ("--out", "o.csv")
USUAL = ("count", "events.ndjson", *REGION, *OUT)


@pytest.fixture
def refused(command: Command, folder: Path):
    """Run a command that is to be refused. Returns the one line that says why, without `amanzhol: `."""
    (folder / "events.ndjson").write_bytes(EVENTS)

    def run(*arguments: object, code: int = 2) -> str:
        before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
        outcome = command(*arguments)
        assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before
        (line,) = outcome.err.splitlines()
        assert (outcome.code, outcome.out, line[:10]) == (code, "", "amanzhol: ")
        return line[10:]

    return run


def usual_with(*options):
    """The usual command with options that take the place of its own."""
    return (*USUAL, *options)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        # the command line itself
        (("cuont",), "No such command 'cuont' (see amanzhol --help)"),
        (("--speed", "2"), "No such option: --speed (see amanzhol --help)"),
        (("count",), "Missing argument 'EVENTS...' (see amanzhol count --help)"),
        (("count", "events.ndjson", *REGION), "Missing option '--out' (see amanzhol count --help)"),
        (("count", "events.ndjson", *REGION, "--out"), "Option '--out' requires an argument (see amanzhol --help)"),
        (usual_with("--seconds", "5"), "No such option: --seconds"),
        (usual_with("--tolerance-m", "far"), "Invalid value for '--tolerance-m': 'far' is not a valid float"),
        # values of settings
        (usual_with("--window", "7m"), "--window (AMANZHOL_WINDOW, amanzhol.toml: window): a window of 420 s does not"),
        (usual_with("--window", "48h"), "a window of 172800 s does not divide 24 hours: take 86400 s"),
        (usual_with("--window", "0m"), "the window '0m' is not a length of time: write it like 30s, 5m, 1h or 1d"),
        (usual_with("--window", "300"), "the window '300' is not a length of time"),
        (usual_with("--window", ""), "the window '' is not a length of time"),
        (usual_with("--timezone", "Asia/Nowhere"), "--timezone (AMANZHOL_TIMEZONE, amanzhol.toml: timezone): there"),
        (usual_with("--timezone", "+05:00"), "there is no time zone '+05:00'; write it like Asia/Aqtau"),
        (usual_with("--timezone", "/etc/localtime"), "there is no time zone '/etc/localtime'"),
        (usual_with("--timezone", ""), "there is no time zone ''"),
        (usual_with("--tolerance-m", "0"), "--tolerance-m (AMANZHOL_TOLERANCE_M, amanzhol.toml: tolerance_m): must be"),
        (usual_with("--tolerance-m", "-5"), "must be greater than 0"),
        (usual_with("--tolerance-m", "nan"), "must be"),
        (usual_with("--tolerance-m", "1e9"), "must be less than or equal to 100000"),
        # files of events
        (("count", "nothing.ndjson", *REGION, *OUT), "nothing.ndjson: cannot be read: No such file or directory"),
        (("count", "events.ndjson", "nothing.gz", *REGION, *OUT), "nothing.gz: cannot be read: No such file"),
        (("count", ".", *REGION, *OUT), ".: is a folder, not a file of events"),
        (("count", "events.ndjson/x", *REGION, *OUT), "events.ndjson/x: cannot be read: Not a directory"),
        (("count", "/proc/self/mem", *REGION, *OUT), "/proc/self/mem: cannot be read: Input/output error"),
        # network and registry
        (("count", "events.ndjson", *OUT), "--network (AMANZHOL_NETWORK, amanzhol.toml: network): a GeoJSON file is"),
        (usual_with("--network", "no.geojson"), "no.geojson: cannot be read: No such file or directory"),
        (usual_with("--network", "."), ".: cannot be read: Is a directory"),
        (usual_with("--network", "devices.csv"), "devices.csv: is not JSON"),
        (usual_with("--network", "events.ndjson"), 'events.ndjson: type: must be "FeatureCollection"'),
        (usual_with("--devices", "no.csv"), "no.csv: cannot be read: No such file or directory"),
        (usual_with("--devices", "."), ".: cannot be read: Is a directory"),
        (usual_with("--devices", "network.geojson"), "network.geojson: line 1, column device_id: is missing"),
        # outputs
        (usual_with("--out", "o.xlsx"), "o.xlsx: the ending says the format: one of .parquet, .csv, .ndjson"),
        (usual_with("--out", "o"), "o: the ending says the format"),
        (usual_with("--out", "-"), "-: the ending says the format"),
        (usual_with("--detail", "d.txt"), "d.txt: the ending says the format"),
        (usual_with("--coverage", "c.gz"), "c.gz: the ending says the format"),
        (usual_with("--out", "no/o.csv"), "no/o.csv: the folder no does not exist"),
        (usual_with("--out", "devices.csv/o.csv"), "devices.csv/o.csv: devices.csv is not a folder"),
        (usual_with("--out", "/proc/o.csv"), "/proc/o.csv: cannot be written"),
        (usual_with("--books", "."), ".: is a folder"),
        (usual_with("--books", "no/b.json"), "no/b.json: the folder no does not exist"),
        (usual_with("--located", "no/l.csv"), "no/l.csv: the folder no does not exist"),
        (usual_with("--quarantine", "no/q.ndjson"), "no/q.ndjson: the folder no does not exist"),
        # an output in the place of something that is read or written
        (usual_with("--out", "devices.csv"), "devices.csv: is named twice"),
        (usual_with("--located", "network.geojson"), "network.geojson: is named twice"),
        (usual_with("--out", "events.ndjson"), "events.ndjson: is named twice"),
        (usual_with("--quarantine", "./events.ndjson"), "events.ndjson: is named twice"),
        (usual_with("--detail", "o.csv"), "o.csv: is named twice"),
        (usual_with("--books", "./o.csv"), "o.csv: is named twice"),
        # other commands
        (("export", "--out", "o.xlsx"), "o.xlsx: the ending says the format"),
        (("export", *OUT, "--books", "o.csv"), "o.csv: is named twice"),
    ],
)  # fmt: skip
def test_it_is_said_in_one_line(refused, arguments, says):
    assert says in refused(*arguments)


@pytest.mark.parametrize("option", ["--books", "--located", "--quarantine"])
def test_a_full_disk_is_said_and_nothing_unfinished_stays(command: Command, folder: Path, option: str) -> None:
    (folder / "events.ndjson").write_bytes(EVENTS + b"{\n")
    outcome = command(*USUAL, option, "/dev/full")
    said = outcome.err.splitlines()
    assert (outcome.code, said) == (2, ["amanzhol: /dev/full: cannot be written: No space left on device"])
    assert {path.name for path in folder.iterdir()} <= {"events.ndjson", "network.geojson", "devices.csv", "o.csv"}


PACKED = gzip.compress(EVENTS * 1_000)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("cut.gz", PACKED[:-1], "cut.gz: the compressed data is damaged"),
        ("cut.gz", PACKED[: len(PACKED) // 2], "cut.gz: the compressed data is damaged"),
        ("cut.gz", PACKED[:5], "cut.gz: the compressed data is damaged"),
        ("flipped.gz", PACKED[:60] + b"\x00\x00\x00\x00" + PACKED[64:], "flipped.gz: the compressed data is damaged"),
        ("checksum.gz", PACKED[:-8] + b"\x00" * 4 + PACKED[-4:], "checksum.gz: the compressed data is damaged"),
        ("plain.gz", EVENTS, "plain.gz: the compressed data is damaged: Not a gzipped file"),
        ("tail.gz", PACKED + b"tail", "tail.gz: the compressed data is damaged"),
    ],
)
def test_a_damaged_file_is_counted_not_at_all(refused, folder: Path, name: str, content: bytes, says: str) -> None:
    (folder / name).write_bytes(content)
    outputs = ("--located", "l.csv", "--quarantine", "q.ndjson", "--books", "b.json")
    assert says in refused("count", "events.ndjson", name, *REGION, *OUT, *outputs)


# A feature of the network, changed, and what is said of it.

FEATURE = feature(NETWORK.segments[0])
LINE = FEATURE["geometry"]


def changed(**properties):
    return {**FEATURE, "properties": {**FEATURE["properties"], **properties}}


def drawn(**geometry):
    return {**FEATURE, "geometry": {**LINE, **geometry}}


def without(name):
    properties = {key: value for key, value in FEATURE["properties"].items() if key != name}
    return {**FEATURE, "properties": properties}


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (None, "feature 1: feature: must be"),
        ({}, "feature 1: "),
        (without("segment_id"), "feature 1: segment_id: is missing"),
        (without("route"), "feature 1 ('R/0'): route: is missing"),
        (without("to_km"), "feature 1 ('R/0'): to_km: is missing"),
        (changed(from_km="0"), "feature 1 ('R/0'): from_km: must be a valid number"),
        (changed(from_km=None), "feature 1 ('R/0'): from_km: must be a valid number"),
        (changed(from_km=10), "feature 1 ('R/0'): from_km: 10.0 must be less than to_km, 10.0"),
        (changed(direction="north"), "feature 1 ('R/0'): direction: must be 'both', 'forward' or 'backward'"),
        (changed(limit_kmh=0), "feature 1 ('R/0'): limit_kmh: must be greater than 0"),
        (changed(segment_id="unlocated"), "feature 1 ('unlocated'): segment_id: is a reserved word"),
        (changed(segment_id="section:1"), "feature 1 ('section:1'): segment_id: is a reserved word"),
        (changed(segment_id="R/20"), "feature 1 ('R/20'): segment_id: feature 0 has the same"),
        (changed(segment_id="R\n0"), "feature 1 ('R\\n0'): segment_id: has characters that cannot be printed"),
        (drawn(type="Polygon", coordinates=[[[51, 44], [52, 44], [51, 44]]]), "feature 1 ('R/0'): geometry: "),
        (drawn(coordinates=[[51, 44]]), "feature 1 ('R/0'): geometry.coordinates: must have at least 2 items"),
        (drawn(coordinates=[[51, 44], [51]]), "feature 1 ('R/0'): geometry.coordinates.1: must have at least 2 items"),
        (drawn(coordinates=[[51, 44], [51, "44"]]), "feature 1 ('R/0'): geometry.coordinates.1.1: must be a valid"),
        (drawn(coordinates=[[44, 51], [44, 151]]), "geometry: [44.0, 151.0] is not a longitude and a latitude"),
    ],
)
def test_a_broken_feature_is_named_with_its_field(refused, folder: Path, broken: object, says: str) -> None:
    document = {"type": "FeatureCollection", "features": [feature(NETWORK.segments[2]), broken]}
    (folder / "broken.geojson").write_text(json.dumps(document), encoding="utf-8")
    line = refused(*usual_with("--network", "broken.geojson"))
    assert line.startswith("broken.geojson: ")
    assert says in line


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ("", "line 1, column device_id: is missing from the header"),
        ("device_id,lon,lat\ncam-1,51,44\n", "line 1, column kind: is missing from the header"),
        ("device_id;kind;lon;lat\ncam-1;fixed_camera;51;44\n", "line 1: separate the columns with commas"),
        ("device_id,kind,lon,lat\ncam-1,webcam,51,44\n", "line 2, column kind: 'webcam' is not a kind of this fleet"),
        ("device_id,kind,lon,lat\n\ncam-1,fixed_camera,51,north\n", "line 3, column lat: 'north' is not a number"),
        ("device_id,kind,lon,lat\ncam-1,fixed_camera,51,91\n", "line 2, column lat: 91 is out of range"),
        ("device_id,kind,lon,lat\ncam-1,fixed_camera,51,\n", "line 2, column lat: is empty"),
        ("device_id,kind\ncam-1,fixed_camera\n", "line 2, column lon: a fixed_camera stands somewhere"),
        ("device_id,kind,heading\ncar-1,oracle_car,360\n", "line 2, column heading: 360 is out of range: north is 0"),
        ("device_id,kind,valid_from\ncar-1,oracle_car,2025-09-01T08:00\n", "line 2, column valid_from: "),
        ("device_id,kind\ncar-1,drone\ncar-1,drone\n", "line 3, column valid_from: overlaps line 2"),
        ('device_id,kind\n"car-1,drone\n', "line 2: is not CSV"),
    ],
)
def test_a_bad_row_of_the_registry_is_named_with_its_column(refused, folder: Path, rows: str, says: str) -> None:
    (folder / "bad.csv").write_text(rows, encoding="utf-8")
    line = refused(*usual_with("--devices", "bad.csv"))
    assert line.startswith("bad.csv: ")
    assert says in line
