"""Signatures: whoever signs speaks for his own source only, and not a byte may be changed on the way."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from models.decoding import decode_all
from models.errors import RecordError
from models.ledger import Ledger
from models.masking import mask_record
from models.signatures import Key, Keyring, sign
from tests.rows import EACH_TYPE, MICROSECOND, NOON_S, after_noon, correction, raw, rules, violation

PRIVATE = {
    name: Ed25519PrivateKey.from_private_bytes(bytes([at] * 32)) for at, name in enumerate(("cam-1", "car-1", "office"))
}
PUBLIC = {name: key.public_key() for name, key in PRIVATE.items()}
KEYS = {
    "cam-1": [Key(PUBLIC["cam-1"])],
    "car-1": [Key(PUBLIC["car-1"], revoked_us=NOON_S * MICROSECOND)],
    "office": [Key(PUBLIC["office"], corrects_all=True)],
}


def signed(event: dict, by: str) -> bytes:
    return sign(raw(event), PRIVATE[by])


def code_of(record: bytes, arrival_s: float | None = None, **who: bool) -> str:
    arrivals = None if arrival_s is None else [round((NOON_S + arrival_s) * MICROSECOND)]
    (judged,) = Keyring(KEYS, **who).judge([record], decode_all([record]), arrivals)
    return judged.code if isinstance(judged, RecordError) else ""


SEEN = violation(source_id="cam-1")
GOOD = signed(SEEN, "cam-1")
ABOUT_CAM = {"source_id": "cam-1", "event_id": "e1"}
ABOUT_OTHER = {"source_id": "cam-9", "event_id": "e1"}

CASES = [
    # a record, and its code
    (raw(SEEN), "unsigned"),
    (signed(SEEN, "car-1"), "bad_signature"),
    (signed(violation(source_id="car-1"), "cam-1"), "bad_signature"),
    (GOOD.replace(b"592.2", b"592.3"), "bad_signature"),
    (GOOD.replace(b'": "', b'":"', 1), "bad_signature"),
    (GOOD[:-3] + b'","x":1}', "bad_signature"),
    (GOOD[:-3] + (b'b"}' if GOOD[-3:-2] == b"a" else b'a"}'), "bad_signature"),
    (GOOD.replace(b',"signature":"', b',"signature": "'), "bad_signature"),
    (b'{"signature":"x",' + raw(SEEN)[1:], "bad_signature"),
    (raw(SEEN)[:-1] + b',"signature":null}', "bad_signature"),
    (raw(SEEN)[:-1] + b',"signature":"' + b"a" * 128 + b'"}', "bad_signature"),
    (GOOD, ""),
    (b"  " + GOOD + b"\r\n", ""),
    (sign(GOOD, PRIVATE["cam-1"]), ""),
    (raw(violation(source_id="cam-9")), ""),
    (signed(violation(source_id="cam-9"), "car-1"), ""),  # nobody asked it to sign
    (raw(correction(source_id="cam-9", target=ABOUT_CAM)), "unsigned"),
    (signed(correction(source_id="cam-9", target=ABOUT_CAM), "cam-1"), "bad_signature"),
    (signed(correction(source_id="office", target=ABOUT_CAM), "office"), ""),
    (signed(correction(source_id="office", target=ABOUT_OTHER), "office"), ""),
    (signed(correction(source_id="cam-1", target=ABOUT_CAM), "cam-1"), ""),
    (signed(correction(source_id="cam-1", target=ABOUT_OTHER), "cam-1"), "not_permitted"),
    (raw(correction(source_id="cam-9", target=ABOUT_OTHER)), ""),
]  # fmt: skip


@pytest.mark.parametrize(("record", "code"), CASES)
def test_what_a_source_did_not_say_is_refused(record: bytes, code: str) -> None:
    assert code_of(record) == code


@pytest.mark.parametrize(
    ("record", "code"),
    [
        (raw(violation(source_id="cam-9")), "unsigned"),
        (signed(violation(source_id="cam-9"), "cam-1"), "bad_signature"),
        (GOOD, ""),
    ],
)
def test_everybody_may_have_to_sign(record: bytes, code: str) -> None:
    assert code_of(record, everybody=True) == code


REVOKED = [
    # seconds after noon, when the key was revoked: of arrival and of the event; the code
    (-1, -1, ""),
    (-1, 5, ""),
    (0, -1, "bad_signature"),
    (9, 9, "bad_signature"),
    (None, -1, ""),
    (None, 0, "bad_signature"),
]


@pytest.mark.parametrize(("arrival_s", "occurred_s", "code"), REVOKED)
def test_a_revoked_key_holds_for_what_came_before(arrival_s: float | None, occurred_s: float, code: str) -> None:
    record = signed(violation(source_id="car-1", occurred_at=after_noon(occurred_s)), "car-1")
    assert code_of(record, arrival_s) == code


def test_a_source_may_change_its_key() -> None:
    keyring = Keyring({"cam-1": [Key(PUBLIC["car-1"]), Key(PUBLIC["cam-1"])]})
    for by in ("cam-1", "car-1"):
        (judged,) = keyring.judge([signed(SEEN, by)], decode_all([signed(SEEN, by)]))
        assert not isinstance(judged, RecordError)


IDS = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=20)


@given(st.sampled_from(sorted(EACH_TYPE)), IDS, IDS, st.data())
def test_a_signature_holds_for_its_bytes_alone_and_no_mask_touches_it(
    kind: str, event_id: str, source_id: str, data: st.DataObject
) -> None:
    target = {"target": {"source_id": source_id, "event_id": "e"}} if kind == "correction" else {}
    event = EACH_TYPE[kind](event_id=event_id, source_id=source_id, **target)
    record = signed(event, "cam-1")
    letters = record[-130:-2]
    assert letters.isalpha()
    assert mask_record(record)[-131:] == record[-131:]
    at = data.draw(st.integers(0, len(record) - 1))
    other = record[:at] + bytes([record[at] ^ 1]) + record[at + 1 :]
    keyring = Keyring({source_id: KEYS["cam-1"]}, everybody=True)
    for changed, bad in ((record, False), (other, True)):
        (judged,) = keyring.judge([changed], decode_all([changed]))
        assert isinstance(judged, RecordError) == bad


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"{ }", b"1", b'{"a":1'])
def test_only_an_object_with_fields_is_signed(content: bytes) -> None:
    with pytest.raises(ValueError, match="only a JSON object"):
        sign(content, PRIVATE["cam-1"])


def test_the_ledger_counts_what_is_signed_and_refuses_the_rest() -> None:
    ledger = Ledger(replace(rules(), keyring=Keyring(KEYS)))
    batch = [GOOD, raw(violation(event_id="e2")), b"{", raw(violation(source_id="cam-lost", event_id="e3"))]
    folded = ledger.fold(batch)
    assert folded.columns == ["counted", "quarantined", "quarantined", "unlocated"]
    assert [error.code for _at, error in folded.refused] == ["unsigned", "not_json"]
