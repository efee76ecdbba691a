"""Who really said it: Ed25519 signatures (RFC 8032) over the bytes of an event.

Kafka lets a consumer see what was written and not who wrote it. A signed event carries the proof itself: `signature`
is its last field, written without spaces as

    {…,"signature":"<128 letters>"}

What is signed are the bytes of the event as they would be without that field, behind a word that says what for:

    amanzhol-event-1 LF {…}

So nothing has to be written in a canonical way, and nothing may be written anew on the way. The key is looked up by the
event's own `source_id`: whoever signs speaks for that source and for no other. The 64 bytes of the signature are
written as 128 of the letters a to p, a letter for four bits, since a text without digits is never taken for a plate.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from cryptography.exceptions import InvalidSignature

from models.errors import BadSignatureError, NotPermittedError, RecordError, UnsignedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

    from models.events import Event

_PURPOSE: Final = b"amanzhol-event-1\n"
_FIELD: Final = b',"signature":"'
_SIGNED: Final = re.compile(rb'(?s)(\{.+),"signature":"([a-p]{128})"\}')
_NAME: Final = b'"signature"'
_TO_LETTERS: Final = bytes.maketrans(b"0123456789abcdef", b"abcdefghijklmnop")
_TO_HEX: Final = bytes.maketrans(b"abcdefghijklmnop", b"0123456789abcdef")


class Key(NamedTuple):
    """A public key of a source.

    `revoked_us` is from when on it holds no more, in microseconds since 1970. Whose key it is may correct its own
    events, and those of everybody where `corrects_all`.
    """

    public: Ed25519PublicKey
    revoked_us: int | None = None
    corrects_all: bool = False


def sign(raw: bytes, private: Ed25519PrivateKey) -> bytes:
    """Sign an event, the bytes of one JSON object; one that is signed already is signed anew.

    Raises ValueError for what is no object with fields.
    """
    body = raw.strip()
    signed = _SIGNED.fullmatch(body)
    if signed is not None:
        body = signed[1] + b"}"
    if not (body.startswith(b"{") and body.endswith(b"}") and body[1:-1].strip()):
        raise ValueError("only a JSON object with fields can be signed")
    letters = private.sign(_PURPOSE + body).hex().encode().translate(_TO_LETTERS)
    return body[:-1] + _FIELD + letters + b'"}'


class Keyring:
    """The public keys by source, and who has to sign.

    A source that has a key has to sign, and so has whoever corrects its events; with `everybody`, all sources.
    """

    def __init__(self, keys: Mapping[str, Sequence[Key]], *, everybody: bool = False) -> None:
        """Hold these keys; a source may have several, of which any will do."""
        self._keys = dict(keys)
        self._everybody = everybody

    def judge(
        self,
        records: Iterable[bytes | None],
        decoded: Iterable[Event | RecordError],
        arrivals_us: Sequence[int] | None = None,
    ) -> list[Event | RecordError]:
        """Give a batch with the error in place of each event that its source has not said.

        A key that was revoked holds for what arrived before; where arrival is not known, for what occurred before.
        """
        judged: list[Event | RecordError] = []
        for at, (raw, event) in enumerate(zip(records, decoded, strict=True)):
            if not isinstance(event, RecordError) and raw is not None:
                try:
                    self._check(raw, event, None if arrivals_us is None else arrivals_us[at])
                except RecordError as error:
                    judged.append(error)
                    continue
            judged.append(event)
        return judged

    def _check(self, raw: bytes, event: Event, arrival_us: int | None) -> None:
        """Raise UnsignedError, BadSignatureError or NotPermittedError."""
        source_id = event.source_id
        target = getattr(event, "target", None)
        about = source_id if target is None else target.source_id
        if not (self._everybody or source_id in self._keys or about in self._keys):
            return
        signed = _SIGNED.fullmatch(raw.strip())
        if signed is None:
            if _NAME in raw:
                message = 'signature: must be the last field, written as ,"signature":"…"} with 128 letters a to p'
                raise BadSignatureError(message, "$.signature")
            raise UnsignedError("signature: field required: this source's events are signed", "$.signature")
        at_us = round(event.occurred_at.timestamp() * 1_000_000) if arrival_us is None else arrival_us
        key = self._key_of(source_id, signed[1] + b"}", signed[2], at_us)
        if about != source_id and not key.corrects_all:
            message = "target.source_id: the key of this source corrects its own events only"
            raise NotPermittedError(message, "$.target.source_id")

    def _key_of(self, source_id: str, body: bytes, letters: bytes, at_us: int) -> Key:
        """Find the key that made a signature. Raises BadSignatureError."""
        signature = bytes.fromhex(letters.translate(_TO_HEX).decode())
        revoked = False
        for key in self._keys.get(source_id, ()):
            try:
                key.public.verify(signature, _PURPOSE + body)
            except InvalidSignature:
                continue
            if key.revoked_us is None or at_us < key.revoked_us:
                return key
            revoked = True
        if revoked:
            raise BadSignatureError("signature: made with a key that was revoked", "$.signature")
        known = "does not fit the event and the keys of its source" if source_id in self._keys else "of no known key"
        raise BadSignatureError(f"signature: {known}", "$.signature")
