"""Which partition a source's records belong on: Kafka's own choice for keyed records, murmur2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from models.events import Event

_SEED: Final = 0x9747B28C
_M: Final = 0x5BD1E995
_R: Final = 24
_32_BITS: Final = 0xFFFFFFFF
_MAX_REMEMBERED: Final = 1_000_000


def murmur2(data: bytes) -> int:
    """Hash as Kafka's Java client does (`org.apache.kafka.common.utils.Utils.murmur2`), as an unsigned number.

    MurmurHash2 by Austin Appleby, 32 bits, with Kafka's seed.

    >>> murmur2(b"foobar") & 0x7FFFFFFF
    1357151166
    """
    hashed = _SEED ^ len(data)
    whole = len(data) & ~3
    for at in range(0, whole, 4):
        word = int.from_bytes(data[at : at + 4], "little") * _M & _32_BITS
        word = (word ^ word >> _R) * _M & _32_BITS
        hashed = hashed * _M & _32_BITS ^ word
    if whole < len(data):
        hashed = (hashed ^ int.from_bytes(data[whole:], "little")) * _M & _32_BITS
    hashed = (hashed ^ hashed >> 13) * _M & _32_BITS
    return hashed ^ hashed >> 15


def home_of(partitions: int) -> Callable[[Event], int]:
    """Give the function that tells an event's partition: that of its source, a correction's that of its target's.

    Whatever key its record had: a producer that hashes otherwise, or not at all, must not split a source over
    partitions, or its duplicates would not meet.
    """
    remembered: dict[str, int] = {}

    def home(event: Event) -> int:
        target = getattr(event, "target", None)
        source_id = event.source_id if target is None else target.source_id
        found = remembered.get(source_id)
        if found is None:
            if len(remembered) >= _MAX_REMEMBERED:
                remembered.clear()
            found = remembered[source_id] = (murmur2(source_id.encode()) & 0x7FFFFFFF) % partitions
        return found

    return home
