"""What leaves a device: its topic, its key, and never a plate."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.publisher.outgoing import NOBODY, PlatePolicy, outgoing
from models.decoding import decode
from models.errors import RecordError
from models.pseudonyms import PlateKey, Pseudonyms
from models.topics import MAX_RECORD_BYTES
from tests.rows import EACH_TYPE, correction, raw, violation

PLATE = "123ABC12"
KEYED = Pseudonyms([PlateKey("k1", date(2020, 1, 1), b"k" * 32)])

# What a device hands over; topic and key of the record; what becomes of its bytes (None: they stay as they are).
ROWS = [
    (b"", "violations", NOBODY, None),
    (b"\xff\xfe", "violations", NOBODY, None),
    (b"not json 123ABC12", "violations", NOBODY, b"not json ***"),
    (b"[1,", "violations", NOBODY, None),
    (b'["123ABC12"]', "violations", NOBODY, b'["***"]'),
    (b"null", "violations", NOBODY, None),
    (b"[" * 100_000, "violations", NOBODY, None),
    (b'{"type": 7, "source_id": ["x"]}', "violations", NOBODY, None),
    (b'{"type": "nonsense", "source_id": "cam-1"}', "violations", b"cam-1", None),
    (b'{"type": "status", "source_id": ""}', "statuses", NOBODY, None),
    (raw(violation()), "violations", b"cam-1", None),
    (raw(violation(plate=PLATE)), "violations", b"cam-1", {"plate": ...}),
    (raw(violation(plate_hash="9f86d081884c7d65")), "violations", b"cam-1", {"plate_hash": ...}),
    (raw(violation(licensePlate=PLATE, GRNZ=PLATE)), "violations", b"cam-1", {"licensePlate": ..., "GRNZ": ...}),
    (raw(violation(plate={"a": [PLATE]})), "violations", b"cam-1", {"plate": ...}),
    (raw(violation(note=f"car {PLATE} fled")), "violations", b"cam-1", {"note": "car *** fled"}),
    (raw(violation(owner="A. Person", iin="900101300123")), "violations", b"cam-1", {"owner": "***", "iin": "***"}),
    (raw(correction()), "corrections", b"cam-1", None),
    (raw(correction(reason=f"not {PLATE}")), "corrections", b"cam-1", {"reason": "not ***"}),
    (raw(correction(target="x")), "corrections", b"office", None),
]


@pytest.mark.parametrize(("given_", "topic", "key", "becomes"), ROWS, ids=[repr(row[0][:60]) for row in ROWS])
def test_each_becomes_one_record_without_plates(given_, topic, key, becomes):
    record = outgoing(given_, PlatePolicy())
    assert (record.topic, record.key) == (topic, key)
    if becomes is None or isinstance(becomes, bytes):
        assert record.value == (given_ if becomes is None else becomes)
    else:
        expected = json.loads(given_) | becomes
        assert json.loads(record.value) == {name: value for name, value in expected.items() if value is not ...}


@pytest.mark.parametrize("name", EACH_TYPE)
def test_what_carries_no_plate_stays_byte_for_byte(name):
    event = raw(EACH_TYPE[name]())
    assert outgoing(event, PlatePolicy()).value == event


def test_a_record_beyond_the_limit_is_cut_so_that_it_is_refused_for_its_length():
    record = outgoing(b'{"plate": "123ABC12", "a": "' + b"x" * (3 * MAX_RECORD_BYTES), PlatePolicy())
    assert len(record.value) == MAX_RECORD_BYTES + 1
    assert PLATE.encode() not in record.value
    with pytest.raises(RecordError) as refused:
        decode(record.value)
    assert refused.value.code == "too_large"


def test_a_hidden_twin_of_a_field_hides_no_plate():
    sent = b'{"plate": "123ABC12", "type": "violation", "note": "123ABC12", "note": "", "plate": null}'
    assert PLATE.encode() not in outgoing(sent, PlatePolicy()).value


# plate, plate_hash as sent; plate_hash that leaves: under a key (True), as it came (same), or none.
WORD = KEYED.of("777AAA77", date(2026, 11, 22))
PSEUDONYMS = [
    (PLATE, None, KEYED.of(PLATE, date(2026, 11, 22))),
    (" 123-авс-12 ", None, KEYED.of(PLATE, date(2026, 11, 1))),
    (None, WORD, WORD),
    (PLATE, WORD, KEYED.of(PLATE, date(2026, 11, 22))),
    (None, "9f86d081884c7d659a2feaa0c55ad015", None),
    (None, WORD.replace("k1", "k2"), None),
    (None, 7, None),
    ("", None, None),
    ("***", None, None),
    (7, None, None),
    (["123ABC12"], None, None),
]


@pytest.mark.parametrize(("plate", "plate_hash", "leaves"), PSEUDONYMS)
def test_with_keys_a_plate_becomes_a_pseudonym_and_an_unkeyed_hash_is_refused(plate, plate_hash, leaves):
    policy = PlatePolicy(KEYED)
    sent = {name: value for name, value in (("plate", plate), ("plate_hash", plate_hash)) if value is not None}
    event = json.loads(outgoing(raw(violation(**sent)), policy).value)
    assert event.get("plate_hash") == leaves
    assert "plate" not in event
    assert policy.counts["refused"] == (plate_hash is not None and leaves is None)
    assert policy.counts["replaced"] == (plate is not None and leaves is not None)


def test_a_time_that_is_none_gives_no_pseudonym():
    event = outgoing(raw(violation(plate=PLATE, occurred_at="yesterday")), PlatePolicy(KEYED))
    assert "plate" not in json.loads(event.value)


@given(st.binary(max_size=300))
def test_whatever_comes_is_one_record(given_):
    record = outgoing(given_, PlatePolicy(KEYED))
    assert record.topic == "violations"
    assert outgoing(record.value, PlatePolicy(KEYED)) == record


NESTED = st.recursive(
    st.sampled_from([PLATE, None, 1, "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["plate", "a"]), inner),
)


@given(st.dictionaries(st.sampled_from(["type", "plate", "note", "target", "\ud800"]), NESTED))
def test_no_plate_leaves_wherever_it_is_nested(event):
    assert PLATE.encode() not in outgoing(json.dumps(event).encode(), PlatePolicy()).value
