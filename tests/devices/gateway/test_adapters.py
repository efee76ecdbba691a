"""Each vendor's payloads: the real ones, and what each field of them becomes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from devices.gateway.adapters import ADAPTERS
from devices.gateway.documents import read_document, read_parts
from devices.gateway.reading import Reading
from models.errors import RecordError
from tests.devices.gateway.payloads import PLATE, dahua, dahua_flow, hikvision, openalpr, plate_recognizer

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data" / "devices"


def read(vendor: str, body: bytes) -> list[Reading]:
    return ADAPTERS[vendor](read_document(body, ""))


def real(name: str) -> bytes:
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED} is not here: the real payloads lie beside the checkout")
    return (SHARED / name).read_bytes()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


REAL = [
    (
        "hikvision",
        "hikvision_isapi_anpr_parkpow.xml",
        Reading(
            about="passage",
            senders=("d4:e8:53:bc:4c:02/1", "d4:e8:53:bc:4c:02"),
            happened_at=at("2024-01-19T11:17:19+08:00"),
            vendor_id="2024011911172144900FlERIduqg06eKsYuvLX072NugIxaHw22mHG5D5KBmWqX",
            lane=2,
            vehicle_class="vehicle",
            confidence=0.97,
            position=(111.0, 22 / 60),
            plate="123ABC12",
        ),
    ),
    (
        "axis",
        "axis_fflpr_event.json",
        Reading(
            about="passage",
            senders=("ACCC8ED3290D", "AC:CC:8E:D3:29:0D", "defaultID_176"),
            happened_at=at("2021-06-11T10:05:38.252Z"),
            vendor_id="car 1144696",
            confidence=0.719034,
            position=(30.476213, 50.418114),
            plate="123ABC12",
        ),
    ),
    (
        "viewtron",
        "viewtron_ipc-v1x_lpr.xml",
        Reading(
            about="passage",
            happened_at=at("2024-11-19T19:40:34.584193Z"),
            vendor_id="1732045234584193 0",
            plate="ABC1234",
        ),
    ),
    (
        "viewtron",
        "viewtron_ipc-v1x_keepalive.xml",
        Reading(about="sign", senders=("58:5b:69:5a:84:bb", "NF40D099BCM0")),
    ),
    (
        "viewtron",
        "viewtron_ipc-v1x_alarm-status.xml",
        Reading(about="sign", senders=("58:5b:69:5a:84:bb", "I84BB0A8D59C")),
    ),
]


@pytest.mark.parametrize(("vendor", "name", "reading"), REAL, ids=[row[1] for row in REAL])
def test_real_payloads(vendor, name, reading):
    assert read(vendor, real(name)) == [reading]


NOON_10 = at("2026-11-22T12:00:10+05:00")
ALERT = {"senders": ("d4:e8:53:bc:4c:02/1", "d4:e8:53:bc:4c:02"), "happened_at": NOON_10, "vendor_id": "uuid-1"}
SEEN = {
    "speed_kmh": 96.0,
    "limit_kmh": 60.0,
    "lane": 2,
    "vehicle_class": "vehicle",
    "confidence": 0.97,
    "position": (51 + 9 / 60 + 36 / 3600, 43 + 40 / 60 + 10 / 3600),
    "plate": PLATE,
}


def passage(**changes) -> Reading:
    return Reading(**{"about": "passage", **ALERT, **SEEN} | changes)


def sign(*senders: str) -> list[Reading]:
    return [Reading(about="sign", senders=senders)]


ISAPI = "http://www.isapi.org/ver20/XMLSchema"
HIKVISION = [
    (hikvision(), [passage()]),
    (hikvision(namespace=ISAPI), [passage()]),
    (hikvision(code="1301"), [passage(about="offence", code="1301")]),
    (hikvision(code="0"), [passage()]),
    (hikvision(plate="noPlate"), [passage(plate="")]),
    (hikvision(plate="unknown"), [passage(plate="")]),
    (hikvision(top="<hasMoreData>true</hasMoreData>"), [passage(more=True)]),
    (hikvision().replace(b"Retransmission>false", b"Retransmission>true"), [passage(history=True)]),
    (hikvision().replace(b"DataType>0", b"DataType>1"), [passage(history=True)]),
    (hikvision(event_type="videoloss"), sign(*ALERT["senders"])),
    (hikvision(speed=""), [passage(speed_kmh=None)]),
    (hikvision().replace(b">E<", b">W<").replace(b">N<", b">S<"), [passage(position=(-51.16, -43.669444444))]),
    (hikvision().replace(b"51<", b"0<").replace(b"9<", b"0<").replace(b"36.0", b"0.0").replace(b"43<", b"0<")
     .replace(b"40<", b"0<").replace(b"10.0", b"0.0"), [passage(position=None)]),
    (hikvision().replace(b"<minute>40", b"<minute>77"), [passage(position=None)]),
]  # fmt: skip


@pytest.mark.parametrize(("body", "readings"), HIKVISION)
def test_hikvision(body, readings):
    found = read("hikvision", body)
    for reading, expected in zip(found, readings, strict=True):
        assert reading.position == pytest.approx(expected.position) if expected.position else reading.position is None
    assert [(r.about, r.code, r.plate, r.more, r.history, r.speed_kmh, r.senders) for r in found] == [
        (r.about, r.code, r.plate, r.more, r.history, r.speed_kmh, r.senders) for r in readings
    ]


OFFENCE = {
    "senders": ("SN-DH-1/0", "SN-DH-1"),
    "happened_at": at("2026-11-22T07:00:10.250Z"),
    "vendor_id": "TrafficOverSpeed 175706653 516 1795330810",
    "speed_kmh": 96.0,
    "limit_kmh": 60.0,
    "lane": 2,
    "vehicle_class": "Light-duty",
    "plate": PLATE,
}
GROUP = {
    "senders": ("AGENT1/7", "7", "AGENT1"),
    "happened_at": NOON_10,
    "vendor_id": "AGENT1-7-1795330810000",
    "vehicle_class": "sedan-standard",
    "confidence": 0.915,
    "position": (51.16, 43.65),
    "plate": PLATE,
}
RESULT = {
    "senders": ("hook-1/gate-3", "gate-3"),
    "happened_at": at("2026-11-22T07:00:10.123456Z"),
    "vehicle_class": "Sedan",
    "confidence": 0.9,
}
NAMED = "gate-3 2026-11-22T07:00:10.123456Z"

OTHERS = [
    ("openalpr", openalpr(), [Reading(about="passage", **GROUP)]),
    ("openalpr", openalpr(gps_latitude=0, gps_longitude=0), [Reading(about="passage", **GROUP | {"position": None})]),
    ("openalpr", openalpr(data_type="alpr_results"), sign("AGENT1/7", "AGENT1")),
    ("openalpr", b'{"data_type": "heartbeat", "agent_uid": "AGENT1"}', sign("AGENT1")),
    (
        "plate-recognizer",
        plate_recognizer(),
        [
            Reading(about="passage", **RESULT, vendor_id=f"{NAMED} 0", plate=PLATE),
            Reading(about="passage", **RESULT, vendor_id=f"{NAMED} 1", plate=PLATE[::-1]),
        ],
    ),
    ("plate-recognizer", plate_recognizer(results=[]), sign("hook-1/gate-3", "gate-3")),
    ("dahua", dahua(), [Reading(about="offence", code="TrafficOverSpeed", **OFFENCE)]),
    ("dahua", b"[" + dahua() + b"]", [Reading(about="offence", code="TrafficOverSpeed", **OFFENCE)]),
    ("dahua", b'{"Events": [' + dahua() + b"]}", [Reading(about="offence", code="TrafficOverSpeed", **OFFENCE)]),
    (
        "dahua",
        dahua("TrafficJunction"),
        [
            Reading(
                about="passage",
                code="TrafficJunction",
                **OFFENCE | {"vendor_id": "TrafficJunction 175706653 516 1795330810"},
            )
        ],
    ),
    (
        "dahua",
        dahua_flow(17),
        [
            Reading(
                about="flow",
                senders=("SN-DH-1/0", "SN-DH-1"),
                happened_at=NOON_10,
                vendor_id="flow 1 3",
                passages=17,
            )
        ],
    ),
    ("dahua", dahua("VideoMotion"), sign("SN-DH-1/0", "SN-DH-1")),
    ("dahua", b'{"Active": "keepAlive", "DeviceID": "SN-DH-1"}', sign("SN-DH-1")),
    ("dahua", dahua().replace(b"Pulse", b"Stop"), []),
]


@pytest.mark.parametrize(("vendor", "body", "readings"), OTHERS)
def test_other_vendors(vendor, body, readings):
    assert read(vendor, body) == readings


REFUSED = [
    ("hikvision", b"<other/>", "missing_field", "$.EventNotificationAlert"),
    ("hikvision", hikvision(at=""), "missing_field", "$.dateTime"),
    ("hikvision", hikvision(at="2026-11-22T12:00:10"), "naive_time", "$.dateTime"),
    ("hikvision", hikvision(at="22.11.2026 12:00"), "bad_time", "$.dateTime"),
    ("hikvision", hikvision(at="1970-01-01T00:00:10+08:00"), "bad_value", "$.dateTime"),
    ("hikvision", hikvision(at="9999-12-31T23:59:59-23:00"), "bad_value", "$.dateTime"),
    ("axis", b"[]", "missing_field", "$.camera_info"),
    ("axis", b'{"carID": "1"}', "missing_field", "$.capture_timestamp"),
    ("axis", b'{"carID": "1", "capture_timestamp": "soon"}', "bad_time", "$.capture_timestamp"),
    ("axis", b'{"carID": "1", "capture_timestamp": 1e16}', "bad_value", "$.capture_timestamp"),
    ("viewtron", b"<x/>", "missing_field", "$.config"),
    ("openalpr", b"{}", "missing_field", "$.data_type"),
    ("openalpr", openalpr(epoch_start=None), "missing_field", "$.epoch_start"),
    ("plate-recognizer", b'{"data": 7}', "missing_field", "$.data"),
    ("plate-recognizer", plate_recognizer(timestamp="2026-11-22 12:00:10"), "naive_time", "$.timestamp"),
    ("dahua", b'{"Data": {}}', "missing_field", "$.Code"),
    ("dahua", dahua(UTC=None), "missing_field", "$.UTC"),
    ("dahua", dahua_flow(-1), "missing_field", "$.Data.Flow"),
]


@pytest.mark.parametrize(("vendor", "body", "code", "path"), REFUSED)
def test_what_cannot_be_an_event_is_refused_under_its_code(vendor, body, code, path):
    with pytest.raises(RecordError) as refused:
        read(vendor, body)
    assert (refused.value.code, refused.value.path) == (code, path)
    assert PLATE not in str(refused.value)


def test_a_form_of_a_json_field_and_pictures():
    body = (
        b'--x\r\nContent-Disposition: form-data; name="json"\r\n\r\n'
        + plate_recognizer()
        + b'\r\n--x\r\nContent-Disposition: form-data; name="upload"; filename="1.jpg"\r\n'
        + b"Content-Type: image/jpeg\r\n\r\n"
        + b"\xff\xd8--y{<\r\n--x--\r\n"
    )
    assert read_parts(body, "x") == [json.loads(plate_recognizer())]
