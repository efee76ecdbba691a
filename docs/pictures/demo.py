"""Takes docs/pictures/demo.svg from the running demo: `python docs/pictures/demo.py`."""

from __future__ import annotations

import os
import time
from pathlib import Path

from rich.console import Console

from amanzhol.commands.demo import screen
from amanzhol.demo import Plan, running_demo
from amanzhol.settings import load_settings

PICTURE = Path(__file__).with_name("demo.svg")
HOUR_A_SECOND = 3_600.0
WATCHED_S = 25.0


def main() -> None:
    """Run the demo for a while and keep what its terminal shows."""
    settings = load_settings(home=Path(".amanzhol"))
    console = Console(record=True, width=118, file=Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
    with running_demo(settings, Plan(WATCHED_S, HOUR_A_SECOND), lambda _: None) as running:
        while (sight := running.look()).running_s < WATCHED_S:
            time.sleep(1)
        console.print(screen(sight, settings))
    console.save_svg(str(PICTURE), title="amanzhol demo")


if __name__ == "__main__":
    main()
