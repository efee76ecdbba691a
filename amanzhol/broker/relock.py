"""Write `jars.lock` anew: `python -m amanzhol.broker.relock`, after a change of a version below.

Resolution walks a hundred POM files and depends on all of them: left to itself (each coordinate also ruling
the versions of the others, jgo's default) it put kafka-clients 3.8.0 beside Kafka 4.1.1, which then does
not start. So it is done here, once, tried by the tests, and what came out is locked.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from typing import Any

import jgo

from amanzhol.broker.jars import LOCK_FILE

# `!`: this coordinate's own version management does not rule the others.
COORDINATES = (
    "org.apache.kafka:kafka_2.13:4.1.1!",
    # Kafka speaks SLF4J 1.7 and brings log4j; without the bridge between them it logs nothing.
    "org.apache.logging.log4j:log4j-slf4j-impl:2.24.3!",
)

HEADER = "# Kafka's jars: coordinate, bytes, SHA-256. Written by `python -m amanzhol.broker.relock`, not by hand."


def relock() -> None:
    """Resolve the coordinates on Maven Central and write what came out into `jars.lock`."""
    with tempfile.TemporaryDirectory() as repository:
        # Read by jgo: a fresh folder, so that nothing of this user's own Maven repository gets into the lock.
        os.environ["M2_REPO"] = repository
        lines = [_line(artifact) for artifact in jgo.resolve("+".join(COORDINATES))]
    LOCK_FILE.write_text("\n".join([HEADER, *lines, ""]), encoding="ascii")


def _line(artifact: Any) -> str:
    content = artifact.resolve().read_bytes()
    coordinate = f"{artifact.groupId}:{artifact.artifactId}:{artifact.version}"
    return f"{coordinate} {len(content)} {hashlib.sha256(content).hexdigest()}"


if __name__ == "__main__":
    relock()
