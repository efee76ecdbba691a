"""Runs the service: the follower in its thread, uvicorn in this one, until it is told to stop."""

from __future__ import annotations

import ipaddress
import logging
import socket
import time
from contextlib import ExitStack, closing, suppress
from typing import TYPE_CHECKING, NamedTuple

import uvicorn

from api.app import build_app
from api.following import Follower, Following
from api.live import Live
from api.service import Service
from api.store import open_store
from api.tokens import TokenFile
from models.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import FrameType

    from models.calendar import Calendar
    from models.fleet import FleetKind
    from models.network import Network

logger = logging.getLogger(__name__)

_CONNECTIONS = 2_048
_GRACE_S = 5


class ServiceSettings(NamedTuple):
    """What a service is run with. `store` is the path of a DuckDB file, or `postgresql://…`; port 0 is a free one."""

    host: str
    port: int
    store: str
    tokens: Path
    network: Network
    calendar: Calendar
    fleet: tuple[FleetKind, ...]
    following: Following
    version: str


def serve(settings: ServiceSettings, tell: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM. `tell` is told where, and who is let in.

    Raises SettingsError where others could reach a service without tokens, or the address is taken, and StoreError
    where the store cannot be opened.
    """
    tokens = TokenFile(settings.tokens)
    open_to_all = not tokens
    if open_to_all and not _is_loopback(settings.host):
        raise SettingsError(
            f"--api-host: {settings.host} can be reached by others, and there are no tokens: make one with "
            "`amanzhol token add NAME --role analyst`, or serve on 127.0.0.1"
        )
    with ExitStack() as stack:
        listening = stack.enter_context(closing(_listen(settings.host, settings.port)))
        source = {
            "timezone": settings.calendar.zone.key,
            "window_s": str(settings.calendar.windows.length_s),
            "prefix": settings.following.topics.prefix,
        }
        store = stack.enter_context(closing(open_store(settings.store, settings.network, settings.calendar, source)))
        live = Live()
        follower = Follower(store, settings.following, lambda changed: live.tell(changed, store.taking_words))
        service = Service(
            store,
            follower.freshness,
            live,
            settings.fleet,
            None if open_to_all else tokens,
            time.time,
            settings.version,
        )
        app = build_app(service)
        server = _Server(
            uvicorn.Config(
                app, log_config=None, access_log=False, server_header=False, backlog=_CONNECTIONS,
                timeout_graceful_shutdown=_GRACE_S,
            ),
            lambda: setattr(app.state, "ending", True),
        )  # fmt: skip
        follower.start()
        stack.callback(follower.stop)
        port = listening.getsockname()[1]
        shown = f"[{settings.host}]" if ":" in settings.host else settings.host
        tell(f"API  http://{shown}:{port}/api/v1")
        if open_to_all:
            tell("no tokens: everyone on this machine is let in as ops; `amanzhol token add` ends that")
        # Once it has stopped, uvicorn raises the signal again that has stopped it.
        with suppress(KeyboardInterrupt):
            server.run(sockets=[listening])


class _Server(uvicorn.Server):
    """Tells open streams that the service ends: it would wait for them otherwise."""

    def __init__(self, config: uvicorn.Config, ending: Callable[[], None]) -> None:
        super().__init__(config)
        self._ending = ending

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._ending()
        super().handle_exit(sig, frame)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _listen(host: str, port: int) -> socket.socket:
    """Bind before anything else is done, so that a busy port is said at once. Raises SettingsError."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            # From now on requests wait; whoever is told the address can use it.
            listening.listen(_CONNECTIONS)
        except OSError:
            listening.close()
            raise
    except OSError as error:
        raise SettingsError(f"--api-port: {host}:{port}: {error.strerror}; 0 takes a free port") from None
    return listening
