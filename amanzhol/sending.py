"""Puts together what a publisher needs from the settings."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from devices.plate_keys import read_plate_keys
from devices.publisher import PlatePolicy, Publisher, open_producer
from models.topics import Topics

if TYPE_CHECKING:
    from amanzhol.settings import Settings
    from devices.publisher.sending import Connect

_MIB = 1024 * 1024


def publisher_of(settings: Settings, name: str) -> Publisher:
    """Open the publisher of a command: its spool is the folder `name` in home unless told otherwise.

    Raises PlateKeyError or another InputError where a file of keys is wrong, SpoolError where the spool cannot be used.
    """
    keys = settings.plate_keys
    pseudonyms = None if keys is None else read_plate_keys(keys, settings.plate_period)
    return Publisher(
        settings.spool or settings.home / name,
        _connect(settings),
        Topics(settings.prefix),
        plates=PlatePolicy(pseudonyms),
        max_bytes=settings.spool_mb * _MIB,
    )


def _connect(settings: Settings) -> Connect:
    if settings.signing_key is None:
        return partial(open_producer, settings.broker)
    # Whoever does not sign needs no room for the library that does.
    from amanzhol.keys import read_private_key  # noqa: PLC0415
    from devices.publisher.signing import SigningProducer  # noqa: PLC0415

    private = read_private_key(settings.signing_key)
    return lambda: SigningProducer(open_producer(settings.broker), private)
