"""The publisher: takes events on to the disk, and brings them to Kafka whenever it is there.

```python
kafka = partial(open_producer, "kafka.example.org:9092")
with Publisher(Path("/var/lib/camera"), kafka, Topics()) as publisher:
    publisher.publish([b'{"type": "violation", ...}'])  # on this disk when it returns
    publisher.wait(timeout_s=60)                        # in Kafka when it returns True
```
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Self

from devices.publisher.outgoing import PlatePolicy, outgoing
from devices.publisher.sending import DEFAULT_KEEP_S, Sender
from devices.publisher.spool import DEFAULT_MAX_BYTES, Spool
from models.errors import SpoolFullError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from types import TracebackType

    from devices.publisher.sending import Connect
    from models.topics import Topics

_POLL_S = 0.05


class Publisher:
    """A spool, and a thread that empties it.

    `folder` is the spool's, for this publisher alone; `connect` opens a producer whenever one is needed. Raises
    SpoolError where the folder cannot be used.
    """

    def __init__(
        self,
        folder: Path,
        connect: Connect,
        topics: Topics,
        *,
        plates: PlatePolicy | None = None,
        max_bytes: int = DEFAULT_MAX_BYTES,
        keep_s: float = DEFAULT_KEEP_S,
    ) -> None:
        """Open the spool; nothing is sent before `start`."""
        self.plates = plates or PlatePolicy()
        self.spool = Spool(folder, max_bytes)
        self._stop = threading.Event()
        self.sender = Sender(self.spool, topics, connect, keep_s, time.monotonic)
        self._thread = threading.Thread(target=self.sender.run, args=(self._stop,), name="publisher", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def publish(self, events: Iterable[bytes]) -> int:
        """Take events, as JSON bytes: all of them, or none with SpoolFullError. Returns how many.

        They are on the disk when this returns, without plates. The same event may be given again: it counts once.
        """
        records = [outgoing(event, self.plates) for event in events]
        try:
            self.spool.append(records)
        except SpoolFullError:
            self.sender.make_room()
            raise
        self.sender.wake()
        return len(records)

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until Kafka has acknowledged all that was taken. False where it has not in time."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while not self.sender.all_acknowledged():
            if deadline is not None and time.monotonic() > deadline:
                return False
            time.sleep(_POLL_S)
        return True

    def close(self) -> None:
        """Stop sending. What Kafka has not acknowledged stays in the spool for the next time."""
        self._stop.set()
        self.sender.wake()
        if self._thread.is_alive():
            self._thread.join()
        self.spool.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
