"""Plates, and what else names a person, out of bytes that are kept: by field where they parse, by look elsewhere.

A plate identifies a person, as an identity number (12 digits), a telephone number and a name do. None is needed for
counting, and none may survive in the quarantine.
"""

from __future__ import annotations

import json
import re
from typing import Any

MASK = "***"

_PLATE_NAME = "plate|grnz|reg_?number|licen[cs]e_?number|registration_?number"
"""What the name of a field that carries a plate has in it, in any case."""

_PERSON_NAME = (
    "phone|mobile_?number|identity_?number|full_?name|first_?name|last_?name|middle_?name|surname|patronymic"
    "|(?<![a-z])(?:tel|iin|fio|driver|owner|person|applicant|citizen|reporter|witness)(?![a-z])"
    "|(?<![a-z])(?:driver|owner|person|applicant|citizen|reporter|witness)_?name"
)
"""What the name of a field that carries a person's number or name has in it, in any case."""

_IDENTITY_FIELDS = frozenset({"event_id", "source_id", "occurred_at", "section_id"})

# A letter of any script, since Cyrillic look-alikes are common; in text that does not parse also a byte that is
# not UTF-8, which in windows-1251 is a letter.
_LETTER = r"(?:[^\W\d_]|[\udc80-\udcff])"
_NO_LETTER_BEFORE = r"(?<![^\W\d_])(?<![\udc80-\udcff])"
_GAP = r"[\s._/|·-]{0,3}"

# Kazakh plates (123ABC12, 123AB12, A123BCD, trailers 12ABC34) and those of the neighbours (A123BC77, AB123477,
# 01A123BC, 01KG123ABC, 01123ABC): two or three runs of digits and letters in turn, whatever stands around them.
# Ids in hex may look alike and are masked too: better an id lost than a plate kept.
_PLATE = re.compile(
    rf"(?:(?<!\d)\d{{3}}{_GAP}{_LETTER}{{2,3}}{_GAP}\d{{2}}"
    rf"|(?<!\d)\d{{2}}{_LETTER}{{2,3}}\d{{2}}"
    rf"|(?<!\d)\d{{2}}{_GAP}\d{{3}}{_GAP}{_LETTER}{{3}}"
    rf"|{_NO_LETTER_BEFORE}{_LETTER}{_GAP}\d{{3,4}}{_GAP}{_LETTER}{{2,3}}(?:{_GAP}\d{{2,3}})?"
    rf"|{_NO_LETTER_BEFORE}{_LETTER}{{2}}{_GAP}\d{{3,4}}{_GAP}{_LETTER}{{1,3}}(?:{_GAP}\d{{2,3}})?"
    rf"|{_NO_LETTER_BEFORE}{_LETTER}{{2}} ?\d{{4}} ?\d{{2,3}})"
    rf"(?:(?<=\d)(?!\d)|(?<!\d)(?!{_LETTER}))"
)

# An identity number (of a person or a firm), and a telephone number of Kazakhstan or with a country in front. Dots and
# digits around them belong to coordinates and to longer numbers, such as times in milliseconds.
_NUMBER = re.compile(
    r"(?<![\d.,+])\d{12}(?![\d]|\.\d)"
    r"|(?<![\d.,:T])(?:\+7|[78])[\s-]{0,2}\(?7\d{2}\)?(?:[\s-]{0,2}\d){7}(?!\d|\.\d)"
    r"|(?<![\d.,:T])\+[1-9]\d{0,2}(?:[\s-]{0,2}\(?\d\)?){8,11}(?![\d:]|\.\d)"
)
_LEAST_IDENTITY, _PAST_IDENTITY = 10**11, 10**12

_CARRIES_PLATE = re.compile(_PLATE_NAME, re.IGNORECASE)
_CARRIES_PERSON = re.compile(f"{_PLATE_NAME}|{_PERSON_NAME}", re.IGNORECASE)

# A field of a plate or a person in text that does not parse; its value may be cut off at the end. Names are bounded,
# else a long string of "plateplateplate" would take time by the square of its length.
_PLATE_FIELD = re.compile(
    rf"""("[^"]{{0,40}}(?:{_PLATE_NAME}|{_PERSON_NAME})[^"]{{0,40}}"\s*:\s*)(?:"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[^\s",\[\]{{}}]+)""",
    re.IGNORECASE | re.DOTALL,
)

# Letters and gaps as JSON may write them.
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|[bfnrt])")


def mask_text(text: str) -> str:
    """Replace every run that looks like a plate, an identity number or a telephone number."""
    return _NUMBER.sub(MASK, _PLATE.sub(MASK, text))


def carries_plate(name: str) -> bool:
    """Tell whether a field of this name carries a plate."""
    return _CARRIES_PLATE.search(name) is not None


def mask_record(raw: bytes) -> bytes:
    """Mask what names a person in one record for safe keeping; what carries none stays byte for byte as it was sent.

    Where the record parses, fields that carry plates or persons are masked whatever they hold, and other text by look,
    identities excepted (a masked `event_id` would be another event). Where it does not parse, everything is
    masked by look; bytes that are not UTF-8 survive, and what was UTF-16 comes back as UTF-8.
    """
    touched = False

    def masked_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        # Sees every pair, also those that a later one of the same name hides in the parsed object.
        nonlocal touched
        result: dict[str, Any] = {}
        for key, value in pairs:
            name, kept = mask_text(key), _masked_field(key, value)
            touched = touched or name != key or name in result or _differ(kept, value)
            result[name] = kept
        return result

    try:
        value = json.loads(raw, object_pairs_hook=masked_object)
        masked = _masked_text_of(value)
        if not touched and not _differ(masked, value):
            return raw
        return json.dumps(masked, ensure_ascii=False).encode("utf-8", "surrogatepass")
    except (ValueError, RecursionError):
        return _mask_bytes(raw)


def _mask_bytes(raw: bytes) -> bytes:
    text = raw.decode("utf-8", "surrogateescape")
    masked = _mask_raw_text(text)
    if masked == text and b"\0" in raw:
        # Perhaps UTF-16, whose zeros between the letters hide a plate.
        text = raw.decode(json.detect_encoding(raw), "replace")
        masked = _mask_raw_text(text)
    return raw if masked == text else masked.encode("utf-8", "surrogateescape")


def _mask_raw_text(text: str) -> str:
    """Mask text that is no JSON, or not yet; where nothing has to be masked it stays, its escapes too."""
    without_fields = _PLATE_FIELD.sub(rf'\1"{MASK}"', text)
    unescaped = _ESCAPE.sub(_unescaped, without_fields)
    masked = mask_text(unescaped)
    return without_fields if masked == unescaped else masked


def _unescaped(escape: re.Match[str]) -> str:
    """Give the letter that an escape stands for; for a half of one beyond 16 bits, which no plate has, a sign."""
    letter = chr(int(escape[1], 16)) if escape[1] else " "
    return "\N{REPLACEMENT CHARACTER}" if "\ud800" <= letter <= "\udfff" else letter


def _masked_field(key: str, value: Any) -> Any:
    if value is not None and _CARRIES_PERSON.search(key):
        return MASK
    return value if key in _IDENTITY_FIELDS else _masked_text_of(value)


def _masked_text_of(value: Any) -> Any:
    if isinstance(value, str):
        return mask_text(value)
    if isinstance(value, list):
        return [_masked_text_of(item) for item in value]
    if isinstance(value, int) and _LEAST_IDENTITY <= value < _PAST_IDENTITY:
        return MASK
    return value


def _differ(masked: Any, value: Any) -> bool:
    return masked is not value and bool(masked != value)  # NaN differs from itself
