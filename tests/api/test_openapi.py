"""The OpenAPI describes every page as it is, and nothing that it allows makes the service fail."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error

from api.app import build_app
from api.problems import STATUS
from models.errors import RequestError
from tests.api.asked import ROOT, Client, service_on
from tests.api.recorded import CAMERA, CRASH, cell, take, watch
from tests.rows import NOON_S

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text(encoding="utf-8")


@pytest.fixture
def client(any_store):
    take(any_store, [cell({CAMERA: 2, CRASH: 1}), cell({CRASH: 1}, at=NOON_S - 86_400), watch({"fixed_camera": 60})])
    with Client(service_on(any_store)) as client:
        yield client


@pytest.fixture
def paths(client):
    return client.ask("/openapi.json")["paths"]


def test_every_page_is_in_the_document(paths):
    assert sorted(set(re.findall(r"`GET (/api/v1\S*)`", DOCUMENT))) == sorted(paths)


def test_every_refusal_is_in_the_document():
    assert set(re.findall(r"^\| `([a-z_]+)` \|", DOCUMENT, re.MULTILINE)) >= {
        kind.code for kind in RequestError.__subclasses__()
    }
    assert STATUS


def test_every_page_is_described(paths):
    for path, operations in paths.items():
        assert list(operations) == ["get"], path
        page = operations["get"]
        assert page["description"], path
        assert {"400", "401", "503"} <= page["responses"].keys(), path
        for parameter in page.get("parameters", []):
            assert parameter.get("description") or parameter["in"] == "path", (path, parameter["name"])


def shape(value):
    """Names of fields, all the way down; of lists, what their first element has."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    return [shape(value[0])] if isinstance(value, list) and value and isinstance(value[0], dict) else None


DAY = {"from": "2026-11-22", "to": "2026-11-23"}
REAL = {"digest": None, "collection": "segments", "segment_id": "R/0"}


def test_examples_are_answers_as_they_are(paths, client):
    """An example has the fields that the page's answer has, and no others."""
    for path, operations in paths.items():
        content = operations["get"]["responses"]["200"]["content"]
        example = content.get("application/json", {}).get("example")
        if example is None:
            continue
        digest = client.ask("/networks")["networks"][0]["digest"]
        answer = client.get(
            path.format(**{**REAL, "digest": digest}),
            params=DAY if "from" in {parameter["name"] for parameter in operations["get"]["parameters"]} else {},
        ).json()
        said, real = shape(example), shape(answer)
        if "rows" in example:
            assert said == real, path
        else:
            assert said.keys() <= real.keys(), path


HOST = {"Host": "127.0.0.1"}


def test_no_request_makes_it_fail(any_store):
    """Schemathesis asks what the OpenAPI allows: whatever it is, no answer is a 500."""
    take(any_store, [cell({CAMERA: 2, CRASH: 1}), watch({"fixed_camera": 60})])
    schema = schemathesis.openapi.from_asgi(f"{ROOT}/openapi.json", build_app(service_on(any_store)), headers=HOST)
    asked: Counter[str] = Counter()
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path == f"{ROOT}/live":  # it has no end
            continue

        @settings(
            max_examples=10,
            derandomize=True,
            deadline=None,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def ask(case):
            answer = case.call(base_url="http://127.0.0.1", headers=HOST)
            case.validate_response(answer, checks=[not_a_server_error])
            asked[case.operation.path, answer.status_code // 100] += 1

        ask()
    assert len({path for path, _ in asked}) == len(schema.raw_schema["paths"]) - 1
    assert {status for _, status in asked} == {2, 4}
