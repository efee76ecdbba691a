"""The health check of a worker's container, as the container runs it."""

from __future__ import annotations

import http.server
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from amanzhol.broker.ports import free_port

CHECK = Path(__file__).resolve().parents[2] / "deploy" / "image" / "worker_health.py"
PROGRESS = "amanzhol_last_progress_timestamp_seconds"


def check(port: int) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, CHECK],
        # A proxy that the container was given is not asked for its own address.
        env={"AMANZHOL_METRICS_PORT": str(port), "http_proxy": "http://127.0.0.1:1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def exposition():
    """A server that answers with what is put into `body`, or with the status 500 where that is empty."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.server.body else 500)
            self.end_headers()
            self.wfile.write(self.server.body.encode())

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("metrics", "said"),  # AN_HOUR_AGO stands for that moment
    [
        ("", "does not answer: HTTP Error 500"),
        ("process_cpu_seconds_total 1.0\n", "is this a worker?"),
        (f"{PROGRESS}_created 1.7e9\n", "is this a worker?"),
        (f"# TYPE {PROGRESS} gauge\n{PROGRESS} 0.0\n", "has not begun to count"),
        (f"{PROGRESS} AN_HOUR_AGO\n", "has made no progress for 36"),
        (f"{PROGRESS} yesterday\n", "cannot be read"),
    ],
)
def test_a_worker_that_is_not_well(exposition, metrics, said):
    exposition.body = metrics.replace("AN_HOUR_AGO", str(time.time() - 3600))
    code, output = check(exposition.server_port)
    assert code == 1
    assert said in output
    assert output.count("\n") == 1


def test_a_worker_that_made_progress_just_now(exposition):
    exposition.body = f"# HELP {PROGRESS} Time\n# TYPE {PROGRESS} gauge\n{PROGRESS} {time.time() - 20}\n"
    assert check(exposition.server_port) == (0, "")


def test_nobody_answers():
    code, output = check(free_port())
    assert code == 1
    assert "does not answer" in output
