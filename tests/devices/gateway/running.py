"""A gateway under test, as a process of its own, and raw HTTP to it."""

from __future__ import annotations

import http.client
import re
import signal
import socket
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from tests.command_line import AMANZHOL, environment

if TYPE_CHECKING:
    from pathlib import Path

REGISTRY = """device_id,kind,lon,lat,vendor_id,valid_to
cam-1,fixed_camera,51.1,43.6,D4-E8-53-BC-4C-02,
cam-2,fixed_camera,51.1,43.6,ACCC8ED3290D,
cam-3,fixed_camera,51.1,43.6,AGENT1/7,
cam-4,fixed_camera,51.1,43.6,hook-1/gate-3,
cam-5,fixed_camera,51.1,43.6,SN-DH-1,
cam-6,fixed_camera,51.1,43.6,BOX-9,
old-1,fixed_camera,51.1,43.6,OLD-1,2020-01-01
"""
BOX = """field,path,as
each,events,
device,$.box.id,
occurred_at,when,time:%d.%m.%Y %H:%M:%S %z
event_id,id,
offence,kind,words:SPEED=592.2;PASS=
speed_kmh,kmh,
plate,number,
"""

_PORTS = (re.compile(r"post to http://127\.0\.0\.1:(\d+)/"), re.compile(r"metrics at http://127\.0\.0\.1:(\d+)/"))
_PATIENCE_S = 60.0


class Gateway:
    """One `amanzhol gateway`; it outlives no test."""

    def __init__(self, folder: Path, broker: str, prefix: str = "t.", *options: str) -> None:
        (folder / "registry.csv").write_text(REGISTRY)
        (folder / "box.csv").write_text(BOX)
        where = ["--broker", broker, "--prefix", prefix, "--home", "home", "--gateway-port", "0", "--metrics-port", "0"]
        files = ["--devices", "registry.csv", "--map", "box.csv"]
        self._log = folder / "gateway.log"
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [AMANZHOL, "gateway", *where, *files, *options],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment(),
                start_new_session=True,
            )
        deadline = time.monotonic() + _PATIENCE_S
        while not all(found := [port.findall(self.log) for port in _PORTS]):
            assert time.monotonic() < deadline, self.log
            assert self._process.poll() is None, self.log
            time.sleep(0.05)
        self.port, self.metrics_port = (int(ports[-1]) for ports in found)

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def post(self, path: str, body: bytes, media_type: str = "", **headers: str) -> tuple[int, str]:
        """Post a body. Gives status and answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_PATIENCE_S)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            with suppress(BrokenPipeError, ConnectionResetError):  # refused before all of it was sent
                connection.request("POST", path, body, sent | ({"Content-Type": media_type} if media_type else {}))
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def raw(self, sent: bytes, *, then_gone: bool) -> bytes:
        """Send bytes as they are, and read the answer; or send no more, and read what there is until it closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=_PATIENCE_S) as connection:
            with suppress(BrokenPipeError, ConnectionResetError):  # refused before all of it was sent
                connection.sendall(sent)
            if then_gone:
                connection.shutdown(socket.SHUT_WR)
            with suppress(ConnectionResetError):
                return connection.recv(65536)
            return b""

    def get(self, path: str) -> str:
        """Ask the port for watchers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.metrics_port, timeout=_PATIENCE_S)
        try:
            connection.request("GET", path)
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    def metrics(self) -> dict[str, float]:
        """Samples by name and labels."""
        lines = [line for line in self.get("/metrics").splitlines() if not line.startswith("#")]
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(_PATIENCE_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self.kill()
