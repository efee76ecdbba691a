"""The registry of devices: what a file may hold, and which row counts at an instant."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from models.errors import DeviceNotValidError, RegistryFileError, SettingsError, UnknownDeviceError
from models.fleet import DEFAULT_FLEET, Device, FleetKind, Registry
from models.registry import read_registry

AQTAU = ZoneInfo("Asia/Aqtau")
COLUMNS = (
    "device_id,kind,name,lon,lat,heading,route,km,direction,valid_from,valid_to,mode,vendor_id,site,uplink,"
    "district,contact,verified_until"
)
SHORT = "device_id,kind,lon,lat,valid_from,valid_to"


def us(text):
    since = dt.datetime.fromisoformat(text) - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    return since // dt.timedelta(microseconds=1)


@pytest.fixture
def read(tmp_path):
    def read(*lines, zone=AQTAU, fleet=DEFAULT_FLEET):
        path = tmp_path / "devices.csv"
        path.write_bytes(b"\n".join(each if isinstance(each, bytes) else each.encode() for each in lines))
        return read_registry(path, fleet, zone=zone)

    return read


HOSTILE = [
    ([], "line 1, column device_id: is missing"),
    (["", "  ", ",,"], "column device_id: is missing"),
    (["device_id,name", "c,x"], "line 1, column kind: is missing"),
    (["device_id;kind;lon", "c;drone;51,2"], "line 1: separate the columns with commas, not semicolons"),
    (["device_id\tkind", "c\tdrone"], "line 1: separate the columns with commas, not tabs"),
    (["device_id,kind,kind", "c,drone,drone"], "line 1, column kind: stands in the header twice"),
    ([SHORT, "c1,drone", b"c\xe9,drone"], "line 3: is not UTF-8"),
    ([SHORT, '"c1,drone'], "line 2: is not CSV"),
    ([SHORT, "c1,drone,,,,,more"], "line 2: has 7 fields, the header 6"),
    ([SHORT, "", "c1,bus,51,43"], r"line 3, column kind: 'bus' is not a kind of this fleet \(fixed_camera, "),
    ([SHORT, "c1"], "line 2, column kind: '' is not a kind"),
    ([SHORT, ",drone"], "line 2, column device_id: is empty"),
    ([SHORT, "x" * 65 + ",drone"], "column device_id: must be 1 to 64 printable characters"),
    ([SHORT, "a\u200bb,drone"], "column device_id: must be 1 to 64 printable characters"),
    ([SHORT, "c1,fixed_camera"], "line 2, column lon: a fixed_camera stands somewhere"),
    ([SHORT, "c1,drone,51.2"], "column lat: is empty while its pair is not"),
    ([SHORT, "c1,drone,,43.6"], "column lon: is empty while its pair is not"),
    ([SHORT, 'c1,drone,"51,2",43.6'], "column lon: '51,2' is not a number"),
    ([SHORT, "c1,drone,nan,43.6"], "column lon: 'nan' is not a number"),
    ([SHORT, "c1,drone,1_0,43.6"], "column lon: '1_0' is not a number"),
    ([SHORT, "c1,drone,180.5,43.6"], "column lon: 180.5 is out of range: -180 to 180"),
    ([SHORT, "c1,drone,51.2,-91"], "column lat: -91 is out of range: -90 to 90"),
    ([SHORT, "c1,drone,51.2,1e999"], "column lat: 1e999 is out of range"),
    (["device_id,kind,heading", "c1,drone,360"], "column heading: 360 is out of range: north is 0"),
    (["device_id,kind,heading", "c1,drone,-1"], "column heading: -1 is out of range"),
    (["device_id,kind,route,km", "c1,drone,,5"], "column route: is empty while km is not"),
    (["device_id,kind,route,km", "c1,fixed_camera,KAZ11,"], "column lon: a fixed_camera stands somewhere"),
    (["device_id,kind,route,km", "c1,drone,KAZ11,5 km"], "column km: '5 km' is not a number"),
    (["device_id,kind,direction", "c1,drone,north"], "column direction: 'north' must be one of forward"),
    (["device_id,kind,mode", "c1,drone,backfill"], "column mode: 'backfill' must be one of live, test"),
    ([SHORT, "c1,drone,,,01.09.2025"], "column valid_from: '01.09.2025' is neither a date nor a time"),
    ([SHORT, "c1,drone,,,2025-02-29"], "column valid_from: '2025-02-29' is neither"),
    ([SHORT, "c1,drone,,,20250901"], "column valid_from: '20250901' is neither"),
    ([SHORT, "c1,drone,,,2025-09-01T08:00:00"], "column valid_from: '2025-09-01T08:00:00' has no offset"),
    ([SHORT, "c1,drone,,,2025-09-01T25:00:00Z"], "column valid_from: '2025-09-01T25:00:00Z' is neither"),
    ([SHORT, "c1,drone,,,,2025-09-01T08:00:00+99:00"], "column valid_to: "),
    ([SHORT, "c1,drone,,,2025-09-01,2025-09-01"], "column valid_to: must be after valid_from"),
    ([SHORT, "c1,drone", "c2,drone", "c1,drone"], "line 4, column valid_from: overlaps line 2, which is of 'c1'"),
    ([SHORT, "c1,drone,,,2025-01-01,", "c1,drone,,,2025-09-01,"], "line 3, .* overlaps line 2"),
    ([SHORT, "c1,drone,,,2025-09-01,", "c1,drone,,,,2025-09-02"], "line 3, .* overlaps line 2"),
    ([SHORT, "c1,drone,,,,2025-06-01", "c1,drone,,,,2025-01-01"], "line 3, .* overlaps line 2"),
    ([SHORT, "c1,drone,,,2025-01-01,2025-09-01", "c1,drone,,,2025-08-31,"], "line 3, .* overlaps line 2"),
    (["device_id,kind,valid_to,name", 'c1,drone,,"two\nlines"', "c1,drone,,"], "line 4, .* overlaps line 2"),
]


@pytest.mark.parametrize(("lines", "says"), HOSTILE)
def test_a_file_that_cannot_be_used_is_refused_in_one_line(read, lines, says):
    with pytest.raises(RegistryFileError, match=says) as refusal:
        read(*lines)
    assert "devices.csv: line " in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(RegistryFileError, match=r"none\.csv: cannot be read: No such file"):
        read_registry(tmp_path / "none.csv", zone=AQTAU)


def test_a_row_with_everything(read):
    registry = read(
        "\ufeff" + COLUMNS + ",colour",
        'cam-1, fixed_camera ,"Beyneu, north",55.2,45.3,0,KAZ11,335.5,forward,2025-01-01,'
        "2025-09-01T08:00:00.5+05:00,test,AA:BB,S7,4g,Beyneu,ops@example.org,2026-01-01,red",
    )
    assert registry.rows == (
        Device(
            device_id="cam-1",
            kind="fixed_camera",
            mobile=False,
            name="Beyneu, north",
            lon=55.2,
            lat=45.3,
            heading=0.0,
            route="KAZ11",
            km=335.5,
            direction="forward",
            valid_from_us=us("2025-01-01T00:00:00+05:00"),
            valid_to_us=us("2025-09-01T08:00:00.500000+05:00"),
            mode="test",
            vendor_id="AA:BB",
            site="S7",
            uplink="4g",
            district="Beyneu",
            contact="ops@example.org",
            verified_until_us=us("2026-01-01T00:00:00+05:00"),
        ),
    )


def test_what_may_be_absent(read):
    registry = read("kind,device_id,km,route", "", "drone,d1", ",,,", "fixed_camera,c1,0,KAZ11", "")
    assert registry.rows == (
        Device(device_id="c1", kind="fixed_camera", mobile=False, route="KAZ11", km=0.0),
        Device(device_id="d1", kind="drone", mobile=True),
    )
    assert read(SHORT).rows == ()


@pytest.mark.parametrize(
    ("zone", "text", "instant"),
    [
        ("Asia/Aqtau", "2025-09-01", "2025-09-01T00:00:00+05:00"),
        ("Asia/Almaty", "2024-03-01", "2024-03-01T00:00:00+05:00"),
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T01:00:00-02:00"),  # no midnight on that day
        ("America/Havana", "2025-11-02", "2025-11-02T00:00:00-04:00"),  # two of them
        ("Asia/Aqtau", "2025-09-01T00:00:00Z", "2025-09-01T00:00:00+00:00"),
        ("Asia/Aqtau", "2025-09-01t00:00:00.000001z", "2025-09-01T00:00:00.000001+00:00"),
        ("Asia/Aqtau", "2025-09-01T00:00:00-03:30", "2025-09-01T03:30:00+00:00"),
    ],
)
def test_times(read, zone, text, instant):
    (row,) = read(SHORT, f"c1,drone,,,{text}", zone=ZoneInfo(zone)).rows
    assert row.valid_from_us == us(instant)


MOVED = (
    SHORT,
    "c1,fixed_camera,3,3,2025-09-01,",
    "c1,fixed_camera,1,1,2025-01-01,2025-05-01",
    "c1,fixed_camera,2,2,2025-05-01,2025-08-01",
    "c2,fixed_camera,9,9,,",
)


@pytest.mark.parametrize(
    ("device_id", "instant", "lon"),
    [
        ("c3", "2025-06-01T00:00:00+05:00", UnknownDeviceError),
        ("C1", "2025-06-01T00:00:00+05:00", UnknownDeviceError),
        ("c1", "2024-12-31T23:59:59.999999+05:00", DeviceNotValidError),
        ("c1", "2025-08-01T00:00:00+05:00", DeviceNotValidError),
        ("c1", "2025-01-01T00:00:00+05:00", 1),
        ("c1", "2025-04-30T23:59:59.999999+05:00", 1),
        ("c1", "2025-05-01T00:00:00+05:00", 2),
        ("c1", "9999-01-01T00:00:00+05:00", 3),
        ("c2", "0001-01-02T00:00:00+05:00", 9),
    ],
)
def test_the_row_at_an_instant(read, device_id, instant, lon):
    registry = read(*MOVED)
    if isinstance(lon, int):
        assert registry.row_at(device_id, us(instant)).lon == lon
        return
    with pytest.raises(lon, match="replay the quarantine") as refusal:
        registry.row_at(device_id, us(instant))
    assert refusal.value.path == "$.source_id"
    assert repr(device_id) in str(refusal.value)


def test_a_refusal_shows_when_the_device_was_valid(read):
    registry = read(SHORT, "c1,drone,,,,2025-01-01", "c1,drone,,,2025-02-01,2025-03-01")
    with pytest.raises(DeviceNotValidError) as refusal:
        registry.row_at("c1", 10**18)
    assert "at 1000000000000000000 us, only [..., 2024-12-31T19:00:00Z), [2025-01-31T19:00:00Z, " in str(refusal.value)


def test_the_digest_ignores_the_order_of_rows_and_columns(read):
    digest = read(*MOVED).digest
    assert read(SHORT, *reversed(MOVED[1:]), "").digest == digest
    assert read("kind,device_id,lat,lon,valid_from,valid_to", *(
        f"fixed_camera,{','.join(line.replace('fixed_camera,', '').split(','))}" for line in MOVED[1:]
    )).digest == digest  # fmt: skip
    assert read(SHORT, *MOVED[1:-1]).digest != digest
    assert read(SHORT, *MOVED[1:-1], "c2,fixed_camera,9,9.0001,,").digest != digest


def test_the_digest_knows_one_zero(read):
    assert read(SHORT, "c1,drone,0,1").digest == read(SHORT, "c1,drone,-0.0,1").digest


def test_rows_may_come_in_any_order():
    rows = [Device(device_id="c1", kind="drone", mobile=True, valid_from_us=us) for us in (20, None, 10)]
    registry = Registry(rows)
    assert [row.valid_from_us for row in registry.rows] == [None, 10, 20]
    assert [registry.row_at("c1", instant).valid_from_us for instant in (9, 10, 20)] == [None, 10, 20]


def test_a_new_kind_is_one_line_of_configuration(read):
    fleet = (*DEFAULT_FLEET, FleetKind("bus_recorder", mobile=True))
    (row,) = read("device_id,kind", "b1,bus_recorder", fleet=fleet).rows
    assert (row.kind, row.mobile) == ("bus_recorder", True)


@pytest.mark.parametrize("name", ["", "Bus", "bus recorder", "1st", "автобус", "section", "x" * 33])
def test_a_kind_that_cannot_name_a_column_is_refused(name):
    with pytest.raises(SettingsError, match="fleet kind"):
        FleetKind(name, mobile=True)
