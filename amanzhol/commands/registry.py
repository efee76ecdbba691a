"""`amanzhol registry`: the registry of devices that running workers follow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from amanzhol.options import settings_options
from amanzhol.settings import load_settings
from models.registry import read_registry
from models.registry_records import encode_devices
from models.topics import Topics
from streams.registry import push_devices
from streams.topics import ensure_registry_topic


@click.group()
def registry() -> None:
    """The registry of devices: bring a changed one to running workers."""


@registry.command()
@click.argument("devices", type=click.Path(path_type=Path))
@settings_options("broker", "prefix", "timezone")
def push(*, devices: Path, **flags: Any) -> None:
    """Bring the rows of DEVICES, a CSV file, to all workers; those of devices that it does not name stay.

    What reaches Kafka afterwards is judged by them, by the time of each event. Events that were counted before keep
    their place until they are corrected, or counted anew.
    """
    settings = load_settings(**flags)
    rows = read_registry(devices, settings.fleet_kinds, zone=settings.zone).rows
    topics = Topics(settings.prefix)
    ensure_registry_topic(settings.broker, topics)
    records = encode_devices(rows)
    push_devices(settings.broker, topics, records)
    click.echo(f"{len(rows):,} rows of {len(records):,} devices pushed")
