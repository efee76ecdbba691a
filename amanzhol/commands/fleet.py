"""`amanzhol fleet`: how the devices are, as a table, or watched over for good."""

from __future__ import annotations

import logging
import re
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

from amanzhol.options import settings_options
from amanzhol.settings import Settings, load_settings
from models.errors import IgnoreListError, SettingsError, TopicMismatchError
from models.health.ignoring import Ignored, read_ignored
from models.health.states import ACTIVE, DEVICE, STATES, Limits
from models.health.watch import FleetWatch
from models.registry import read_registry
from models.topics import Topics
from streams.fleet import AlertLog, DeviceLog, FleetService, read_until_now
from streams.health import Health, serve
from streams.metrics import FleetMetrics
from streams.topics import ensure_topics

if TYPE_CHECKING:
    from models.fleet import Registry
    from models.health.watch import Look

_UNIT_S = {"m": 60, "h": 3_600, "d": 86_400}
_LOOK_EVERY_S = 1.0


@click.command()
@settings_options(
    "devices", "broker", "prefix", "partitions", "timezone", "silence_s", "ignored", "fleet_port"
)  # fmt: skip
@click.option("--since", default="12h", show_default=True, help="Read what devices sent since so long: 30m, 12h, 2d.")
@click.option("--all", "everything", is_flag=True, help="List every device, not only those that are unwell.")
@click.option("--watch", is_flag=True, help="Stay, write to the topic alerts and serve metrics, until stopped.")
def fleet(*, since: str, everything: bool, watch: bool, **flags: Any) -> None:
    """Show how the devices of the registry are, judged by what they sent; or watch over them."""
    settings = load_settings(**flags)
    if settings.devices is None:
        raise SettingsError("--devices (AMANZHOL_DEVICES, amanzhol.toml: devices): a CSV file is required")
    registry = read_registry(settings.devices, settings.fleet_kinds, zone=settings.zone)
    ignored = ignore_list(settings)
    since_s = time.time() - _length_s(since)
    topics = Topics(settings.prefix)
    if watch:
        _watch(settings, topics, registry, ignored, since_s)
        return
    alerts = AlertLog(settings.broker, topics)
    log = DeviceLog(settings.broker, topics, since_s)
    console = Console()
    try:
        try:
            told = alerts.told()
        except TopicMismatchError:
            told = []  # nobody watches here yet
        watching = FleetWatch(registry, since_s, ignored, Limits.for_silence(settings.silence_s), told)
        with Console(stderr=True).status("reading what devices sent"):
            now_s = read_until_now(log, watching)
    finally:
        log.close()
    look = watching.look(now_s)
    _show_problems(console, look)
    _show_counts(console, look, settings)
    if everything:
        _show_devices(console, look, watching, now_s)


def _watch(
    settings: Settings, topics: Topics, registry: Registry, ignored: tuple[Ignored, ...], since_s: float
) -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    metrics = FleetMetrics()
    try:
        port = serve(settings.metrics_host, settings.fleet_port, metrics.registry, Health())
    except OSError as error:
        raise SettingsError(
            f"--fleet-port: {settings.metrics_host}:{settings.fleet_port}: {error.strerror}; 0 takes a free port"
        ) from None
    click.echo(f"metrics at http://{settings.metrics_host}:{port}/metrics", err=True)
    ensure_topics(settings.broker, topics, settings.partitions)
    alerts = AlertLog(settings.broker, topics)
    log = DeviceLog(settings.broker, topics, since_s)
    watching = FleetWatch(registry, since_s, ignored, Limits.for_silence(settings.silence_s), alerts.told())
    service = FleetService(log, alerts, watching, metrics)
    kinds = tuple(kind.name for kind in settings.fleet_kinds)
    pause = threading.Event()
    try:
        while True:
            # Behind, it goes on at once; up to date, it has a look a second.
            if service.turn(kinds) is not None:
                pause.wait(_LOOK_EVERY_S)
    except KeyboardInterrupt:
        click.echo("stopped", err=True)
    finally:
        log.close()
        alerts.close()


def ignore_list(settings: Settings) -> tuple[Ignored, ...]:
    """Read the ignore list that the settings name, if any. Raises IgnoreListError."""
    if settings.ignored is None:
        return ()
    try:
        lines = settings.ignored.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise IgnoreListError(f"{settings.ignored}: cannot be read ({error}): correct --ignored") from None
    return read_ignored(lines, str(settings.ignored), settings.zone)


def _length_s(text: str) -> int:
    match = re.fullmatch(r"([1-9][0-9]{0,4})([mhd])", text)
    if match is None:
        raise SettingsError(f"--since: {text!r} is not a length of time: write it like 30m, 12h or 2d")
    return int(match[1]) * _UNIT_S[match[2]]


def _show_problems(console: Console, look: Look) -> None:
    """One row for each cause, those that explain most first."""
    table = _table("what is wrong", "condition", "what", "devices", "since", "again", "message")
    opened = {alert.problem: alert for alert in look.opened}
    for problem, devices in sorted(look.problems.items(), key=lambda item: (-len(item[1]), item[0])):
        alert = opened[problem]
        what = problem.name if problem.scope == DEVICE else f"{problem.scope} {problem.name}"
        again = "new" if alert.times == 1 else f"{alert.times} times"
        table.add_row(problem.condition, what, f"{len(devices)}", alert.since, again, alert.message)
    console.print(table if look.problems else "nothing is wrong with any device")


def _show_counts(console: Console, look: Look, settings: Settings) -> None:
    """How many devices of which kind are in which state."""
    counts = look.devices()
    shown = [state for state in STATES if any(found == state for _, found in counts) or state == ACTIVE]
    table = _table("the fleet", "kind", *shown)
    for kind in settings.fleet_kinds:
        table.add_row(kind.name, *(f"{counts[kind.name, state]}" for state in shown))
    console.print(table)


def _show_devices(console: Console, look: Look, watching: FleetWatch, now_s: float) -> None:
    table = _table("every device", "device", "kind", "state", "heard", "clock off", "site", "uplink")
    pulse = watching.pulse
    for number, row in enumerate(look.roster.rows):
        if row is None:
            continue
        heard_s = float(pulse.heard_s[number])
        heard = f"{now_s - heard_s:,.0f} s ago" if heard_s else "never"
        state = look.state[number]
        clock = f"{pulse.clock_off_s[number]:+.0f} s" if heard_s else ""
        table.add_row(row.device_id, row.kind, state, heard, clock, row.site or "", row.uplink or "")
    console.print(table)
    console.print(f"as of {datetime.fromtimestamp(now_s, UTC):%Y-%m-%d %H:%M:%S} UTC", highlight=False)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
