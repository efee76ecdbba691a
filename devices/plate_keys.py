"""Reads the file of the keys under which plates become pseudonyms."""

from __future__ import annotations

import re
import stat
from datetime import date
from typing import TYPE_CHECKING, Final

from models.errors import PlateKeyError
from models.pseudonyms import KEY_ID, MAX_KEY_BYTES, MIN_KEY_BYTES, Period, PlateKey, Pseudonyms

if TYPE_CHECKING:
    from pathlib import Path

_MAX_FILE_BYTES: Final = 64 * 1024
_COLUMNS: Final = 3
_HEX: Final = re.compile(r"(?:[0-9a-fA-F]{2})+")


def read_plate_keys(path: Path, period: Period = "month") -> Pseudonyms:
    """Read a file with a line per key: its id, the first day of its use, the key in hex, with blanks between.

    Blank lines and those that begin with # are skipped. Raises PlateKeyError, naming file and line, where a line is
    not like that, an id or a day comes twice, a key is shorter than 16 bytes, or others may read the file.
    """
    try:
        if path.stat().st_mode & stat.S_IROTH:
            raise PlateKeyError(f"{path}: everybody on this machine may read it: chmod o-r {path}")
        with path.open("rb") as file:
            text = file.read(_MAX_FILE_BYTES).decode()
    except OSError as error:
        raise PlateKeyError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise PlateKeyError(f"{path}: is not text: write a line per key: ID YYYY-MM-DD HEX") from None
    keys: list[PlateKey] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            key = _key(f"{path}: line {number}", line.split())
            if any(key.key_id == other.key_id or key.since == other.since for other in keys):
                raise PlateKeyError(f"{path}: line {number}, key id: this id or day stands in an earlier line too")
            keys.append(key)
    if not keys:
        raise PlateKeyError(f"{path}: holds no key: write a line per key: ID YYYY-MM-DD HEX")
    return Pseudonyms(keys, period)


def _key(place: str, words: list[str]) -> PlateKey:
    # No message quotes the third word: it is a secret.
    if len(words) != _COLUMNS:
        raise PlateKeyError(f"{place}: has {len(words)} words; write ID YYYY-MM-DD HEX")
    key_id, since, key = words
    if KEY_ID.fullmatch(key_id) is None:
        raise PlateKeyError(f"{place}, key id: 1 to 16 of a-z, 0-9 and -, not {key_id!r}")
    try:
        day = date.fromisoformat(since)
    except ValueError:
        raise PlateKeyError(f"{place}, day: {since!r} is no day; write YYYY-MM-DD") from None
    if _HEX.fullmatch(key) is None or not MIN_KEY_BYTES <= len(key) // 2 <= MAX_KEY_BYTES:
        raise PlateKeyError(f"{place}, key: must be {MIN_KEY_BYTES} to {MAX_KEY_BYTES} bytes in hex")
    return PlateKey(key_id, day, bytes.fromhex(key))
