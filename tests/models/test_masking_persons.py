"""Identity numbers, telephone numbers and names do not survive either; coordinates, times and ids do."""

from __future__ import annotations

import json

import pytest

from models.masking import MASK, mask_record, mask_text
from tests.rows import EACH_TYPE, raw

NUMBERS = [
    "900101300123",
    "202411191215",
    "+77011234567",
    "+7 701 123 45 67",
    "+7 (701) 123-45-67",
    "8 701 123 45 67",
    "87011234567",
    "77011234567",
    "+998 90 123 45 67",
    "+44 20 7946 0958",
]
TEXTS = ['{"note": "call %s now"}', '{"note": "%s"}', '["%s"]', "call %s now", '{"note": "%s', "iin=%s;"]


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("text", TEXTS)
def test_a_number_of_a_person(number, text):
    kept = mask_record((text % number).encode()).decode()
    assert kept == text % MASK


FIELDS = [
    ("iin", "12", MASK),
    ("IIN", 7, MASK),
    ("phone", "102", MASK),
    ("tel", "3-15", MASK),
    ("driver", "A. Person", MASK),
    ("driver_name", "A. Person", MASK),
    ("fullName", {"first": "A."}, MASK),
    ("surname", "Person", MASK),
    ("applicant", ["A.", "B."], MASK),
    ("n", 900101300123, MASK),
    ("driver", None, None),
    ("name", "Primorsky boulevard", "Primorsky boulevard"),
    ("telemetry", "on", "on"),
    ("channel", "police_102", "police_102"),
    ("n", 1795330810000, 1795330810000),
    ("n", 90010130012, 90010130012),
]


@pytest.mark.parametrize(("name", "value", "kept"), FIELDS)
def test_a_field_of_a_person(name, value, kept):
    assert json.loads(mask_record(json.dumps({name: value}).encode())) == {name: kept}
    if kept == MASK and isinstance(value, str):
        assert value not in mask_record(json.dumps({"a": 1, name: value})[:-1].encode()).decode()


KEPT = [
    "51.123456789012",
    "-43.123456789012",
    "1795330810000",
    "1732045234584193",
    "2026-11-22T12:00:00.123456+05:00",
    "20241119121511",
    "11-19-2025 12:15:11 PM",
    "592.3-1",
    "10.199.27.128:8888",
    "1234567890123456789",
]


@pytest.mark.parametrize("text", KEPT)
def test_what_is_no_number_of_a_person(text):
    assert mask_text(text) == text
    assert mask_text(f"at {text} on") == f"at {text} on"


@pytest.mark.parametrize("name", EACH_TYPE)
def test_identities_stay(name):
    record = raw(EACH_TYPE[name](event_id="900101300123", source_id="87011234567"))
    assert mask_record(record) == record
