"""Requests a second that one gateway on one core holds: `python -m tests.bench.gateway [--rate N] [--seconds N]`.

Hikvision payloads, one in twenty with an offence, each of a vehicle of its own, posted over 64 connections at a steady
rate whatever the answers take; the time of a request counts from when it was due. The gateway is kept to one core, its
Kafka is away, every answer waits for the disk.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from amanzhol.broker.ports import free_port
from tests.command_line import AMANZHOL, environment
from tests.devices.gateway.payloads import hikvision

CONNECTIONS = 64
WARM_S = 2.0
_PORT = re.compile(r"devices post to http://127\.0\.0\.1:(\d+)")
REGISTRY = "device_id,kind,lon,lat,vendor_id\n" + "".join(
    f"cam-{n},fixed_camera,51.1,43.6,02:00:00:00:00:{n:02x}\n" for n in range(100)
)


def request_of(number: int) -> bytes:
    body = hikvision(
        uuid=f"bench-{time.time_ns()}-{number}",
        mac=f"02:00:00:00:00:{number % 100:02x}",
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        code="1301" if number % 20 == 0 else "",
    )
    head = "POST /v1/hikvision HTTP/1.1\r\nHost: x\r\nContent-Type: application/xml\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def load(port: int, rate: float, seconds: float) -> list[float]:
    """Post at a rate; seconds from due to answered, of each request after the warming up."""
    due: asyncio.Queue[tuple[float, bytes] | None] = asyncio.Queue()
    times: list[float] = []
    bodies = [request_of(number) for number in range(int(rate * (seconds + WARM_S)))]
    begun = time.perf_counter() + 0.1

    async def connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (job := await due.get()) is not None:
            at, body = job
            writer.write(body)
            head = await reader.readuntil(b"\r\n\r\n")
            assert b" 200 " in head, head
            await reader.readexactly(int(re.search(rb"Content-Length: (\d+)", head)[1]))
            if at > begun + WARM_S:
                times.append(time.perf_counter() - at)
        writer.close()

    tasks = [asyncio.create_task(connection()) for _ in range(CONNECTIONS)]
    for number, body in enumerate(bodies):
        at = begun + number / rate
        if at > time.perf_counter():
            await asyncio.sleep(at - time.perf_counter())
        due.put_nowait((at, body))
    for _ in tasks:
        due.put_nowait(None)
    await asyncio.gather(*tasks)
    return sorted(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=2_000)
    parser.add_argument("--seconds", type=float, default=10)
    arguments = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "devices.csv").write_text(REGISTRY)
        command = [AMANZHOL, "gateway", "--devices", str(home / "devices.csv"), "--home", str(home)]
        command += ["--broker", f"127.0.0.1:{free_port()}", "--gateway-port", "0", "--metrics-port", "0"]
        log = home / "gateway.log"
        with log.open("wb") as output:
            process = subprocess.Popen(command, stdout=output, stderr=output, env=environment())
        try:
            os.sched_setaffinity(process.pid, {cores[-1]})
            os.sched_setaffinity(0, set(cores[:-1]) or set(cores))
            deadline = time.monotonic() + 30
            while (found := _PORT.search(log.read_text())) is None:
                if time.monotonic() > deadline or process.poll() is not None:
                    raise SystemExit(log.read_text())
                time.sleep(0.05)
            cpu_before_s = _cpu_s(process.pid)
            times = asyncio.run(load(int(found[1]), arguments.rate, arguments.seconds))
            cpu_s = _cpu_s(process.pid)
        finally:
            process.terminate()
            process.wait()
        figures = {
            "requests": len(times),
            "requests_per_s": arguments.rate,
            "p50_ms": round(times[len(times) // 2] * 1000, 1),
            "p99_ms": round(times[len(times) * 99 // 100] * 1000, 1),
            "worst_ms": round(times[-1] * 1000, 1),
            "cpu_us_per_request": round((cpu_s - cpu_before_s) / (arguments.rate * (arguments.seconds + WARM_S)) * 1e6),
            "load": round(os.getloadavg()[0], 1),
        }
    sys.stdout.write(json.dumps(figures) + "\n")


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
