"""The command's fixtures, for the tests of registers too."""

from __future__ import annotations

from tests.amanzhol.conftest import command, folder

__all__ = ["command", "folder"]
