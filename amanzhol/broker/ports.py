"""Ports of the loopback interface: which are free, which are taken."""

from __future__ import annotations

import socket

__all__ = ["HOST", "free_port", "is_free"]

HOST = "127.0.0.1"


def is_free(port: int) -> bool:
    """Tell whether a server could listen on `port` now."""
    with socket.socket() as probe:
        # As Java does: connections that linger after their server has gone do not keep a port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port(preferred: int | None = None, *, besides: int | None = None) -> int:
    """Return `preferred` where it is free, else a port that is, and that is not `besides`.

    Nobody holds it until the caller's server does, so that may still fail, seldom.
    """
    if preferred is not None and preferred != besides and is_free(preferred):
        return preferred
    while True:
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            port: int = probe.getsockname()[1]
        if port != besides:
            return port
