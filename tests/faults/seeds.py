"""One seed: a broker, workers, a workload and faults; then what became of it all."""

from __future__ import annotations

import random
import shutil
import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from amanzhol.broker import EmbeddedBroker
from amanzhol.reading import CountedReader
from models.topics import Topics
from streams.topics import ensure_topics
from tests.faults.cluster import Broken, Offsets, Workers, recovery_s, small_disk, wait_until
from tests.faults.injecting import Injector, is_static, plan
from tests.faults.judging import Verdict, judge
from tests.faults.workload import PARTITIONS, Workload

PREFIX = "faults."
DISK_MB = 768
"""Kafka preallocates little on a file system that knows holes; what a seed writes is a tenth of this."""

_HEAP_MB = 384
_CALM_TIMEOUT_S = 150.0


def run_seed(seed: int, *, root: bool, plant: str = "") -> dict[str, Any]:
    """Run a seed and judge it. Its folder is kept where it failed. Leaves no process behind, whatever happens."""
    folder = Path(tempfile.mkdtemp(prefix=f"amanzhol-faults-{seed}-"))
    faults = plan(seed, root=root)
    began = time.monotonic()
    result: dict[str, Any] = {"seed": seed, "plan": faults, "static": is_static(seed), "planted_bug": plant}
    verdict = Verdict()
    try:
        with ExitStack() as stack:
            _run(seed, faults, folder, plant, stack, result, verdict)
    except Exception as error:  # noqa: BLE001 - whatever it is, this seed has failed and the next one runs
        verdict.findings.append(f"{type(error).__name__}: {error}")
    result |= vars(verdict) | {"seconds": round(time.monotonic() - began, 1)}
    result["ok"] = not verdict.findings and not verdict.lost and not verdict.twice
    if result["ok"]:
        shutil.rmtree(folder)
    else:
        result["folder"] = str(folder)
    return result


def _run(  # noqa: PLR0917 - all of it is one seed's
    seed: int,
    faults: list[str],
    folder: Path,
    plant: str,
    stack: ExitStack,
    result: dict[str, Any],
    verdict: Verdict,
) -> None:
    topics = Topics(PREFIX)
    home = folder / "home"
    disk = home if "full-disk" in faults else None
    if disk is not None:
        stack.enter_context(small_disk(disk, DISK_MB))
    broker = stack.enter_context(EmbeddedBroker(home, heap_mb=_HEAP_MB))
    ensure_topics(broker.address, topics, PARTITIONS)
    offsets = Offsets(broker.address, topics)
    stack.callback(offsets.close)
    workers = Workers(broker.address, topics, folder, is_static(seed), plant)
    stack.callback(workers.close)
    rng = random.Random(f"faults {seed}")
    for number in range(rng.choice((2, 3))):
        workers.add(f"worker-{number}")
    workload = Workload(broker.address, topics, seed)
    stack.callback(workload.stop, 5)
    wait_until(lambda: any(worker.counting() for worker in workers.running), "the first worker counts", 90)
    workload.start()

    injector = Injector(broker, workers, workload, offsets, rng, disk)
    try:
        injector.run(faults)
    finally:
        _note_injected(result, injector)
    workload.stop()
    calm_from = time.monotonic()
    if workload.failure:
        verdict.findings.append(workload.failure)
    try:
        _wait_for_calm(broker.address, topics, offsets)
    except Broken as error:
        verdict.findings.append(str(error))
    result["seconds_to_no_lag"] = round(time.monotonic() - calm_from, 1)
    recoveries = [recovery_s(offsets.looks, hit.at) for hit in injector.injected if hit.kind.startswith("kill")]
    known = [seconds for seconds in recoveries if seconds is not None]
    result["recoveries_s"] = [round(seconds, 1) for seconds in known]
    result["recovery_median_s"] = round(statistics.median(known), 1) if known else None
    result["recovery_worst_s"] = round(max(known), 1) if known else None
    result["ended_themselves"] = dict(workers.ended_themselves)
    # They leave before they are judged: nothing may change what is compared.
    workers.close()
    result["lives"] = len(workers.lives)
    vars(verdict).update(_with_findings(verdict, judge(broker.address, topics, workload.acknowledged, folder)))
    result["reprocessed"] = workers.folded - verdict.received


def _note_injected(result: dict[str, Any], injector: Injector) -> None:
    result["injected"] = [[hit.kind, hit.in_flight] for hit in injector.injected]


def _with_findings(before: Verdict, after: Verdict) -> dict[str, Any]:
    return vars(after) | {"findings": before.findings + after.findings}


def _wait_for_calm(broker: str, topics: Topics, offsets: Offsets) -> None:
    """Wait until all input is committed, and what was forwarded is counted too."""

    def no_lag() -> bool:
        look = offsets.now()
        return look is not None and look.lag == 0

    wait_until(no_lag, "no lag", _CALM_TIMEOUT_S)
    look = offsets.now()
    appended = look.appended if look is not None else 0
    reader = CountedReader(broker, topics)
    try:
        wait_until(lambda: reader.read().books.received >= appended, f"{appended} records in the books", 60)
    finally:
        reader.close()
