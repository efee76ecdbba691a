"""The house keeps its rules: who may import whom, what the pure room does without, and how large a module may be."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("amanzhol", "api", "devices", "models", "streams")

# Data enters on the left and leaves on the right; no room calls back to the left.
MAY_IMPORT = {
    "models": {"models"},
    "devices": {"devices", "models"},
    "streams": {"streams", "models"},
    "api": {"api", "models"},
    "amanzhol": {"amanzhol", "api", "devices", "models", "streams"},
}

# The pure room has no Kafka, no HTTP, no clock, no chance and no environment; it may read a file that it is given.
IMPURE_MODULES = {
    *("aiohttp", "aiokafka", "confluent_kafka", "duckdb", "faust", "httpx", "kafka", "mode", "prometheus_client"),
    *("asyncio", "http", "multiprocessing", "os", "queue", "random", "secrets", "shutil", "signal", "socket"),
    *("ssl", "subprocess", "sys", "tempfile", "threading", "time", "urllib", "uuid", "logging", "click", "rich"),
}
IMPURE_CALLS = {
    *("now", "utcnow", "today", "open", "print", "input", "getenv", "cwd", "home", "write_text", "write_bytes"),
    *("read_bytes", "read_text"),
}
READS_FILES = {"breaks.py": {"read_bytes"}, "network_file.py": {"read_bytes"}, "csv_rows.py": {"read_bytes"}}

EMPTY_NAMES = {"util", "utils", "helper", "helpers", "common", "misc", "base", "core", "manager", "managers"}
MAX_LINES = 400


def modules(*folders):
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def named(path):
    return path.relative_to(ROOT).as_posix()


def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imports(path):
    """Top-level names of all that a module imports, inside functions and for type checkers as well."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{named(path)}:{node.lineno} imports relatively"
            yield (node.module or "").split(".")[0]


def calls(path):
    """Names of all functions and methods that a module calls."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            function = node.func
            yield function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_what_it_may(room):
    wrong = [
        f"{named(path)} imports {name}"
        for path in modules(room)
        for name in imports(path)
        if name in {*ROOMS, "tests"} and name not in MAY_IMPORT[room]
    ]
    assert wrong == []


def test_models_are_pure():
    wrong = [
        f"{named(path)}: {name}"
        for path in modules("models")
        for name in (
            *(IMPURE_MODULES & set(imports(path))),
            *((IMPURE_CALLS & set(calls(path))) - READS_FILES.get(path.name, set())),
        )
    ]
    assert wrong == []


@pytest.mark.parametrize("folder", [*ROOMS, "tests"])
def test_every_module_can_be_read_in_one_sitting(folder):
    lengths = {named(path): len(path.read_text(encoding="utf-8").splitlines()) for path in modules(folder)}
    assert {name: lines for name, lines in lengths.items() if lines > MAX_LINES} == {}


def test_every_name_of_a_file_says_something():
    assert [named(path) for path in modules(*ROOMS, "tests") if path.stem in EMPTY_NAMES] == []


def test_every_module_says_what_it_is_for():
    silent = [path for path in modules(*ROOMS, "tests") if not ast.get_docstring(tree(path))]
    assert [named(path) for path in silent if path.read_text(encoding="utf-8").strip()] == []


def test_tests_are_no_packages():
    assert list((ROOT / "tests").rglob("__init__.py")) == []
