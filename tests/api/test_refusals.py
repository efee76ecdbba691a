"""What is asked wrongly is refused with a 4xx in the one shape, whatever it is."""

from __future__ import annotations

from contextlib import closing

import pytest

from api.problems import STATUS
from api.store import open_store
from models import errors
from models.errors import RequestError
from tests.api.asked import ROOT, Client, service_on
from tests.api.recorded import CALENDAR, CAMERA, SOURCE, cell, take
from tests.rows import NETWORK, NOON_S

DAY = "from=2026-11-22&to=2026-11-23"
LONG = "x" * 10_000
INJECTIONS = ("'; DROP TABLE days; --", "R' OR '1'='1", "R/0) UNION SELECT 1--", "%00", "%27", "${jndi:ldap://x}")


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    path = tmp_path_factory.mktemp("store") / "store.duckdb"
    with closing(open_store(str(path), NETWORK, CALENDAR, SOURCE)) as store:
        take(
            store, [cell({CAMERA: n + 1}, segment, at=NOON_S + n * 300) for n in range(5) for segment in ("R/0", "S/0")]
        )
        take(store, [cell({CAMERA: 1}, at=NOON_S - 2 * 86_400)])
        store.thin(NOON_S - 86_400)
        with Client(service_on(store)) as client:
            yield client


HOSTILE = [
    *(
        f"/counts?{DAY}&{name}={value}"
        for value in INJECTIONS
        for name in ("segment", "route", "district", "fleet", "kind")
    ),
    *(f"/counts?{DAY}&{name}={LONG}" for name in ("segment", "route", "f", "next", "as_of", "offence", "by", "limit")),
    *(f"/counts?from={value}&to=2026-11-23" for value in ("", LONG, "now", "0001-01-01", "9999-12-31", "2026-02-30")),
    *(
        f"/counts?from=2026-11-22&to={value}"
        for value in ("9999-12-31", "2026-11-23T00:00:00", "20261123", "NaN", "-1")
    ),
    "/counts",
    "/counts?from=2026-11-22",
    "/counts?from=2026-11-23&to=2026-11-22",
    "/counts?from=2026-11-22&to=2026-11-22",
    "/counts?from=2026-11-22T12:00:01Z&to=2026-11-23",
    f"/counts?{DAY}&step=window&as_of=2026-11-24",
    f"/counts?{DAY}&step=week",
    f"/counts?{DAY}&by=offence",
    f"/counts?{DAY}&limit=0",
    f"/counts?{DAY}&limit=10001",
    f"/counts?{DAY}&limit=1e9",
    f"/counts?{DAY}&next=AAAA",
    f"/counts?{DAY}&next=k4AAoA",
    f"/counts?{DAY}&next=%F0%9F%90%AA",
    f"/counts?{DAY}&f=exe",
    f"/counts?{DAY}&f=geojson&by=route",
    f"/counts?{DAY}&f=csv&limit=5",
    f"/counts?{DAY}&from_km=5",
    f"/counts?{DAY}&route=R&route=S&from_km=5",
    f"/counts?{DAY}&route=R&from_km=inf",
    f"/counts?{DAY}&route=R&from_km=nan",
    f"/counts?{DAY}&segment=R/99",
    f"/counts?{DAY}&fleet=bus",
    f"/counts?{DAY}&kind=ufo",
    f"/counts?{DAY}&fleet=drone&channel=egov",
    f"/counts?{DAY}&{'&'.join('segment=R/0' for _ in range(101))}",
    "/counts?from=2026-01-01&to=2026-03-01&step=window",
    "/counts?from=2020-01-01&to=2026-03-01&step=hour",
    "/counts?from=1950-01-01&to=2026-03-01&step=day",
    "/counts?from=2026-11-20&to=2026-11-21&step=hour",
    f"/counts?{DAY}&unknown=1",
    f"/counts?{DAY}&{LONG}=1",
    f"/totals?{DAY}&step=day",
    f"/series?{DAY}&by=route",
    f"/series?{DAY}&step=all",
    f"/comparison?{DAY}&against=yesterday",
    "/freshness?x=1",
    "/networks?f=csv",
    "/networks/..%2f..%2fetc%2fpasswd",
    "/collections/roads",
    "/collections/segments/items/R/99",
    "/collections/segments/items/../../../etc/passwd",
    "/collections/segments/items/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    f"/collections/segments/items/{LONG}",
    f"/collections/segments/items?bbox={','.join('1' for _ in range(30_000))}",
    "/collections/segments/items?bbox=1,2,3",
    "/collections/segments/items?bbox=1,2,3,4,5",
    "/collections/segments/items?bbox=51,45,52,44",
    "/collections/segments/items?bbox=nan,0,1,1",
    "/collections/segments/items?bbox=-1e999,0,1,1",
    "/collections/segments/items?bbox=0,0,181,1",
    "/collections/segments/items?bbox=a,b,c,d",
    "/collections/segments/items?limit=0",
    "/collections/segments/items?limit=-1",
    "/collections/segments/items?limit=ten",
    "/collections/segments/items?datetime=yesterday",
    "/collections/segments/items?datetime=2026-11-22T00:00:00Z/2026-11-21T00:00:00Z",
    "/collections/segments/items?datetime=0001-01-01T00:00:00Z",
    "/collections/segments/items?datetime=../9999-12-31T23:59:59Z",
    "/collections/segments/items?datetime=2026-11-22T00:00:00",
    "/collections/segments/items?bbox-crs=EPSG:3857",
    "/nothing",
    "/counts/",
    "/../../etc/passwd",
]


