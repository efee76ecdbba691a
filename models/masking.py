"""Plates out of bytes that are kept: by field where the record parses, by look where it does not.

A plate identifies a person. It is not needed for counting and must not survive in the quarantine.
"""

from __future__ import annotations

import json
import re
from typing import Any

MASK = "***"

PLATE_FIELDS = frozenset({"grnz", "regnumber", "reg_number", "license_number", "registration_number"})
"""Names of fields that carry a plate, in lower case, beside all that have "plate" in their name."""

_IDENTITY_FIELDS = frozenset({"event_id", "source_id", "occurred_at", "section_id"})

# Kazakh plates (123ABC12, 123AB12, A123BCD), Cyrillic look-alikes included, and the near forms of the
# neighbours (A123BC77): runs of two to three digits and letters in turn. Times and ids in hex may look
# alike and are masked too: better an event id lost than a plate kept.
_LETTER = "[A-Za-zА-Яа-яЁё]"
_PLATE = re.compile(
    rf"(?<![0-9A-Za-zА-Яа-яЁё])"
    rf"(?:\d{{3}}[ -]?{_LETTER}{{2,3}}[ -]?\d{{2}}"
    rf"|{_LETTER}[ -]?\d{{3,4}}[ -]?{_LETTER}{{2,3}}(?:[ -]?\d{{2,3}})?"
    rf"|{_LETTER}{{2}}[ -]?\d{{3,4}}[ -]?{_LETTER}{{1,2}})"
    rf"(?![0-9A-Za-zА-Яа-яЁё])"
)


# A plate field in text that does not parse; its value may be cut off at the end.
_PLATE_FIELD = re.compile(r"""("[^"]*plate[^"]*"\s*:\s*)"[^"]*("|$)""", re.IGNORECASE)


def mask_text(text: str) -> str:
    """Replace every run that looks like a plate."""
    return _PLATE.sub(MASK, text)


def mask_record(raw: bytes) -> bytes:
    """Mask the plates of one record for safe keeping; what carries none stays byte for byte as it was sent.

    Where the record parses, fields that carry plates are masked whatever they hold, and other text by look,
    identities excepted (a masked `event_id` would be another event). Where it does not parse, everything is
    masked by look; bytes that are not UTF-8 survive.
    """
    touched = False

    def masked_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        # Sees every pair, also those that a later one of the same name hides in the parsed object.
        nonlocal touched
        result = {}
        for key, value in pairs:
            kept = _masked_field(key, value)
            touched = touched or kept != value or key in result
            result[mask_text(key)] = kept
        return result

    try:
        value = json.loads(raw, object_pairs_hook=masked_object)
        if not isinstance(value, dict):
            return _mask_bytes(raw)
        return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass") if touched else raw
    except (ValueError, RecursionError):
        return _mask_bytes(raw)


def _mask_bytes(raw: bytes) -> bytes:
    text = _PLATE_FIELD.sub(rf'\1"{MASK}"', raw.decode("utf-8", "surrogateescape"))
    return mask_text(text).encode("utf-8", "surrogateescape")


def _masked_field(key: str, value: Any) -> Any:
    if value is not None and _carries_plate(key):
        return MASK
    return value if key in _IDENTITY_FIELDS else _masked_text_of(value)


def _masked_text_of(value: Any) -> Any:
    if isinstance(value, str):
        return mask_text(value)
    if isinstance(value, list):
        return [_masked_text_of(item) for item in value]
    return value


def _carries_plate(key: str) -> bool:
    return "plate" in key.lower() or key.lower() in PLATE_FIELDS
