"""`amanzhol report`: the police department's period summary."""

from __future__ import annotations

import datetime as dt
from functools import partial
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from amanzhol.options import settings_options
from amanzhol.presenting import reading_bar
from amanzhol.settings import load_settings

_FILE = click.Path(path_type=Path)


@click.command()
@click.option("--from", "first", required=True, metavar="DAY", help="First local day of the period: 2025-01-01.")
@click.option("--to", "end", required=True, metavar="DAY", help="The day after its last one: 2025-10-01.")
@click.option("--lang", default="en", show_default=True, help="Language: ru, kk or en.")
@click.option("--out", required=True, type=_FILE, help="The summary: .md (with drawings beside it), .html or .pdf.")
@click.option("--as-of", metavar="TIME", help="As it was known then: a day, or RFC 3339. With --api only.")
@click.option("--region", metavar="NAME", help="Only this district or settlement of the network.")
@click.option("--api", metavar="URL", help="Read the API there, and not Kafka.")
@click.option("--token", envvar="AMANZHOL_TOKEN", help="Token for the API; AMANZHOL_TOKEN keeps it out of sight.")
@click.option("--breaks", type=_FILE, help="CSV of changes of counting rules: date,measure,reason,source.")
@click.option("--weights", metavar="NAME=N,…", help="Severity index: dead=5,injured_seriously=3,injured_slightly=1.")
@settings_options("broker", "prefix", "network", "devices", "timezone")
def report(
    *,
    first: str,
    end: str,
    lang: str,
    out: Path,
    as_of: str | None,
    region: str | None,
    api: str | None,
    token: str | None,
    breaks: Path | None,
    weights: str | None,
    **flags: Any,
) -> None:
    """Summarise a period against the same one before: accidents, fleet, violations, reports, worst segments."""
    # Statistics and the PDF compiler take a second to import: only whoever makes a summary waits for them.
    from amanzhol.report.summary import Wanted, read_evidence, write_summary  # noqa: PLC0415

    settings = load_settings(**flags)
    wanted = Wanted(
        first=first,
        end=end,
        language=lang,
        out=out,
        as_of=as_of,
        region=region,
        api=api,
        token=token,
        breaks=breaks,
        weights=weights,
    )
    console = Console(stderr=True)
    with reading_bar(console) as progress:
        headline = write_summary(
            settings, wanted, dt.datetime.now(settings.zone), partial(read_evidence, settings, wanted, progress)
        )
    console.print(headline, highlight=False, soft_wrap=True)
