"""`amanzhol api`: the analysts' service."""

from __future__ import annotations

import logging
from importlib.metadata import version
from typing import Any

import click

from amanzhol.options import settings_options
from amanzhol.settings import load_settings
from api.tokens import FILE
from models.calendar import Calendar
from models.errors import SettingsError
from models.network_file import read_network
from models.topics import Topics

_STORE = "store.duckdb"


@click.command()
@settings_options(
    "network", "broker", "prefix", "timezone", "window", "home", "api_host", "api_port", "store", "keep_detail"
)
def api(**flags: Any) -> None:
    """Serve what was counted, at /api/v1, from a store that is fed from Kafka."""
    # What serves takes a second to import, which other commands need not wait for.
    from api.following import Following  # noqa: PLC0415
    from api.serving import ServiceSettings, serve  # noqa: PLC0415

    settings = load_settings(**flags)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    if settings.network is None:
        raise SettingsError("--network (AMANZHOL_NETWORK, amanzhol.toml: network): a GeoJSON file is required")
    serve(
        ServiceSettings(
            host=settings.api_host,
            port=settings.api_port,
            store=settings.store or str(settings.home / _STORE),
            tokens=settings.home / FILE,
            network=read_network(settings.network),
            calendar=Calendar(settings.window_s, settings.zone),
            fleet=settings.fleet_kinds,
            following=Following(settings.broker, Topics(settings.prefix), settings.keep_detail_s),
            version=version("amanzhol"),
        ),
        lambda line: click.echo(line, err=True),
    )
