"""The registry as records of a topic: what they may hold, and what they make of the registry."""

from __future__ import annotations

import json
from zoneinfo import ZoneInfo

import pytest

from models.errors import DeviceNotValidError, RegistryRecordError, UnknownDeviceError
from models.fleet import DEFAULT_FLEET, Device, Registry
from models.ledger import Ledger
from models.registry_records import FollowedRegistry, decode_device, encode_devices
from tests.rows import MICROSECOND, NOON_S, REGISTRY, after_noon, raw, rules, violation

AQTAU = ZoneInfo("Asia/Aqtau")
NOON_US = NOON_S * MICROSECOND
CAMERA = {"kind": "fixed_camera", "route": "R", "km": 5}


def decoded(value, key=b"cam-1"):
    record = value if isinstance(value, bytes) else json.dumps(value).encode()
    return decode_device(key, record, DEFAULT_FLEET, AQTAU)


HOSTILE = [
    (b"", "no list of rows"),
    (b"{", "no list of rows"),
    (b"\xff", "no list of rows"),
    ({}, "no list of rows"),
    ([1], "no list of rows"),
    ([{"kind": ["drone"]}], "no list of rows"),
    ([{"kind": True}], "no list of rows"),
    ([{}], "'cam-1': row 1, column kind: '' is not a kind"),
    ([CAMERA, {"kind": "bus"}], "row 2, column kind: 'bus' is not a kind of this fleet"),
    ([{"kind": "fixed_camera"}], "row 1, column lon: a fixed_camera stands somewhere"),
    ([{"kind": "fixed_camera", "lon": "51,2", "lat": 43.6}], "row 1, column lon: '51,2' is not a number"),
    ([{"kind": "fixed_camera", "lon": 512, "lat": 43.6}], "row 1, column lon: 512.0 is out of range"),
    ([CAMERA | {"valid_from": "2025-09-01T08:00:00"}], "row 1, column valid_from: .* has no offset"),
    ([CAMERA | {"valid_from": 5}], "row 1, column valid_from: '5.0' is neither"),
    ([CAMERA, CAMERA], "row 2 overlaps row 1"),
    ([CAMERA | {"valid_from": "2025-01-01"}, CAMERA | {"valid_to": "2025-01-02"}], "row 2 overlaps row 1"),
    ([CAMERA] * 1_001, "1,001 rows; at most 1,000"),
]


@pytest.mark.parametrize(("value", "says"), HOSTILE)
def test_a_record_that_cannot_be_used_is_refused_in_one_line(value, says):
    with pytest.raises(RegistryRecordError, match=says) as refusal:
        decoded(value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("key", [None, b"", b"\xff", b"x" * 65, "a\u200bb".encode()])
def test_a_key_that_names_no_device(key):
    with pytest.raises(RegistryRecordError, match="registry: "):
        decoded([CAMERA], key)


def test_what_is_written_is_what_is_read():
    everything = Device(
        device_id="cam-Ақтау", kind="fixed_camera", mobile=False, name="North, 5", lon=51.05, lat=-0.0, heading=0.0,
        route="KAZ11", km=335.5, direction="forward", valid_from_us=1, valid_to_us=NOON_US + 7, mode="test",
        vendor_id="AA:BB", site="S7", uplink="4g", district="Beyneu", contact="ops@example.org", verified_until_us=-1,
    )  # fmt: skip
    rows = {everything, *REGISTRY.rows}
    records = encode_devices(rows)
    assert {row for key, value in records.items() for row in decoded(value, key)} == rows
    assert decoded(b"[]") == ()
    assert decoded([CAMERA | {"name": None, "colour": "red"}])[0].name is None
    assert decoded([CAMERA | {"valid_from": "2025-09-01"}])[0].valid_from_us == 1_756_666_800 * MICROSECOND


OLD = Device(device_id="cam-1", kind="fixed_camera", mobile=False, route="R", km=5)
NEW = Device(device_id="cam-2", kind="fixed_camera", mobile=False, route="R", km=15)
ENDED = Device(device_id="cam-1", kind="fixed_camera", mobile=False, route="R", km=5, valid_to_us=10)
MOVED = Device(device_id="cam-1", kind="fixed_camera", mobile=False, route="R", km=15, valid_from_us=10)
FILE = Registry([OLD])


@pytest.mark.parametrize(
    ("file", "said", "rows"),
    [
        (None, [], None),
        (FILE, [], [OLD]),
        (None, [{"cam-2": (NEW,)}], [NEW]),
        (FILE, [{"cam-2": (NEW,)}], [OLD, NEW]),
        (FILE, [{"cam-1": (ENDED, MOVED)}], [ENDED, MOVED]),
        (FILE, [{"cam-1": (ENDED, MOVED)}, {"cam-1": (OLD,)}], [OLD]),
        (FILE, [{"cam-1": ()}], []),
        (FILE, [{"cam-1": ()}, {"cam-1": None}], [OLD]),
        (FILE, [{"cam-9": None}], [OLD]),
        (None, [{"cam-2": (NEW,)}, {"cam-2": None}], None),
    ],
)
def test_of_a_device_with_a_record_only_that_counts(file, said, rows):
    followed = FollowedRegistry(file)
    for records in said:
        followed.hear(records)
    assert followed.registry is None if rows is None else list(followed.registry.rows) == rows


def test_what_is_said_again_is_nothing_new():
    followed = FollowedRegistry(FILE)
    followed.hear({"cam-2": (NEW,)})
    before = followed.registry
    followed.hear({"cam-2": (NEW,)})
    assert followed.registry is before


def outcomes(ledger, *events):
    folded = ledger.fold([raw(event) for event in events])
    placed = dict(zip(folded.sightings.at, folded.sightings.segment, strict=True))
    refused = {at: error.code for at, error in folded.refused}
    return [refused.get(at) or ledger.vocabulary.segments[placed[at]] for at in range(len(events))]


def test_a_ledger_judges_by_the_time_of_the_event_not_by_when_it_heard():
    """A camera moves at noon; the ledger hears of it later. Replayed with the same registry, everything is as it is."""
    moved = Registry([
        Device(device_id="cam-1", kind="fixed_camera", mobile=False, route="R", km=5, valid_to_us=NOON_US),
        Device(device_id="cam-1", kind="fixed_camera", mobile=False, route="R", km=15, valid_from_us=NOON_US),
    ])  # fmt: skip
    before, after = violation(occurred_at=after_noon(-1)), violation(event_id="e2")
    ledger = Ledger(rules(Registry([OLD])))
    assert outcomes(ledger, before, after, violation(source_id="cam-2")) == ["R/0", "R/0", "unknown_device"]
    ledger.adopt(moved)
    # What was counted stays: it is a duplicate now. What comes late is judged by its own time.
    late = [violation(event_id="e3", occurred_at=after_noon(-1)), violation(event_id="e4")]
    assert outcomes(ledger, *late) == ["R/0", "R/10"]
    anew = Ledger(rules(moved))
    assert outcomes(anew, before, after, *late) == ["R/0", "R/10", "R/0", "R/10"]
    ledger.adopt(Registry([NEW]))
    assert outcomes(ledger, violation(event_id="e5"), violation(event_id="e6", source_id="cam-2")) == [
        "unknown_device", "R/10"
    ]  # fmt: skip


def test_the_refusals_are_those_of_the_registry():
    registry = Registry([ENDED])
    with pytest.raises(DeviceNotValidError):
        registry.row_at("cam-1", 10)
    with pytest.raises(UnknownDeviceError):
        registry.row_at("cam-2", 10)
