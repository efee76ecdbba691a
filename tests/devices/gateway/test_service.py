"""The service as a process: what it answers to whom, counts of it, and what it says in its log."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest

from amanzhol.broker.ports import free_port
from devices.publisher import Spool
from tests.devices.gateway.payloads import PLATE, dahua, hikvision, openalpr, plate_recognizer
from tests.devices.gateway.running import Gateway

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

XML = "application/xml"
JSON = "application/json"
BIG = 2 * 1024 * 1024


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway whose Kafka is away."""
    folder = tmp_path_factory.mktemp("gateway")
    with Gateway(folder, f"127.0.0.1:{free_port()}", "t.", "--gateway-max-mb", "1") as running:
        yield running


def box(**changes: str) -> bytes:
    event = {"id": "e1", "when": "22.11.2026 12:00:10 +0500", "kind": "SPEED", "kmh": "81", "number": PLATE}
    return json.dumps({"box": {"id": "BOX-9"}, "events": [event | changes]}).encode()


# Path, body, type; status, and what is in the answer.
ANSWERS = [
    ("/v1/hikvision", hikvision(), XML, 200, '{"taken":1}'),
    ("/v1/hikvision", hikvision(uuid="u2", code="1301"), f"{XML}; charset=utf-8", 200, '{"taken":1}'),
    ("/v1/hikvision", hikvision(event_type="videoloss"), "", 200, '{"taken":1}'),
    ("/v1/openalpr", openalpr(), JSON, 200, '{"taken":1}'),
    ("/v1/plate-recognizer", plate_recognizer(), JSON, 200, '{"taken":2}'),
    ("/v1/dahua", dahua(), JSON, 200, '{"taken":1}'),
    ("/v1/box", box(), JSON, 200, '{"taken":1}'),
    ("/v1/box", box(id="e2", kind="PASS"), JSON, 200, '{"taken":1}'),
    ("/v1/viewtron/cam-2", b"<DeviceInfo><x/></DeviceInfo>", XML, 200, '{"taken":1}'),
    ("/v1/viewtron", b"<DeviceInfo><x/></DeviceInfo>", XML, 403, "unknown_device"),
    ("/v1/hikvision", hikvision(mac="00:00:00:00:00:00"), XML, 403, "unknown_device"),
    ("/v1/hikvision/OLD-1", hikvision(), XML, 403, "device_not_valid"),
    ("/v1/hikvision", hikvision(at="2026-11-22T12:00:10"), XML, 422, "naive_time"),
    ("/v1/hikvision", b"<EventNotificationAlert>", XML, 400, "unreadable_body"),
    ("/v1/hikvision", b"<!DOCTYPE a><a/>", XML, 400, "unreadable_body"),
    ("/v1/hikvision", b"", XML, 400, "unreadable_body"),
    ("/v1/hikvision", hikvision(), "multipart/form-data", 400, "unreadable_body"),
    ("/v1/hikvision", hikvision(), "multipart/form-data; boundary=x", 400, "unreadable_body"),
    ("/v1/hikvision", hikvision(), "image/png", 415, "wrong_media_type"),
    ("/v1/box", box(when="soon"), JSON, 422, "bad_time"),
    ("/v1/box", box(kind="no article"), JSON, 422, "bad_value"),
    ("/v1/hikvision", b"x" * BIG, XML, 413, "body_too_large"),
    ("/v1/nobody", b"{}", JSON, 404, ""),
    (f"/v1/{PLATE}", b"{}", JSON, 404, ""),
    (f"/{PLATE}", b"{}", JSON, 404, ""),
]


@pytest.mark.parametrize(("path", "body", "media_type", "status", "said"), ANSWERS)
def test_answers(gateway, path, body, media_type, status, said):
    found, answer = gateway.post(path, body, media_type)
    assert (found, said in answer) == (status, True), answer
    assert PLATE not in answer


def test_a_picture_comes_along(gateway):
    body = (
        b'--x\r\nContent-Disposition: form-data; name="anpr.xml"; filename="anpr.xml"\r\nContent-Type: text/xml\r\n\r\n'
        + hikvision(uuid="form")
        + b'\r\n--x\r\nContent-Disposition: form-data; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
        + bytes(500_000)
        + b"\r\n--x--\r\n"
    )
    assert gateway.post("/v1/hikvision", body, 'multipart/form-data; boundary="x"') == (200, '{"taken":1}')


def test_compressed_bodies_are_not_even_looked_at(gateway):
    bomb = gzip.compress(bytes(100 * 1024 * 1024))
    assert gateway.post("/v1/hikvision", bomb, XML, Content_Encoding="gzip")[0] == 415


HEAD = b"POST /v1/hikvision HTTP/1.1\r\nHost: x\r\n"
MARK = PLATE.encode()
RAW = [
    (HEAD + b"Content-Length: 5000\r\n\r\n<a>" + MARK, None),  # breaks off
    (b"\x16\x03\x01\x02\x00" + MARK, None),  # TLS where there is none
    (HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"%x\r\n" % BIG + bytes(BIG) + b"\r\n0\r\n\r\n", 413),
    (HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz" + MARK + b"\r\n", 400),
    (HEAD + b"Content-Length: -1" + MARK + b"\r\n\r\n", 400),
    (HEAD + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    (HEAD + b"X: " + MARK * 20_000 + b"\r\n\r\n", 400),
    (b"nonsense " + MARK + b"\r\n\r\n", 400),
    (b"GET /v1/hikvision HTTP/1.1\r\nHost: x\r\n\r\n", 405),
]


@pytest.mark.parametrize(("sent", "status"), RAW, ids=[repr(row[0][-30:]) for row in RAW])
def test_what_is_hardly_http_does_no_harm(gateway, sent, status):
    answer = gateway.raw(sent, then_gone=status is None)
    if status is not None:
        assert answer.startswith((b"HTTP/1.1 %d " % status, b"HTTP/1.0 %d " % status))
    assert MARK not in answer
    assert gateway.post("/v1/hikvision", hikvision(event_type="videoloss"), XML)[0] == 200


def test_it_is_all_counted_and_no_plate_is_told(gateway):
    before = gateway.metrics()
    gateway.post("/v1/hikvision", hikvision(at="yesterday"), XML)
    gateway.post("/v1/nobody", b"{}")
    after = gateway.metrics()
    grown = {name: value - before.get(name, 0) for name, value in after.items() if "requests_total" in name}
    assert {name: n for name, n in grown.items() if n} == {
        'amanzhol_gateway_requests_total{outcome="bad_time",vendor="hikvision"}': 1.0,
        'amanzhol_gateway_requests_total{outcome="not_found",vendor="unknown"}': 1.0,
    }
    assert gateway.get("/livez") == "ok\n"
    assert PLATE not in gateway.log
    assert PLATE not in gateway.get("/metrics")
    assert "refused, unknown_device" in gateway.log


def test_what_was_answered_with_200_outlives_a_kill(tmp_path: Path) -> None:
    with Gateway(tmp_path, f"127.0.0.1:{free_port()}") as running:
        for number in range(20):
            assert running.post("/v1/hikvision", hikvision(uuid=f"{number}", code="1301"), XML)[0] == 200
        running.kill()
    spool = Spool(tmp_path / "home" / "gateway")
    assert len(spool) == 20
    with spool.transaction() as writer:
        assert writer.execute("SELECT sum(passages) FROM minutes").fetchone() == (20,)
    spool.close()
