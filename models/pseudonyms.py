"""Pseudonyms for plates: the same vehicle under the same word for a while, and no way back without the key.

A plate has 28 bits: every unkeyed hash of all of them takes minutes. So a pseudonym is a keyed hash, says which key
made it, and changes with the period: nobody can follow a vehicle for longer than that, the holder of the words least
of all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

Period = Literal["day", "month", "year"]

MIN_KEY_BYTES: Final = 16
MAX_KEY_BYTES: Final = 64
KEY_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,15}")

_KEYED: Final = re.compile(r"b2:([a-z0-9][a-z0-9-]{0,15}):[0-9]{4}(?:-[0-9]{2}){0,2}:[0-9a-f]{32}")
_LABEL_CHARS: Final = {"year": 4, "month": 7, "day": 10}
_CONTEXT: Final = b"amanzhol plates "

# Letters that look the same: a camera writes what it sees, in the script it was set to.
_LOOK_ALIKES: Final = str.maketrans("АВЕКМНОРСТУХ", "ABEKMHOPCTYX")
_NOT_OF_A_PLATE: Final = re.compile(r"[\W_]")


@dataclass(frozen=True, slots=True)
class PlateKey:
    """A key, the id under which its pseudonyms are known, and the first day (UTC) on which it is used."""

    key_id: str
    since: date
    key: bytes


class Pseudonyms:
    """Makes pseudonyms under the key in force on a day, anew in each period."""

    __slots__ = ("_keys", "_period")

    def __init__(self, keys: Iterable[PlateKey], period: Period = "month") -> None:
        """Use these keys, each from its day on until the next."""
        self._keys = sorted(keys, key=lambda key: key.since)
        self._period: Period = period

    def of(self, plate: str, day: date) -> str | None:
        """Give the pseudonym of a plate on a day: `b2:<key id>:<period>:<128 bits in hex>`.

        None where the text has no letter or digit, or no key is in force yet. Gaps, case and look-alike letters make
        no difference. The key of a period is BLAKE2b of its label under the key; the word is BLAKE2b of the plate
        under that.
        """
        bare = normal_plate(plate)
        key = next((key for key in reversed(self._keys) if key.since <= day), None)
        if not bare or key is None:
            return None
        label = day.isoformat()[: _LABEL_CHARS[self._period]]
        of_period = blake2b(_CONTEXT + label.encode(), key=key.key, digest_size=32).digest()
        word = blake2b(bare.encode("utf-8", "surrogatepass"), key=of_period, digest_size=16).hexdigest()
        return f"b2:{key.key_id}:{label}:{word}"

    def made(self, text: str) -> bool:
        """Tell whether a word has the form of a pseudonym under one of these keys."""
        found = _KEYED.fullmatch(text)
        return found is not None and any(key.key_id == found[1] for key in self._keys)


def normal_plate(plate: str) -> str:
    """Bring one plate's many spellings together.

    >>> normal_plate(" 123-авс 12")
    '123ABC12'
    """
    return _NOT_OF_A_PLATE.sub("", plate).upper().translate(_LOOK_ALIKES)
