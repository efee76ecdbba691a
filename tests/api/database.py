"""A real PostgreSQL for tests: on a free port, in a private folder, gone when they end."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from adbc_driver_manager import Error as DriverError
from adbc_driver_postgresql import dbapi

from api.store.on_postgres import SCHEMA
from tests.parts import require_part

if TYPE_CHECKING:
    from collections.abc import Iterator

USER = "amanzhol"
START_TIMEOUT_S = 60


@contextmanager
def running_postgres() -> Iterator[str]:
    """Run a server while the block runs. Gives its address, the database left out: `postgresql://user@host:port/`."""
    # The programs beside the one on the path: a link to it stands alone.
    programs = require_part("postgres").resolve().parent
    # PostgreSQL refuses to run as root: then it runs as the user that its package has made.
    user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="amanzhol-postgres-"))
    try:
        if user:
            shutil.chown(folder, "postgres", "postgres")
        data = folder / "data"
        subprocess.run(
            [
                *(programs / "initdb", "--pgdata", data, "--auth=trust", "--username", USER),
                *("--no-sync", "--locale=C", "--encoding=UTF8"),
            ],
            check=True, stdout=subprocess.DEVNULL, cwd=folder, **user,
        )  # fmt: skip
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [
                    *(programs / "postgres", "-D", data, "-p", str(port), "-k", folder),
                    *("-c", "fsync=off", "-c", "listen_addresses=127.0.0.1"),
                ],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder, **user,
            )  # fmt: skip
        try:
            address = f"postgresql://{USER}@127.0.0.1:{port}/"
            _wait(server, address, folder / "log")
            yield address
        finally:
            server.terminate()
            server.wait(30)
    finally:
        shutil.rmtree(folder)


def make_database(address: str, name: str) -> str:
    """Make an empty database. Gives its address."""
    with dbapi.connect(f"{address}postgres", autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
    return f"{address}{name}"


def drop_schema(address: str) -> None:
    """Let a database be as if no store had ever been there."""
    with dbapi.connect(address, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")


def _wait(server: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        with suppress(DriverError):
            dbapi.connect(f"{address}postgres").close()
            return
        assert server.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)
