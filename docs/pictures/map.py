"""Takes docs/pictures/map-*.png from the running demo, as it looks at a desk and on a phone.

`python -m api.map.build && python docs/pictures/map.py`; it needs Chromium on the path.
"""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from amanzhol.demo import Plan, running_demo
from amanzhol.settings import load_settings

FOLDER = Path(__file__).parent
WEEK_S = 7 * 86_400
SIMULATED_OVER_S = 40.0
DRAWN_MS = 4_000
PICTURES = (
    ("map-1280", (1280, 800), "lang=en&measure=violations&span=days_7"),
    ("map-segment-1280", (1280, 800), "lang=ru&measure=violations_per_hour&span=days_7"),
    ("map-390", (390, 844), "lang=kk&measure=violations&span=days_7"),
    ("map-segment-390", (390, 844), "lang=ru&measure=violations&span=days_7"),
)


def main() -> None:
    """Run the demo through a week and photograph its map."""
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("chromium is not on the path")
    settings = load_settings(home=Path(".amanzhol"))
    plan = Plan(SIMULATED_OVER_S, WEEK_S / SIMULATED_OVER_S)
    with running_demo(settings, plan, print) as running, sync_playwright() as playwright:
        while running.look().running_s < SIMULATED_OVER_S:
            time.sleep(1)
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, (width, height), state in PICTURES:
            page = browser.new_page(viewport={"width": width, "height": height})
            page.goto(f"{running.map_url}#{state}")
            photograph(page, FOLDER / f"{name}.png", open_worst="segment" in name)
            page.close()
        browser.close()


def photograph(page: Page, picture: Path, *, open_worst: bool) -> None:
    """Wait until all is drawn, and keep what is seen; with the worst segment opened where that is wanted."""
    page.wait_for_selector("body[data-ready]")
    if open_worst:
        page.locator("#list button").first.click()
        page.wait_for_selector(".series")
        page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(DRAWN_MS)
    page.screenshot(path=picture)


if __name__ == "__main__":
    main()
