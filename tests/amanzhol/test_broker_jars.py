"""The class path: from the cache, from a registry, and from neither. The registry is one of our own, on loopback."""

from __future__ import annotations

import gc
import hashlib
import subprocess
import sys
import threading
import warnings
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from amanzhol.broker.jars import LockedJar, cache_root, class_path, read_lock
from models.errors import JarsUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CONTENTS = {"one": b"1" * 5000, "two": b"2" * 70_000, "three": b"3"}


def locked(artifact: str, content: bytes) -> LockedJar:
    return LockedJar("org.example", artifact, "1.0", len(content), hashlib.sha256(content).hexdigest())


JARS = [locked(artifact, content) for artifact, content in CONTENTS.items()]


class Registry:
    """A Maven registry that serves CONTENTS, and counts and can spoil what it serves."""

    def __init__(self) -> None:
        self.files = {f"/org/example/{a}/1.0/{a}-1.0.jar": content for a, content in CONTENTS.items()}
        self.served: Counter[str] = Counter()
        self.cut_short: set[str] = set()
        registry = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                content = registry.files.get(self.path)
                if content is None:
                    self.send_error(404)
                    return
                registry.served[self.path.rsplit("/", 1)[1]] += 1
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content[: len(content) // 2] if self.path in registry.cut_short else content)

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"

    def path_of(self, artifact: str) -> str:
        return f"/org/example/{artifact}/1.0/{artifact}-1.0.jar"


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    registry = Registry()
    thread = threading.Thread(target=registry.server.serve_forever, args=(0.02,))
    thread.start()
    yield registry
    registry.server.shutdown()
    registry.server.server_close()
    thread.join()


@pytest.fixture
def fetch(registry: Registry, tmp_path: Path) -> Callable[[], list[Path]]:
    return lambda: class_path(JARS, root=tmp_path, repositories={"test": registry.address})


def test_the_lock_names_kafka_and_its_logging() -> None:
    jars = {jar.artifact: jar for jar in read_lock()}
    assert jars["kafka_2.13"].version == jars["kafka-clients"].version == "4.1.1"
    # Without the bridge from SLF4J to log4j, Kafka's log stays empty.
    assert {"log4j-slf4j-impl", "log4j-core", "slf4j-api"} <= jars.keys()
    assert len(jars) == len(read_lock()) == 46
    assert all(len(jar.sha256) == 64 and jar.size_bytes > 0 for jar in jars.values())


def test_jars_are_fetched_once(fetch: Callable[[], list[Path]], registry: Registry) -> None:
    paths = fetch()
    assert [path.read_bytes() for path in paths] == list(CONTENTS.values())
    assert fetch() == paths
    assert registry.served == {"one-1.0.jar": 1, "two-1.0.jar": 1, "three-1.0.jar": 1}


def test_a_full_cache_needs_no_registry(fetch: Callable[[], list[Path]], tmp_path: Path) -> None:
    paths = fetch()
    assert class_path(JARS, root=tmp_path, repositories={"none": "http://127.0.0.1:1"}) == paths


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda path: path.unlink(), id="deleted"),
        pytest.param(lambda path: path.write_bytes(b""), id="empty"),
        pytest.param(lambda path: path.write_bytes(CONTENTS["two"][:-1]), id="cut short"),
        pytest.param(lambda path: path.write_bytes(CONTENTS["two"][:-1] + b"x"), id="one byte differs"),
        pytest.param(lambda path: (path.unlink(), path.symlink_to("nowhere")), id="a link to nowhere"),
    ],
)
def test_a_damaged_jar_alone_is_fetched_again(
    fetch: Callable[[], list[Path]], registry: Registry, damage: Callable[[Path], object]
) -> None:
    paths = fetch()
    damage(paths[1])
    registry.served.clear()
    assert [path.read_bytes() for path in fetch()] == list(CONTENTS.values())
    assert registry.served == {"two-1.0.jar": 1}


