"""Signs what leaves, on its way out: the spool may outlive a key, and what is sent is signed with the one in force."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from models.signatures import sign

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from devices.publisher.sending import DeviceProducer


class SigningProducer:
    """A producer that signs each event before another sends it.

    An event that was signed before is signed anew: without its plate the old signature would not fit any more. The same
    event sent twice is the same bytes twice. What is no event goes as it is, and is refused for what it is.
    """

    def __init__(self, producer: DeviceProducer, private: Ed25519PrivateKey) -> None:
        """Sign with this key what `producer` sends."""
        self._producer = producer
        self._private = private

    def send(self, topic: str, value: bytes, key: bytes) -> Any:
        """Sign and hand over a record; its future."""
        with suppress(ValueError):
            value = sign(value, self._private)
        return self._producer.send(topic, value, key)

    def flush(self, timeout: float | None = None) -> None:
        """Wait for all futures."""
        self._producer.flush(timeout)

    def close(self, timeout: float | None = None) -> None:
        """Let the connection go."""
        self._producer.close(timeout)
