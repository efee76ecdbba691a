"""Each adapter against thirty mutations of its payload: an event that the contract accepts, or a refusal."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from devices.gateway.adapters import ADAPTERS
from devices.gateway.documents import read_document
from devices.gateway.intake import Entry, entry_of, status_of, violation_of
from devices.gateway.offences import read_offences
from devices.gateway.senders import Senders
from devices.publisher import PlatePolicy
from models.decoding import decode
from models.errors import PayloadError, RecordError
from models.fleet import Device, Registry
from tests.devices.gateway.mutations import as_xml, mutations
from tests.devices.gateway.payloads import PLATE, dahua, dahua_flow, hikvision, openalpr, plate_recognizer

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data" / "devices"
IDS = ("d4:e8:53:bc:4c:02", "ACCC8ED3290D", "AGENT1", "gate-3", "SN-DH-1", "58:5b:69:5a:84:bb")
SENDERS = Senders(
    Registry(
        Device(device_id=f"cam-{number}", kind="drone", mobile=True, vendor_id=vendor_id)
        for number, vendor_id in enumerate(IDS)
    )
)
OFFENCES = read_offences()
ARRIVAL = datetime(2026, 11, 22, 7, 1, tzinfo=UTC)
NAMESPACES = ("http://www.hikvision.com/ver20/XMLSchema", "http://www.isapi.org/ver20/XMLSchema")

MADE = {
    ("hikvision", "offence"): hikvision(code="1301"),
    ("openalpr", "group"): openalpr(),
    ("plate-recognizer", "webhook"): plate_recognizer(),
    ("dahua", "offence"): dahua(),
    ("dahua", "flow"): dahua_flow(),
}
REAL = {
    ("hikvision", "real"): "hikvision_isapi_anpr_parkpow.xml",
    ("axis", "real"): "axis_fflpr_event.json",
    ("viewtron", "read"): "viewtron_ipc-v1x_lpr.xml",
    ("viewtron", "keep-alive"): "viewtron_ipc-v1x_keepalive.xml",
    ("viewtron", "alarm"): "viewtron_ipc-v1x_alarm-status.xml",
}


@pytest.fixture(params=[*MADE, *REAL], ids=" ".join)
def payload(request) -> tuple[str, bytes]:
    vendor, _ = request.param
    if request.param in MADE:
        return vendor, MADE[request.param]
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED} is not here: the real payloads lie beside the checkout")
    return vendor, (SHARED / REAL[request.param]).read_bytes()


def records_of(vendor: str, tree: object) -> list[bytes]:
    """All that the gateway would send for a payload, by the shortest way. Raises what it would refuse it with."""
    records = []
    for reading in ADAPTERS[vendor](tree):
        entry = entry_of(reading.sent_by("cam-0"), vendor, ARRIVAL, SENDERS, PlatePolicy())
        assert msgspec.json.decode(msgspec.json.encode(entry), type=Entry) == entry
        if entry.reading.about == "offence":
            records.append(violation_of(entry, OFFENCES).value)
        assert 0 <= entry.reading.passages <= 1_000_000
        place = entry.reading.position
        records.append(status_of(entry.source_id, entry.minute_s, 1, entry.reading.passages, 0, place).value)
    return records


def test_every_mutation_is_an_event_or_a_refusal(payload):
    vendor, body = payload
    is_xml = body.lstrip().startswith(b"<")
    tree = read_document(body, "")
    events = refusals = 0
    said: list[str] = []
    for seed in range(3):
        rows = mutations(tree, seed)
        assert len(rows) == 30
        for number, (name, mutated) in enumerate(rows):
            try:
                if is_xml:
                    if not isinstance(mutated, dict):
                        continue
                    mutated = read_document(as_xml(mutated, NAMESPACES[number % 2]), "text/xml")  # noqa: PLW2901
                records = records_of(vendor, mutated)
            except (RecordError, PayloadError) as error:
                refusals += 1
                said.append(str(error))
                continue
            for record in records:
                decode(record)  # raises where the contract would not accept it
                assert PLATE.encode() not in record, name
            events += 1
    assert PLATE not in " ".join(said)
    # Most fields can be missing or wrong, and the event is still one.
    assert events > refusals
    if "keep" not in str(payload):
        assert events + refusals >= 80
