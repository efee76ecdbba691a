"""Kafka's jars on this machine: fetched once, verified at every start.

`jars.lock` names each jar with its size and SHA-256, as `requirements.lock` does for the Python packages,
so a start resolves nothing, and neither a damaged cache nor a changed registry can reach the class path.
`relock` writes it anew.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from models.errors import JarsUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    Progress = Callable[[int, int], None]

__all__ = ["LockedJar", "cache_root", "class_path", "read_lock"]

LOCK_FILE = Path(__file__).with_name("jars.lock")
CACHE_VARIABLE = "AMANZHOL_CACHE"

# jgo opens a connection per file, so a registry far away is mostly waited for. Beside one nearby it makes
# no difference (7 s).
_DOWNLOADS_AT_ONCE = 4
_STAGING_PREFIX = "part-"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LockedJar:
    """One line of `jars.lock`: a Maven coordinate and what its file must be."""

    group: str
    artifact: str
    version: str
    size_bytes: int
    sha256: str

    @property
    def filename(self) -> str:
        """The file's name, in the registry and in the cache."""
        return f"{self.artifact}-{self.version}.jar"

    def matches(self, path: Path) -> bool:
        """Tell whether the file at `path` is this jar, whole and unchanged."""
        try:
            if path.stat().st_size != self.size_bytes:
                return False
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == self.sha256
        except OSError:
            return False


def read_lock(path: Path = LOCK_FILE) -> tuple[LockedJar, ...]:
    """Read the locked jars, in the order of the class path."""
    jars = []
    for line in path.read_text(encoding="ascii").splitlines():
        if line and not line.startswith("#"):
            coordinate, size, sha256 = line.split()
            group, artifact, version = coordinate.split(":")
            jars.append(LockedJar(group, artifact, version, int(size), sha256))
    return tuple(jars)


def cache_root() -> Path:
    """Where downloads are kept between runs: `AMANZHOL_CACHE`, or the user's cache folder."""
    override = os.environ.get(CACHE_VARIABLE)
    return Path(override).expanduser() if override else platformdirs.user_cache_path("amanzhol")


def class_path(
    jars: Sequence[LockedJar] | None = None,
    *,
    root: Path | None = None,
    repositories: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> list[Path]:
    """Return the paths of Kafka's jars, fetching what the cache lacks or what is damaged in it.

    Several processes may call this at once: one fetches, the others wait for it. `repositories` (name to
    address) stands in for Maven Central; `progress` is told the bytes that are there and the bytes there
    will be, after each jar fetched.

    Raises JarsUnavailableError when a jar cannot be fetched, is not what the lock says, or cannot be written.
    """
    jars = read_lock() if jars is None else jars
    # Absolute, since the broker runs in a folder of its own.
    folder = (root or cache_root()).absolute() / "kafka"
    missing = _missing(jars, folder)
    if missing:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with _locked(folder):
                # Another process may have fetched them while this one waited.
                missing = _missing(jars, folder)
                if missing:
                    _fetch(missing, folder, repositories, _Counter(jars, missing, progress))
        except OSError as error:
            raise JarsUnavailableError(
                f"the cache folder {folder} cannot be used ({error.strerror or error}): "
                f"make room, give it to this user, or name another in {CACHE_VARIABLE}"
            ) from error
    return [folder / jar.filename for jar in jars]


def _missing(jars: Sequence[LockedJar], folder: Path) -> list[LockedJar]:
    # Hashing all 44 MB takes 40 ms, so a start can afford to know rather than to trust sizes.
    return [jar for jar in jars if not jar.matches(folder / jar.filename)]


class _Counter:
    """Adds up what is there and tells `progress`."""

    def __init__(self, jars: Sequence[LockedJar], missing: Sequence[LockedJar], progress: Progress | None) -> None:
        self._total = sum(jar.size_bytes for jar in jars)
        self._done = self._total - sum(jar.size_bytes for jar in missing)
        self._progress = progress

    def add(self, size_bytes: int) -> None:
        self._done += size_bytes
        if self._progress:
            self._progress(self._done, self._total)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock. The kernel lets go of it when its holder dies, so it cannot go stale."""
    with (folder / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _fetch(jars: Sequence[LockedJar], folder: Path, repositories: Mapping[str, str] | None, counter: _Counter) -> None:
    """Fetch `jars` into `folder`, each moved there only when it is whole. The caller holds the lock."""
    # jgo takes 0.4 s to import and is needed once in the life of a cache.
    from jgo.maven import MavenContext  # noqa: PLC0415

    for abandoned in folder.glob(f"{_STAGING_PREFIX}*"):
        shutil.rmtree(abandoned, ignore_errors=True)
    # Not the user's ~/.m2: jgo writes in place, so a download cut short would damage what Maven shares with
    # others.
    with tempfile.TemporaryDirectory(prefix=_STAGING_PREFIX, dir=folder) as staging:
        context = MavenContext(
            repo_cache=Path(staging),
            local_repos=[],
            remote_repos=dict(repositories) if repositories else None,
        )

        def fetch(jar: LockedJar) -> tuple[LockedJar, Path]:
            project = context.project(jar.group, jar.artifact)
            return jar, project.at_version(jar.version).artifact().resolve()

        with ThreadPoolExecutor(_DOWNLOADS_AT_ONCE) as pool:
            try:
                for done in as_completed([pool.submit(fetch, jar) for jar in jars]):
                    jar, path = _result(done.result)
                    _refuse_unless_locked(jar, path)
                    path.replace(folder / jar.filename)
                    counter.add(jar.size_bytes)
                    _log.debug("fetched %s", jar.filename)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise


def _refuse_unless_locked(jar: LockedJar, path: Path) -> None:
    if not jar.matches(path):
        raise JarsUnavailableError(
            f"what came for {jar.filename} is not the file that jars.lock names (its SHA-256 differs): "
            "fetch again, and if it stays so, do not trust that registry or proxy"
        )


def _result(result: Callable[[], tuple[LockedJar, Path]]) -> tuple[LockedJar, Path]:
    # requests' errors are OSErrors, a 404 is jgo's RuntimeError, a server that speaks no HTTP a ValueError.
    try:
        return result()
    except (OSError, RuntimeError, ValueError) as error:
        raise JarsUnavailableError(
            f"Kafka's jars could not be fetched from Maven Central ({_reason(error)}): "
            f"connect this machine once (HTTPS_PROXY is heeded), or copy the folder {cache_root()} from one "
            "that was, or name a broker that runs (--broker)"
        ) from error


def _reason(error: Exception) -> str:
    """One line of what went wrong, at most 160 characters."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 160 else f"{type(error).__name__}: {text[:120]}…"  # noqa: PLR2004
