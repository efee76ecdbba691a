"""A body that does not come: the one who sends it is let go, and nobody else waits."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from aiohttp import ClientSession

from devices.gateway import service
from devices.gateway.adapters import ADAPTERS
from devices.gateway.listening import listen
from devices.gateway.metrics import GatewayMetrics
from devices.gateway.senders import Senders
from devices.gateway.writing import GroupCommit
from devices.publisher import PlatePolicy
from models.errors import SpoolError, SpoolFullError
from models.fleet import Device, Registry
from tests.devices.gateway.payloads import hikvision

REGISTRY = Registry([Device(device_id="cam-1", kind="drone", mobile=True, vendor_id="d4:e8:53:bc:4c:02")])
TYPE = {"Content-Type": "application/xml"}


async def served(take, ask):
    """Run a service on a real socket, with `take` for its disk."""
    metrics = GatewayMetrics(ADAPTERS)
    writer = GroupCommit(take)
    gateway = service.Gateway(ADAPTERS, Senders(REGISTRY), PlatePolicy(), writer, metrics, 1024 * 1024)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(writer.close)
        port = await listen(stack, gateway.answer, "127.0.0.1", 0, 1024 * 1024)
        async with ClientSession() as client:
            return await ask(client, f"http://127.0.0.1:{port}/v1/hikvision")


def test_a_slow_body_is_given_up(monkeypatch):
    monkeypatch.setattr(service, "BODY_S", 0.2)

    async def dribble():
        yield b"<a>"
        await asyncio.sleep(30)
        yield b"</a>"

    async def ask(client, url):
        async with client.post(url, data=dribble(), headers=TYPE) as answer:
            return answer.status, (await answer.json())["code"]

    assert asyncio.run(served(len, ask)) == (408, "slow_body")


# What the disk does, and what devices that post at the same time hear.
FULL, BROKEN, BUG = SpoolFullError("no room"), SpoolError("the disk is gone"), RuntimeError("a bug 777QQZ77")
DISKS = [(None, 200, None), (FULL, 503, "5"), (BROKEN, 503, "5"), (BUG, 500, None)]


def test_no_200_before_the_disk():
    async def ask(client, url):
        answers = []
        for error, status, retry_after in DISKS:
            outcome["error"] = error
            async with client.post(url, data=hikvision(), headers=TYPE) as answer:
                assert "777QQZ77" not in await answer.text()
                answers.append((error, answer.status, answer.headers.get("Retry-After")))
            assert (status, retry_after) == answers[-1][1:]
        return answers

    outcome = {}

    def take(entries):
        if outcome["error"] is not None:
            raise outcome["error"]
        return len(entries)

    assert asyncio.run(served(take, ask)) == DISKS


def test_one_that_cannot_be_written_harms_no_other():
    taken = []

    def take(entries):
        if any(entry.reading.vendor_id == "poison" for entry in entries):
            raise ValueError("poison")
        taken.extend(entry.reading.vendor_id for entry in entries)
        return len(entries)

    async def ask(client, url):
        async def post(name):
            async with client.post(url, data=hikvision(uuid=name), headers=TYPE) as answer:
                return answer.status

        return await asyncio.gather(*map(post, ["a", "poison", "b", "c"]))

    assert asyncio.run(served(take, ask)) == [200, 500, 200, 200]
    assert sorted(taken) == ["a", "b", "c"]
