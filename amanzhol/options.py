"""Options that several commands share, and how errors become exit codes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from models.errors import AmanzholError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., Any]")

FAILED = 1
WRONG_INPUT = 2

_OPTIONS = {
    "broker": click.option("--broker", metavar="HOST:PORT", help="Address of Kafka. [127.0.0.1:19092]"),
    "security_protocol": click.option(
        "--security-protocol", metavar="NAME", help="PLAINTEXT, SSL or SASL_SSL. [PLAINTEXT]"
    ),
    "security_ca_file": click.option(
        "--security-ca-file", type=click.Path(path_type=Path), help="Certificates that Kafka's is checked against."
    ),
    "security_username": click.option("--security-username", metavar="NAME", help="User name at Kafka."),
    "security_password_file": click.option(
        "--security-password-file", type=click.Path(path_type=Path), help="File with the password of that user."
    ),
    "prefix": click.option("--prefix", help="What the names of the topics begin with. [amanzhol.]"),
    "network": click.option("--network", type=click.Path(path_type=Path), help="GeoJSON file of the segments."),
    "devices": click.option("--devices", type=click.Path(path_type=Path), help="CSV file of the devices."),
    "keys": click.option(
        "--keys", type=click.Path(path_type=Path), help="CSV file of the public keys of sources that sign."
    ),
    "signing_key": click.option(
        "--signing-key", type=click.Path(path_type=Path), help="Private key that events are signed with."
    ),
    "timezone": click.option("--timezone", help="Zone whose midnight windows are aligned to. [Asia/Aqtau]"),
    "window": click.option("--window", help="Length of a window, dividing 24 hours. [5m]"),
    "tolerance_m": click.option(
        "--tolerance-m", type=float, help="Farthest from a segment that coordinates are counted on it. [50]"
    ),
    "home": click.option(
        "--home", type=click.Path(path_type=Path), help="Folder for broker data, store and logs. [.amanzhol]"
    ),
    "instance_id": click.option("--instance-id", help="Name of this worker, stable over restarts."),
    "metrics_port": click.option("--metrics-port", type=int, help="Port of the metrics; 0 takes a free one. [9464]"),
    "fleet_port": click.option(
        "--fleet-port", type=int, help="Port of the metrics of the watch over the fleet; 0 takes a free one. [9465]"
    ),
    "silence_s": click.option(
        "--silence-s", type=float, help="Shortest silence of a device that is told of, in seconds. [180]"
    ),
    "ignored": click.option(
        "--ignored", type=click.Path(path_type=Path), help="CSV file of devices that nothing is told of for a time."
    ),
    "api_port": click.option("--api-port", type=int, help="Port of the API. [8080]"),
    "api_host": click.option("--api-host", help="Address that the API is served on. [127.0.0.1]"),
    "store": click.option(
        "--store", metavar="FILE|postgresql://…", help="The store. [store.duckdb in the home folder]"
    ),
    "keep_detail": click.option("--keep-detail", metavar="DAYS", help="Thin older windows and hours to days: 400d."),
    "partitions": click.option("--partitions", type=int, help="Partitions of topics that have to be made. [4]"),
    "spool": click.option(
        "--spool", type=click.Path(path_type=Path), help="Folder of what waits to be sent. [in --home]"
    ),
    "spool_mb": click.option("--spool-mb", type=int, help="Largest spool in MiB; a full one refuses events. [256]"),
    "plate_keys": click.option(
        "--plate-keys", type=click.Path(path_type=Path), help="Keys of pseudonyms for plates; else plates are dropped."
    ),
    "plate_period": click.option("--plate-period", help="For how long a pseudonym holds: day, month, year. [month]"),
    "gateway_host": click.option("--gateway-host", help="Address that devices post to. [127.0.0.1]"),
    "gateway_port": click.option("--gateway-port", type=int, help="Port that devices post to; 0: a free one. [8090]"),
    "gateway_max_mb": click.option("--gateway-max-mb", type=int, help="Largest body in MiB, with pictures. [8]"),
    "checkpoint_every_s": click.option("--checkpoint-every-s", type=float, help="Seconds between checkpoints. [1]"),
}


def settings_options(*names: str) -> Callable[[F], F]:
    """Add options of these settings. One that is not given is None, and `load_settings` looks further."""

    def add(command: F) -> F:
        for name in reversed(_with_security(names)):
            command = _OPTIONS[name](command)
        return command

    return add


def _with_security(names: tuple[str, ...]) -> list[str]:
    """Who talks to Kafka can be told how to be let in."""
    security = [name for name in _OPTIONS if name.startswith("security_")]
    return [each for name in names for each in ([name, *security] if name == "broker" else [name])]


def fail(error: AmanzholError) -> int:
    """Say in one line what is wrong. Returns the exit code."""
    click.echo(f"amanzhol: {error}", err=True)
    return WRONG_INPUT if isinstance(error, InputError) else FAILED
