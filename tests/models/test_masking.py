"""No plate survives in bytes that are kept; ids and times do, and so does every byte of a record without plates."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.masking import MASK, mask_record, mask_text
from tests.generated import TIMES
from tests.rows import EACH_TYPE, raw

PLATES = [
    "123ABC12",
    "123abc12",
    "123AB12",
    "123АВС12",  # Cyrillic letters that look the same
    "123аВc12",
    "А123ВСD",
    "A123BC",
    "12ABC34",
    "A123BC77",
    "А123ВС777",
    "AB123477",
    "01A123BC",
    "01KG123ABC",
    "01123ABC",
    "AH5678AS",
    "１２３ABC１２",  # digits and letters of full width
    "123 ABC 12",
    "123-ABC-12",
    "123.ABC.12",
    "123_ABC_12",
    "123|ABC|12",
    "123 - ABC - 12",
    "123\u00a0ABC\u00a012",
    "123\u2009ABC\u200912",
    "123\tABC\t12",
    "A 123 BC 77",
    "KZ123ABC12",
    "KZ 123 ABC 12",
    "123ABC12KZ",
]

# Where a plate may stand in a record: as sent, and what is left of it.
PLACES = [
    ('{"plate": "%s"}', '{"plate": "***"}'),
    ('{"plate_hash": "%s"}', '{"plate_hash": "***"}'),
    ('{"vehicle": {"licensePlate": ["%s"]}}', '{"vehicle": {"licensePlate": "***"}}'),
    ('{"GRNZ": "%s"}', '{"GRNZ": "***"}'),
    ('{"plate": "%s", "plate": "none"}', '{"plate": "***"}'),
    ('{"a": "%s", "a": "none"}', '{"a": "none"}'),
    ('[{"regNumber": "%s"}]', '[{"regNumber": "***"}]'),
]


@pytest.mark.parametrize("plate", PLATES)
@pytest.mark.parametrize(("sent", "kept"), PLACES, ids=[sent for sent, _ in PLACES])
def test_a_plate_in_a_field(plate, sent, kept):
    for escaped in (False, True):
        record = (sent % json.dumps(plate, ensure_ascii=escaped)[1:-1]).encode()
        assert mask_record(record).decode() == kept


FREE = [
    '{"reason": "the car %s fled"}',
    '{"reason": "(%s)"}',
    '{"a": [[{"b": ["%s"]}]]}',
    '{"%s": 1}',
    '"%s"',
    '["%s"]',
    "%s",
    '{"reason": "%s',
    '{"a": 1}{"reason": "%s"}',
    "plate=%s;",
    "<plateNumber>%s</plateNumber>",
    "Номер:%s,",
]


def letters_and_digits(text):
    return re.sub(r"[\W_]", "", text)


@pytest.mark.parametrize("plate", PLATES)
@pytest.mark.parametrize("text", FREE)
def test_a_plate_in_free_text(plate, text):
    for escaped in (False, True):
        kept = mask_record((text % json.dumps(plate, ensure_ascii=escaped)[1:-1]).encode()).decode()
        assert MASK in kept
        # A country or a region may be left beside the mask, which tell of nobody.
        left = re.sub("|".join(map(re.escape, text.split("%s"))), "", kept)
        assert len(letters_and_digits(left)) <= 2


@pytest.mark.parametrize("plate", ["123АВС12", "123авс12", "А123ВС77"])
@pytest.mark.parametrize("encoding", ["cp1251", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("text", ['{"reason": "%s"}', '{"reason": "%s', '{"plate": "%s', "[%s."])
def test_a_plate_in_another_encoding(plate, encoding, text):
    kept = mask_record((text % plate).encode(encoding))
    assert MASK.encode() in kept
    assert re.search(rb"[0-9]", kept) is None


KEPT = [
    b"",
    b"{}",
    b"null",
    b"17",
    b'{ "a" : 1.50 , "b" : [ NaN , 1e2 ] }',
    b'{"plate": null}',
    b'{"event_id": "123ABC12", "source_id": "A123BC77", "section_id": "123AB12"}',
    b'{"target": {"event_id": "123ABC12", "source_id": "01A123BC"}}',
    b'{"occurred_at": "2026-11-22T12:00:00+05:00"}',
    b'{"route": "KAZ11", "km": 383.5, "area": "14 \xd0\xbc\xd0\xba\xd1\x80 17"}',
    b'{"route": "M32", "segment_id": "KAZ11/383"}',
    b'{"offence": "592.3-1", "lane": 123, "speed_kmh": 123}',
    b"\xff\xfe\xfd {",
    b'{"a": "\xc0\xc2\xd1"',
]


@pytest.mark.parametrize("record", KEPT)
def test_what_carries_no_plate_stays_byte_for_byte(record):
    assert mask_record(record) == record


@pytest.mark.parametrize("name", EACH_TYPE)
def test_every_type_of_event_stays_byte_for_byte(name):
    record = raw(EACH_TYPE[name](location={"lon": 51.123456, "lat": 43.6, "route": "KAZ11", "km": 383}))
    assert mask_record(record) == record


@given(TIMES)
def test_times_stay(text):
    record = json.dumps({"occurred_at": text, "period_start": text}).encode()
    assert mask_record(record) == record
    assert mask_record(record[:-1]) == record[:-1]
    assert mask_text(f"from {text} on") == f"from {text} on"


def test_a_masked_record_is_still_the_same_event():
    record = raw({"event_id": "123ABC12", "plate": "123ABC12", "lon": 51.20, "note": "ы: 123ABC12", "x": None})
    assert json.loads(mask_record(record)) == {
        "event_id": "123ABC12",
        "plate": "***",
        "lon": 51.2,
        "note": "ы: ***",
        "x": None,
    }


# A Kazakh plate of either form, in capitals or not, in Latin or Cyrillic letters, with gaps or without.
LETTERS = "ABCDEFHKLMNOPRSTUXYZabcdefhklmnoprstuxyzАВЕКМНОРСТУХавекмнорстух"
GAPS = st.sampled_from(["", " ", "-", ".", "_", "\u00a0", " - "])
KAZAKH = st.tuples(
    st.from_regex(r"[0-9]{3}", fullmatch=True),
    GAPS,
    st.text(LETTERS, min_size=2, max_size=3),
    GAPS,
    st.from_regex(r"[0-9]{2}", fullmatch=True),
)
NOT_A_DIGIT = st.text(st.characters(exclude_categories=["Nd"], codec="utf-8"), max_size=5)


@given(KAZAKH, NOT_A_DIGIT, NOT_A_DIGIT, st.booleans())
def test_no_plate_survives_whatever_stands_around_it(parts, before, after, escaped):
    plate = "".join(parts)
    parsed = json.dumps({"note": f"{before}{plate}{after}"}, ensure_ascii=escaped)
    for record in (parsed, parsed[:-1], f"{before}{plate}{after}"):
        kept = mask_record(record.encode()).decode()
        assert plate not in kept
        assert plate not in re.sub(r"\\u([0-9a-f]{4})", lambda escape: chr(int(escape[1], 16)), kept)


@given(
    st.recursive(KAZAKH.map("".join), lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from("abc"), inner))
)
def test_no_plate_survives_wherever_it_is_nested(value):
    kept = mask_record(json.dumps({"a": value}, ensure_ascii=False).encode()).decode()
    assert re.search(rf"[0-9]{{3}}[ _.\u00a0-]*[{LETTERS}]{{2,3}}[ _.\u00a0-]*[0-9]{{2}}(?![0-9])", kept) is None


@given(st.binary(max_size=200))
def test_whatever_comes_masking_never_fails_and_twice_is_once(record):
    once = mask_record(record)
    assert mask_record(once) == once


def test_a_long_string_costs_no_more_than_its_length():
    # With a search that starts over at each "plate" this would take the better part of an hour.
    record = b'"' + b"plate" * 400_000 + b'"'
    assert mask_record(record + b" ") == record + b" "
    assert mask_record(record + b"x") == record + b"x"
