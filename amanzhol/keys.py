"""Files of keys: the public ones of all sources in one CSV file, a private one in a file of its own.

The CSV has the columns `source_id,public_key,revoked_at,corrects`: the key is the 32 bytes of an Ed25519 public key in
base64 (URL-safe, without padding); `revoked_at` an RFC 3339 time or empty; `corrects` is `own` (or empty), or `all` for
an office that may correct other sources' events. A source that changes its key has a row for each.
"""

from __future__ import annotations

import base64
import binascii
import csv
import io
from typing import TYPE_CHECKING, NamedTuple

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from amanzhol.files.private import write_private
from models.errors import KeysFileError
from models.events import CheckError, parse_instant
from models.signatures import Key

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = ("source_id", "public_key", "revoked_at", "corrects")
_CORRECTS = ("own", "all")
_MAX_ID = 64
_MAX_BYTES = 64 * 1024 * 1024


class KeyRow(NamedTuple):
    """A row of the file of keys, as it is written."""

    source_id: str
    public_key: str
    revoked_at: str = ""
    corrects: str = "own"


def read_key_rows(path: Path) -> list[tuple[int, KeyRow]]:
    """Read the rows with their lines. Raises KeysFileError with one line that names the file, line and column."""
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise KeysFileError(f"{path}: cannot be read: {error.strerror or error}") from None
    if len(content) > _MAX_BYTES:
        raise KeysFileError(f"{path}: is larger than {_MAX_BYTES:,} bytes: this is no file of keys")
    try:
        reader = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        header = [cell.strip() for cell in next(reader, [])]
        for column in COLUMNS[:2]:
            if column not in header:
                raise KeysFileError(f"{path}: line 1, column {column}: is missing from the header")
        rows = []
        for cells in reader:
            if len(cells) > len(header):
                raise KeysFileError(f"{path}: line {reader.line_num}: has {len(cells)} cells, the header {len(header)}")
            row = dict(zip(header, (cell.strip() for cell in cells), strict=False))
            if any(row.values()):
                rows.append((reader.line_num, KeyRow(*(row.get(column, "") for column in COLUMNS))))
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise KeysFileError(f"{path}: line {line}: is not UTF-8") from None
    except csv.Error as error:
        raise KeysFileError(f"{path}: is not CSV: {error}") from None
    return rows


def read_keys(path: Path) -> dict[str, list[Key]]:
    """Read the keys by source. Raises KeysFileError with one line that names the file, line and column."""
    keys: dict[str, list[Key]] = {}
    for line, row in read_key_rows(path):
        try:
            keys.setdefault(_source_id(row), []).append(
                Key(public_key(row.public_key), _revoked_us(row), _corrects_all(row))
            )
        except _ColumnError as error:
            column, fault = error.args
            raise KeysFileError(f"{path}: line {line}, column {column}: {fault}") from None
    return keys


class _ColumnError(Exception):
    """A column and what is wrong with it."""


def _source_id(row: KeyRow) -> str:
    if not (1 <= len(row.source_id) <= _MAX_ID and row.source_id.isprintable()):
        raise _ColumnError("source_id", f"must be 1 to {_MAX_ID} printable characters")
    return row.source_id


def public_key(text: str) -> Ed25519PublicKey:
    """Read a public key as the file has it."""
    try:
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True))
    except (binascii.Error, ValueError):
        raise _ColumnError("public_key", "is not the base64 of 32 bytes; `device add --sign` makes one") from None


def _revoked_us(row: KeyRow) -> int | None:
    if not row.revoked_at:
        return None
    try:
        return round(parse_instant(row.revoked_at).timestamp() * 1_000_000)
    except CheckError as error:
        raise _ColumnError("revoked_at", error.message()) from None


def _corrects_all(row: KeyRow) -> bool:
    if row.corrects and row.corrects not in _CORRECTS:
        raise _ColumnError("corrects", f"{row.corrects!r} must be one of {', '.join(_CORRECTS)}")
    return row.corrects == "all"


def write_key_rows(path: Path, rows: list[KeyRow]) -> None:
    """Write the file of keys anew, in one step. Raises OSError."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    partial = path.with_name(f".{path.name}.part")
    partial.write_text(text.getvalue(), encoding="utf-8", newline="")
    partial.replace(path)


def make_key(path: Path) -> str:
    """Make a private key in a file for its owner's eyes, and give its public half as the file of keys has it."""
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_private(path, pem)
    return base64.urlsafe_b64encode(private.public_key().public_bytes_raw()).rstrip(b"=").decode()


def read_private_key(path: Path) -> Ed25519PrivateKey:
    """Read a private key (PEM). Raises KeysFileError."""
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except OSError as error:
        raise KeysFileError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (ValueError, TypeError):
        raise KeysFileError(f"{path}: is no private key in PEM without a password") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeysFileError(f"{path}: is a private key of another kind: Ed25519 is needed")
    return key
