"""`amanzhol publish`: a device's publisher."""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from amanzhol.options import settings_options
from amanzhol.sending import publisher_of
from amanzhol.settings import load_settings
from devices.publisher.lines import STANDARD_INPUT, arriving_lines
from models.errors import EventsFileError, SpoolFullError

if TYPE_CHECKING:
    from devices.publisher import Publisher

_FULL_RETRY_S = 0.2
_FULL_SAID_EVERY_S = 60.0


@click.command()
@click.argument("events", nargs=-1, type=click.Path(path_type=Path))
@settings_options("broker", "prefix", "home", "spool", "spool_mb", "plate_keys", "plate_period", "signing_key")
def publish(*, events: tuple[Path, ...], **flags: Any) -> None:
    """Send events to Kafka through a spool on this disk: NDJSON files, also .gz, and - for standard input.

    An event is safe once it is in the spool, whatever happens to this process, the power or the network. It ends when
    Kafka has everything; without EVENTS it sends what an earlier one left. Plates do not leave this machine.
    """
    settings = load_settings(**flags)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # Its client tells of every connection that fails, several times a second; the publisher says it once.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    for path in events:
        _check(path)
    taken = 0
    publisher = publisher_of(settings, "publisher")
    with publisher:
        for path in events:
            for lines in arriving_lines(path):
                _take(publisher, lines)
                taken += len(lines)
        publisher.wait()
    plates = publisher.plates.counts
    click.echo(
        f"{taken:,} events taken, {publisher.sender.acknowledged:,} records acknowledged by Kafka; plates "
        f"dropped: {plates['dropped']:,}, replaced: {plates['replaced']:,}, hashes refused: {plates['refused']:,}",
        err=True,
    )


def _check(path: Path) -> None:
    """Find out before anything is sent what cannot be read. Raises EventsFileError."""
    if str(path) == STANDARD_INPUT:
        return
    if not path.exists():
        raise EventsFileError(f"{path}: there is no such file")
    if path.is_dir() or not os.access(path, os.R_OK):
        raise EventsFileError(f"{path}: cannot be read: a file of events is wanted")


def _take(publisher: Publisher, lines: list[bytes]) -> None:
    """Hand events over; while the spool is full, whoever writes them waits, as they would for a full pipe."""
    said_at = 0.0
    while True:
        try:
            publisher.publish(lines)
        except SpoolFullError as error:
            if time.monotonic() - said_at > _FULL_SAID_EVERY_S:
                click.echo(f"amanzhol: {error}", err=True)
                said_at = time.monotonic()
            time.sleep(_FULL_RETRY_S)
        else:
            return
