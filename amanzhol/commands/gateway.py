"""`amanzhol gateway`: an HTTP service for devices that cannot speak Kafka."""

from __future__ import annotations

import asyncio
import logging
import signal
from pathlib import Path
from typing import Any

import click

from amanzhol.options import settings_options
from amanzhol.sending import publisher_of
from amanzhol.settings import load_settings
from devices.gateway.adapters import ADAPTERS
from devices.gateway.mapped import read_map
from devices.gateway.offences import OFFENCES_PATH, read_offences
from devices.gateway.running import Address, GatewayParts, run_gateway
from devices.gateway.senders import Senders
from models.errors import PayloadMapError, SettingsError
from models.registry import read_registry

logger = logging.getLogger(__name__)

_FILE = click.Path(path_type=Path)
_MIB = 1024 * 1024


@click.command()
@click.option(
    "--map", "maps", multiple=True, type=_FILE, help="CSV: paths to fields of a format of your own; repeatable."
)
@click.option("--offences", type=_FILE, default=OFFENCES_PATH, help="CSV: vendors' codes to articles. [built in]")
@settings_options(
    "devices",
    "broker",
    "prefix",
    "home",
    "timezone",
    "spool",
    "spool_mb",
    "plate_keys",
    "plate_period",
    "signing_key",
    "gateway_host",
    "gateway_port",
    "gateway_max_mb",
    "metrics_port",
)
def gateway(*, maps: tuple[Path, ...], offences: Path, **flags: Any) -> None:
    """Take what cameras post (Hikvision, Axis, Dahua, ... to /v1/VENDOR) and send contract events to Kafka.

    A device hears 200 when its event is on this disk. Reads of plates become passages by the minute, and plates go.
    """
    settings = load_settings(**flags)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    if settings.devices is None:
        raise SettingsError(
            "--devices (AMANZHOL_DEVICES, amanzhol.toml: devices): a registry with vendor_id is required"
        )
    registry = read_registry(settings.devices, settings.fleet_kinds, zone=settings.zone)
    adapters = dict(ADAPTERS)
    for path in maps:
        name, adapter = read_map(path)
        if name in adapters:
            raise PayloadMapError(f"{path}: there is an adapter {name!r} already: name the file otherwise")
        adapters[name] = adapter
    table = read_offences(offences)
    publisher = publisher_of(settings, "gateway")
    with publisher:
        parts = GatewayParts(adapters, Senders(registry), table, publisher, settings.gateway_max_mb * _MIB)
        devices = Address(settings.gateway_host, settings.gateway_port)
        watchers = Address(settings.metrics_host, settings.metrics_port)
        try:
            asyncio.run(_serve(parts, devices, watchers))
        except OSError as error:
            raise SettingsError(f"--gateway-port, --metrics-port: {error.strerror}; 0 takes a free port") from None


async def _serve(parts: GatewayParts, devices: Address, watchers: Address) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)

    def ready(port: int, metrics_port: int) -> None:
        logger.info("devices post to http://%s:%d/v1/VENDOR", devices.host, port)
        logger.info("metrics at http://%s:%d/metrics", watchers.host, metrics_port)

    await run_gateway(parts, devices, watchers, stop, ready)
