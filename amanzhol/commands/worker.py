"""`amanzhol worker`: one stream worker, until it is told to stop."""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING, Any, NoReturn

import click
import faust

from amanzhol.instance import claim_instance
from amanzhol.options import fail, settings_options
from amanzhol.rules import load_rules
from amanzhol.settings import Settings, load_settings
from models.errors import RunError, SettingsError
from models.topics import Topics
from streams.app import WorkerSettings, build_app
from streams.health import Health, serve
from streams.metrics import WorkerMetrics
from streams.source import SourceSettings
from streams.topics import ensure_topics

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

logger = logging.getLogger(__name__)


@click.command()
@settings_options(
    "network",
    "devices",
    "keys",
    "broker",
    "prefix",
    "partitions",
    "window",
    "tolerance_m",
    "timezone",
    "home",
    "checkpoint_every_s",
    "instance_id",
    "metrics_port",
)
def worker(**flags: Any) -> None:
    """Count events from Kafka until stopped (Ctrl-C or SIGTERM); what was counted is committed first."""
    settings = load_settings(**flags)
    _set_up_logging()
    rules = load_rules(settings)
    metrics = WorkerMetrics()
    health = Health()
    port = _serve(settings, metrics.registry, health)
    logger.info("metrics at http://%s:%d/metrics", settings.metrics_host, port)
    topics = Topics(settings.prefix)
    partitions = ensure_topics(settings.broker, topics, settings.partitions)
    with claim_instance(settings.home, settings.instance_id) as instance:
        group = f"{settings.prefix}worker"
        app, running = build_app(
            WorkerSettings(
                broker=settings.broker,
                group=group,
                transactional_id=f"{group}.{instance}",
                folder=settings.home,
                instance_id=settings.instance_id,
                patience_s=settings.patience_s,
                fleet=settings.fleet_kinds,
                source=SourceSettings(
                    topics=topics, partitions=partitions, checkpoint_every_s=settings.checkpoint_every_s
                ),
            ),
            rules,
            metrics,
            _end_at_once,
        )
        health.watch(running, settings.patience_s)
        exit_code = _run(app)
        if running.failure is not None:
            raise running.failure
        if exit_code:
            raise RunError("the worker ended by itself; its log says why")


def _run(app: faust.App) -> int:
    """Run until a signal or a crash. Faust always ends with SystemExit: 0 where it was asked to stop."""
    try:
        worker = faust.Worker(app, redirect_stdouts=False, quiet=True, override_logging=False)
        worker.spinner = None  # it would write control characters into a log
        worker.execute_from_commandline()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def _end_at_once(failure: RunError) -> NoReturn:
    """End without tidying up: a client that hangs would hang again when the interpreter closes it."""
    code = fail(failure)
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _set_up_logging() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # Faust tells of each of its forty services, and its own Kafka client carries nothing of ours: it complains
    # while a new broker makes its coordinator, which means nothing.
    for name, level in (
        ("faust", logging.WARNING),
        ("mode", logging.WARNING),
        ("streams.app", logging.WARNING),
        ("aiokafka", logging.CRITICAL),
    ):
        logging.getLogger(name).setLevel(level)


def _serve(settings: Settings, registry: CollectorRegistry, health: Health) -> int:
    """Serve /metrics, /livez and /readyz. Returns the port."""
    try:
        return serve(settings.metrics_host, settings.metrics_port, registry, health)
    except OSError as error:
        raise SettingsError(
            f"--metrics-port: {settings.metrics_host}:{settings.metrics_port}: {error.strerror}; 0 takes a free port"
        ) from None
