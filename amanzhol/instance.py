"""A name for this worker that stays over restarts and that no other worker of this home has."""

from __future__ import annotations

import fcntl
import socket
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from models.errors import FencedError, OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SLOTS = 1_000


@contextmanager
def claim_instance(home: Path, name: str | None) -> Iterator[str]:
    """Hold a name while the block runs: the one given, or the host's with the first free slot of this home.

    A transactional id must stay over restarts, so that a worker that starts again ends its predecessor's open
    transaction at once; and two workers must not share one, or they fence each other. Raises FencedError where
    another process of this home holds the name given.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"--home {home}: cannot be made: {error.strerror}") from None
    if name is not None:
        with (home / f"worker-{name}.lock").open("w") as file:
            if not _locked(file):
                raise FencedError(f"a worker named {name} runs already: give this one another --instance-id")
            yield name
        return
    for slot in range(_SLOTS):
        with (home / f"worker-{slot}.lock").open("w") as file:
            if _locked(file):
                yield f"{socket.gethostname()}-{slot}"
                return
    raise FencedError(f"{_SLOTS} workers run from {home}: give this one an --instance-id")


def _locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
