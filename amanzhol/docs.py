"""The pages of `docs/` that are made from the code: `python -m amanzhol.docs` writes them anew.

A test holds the files against what is made here, so that neither changes without the other.
"""

from __future__ import annotations

import inspect
import json
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from amanzhol.cli import cli
from amanzhol.settings import TOML_FILE, Settings
from models.errors import RecordError
from models.schemas import event_schemas
from streams.metrics import FleetMetrics, WorkerMetrics

if TYPE_CHECKING:
    from collections.abc import Iterator

_MADE_BY = "<!-- Made by `python -m amanzhol.docs`; change the code instead. -->"


def generated_pages() -> dict[str, str]:
    """Give every page by its path below the folder of the documentation."""
    schemas = {
        f"schemas/{name}.json": json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        for name, schema in event_schemas().items()
    }
    return schemas | {
        "metrics.md": metrics_page(),
        "quarantine-codes.md": quarantine_codes(),
        "settings.md": settings_page(),
    }


def write_pages(folder: Path) -> None:
    """Write every page."""
    for name, text in generated_pages().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def quarantine_codes() -> str:
    """Explain each code under which a record can be refused, in the words of its error."""
    lines = [
        "# Quarantine codes",
        "",
        _MADE_BY,
        "",
        "A record that cannot be counted goes to the topic `quarantine` (`count --quarantine FILE`) with its code, the",
        "JSON path of the field at fault, and its bytes with plates masked. The same code is the label of the metric",
        "`amanzhol_quarantined_total`. Codes are never renamed.",
        "",
        "| Code | What is wrong with the record, and what to do |",
        "| --- | --- |",
    ]
    lines += [f"| `{error.code}` | {_meaning(error)} |" for error in RecordError.__subclasses__()]
    return "\n".join(lines) + "\n"


def _meaning(error: type[RecordError]) -> str:
    return _cell(" ".join((inspect.getdoc(error) or "").split()))


def metrics_page() -> str:
    """List each metric with its labels, by who serves it."""
    lines = [
        "# Metrics",
        "",
        _MADE_BY,
        "",
        "Books and flows show what is committed, never more. No label holds a segment, a device or a plate. Counters",
        "begin anew with a process, which `rate` and `increase` know. Beside them stand the usual `process_*`, and",
        "Faust's own `faust_*` of a worker: they tell of its channels and agents, whose events are whole batches.",
    ]
    for title, declared in (
        ("A worker, port 9464", WorkerMetrics().declared),
        ("The watch over the fleet (`amanzhol fleet --watch`), port 9465", FleetMetrics().declared),
    ):
        lines += ["", f"## {title}", "", "| Metric | Kind | Labels | Meaning |", "| --- | --- | --- | --- |"]
        lines += [
            "".join(f"| {_cell(text)} " if text else "| " for text in row) + "|"
            for row in (
                (f"`{metric.name}`", metric.kind, ", ".join(f"`{label}`" for label in metric.labels), metric.meaning)
                for metric in declared
            )
        ]
    return "\n".join(lines) + "\n"


def settings_page() -> str:
    """List each setting with its flag, variable and default."""
    lines = [
        "# Settings",
        "",
        _MADE_BY,
        "",
        f"A flag goes before an environment variable, that before `{TOML_FILE}` in the current folder, and that before",
        "the default. Not every command has every flag; variables and file are read by all.",
        "",
        f"| In `{TOML_FILE}` | Variable | Flag | Default | Meaning |",
        "| --- | --- | --- | --- | --- |",
    ]
    flags = _flags()
    schemas = Settings.model_json_schema()["properties"]
    for name, schema in schemas.items():
        default = schema.get("default")
        row = (
            f"`{name}`",
            f"`AMANZHOL_{name.upper()}`",
            f"`{flags[name]}`" if name in flags else "",
            "" if default is None else f"`{default if isinstance(default, str) else json.dumps(default)}`",
            " ".join(filter(None, (schema["description"], _range(schema)))),
        )
        lines.append("".join(f"| {_cell(text)} " if text else "| " for text in row) + "|")
    return "\n".join(lines) + "\n"


def _flags() -> dict[str, str]:
    """Flags by the names of the settings that they set, over all commands."""
    flags: dict[str, set[str]] = defaultdict(set)
    for command in _commands(cli):
        for option in command.params:
            if isinstance(option, click.Option) and option.name in Settings.model_fields:
                flags[option.name].update(option.opts)
    return {name: ", ".join(sorted(found)) for name, found in flags.items()}


def _commands(command: click.Command) -> Iterator[click.Command]:
    yield command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                yield from _commands(inner)


def _range(schema: dict[str, float]) -> str:
    """Say the bounds of a number."""
    if "exclusiveMinimum" in schema:
        return f"Above {schema['exclusiveMinimum']:,}, at most {schema['maximum']:,}."
    return f"{schema['minimum']:,} to {schema['maximum']:,}." if "minimum" in schema else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    write_pages(Path("docs"))
