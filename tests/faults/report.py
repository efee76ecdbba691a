"""The table of a run, in Markdown, from the results of its seeds."""

from __future__ import annotations

import statistics
from collections import Counter
from typing import Any

_COLUMNS = (
    "seed",
    "acknowledged",
    "faults",
    "lost",
    "counted twice",
    "quarantine planted / found",
    "reprocessed",
    "kill to checkpoint, median / worst s",
    "to no lag s",
    "",
)


def faults_of(result: dict[str, Any]) -> Counter[str]:
    """How many faults of each kind hit in a seed."""
    return Counter(kind for kind, _in_flight in result.get("injected", []))


def table(results: list[dict[str, Any]]) -> str:
    """A row per seed."""
    lines = [f"| {' | '.join(_COLUMNS)} |", f"|{' --- |' * len(_COLUMNS)}"]
    lines += [f"| {' | '.join(_row(result))} |" for result in sorted(results, key=lambda one: one["seed"])]
    return "\n".join(lines)


def _row(result: dict[str, Any]) -> tuple[str, ...]:
    faults = ", ".join(f"{kind} x{n}" if n > 1 else kind for kind, n in sorted(faults_of(result).items()))
    return (
        str(result["seed"]),
        f"{result['acknowledged']:,}",
        faults,
        str(result["lost"]),
        str(result["twice"]),
        f"{result['quarantine_expected']:,} / {result['quarantine_found']:,}",
        f"{result.get('reprocessed', 0):,}",
        f"{result.get('recovery_median_s')} / {result.get('recovery_worst_s')}",
        str(result.get("seconds_to_no_lag")),
        "ok" if result["ok"] else "FAILED",
    )


def summary(results: list[dict[str, Any]]) -> str:
    """One paragraph over all seeds."""
    faults: Counter[str] = sum((faults_of(result) for result in results), Counter())
    recoveries = [seconds for result in results for seconds in result.get("recoveries_s", [])]
    least = min((in_flight for result in results for _, in_flight in result.get("injected", [])), default=0)
    kills = (
        f"After a SIGKILL every partition had a new checkpoint within {statistics.median(recoveries)} s (median) "
        f"and {max(recoveries)} s (worst). "
        if recoveries
        else ""
    )
    return (
        f"{len(results)} seeds, {sum(result['acknowledged'] for result in results):,} events acknowledged, "
        f"{faults.total()} faults: lost {sum(result['lost'] for result in results)}, "
        f"counted twice {sum(result['twice'] for result in results)}. {kills}"
        f"Each fault hit while work was in flight: at the least {least:,} records.\n\n"
        + "\n".join(f"- {kind}: {n}" for kind, n in sorted(faults.items()))
    )


def document(results: list[dict[str, Any]]) -> str:
    """The whole report."""
    return (
        "# What `make faults` found\n\n"
        "Written by `python -m tests.faults --report`, on a real broker. A row is a seed; `reprocessed` are records "
        "that were folded again, since a worker was killed, or lost its partition, before it committed them.\n\n"
        f"{summary(results)}\n\n{table(results)}\n"
    )