@pytest.mark.parametrize("path", HOSTILE, ids=lambda path: path[:70].encode("ascii", "replace").decode())
def test_a_request_that_cannot_be_answered(client, path):
    answer = client.get(ROOT + path)
    assert 400 <= answer.status_code < 500, answer.text[:300]
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["status"] == answer.status_code
    assert problem["type"] == f"urn:amanzhol:{problem['code']}"
    assert problem["detail"]
    assert len(answer.content) < 2_000
    assert client.get(f"{ROOT}/totals?{DAY}").json()["rows"][0]["violations"] == 30  # and nothing has happened


@pytest.mark.parametrize(
    ("path", "code", "parameter", "words"),
    [
        (f"/counts?{DAY}&colour=red", "unknown_parameter", "colour", "colour"),
        (f"/counts?{DAY}&as_of=2026", "bad_parameter", "as_of", "2025-06-01"),
        ("/counts?from=2026-11-23&to=2026-11-22", "bad_parameter", "to", "later than from"),
        ("/counts?from=2026-11-22T00:00:00&to=2026-11-23", "bad_parameter", "from", "offset"),
        ("/counts?from=2026-01-01&to=2026-03-01&step=window", "span_too_long", "to", "31 days"),
        ("/counts?from=2026-11-20&to=2026-11-21&step=hour", "thinned", None, "2026-11-21"),
        (f"/counts?{DAY}&fleet=bus", "bad_parameter", "fleet", "fixed_camera, ekin_patrol"),
        (f"/counts?{DAY}&fleet=drone&kind=animal", "bad_parameter", "fleet", "fleet, kind"),
        ("/collections/segments/items/R/99", "not_found", None, "R/99"),
        ("/nothing", "not_found", None, "/api/v1"),
    ],
)
def test_a_refusal_says_what_to_do(client, path, code, parameter, words):
    problem = client.get(ROOT + path).json()
    assert (problem["code"], problem.get("parameter")) == (code, parameter)
    assert words in problem["detail"]


def test_what_is_not_accepted_is_refused(client):
    answer = client.get(f"{ROOT}/totals?{DAY}", headers={"Accept": "text/html, image/*;q=0.5"})
    assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable")
    assert "application/json" in answer.json()["detail"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_is_written_through_the_api(client, method):
    answer = client.request(method, f"{ROOT}/counts?{DAY}")
    assert (answer.status_code, answer.json()["status"]) == (405, 405)


def test_what_fails_inside_says_nothing_of_the_inside(client, monkeypatch):
    def fail(*_args, **_more):
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr("api.routes.counts.answer_counts", fail)
    answer = client.get(f"{ROOT}/counts?{DAY}")
    assert answer.status_code == 500
    assert answer.json()["code"] == "error"
    assert "secret" not in answer.text


def test_every_refusal_has_a_status():
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, RequestError)]
    assert {next(STATUS[base] for base in kind.__mro__ if base in STATUS) // 100 for kind in kinds} == {4}