def test_what_a_killed_download_left_is_cleared_away(fetch: Callable[[], list[Path]], tmp_path: Path) -> None:
    abandoned = tmp_path / "kafka" / "part-abandoned" / "org"
    abandoned.mkdir(parents=True)
    (abandoned / "half.jar").write_bytes(b"half")
    fetch()
    assert sorted(path.name for path in (tmp_path / "kafka").iterdir()) == [
        ".lock", "one-1.0.jar", "three-1.0.jar", "two-1.0.jar",
    ]  # fmt: skip


def test_a_download_cut_short_fails_and_the_next_one_goes_on(
    fetch: Callable[[], list[Path]], registry: Registry, tmp_path: Path
) -> None:
    registry.cut_short.add(registry.path_of("two"))
    with pytest.raises(JarsUnavailableError, match="connect this machine once"):
        fetch()
    assert not (tmp_path / "kafka" / "two-1.0.jar").exists()
    assert not list((tmp_path / "kafka").glob("part-*"))
    registry.cut_short.clear()
    assert [path.read_bytes() for path in fetch()] == list(CONTENTS.values())


def test_another_file_than_the_locked_one_is_refused(
    fetch: Callable[[], list[Path]], registry: Registry, tmp_path: Path
) -> None:
    registry.files[registry.path_of("two")] = b"9" * len(CONTENTS["two"])
    with pytest.raises(JarsUnavailableError, match=r"two-1\.0\.jar is not the file that jars\.lock names"):
        fetch()
    assert not (tmp_path / "kafka" / "two-1.0.jar").exists()


def test_a_jar_the_registry_lacks(fetch: Callable[[], list[Path]], registry: Registry) -> None:
    del registry.files[registry.path_of("three")]
    with warnings.catch_warnings():
        # jgo leaves the connection of a 404 open, for the garbage collector to find: here, not in another test.
        warnings.simplefilter("ignore", ResourceWarning)
        with pytest.raises(JarsUnavailableError, match="not found"):
            fetch()
        gc.collect()


@pytest.mark.parametrize("repository", ["http://127.0.0.1:1", "http://no-such-host.invalid"])
def test_an_unreachable_registry_says_what_to_do(tmp_path: Path, repository: str) -> None:
    with pytest.raises(JarsUnavailableError) as failure:
        class_path(JARS, root=tmp_path, repositories={"none": repository})
    message = str(failure.value)
    assert "could not be fetched" in message
    assert "--broker" in message
    assert "\n" not in message
    assert len(message) < 500


def test_maven_central_behind_a_dead_proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    with pytest.raises(JarsUnavailableError, match="HTTPS_PROXY is heeded"):
        class_path(root=tmp_path)


def test_a_cache_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(JarsUnavailableError, match=r"cache folder .*file/kafka cannot be used .*AMANZHOL_CACHE"):
        class_path(JARS, root=tmp_path / "file")


def test_two_processes_at_once_fetch_each_jar_once(registry: Registry, tmp_path: Path) -> None:
    lock = tmp_path / "jars.lock"
    lock.write_text("".join(f"org.example:{j.artifact}:1.0 {j.size_bytes} {j.sha256}\n" for j in JARS))
    script = (
        "import sys, pathlib; from amanzhol.broker.jars import class_path, read_lock\n"
        "class_path(read_lock(pathlib.Path(sys.argv[1])), root=pathlib.Path(sys.argv[2]),"
        " repositories={'test': sys.argv[3]})"
    )
    command = [sys.executable, "-c", script, str(lock), str(tmp_path / "cache"), registry.address]
    processes = [subprocess.Popen(command) for _ in range(3)]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    assert registry.served == {"one-1.0.jar": 1, "two-1.0.jar": 1, "three-1.0.jar": 1}


def test_progress_counts_the_bytes(registry: Registry, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    class_path(
        JARS,
        root=tmp_path,
        repositories={"test": registry.address},
        progress=lambda done, total: seen.append((done, total)),
    )
    total = sum(map(len, CONTENTS.values()))
    assert len(seen) == 3
    assert seen == sorted(seen)
    assert seen[-1] == (total, total)


def test_the_cache_may_be_put_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMANZHOL_CACHE", str(tmp_path))
    assert cache_root() == tmp_path
    monkeypatch.setenv("AMANZHOL_CACHE", "")
    assert cache_root().name == "amanzhol"
