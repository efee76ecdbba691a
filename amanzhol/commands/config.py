"""`amanzhol config check`: the settings as they hold here, where each comes from, and whether its files can be read."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click
from rich.console import Console
from rich.table import Table

from amanzhol.commands.fleet import ignore_list
from amanzhol.options import settings_options
from amanzhol.rules import load_rules
from amanzhol.settings import TOML_FILE, Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

_PREFIX: Final = "AMANZHOL_"
_SECRET: Final = re.compile(r"password|secret|token")
_CREDENTIALS: Final = re.compile(r"(://[^:/@\s]*):[^@\s]*@")
HIDDEN: Final = "***"


class Effective(NamedTuple):
    """A setting as it holds: its name, its value fit to be shown, and where it comes from."""

    name: str
    value: str
    origin: str


@click.group()
def config() -> None:
    """See what is set, and check it."""


@config.command()
@settings_options(
    *("network", "devices", "broker", "prefix", "partitions", "window", "tolerance_m", "timezone", "home"),
    *("checkpoint_every_s", "instance_id", "metrics_port", "silence_s", "ignored", "fleet_port"),
)
def check(**flags: Any) -> None:
    """Print every setting with where it comes from, secrets hidden, and read the files that they name.

    Ends with 2 and one line where something is wrong, before anything is started with it. Kafka is not asked.
    """
    settings = load_settings(**flags)
    table = Table(title="settings", title_justify="left", title_style="bold")
    for column in ("setting", "value", "from"):
        table.add_column(column, overflow="fold")
    for row in effective(settings, flags, os.environ, _file_settings()):
        table.add_row(*row)
    Console().print(table)
    for name in unknown_variables(os.environ):
        click.echo(f"{name} is no setting: misspelt? It is not read by any command", err=True)
    found = ["the settings are valid"]
    if settings.network is not None:
        rules = load_rules(settings)
        found.append(f"{settings.network}: {len(rules.network.segments):,} segments")
        if rules.registry is not None:
            found.append(f"{settings.devices}: {len(rules.registry.rows):,} rows of devices")
    if settings.ignored is not None:
        found.append(f"{settings.ignored}: {len(ignore_list(settings)):,} entries")
    click.echo("\n".join(found))


def effective(
    settings: Settings, flags: Mapping[str, Any], environment: Mapping[str, str], file: Mapping[str, Any]
) -> list[Effective]:
    """List every setting in the order of the class. A flag goes before a variable, that before the file."""
    rows = []
    for name in Settings.model_fields:
        if flags.get(name) is not None:
            origin = f"--{name.replace('_', '-')}"
        elif environment.get(f"{_PREFIX}{name.upper()}"):
            origin = f"{_PREFIX}{name.upper()}"
        else:
            origin = TOML_FILE if name in file else "default"
        rows.append(Effective(name, shown(name, getattr(settings, name)), origin))
    return rows


def shown(name: str, value: object) -> str:
    """Write a value so that it can be shown: no password, not in an address either. Names of files are none."""
    if value is None:
        return ""
    if _SECRET.search(name) and not isinstance(value, Path):
        return HIDDEN
    text = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return _CREDENTIALS.sub(rf"\1:{HIDDEN}@", text)


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """List variables that look like settings and are none."""
    known = {f"{_PREFIX}{name.upper()}" for name in Settings.model_fields}
    return sorted(name for name in environment if name.startswith(_PREFIX) and name not in known)


def _file_settings() -> Mapping[str, Any]:
    """Read the names of the settings in the file, which is known to be valid."""
    path = Path(TOML_FILE)
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
