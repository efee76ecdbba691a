"""`python -m tests.faults`: is every acknowledged event counted once, whatever fails? See CONTRIBUTING.md.

Needs Linux, for signals and /proc; the seeds with a full disk need root as well, to mount a small one, and are run
with a killed broker instead where they cannot. Results are kept in a file, so `--resume` goes on where a run was
stopped.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from tests.faults.report import document, summary, table
from tests.faults.seeds import run_seed
from tests.faults.worker_with_faults import PLANTS

RESULTS = Path(".amanzhol") / "faults.jsonl"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="how many [20]")
    parser.add_argument("--first-seed", type=int, default=0, metavar="S", help="the first of them [0]")
    parser.add_argument("--budget-minutes", type=float, default=55.0, metavar="M", help="begin none later [55]")
    parser.add_argument("--resume", action="store_true", help="skip the seeds that passed before")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write the table there, as Markdown")
    parser.add_argument("--results", type=Path, default=RESULTS, metavar="FILE", help=f"JSON lines [{RESULTS}]")
    parser.add_argument("--plant", choices=PLANTS, default="", help="a bug in the workers, that must be found")
    return parser.parse_args()


def _earlier(path: Path) -> dict[int, dict[str, Any]]:
    """Results of an earlier run, the last one of each seed; a line that was cut off by an interruption is none."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            result = json.loads(line)
        except ValueError:
            continue
        found[result["seed"]] = result
    return found


def main() -> int:
    """Run the seeds. 0: all of them passed; 1: one failed, or the time was up before all had run."""
    arguments = _arguments()
    if sys.platform != "linux":
        sys.exit("this needs Linux: it reads /proc and mounts a small disk")
    # Whoever ends this run ends its processes and mounts too: what is open is closed on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    root = os.geteuid() == 0
    if not root:
        _say("not root: seeds with a full disk kill the broker instead")
    arguments.results.parent.mkdir(parents=True, exist_ok=True)
    wanted = range(arguments.first_seed, arguments.first_seed + arguments.seeds)
    earlier = _earlier(arguments.results) if arguments.resume else {}
    done = {
        seed: result
        for seed, result in earlier.items()
        if seed in wanted and result["ok"] and result["planted_bug"] == arguments.plant
    }
    if not arguments.resume:
        arguments.results.unlink(missing_ok=True)
    until = time.monotonic() + arguments.budget_minutes * 60
    for seed in wanted:
        if seed in done:
            continue
        if time.monotonic() > until:
            break
        result = done[seed] = run_seed(seed, root=root, plant=arguments.plant)
        with arguments.results.open("a", encoding="utf-8") as file:
            file.write(json.dumps(result) + "\n")
        _tell(result)
    results = list(done.values())
    _say(f"\n{table(results)}\n\n{summary(results)}")
    if arguments.report is not None:
        arguments.report.write_text(document(results), encoding="utf-8")
    failed = [result["seed"] for result in results if not result["ok"]]
    for seed in failed:
        plant = f" --plant {arguments.plant}" if arguments.plant else ""
        _say(f"seed {seed} FAILED; again: python -m tests.faults --seeds 1 --first-seed {seed}{plant}")
    missing = len(wanted) - len(results)
    if missing:
        _say(f"the time was up before {missing} seeds: go on with --resume")
    return 1 if failed or missing else 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _tell(result: dict[str, Any]) -> None:
    _say(
        f"seed {result['seed']}: {'ok' if result['ok'] else 'FAILED'} in {result['seconds']} s; "
        f"{result['acknowledged']:,} acknowledged, lost {result['lost']}, counted twice {result['twice']}; "
        f"{', '.join(kind for kind, _ in result.get('injected', []))}",
    )
    for finding in result["findings"]:
        _say(f"  {finding}")
    for words, times in result.get("ended_themselves", {}).items():
        _say(f"  a worker ended {times} x: {words}")
    if "folder" in result:
        _say(f"  its folder is kept: {result['folder']}")


if __name__ == "__main__":
    sys.exit(main())
