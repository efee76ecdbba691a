"""What the worker answers over HTTP: /metrics, /livez (is it worth keeping) and /readyz (does it count)."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import make_wsgi_app

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from prometheus_client import CollectorRegistry

    from streams.source import RecordSource

_TEXT = [("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store")]


@dataclass(slots=True)
class Health:
    """Answers for one record source. Before there is one, the worker lives and is not ready."""

    _source: RecordSource | None = None
    _patience_s: float = 0.0

    def watch(self, source: RecordSource, patience_s: float) -> None:
        """Answer for this source from now on."""
        self._source, self._patience_s = source, patience_s

    def alive(self) -> str:
        """Say why the worker should be started anew, or nothing."""
        source = self._source
        if source is None:
            return ""
        if source.failure is not None:
            return f"failed: {source.failure}"
        silent_s = time.monotonic() - source.turned_at
        return f"has not polled for {silent_s:.0f} s" if silent_s > self._patience_s else ""

    def ready(self) -> str:
        """Say why nothing is counted here now, or nothing."""
        if self._source is None:
            return "starting"
        return self.alive() or ("" if self._source.counts else "holds no partitions yet, or is restoring some")


class _Server(ThreadingMixIn, WSGIServer):
    """A thread for each request: one that reads slowly must not keep Prometheus waiting."""

    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    """A handler that does not write every request to standard error."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        pass


def serve(host: str, port: int, registry: CollectorRegistry, health: Health) -> int:
    """Serve in a thread. Returns the port; 0 takes a free one. Raises OSError where it is taken."""
    metrics = make_wsgi_app(registry)

    def app(environ: dict[str, object], start_response: Callable[..., object]) -> Iterable[bytes]:
        match environ.get("PATH_INFO"):
            case "/livez":
                reason = health.alive()
            case "/readyz":
                reason = health.ready()
            case "/" | "/metrics":
                return metrics(environ, start_response)  # type: ignore[no-any-return]
            case _:
                start_response("404 Not Found", _TEXT)
                return [b"there are /metrics, /livez and /readyz\n"]
        start_response("503 Service Unavailable" if reason else "200 OK", _TEXT)
        return [f"{reason or 'ok'}\n".encode()]

    server = make_server(host, port, app, _Server, _Quiet)
    threading.Thread(target=server.serve_forever, name="http", daemon=True).start()
    return server.server_port
