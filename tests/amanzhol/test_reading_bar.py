"""How far reading has come is shown on a terminal, and nowhere else."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from amanzhol.presenting import reading_bar

TABLE = [(True, True), (False, False)]


@pytest.mark.parametrize(("terminal", "shown"), TABLE)
def test_a_bar_is_for_terminals(terminal, shown):
    output = io.StringIO()
    console = Console(file=output, force_terminal=terminal, width=80, legacy_windows=False)
    with reading_bar(console) as progress:
        for done in (0, 500, 1_000):
            progress(done, 1_000)
    assert ("reading what was counted" in output.getvalue(), "100%" in output.getvalue()) == (shown, shown)
