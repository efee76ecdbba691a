"""Tokens of pages: opaque to whoever holds one, and good for the question alone that it came from."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import TYPE_CHECKING

import msgspec

from models.errors import BadParameterError

if TYPE_CHECKING:
    from collections.abc import Iterable

_ASKED_BYTES = 9


def asked_digest(parameters: Iterable[tuple[str, str]]) -> str:
    """Digest of a question: all of its parameters but those of the page."""
    said = sorted((name, value) for name, value in parameters if name not in {"next", "limit", "f"})
    return hashlib.sha256(msgspec.json.encode(said)).hexdigest()[: 2 * _ASKED_BYTES]


def page_token(after: tuple[int, int], asked: str) -> str:
    """Token of the page behind a row: its group and first instant, or its place in a list and 0."""
    return base64.urlsafe_b64encode(msgspec.msgpack.encode((*after, asked))).decode().rstrip("=")


def read_token(token: str, asked: str) -> tuple[int, int]:
    """Read a token. Raises BadParameterError where it is none, or one of another question."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        key, first, of = msgspec.msgpack.decode(raw, type=tuple[int, int, str])
    except (binascii.Error, ValueError):
        raise BadParameterError("next: is no token of a page: take it from the page before", "next") from None
    if of != asked:
        raise BadParameterError("next: is a token of another question: ask the same as for the page before", "next")
    return key, first
