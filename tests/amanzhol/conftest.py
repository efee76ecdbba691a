"""The command in this process, in an empty folder that holds the country of `tests.rows`."""

from __future__ import annotations

import io
import os
import signal
import sys
from typing import TYPE_CHECKING, Protocol

import pytest

from amanzhol.cli import main
from tests.command_line import Outcome
from tests.country import write_country

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Command(Protocol):
    def __call__(self, *arguments: object, stdin: bytes = b"") -> Outcome: ...


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: network.geojson and devices.csv, and no settings of whoever runs the tests."""
    for name in [name for name in os.environ if name.startswith("AMANZHOL_")]:
        monkeypatch.delenv(name)
    write_country(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def command(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Command]:
    """Run `amanzhol` as its script does, without the second that a new process takes to import it."""

    def run(*arguments: object, stdin: bytes = b"") -> Outcome:
        monkeypatch.setattr(sys, "argv", ["amanzhol", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return Outcome(int(ended.value.code or 0), out, err)

    handler = signal.getsignal(signal.SIGTERM)
    yield run
    signal.signal(signal.SIGTERM, handler)
