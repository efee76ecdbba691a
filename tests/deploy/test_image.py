"""The image and its lock files, as far as they can be judged without building: pinned, small, nobody's root."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
IMAGE = ROOT / "deploy" / "image"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
INSTRUCTION = re.compile(r"^([A-Z]+) (.*?)(?<!\\)$", re.MULTILINE | re.DOTALL)
DOCKERFILE = INSTRUCTION.findall((IMAGE / "Dockerfile").read_text(encoding="utf-8"))
REQUIREMENT = re.compile(r"^([a-z0-9-]+)==(\S+)[^\n]*\\\n((?:    --hash=\S+(?: \\)?\n)+)", re.MULTILINE)


def locked(file: Path) -> dict[tuple[str, str], set[str]]:
    """Hashes by name and version. Every requirement of a lock file has some."""
    text = file.read_text(encoding="utf-8")
    found = {(name, version): set(hashes.split()) - {"\\"} for name, version, hashes in REQUIREMENT.findall(text)}
    assert len(found) == len(re.findall(r"^[a-zA-Z0-9]", text, re.MULTILINE))
    return found


def name_of(requirement: str) -> str:
    return re.split(r"[^a-zA-Z0-9._-]", requirement)[0].lower()


def stages() -> list[list[tuple[str, str]]]:
    stages: list[list[tuple[str, str]]] = []
    for word, rest in DOCKERFILE:
        if word == "FROM":
            stages.append([])
        stages[-1].append((word, rest))
    return stages


def test_what_runs_is_what_is_tested():
    everything, run = locked(ROOT / "requirements.lock"), locked(ROOT / "requirements-run.lock")
    assert {pinned: everything.get(pinned) for pinned in run} == run


def test_what_only_developers_need_is_not_installed():
    run = {name for name, _ in locked(ROOT / "requirements-run.lock")}
    assert {name_of(requirement) for requirement in PROJECT["project"]["dependencies"]} <= run
    assert not {name_of(requirement) for requirement in PROJECT["dependency-groups"]["dev"]} & run


def test_what_builds_the_package_is_locked():
    build = {name for name, _ in locked(IMAGE / "build.lock")}
    assert {name_of(requirement) for requirement in PROJECT["build-system"]["requires"]} <= build


def test_every_stage_begins_with_the_same_pinned_python():
    bases = {rest.split(" AS ")[0] for word, rest in DOCKERFILE if word == "FROM"}
    (base,) = bases
    assert re.fullmatch(r"python:3\.11\.\d+-slim-[a-z]+", base)


def test_whatever_is_installed_comes_by_hash_or_from_here():
    commands = [
        command
        for _, rest in DOCKERFILE
        for command in rest.split("&&")
        if re.search(r"\bpip\b.*\b(install|wheel)\b", command)
    ]
    assert len(commands) == 4
    for command in commands:
        from_here = {"--no-deps", "--no-index"} <= set(command.split())
        assert from_here or "--require-hashes --only-binary :all:" in command


def test_every_package_of_the_project_is_copied_and_let_in():
    copied = {rest.split()[0] for word, rest in DOCKERFILE if word == "COPY"}
    ignored = (IMAGE / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    assert ignored[1] == "*"
    let_in = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    packages = set(PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
    assert packages <= copied
    assert packages <= let_in
    for word, rest in DOCKERFILE:
        if word == "COPY" and not rest.startswith("--from"):
            for source in rest.split()[:-1]:
                assert (ROOT / source).exists()
                assert any(source == path or source.startswith(f"{path}/") for path in let_in)


def test_the_last_stage_installs_nothing_and_is_not_root():
    last = stages()[-1]
    assert not any(re.search(r"\b(apt|apt-get|pip)\b", rest) for word, rest in last if word == "RUN")
    (user,) = [rest for word, rest in last if word == "USER"]
    uid, gid = map(int, user.split(":"))
    assert uid > 0
    assert gid > 0
    words = [word for word, _ in last]
    assert words.index("USER") > words.index("RUN")
    assert words[-2:] == ["ENTRYPOINT", "CMD"]


def test_the_health_check_is_a_file_that_is_copied():
    last = stages()[-1]
    (check,) = [rest for word, rest in last if word == "HEALTHCHECK"]
    (script,) = re.findall(r"/opt/amanzhol/(\w+\.py)", check)
    assert any(rest == f"deploy/image/{script} /opt/amanzhol/" for word, rest in last if word == "COPY")
