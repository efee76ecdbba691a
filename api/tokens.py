"""Tokens and the file that holds their hashes: who has read the file cannot use what it tells.

A token is 256 random bits, so a plain SHA-256 keeps it: there is no list of likely ones to try.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from api.roles import Role  # noqa: TC001 - msgspec reads annotations
from models.errors import InputError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable

_BYTES: Final = 32
_PREFIX: Final = "amanzhol_"
FILE: Final = "tokens.json"


class StoredToken(msgspec.Struct, frozen=True):
    """A token as the file has it: whose it is, what it lets them see, its SHA-256 in hex, and since when it is."""

    name: str
    role: Role
    sha256: str
    added: str


_decode = msgspec.json.Decoder(list[StoredToken]).decode


def read_tokens(path: Path) -> list[StoredToken]:
    """Read the file; none is as good as an empty one. Raises SettingsError where it is not such a file."""
    try:
        return _decode(path.read_bytes())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from None
    except msgspec.MsgspecError as error:
        raise SettingsError(f"{path}: is not a list of tokens: {error}") from None


def add_token(path: Path, name: str, role: Role, added: str) -> str:
    """Make a token and store its hash. Returns the token, which is nowhere else. Raises InputError for a name taken."""
    tokens = read_tokens(path)
    if any(token.name == name for token in tokens):
        raise InputError(f"{path}: there is a token of the name {name}: revoke it first, or take another name")
    token = _PREFIX + secrets.token_urlsafe(_BYTES)
    _write(path, [*tokens, StoredToken(name, role, _hash(token), added)])
    return token


def revoke_token(path: Path, name: str) -> None:
    """Let a token be worth nothing. Raises InputError where there is none of that name."""
    tokens = read_tokens(path)
    kept = [token for token in tokens if token.name != name]
    if len(kept) == len(tokens):
        raise InputError(f"{path}: there is no token of the name {name}")
    _write(path, kept)


class TokenFile:
    """The tokens as the file has them now: a revoked one is refused at once, without a new start."""

    def __init__(self, path: Path) -> None:
        """Read the file. Raises SettingsError where it is none."""
        self._path = path
        self._stamp = _stamp(path)
        self._tokens = read_tokens(path)

    def __bool__(self) -> bool:
        """Whether there is any token."""
        return bool(self._current())

    def role(self, token: str) -> Role | None:
        """What a token lets see; None for one that is not known."""
        return role_of(token, self._current())

    def _current(self) -> list[StoredToken]:
        stamp = _stamp(self._path)
        if stamp != self._stamp:
            self._tokens = read_tokens(self._path)
            self._stamp = stamp
        return self._tokens


def role_of(token: str, tokens: Iterable[StoredToken]) -> Role | None:
    """Compare with all of them, in a time that tells nothing."""
    hashed = _hash(token)
    found = None
    for stored in tokens:
        if hmac.compare_digest(hashed, stored.sha256):
            found = stored.role
    return found


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _write(path: Path, tokens: list[StoredToken]) -> None:
    """Replace the file as a whole; it is for its owner alone."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            file.write(msgspec.json.format(msgspec.json.encode(tokens), indent=2) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).replace(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from None
