# noqa: INP001 - a script of its own in the image
"""The health check of a worker's container: its metrics answer, and it has made progress a short while ago.

Exits 0, or 1 with one line that says what is wrong. A worker notes progress every second in which it counted something
or had nothing to count (`streams/metrics.py`); an old note is one of a worker that stands still.
"""

from __future__ import annotations

import http.client
import os
import sys
import time
import urllib.request

DEFAULT_PORT = "9464"
ANSWER_TIMEOUT_S = 3.0
LONGEST_STANDSTILL_S = 60.0
PROGRESS = "amanzhol_last_progress_timestamp_seconds "


def main() -> None:
    """Ask the worker of this container. `AMANZHOL_METRICS_PORT` is the worker's own setting."""
    url = f"http://127.0.0.1:{os.environ.get('AMANZHOL_METRICS_PORT') or DEFAULT_PORT}/metrics"
    # Docker hands the proxy of its host on to containers; this question stays at home.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=ANSWER_TIMEOUT_S) as answer:
            exposed = answer.read().decode()
    except (OSError, http.client.HTTPException, ValueError) as error:
        sys.exit(f"{url} does not answer: {error}")
    noted = [line.removeprefix(PROGRESS) for line in exposed.splitlines() if line.startswith(PROGRESS)]
    if not noted:
        sys.exit(f"{url} says nothing of progress: is this a worker?")
    try:
        progress_s = float(noted[0])
    except ValueError:
        sys.exit(f"the time of the last progress cannot be read: {noted[0]!r}")
    if progress_s == 0:
        sys.exit("the worker has not begun to count")
    age_s = time.time() - progress_s
    if age_s > LONGEST_STANDSTILL_S:
        sys.exit(f"the worker has made no progress for {age_s:.0f} s")


if __name__ == "__main__":
    main()
