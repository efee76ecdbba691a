"""The command as a user runs it: the installed script, in a process and a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

AMANZHOL = str(Path(sys.executable).with_name("amanzhol"))


class Outcome(NamedTuple):
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


def environment(settings: Mapping[str, str] | None = None) -> dict[str, str]:
    """Give this process's environment with these `AMANZHOL_*` settings, and none of whoever runs the tests."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AMANZHOL_")}
    return inherited | dict(settings or {})


def amanzhol(*arguments: object, cwd: Path, stdin: bytes = b"", settings: Mapping[str, str] | None = None) -> Outcome:
    """Run a command to its end."""
    done = subprocess.run(
        [AMANZHOL, *map(str, arguments)],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        env=environment(settings),
        timeout=240,
        check=False,
    )
    return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())
