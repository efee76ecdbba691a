"""The pages of the API, as a program asks for them: formats, pages, what has not changed, who sees what."""

from __future__ import annotations

import base64
import csv
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from api.freshness import Freshness
from api.roles import Role
from tests.api.asked import ROOT, Client, service_on, tokens_in
from tests.api.recorded import CAMERA, CAR, CRASH, DRONE, NOW_S, REPORT, cell, only, take, watch
from tests.rows import NOON_S

DAY_S = 86_400
DAY = {"from": "2026-11-22", "to": "2026-11-23"}
RECORDS = [
    cell({CAMERA: 2, CRASH: 1}),
    cell({CAR: 1, DRONE: 4}, at=NOON_S + 300),
    cell({CRASH: 2}, "R/10"),
    cell({REPORT: 3}, "unlocated:Aktau"),
    watch({"fixed_camera": 3_600, "oracle_car": 60, "drone": 30}, passages=500),
]


@pytest.fixture
def store(any_store):
    return any_store


@pytest.fixture
def client(store):
    take(store, RECORDS)
    with Client(service_on(store)) as client:
        yield client


def of(answer):
    """Segments and violations of a table in any of its formats."""
    match answer.headers["content-type"].partition(";")[0]:
        case "application/json":
            rows = answer.json()["rows"]
        case "application/geo+json":
            rows = [feature["properties"] for feature in answer.json()["features"]]
        case "text/csv":
            rows = list(csv.DictReader(io.StringIO(answer.text)))
            for row in rows:
                row["violations"] = int(row["violations"]) if row["violations"] else None
        case "application/x-ndjson":
            rows = [json.loads(line) for line in answer.text.splitlines()]
        case "application/vnd.apache.parquet":
            rows = pq.read_table(io.BytesIO(answer.content)).to_pylist()
        case "application/vnd.apache.arrow.stream":
            rows = pa.ipc.open_stream(answer.content).read_all().to_pylist()
    return only(rows, "segment_id", "violations")


@pytest.mark.parametrize(
    ("f", "accept", "media_type"),
    [
        (None, None, "application/json"),
        (None, "*/*", "application/json"),
        (None, "text/html;q=0.9, application/*;q=0.8", "application/json"),
        ("json", "text/csv", "application/json"),
        ("geojson", None, "application/geo+json"),
        (None, "application/geo+json, application/json;q=0.5", "application/geo+json"),
        ("csv", None, "text/csv"),
        (None, "text/csv", "text/csv"),
        ("ndjson", None, "application/x-ndjson"),
        ("parquet", None, "application/vnd.apache.parquet"),
        (None, "application/vnd.apache.parquet", "application/vnd.apache.parquet"),
        ("geoparquet", None, "application/vnd.apache.parquet"),
        (None, "application/vnd.apache.arrow.stream", "application/vnd.apache.arrow.stream"),
    ],
)
def test_every_format_has_the_same_rows(client, f, accept, media_type):
    asked = DAY if f is None else {**DAY, "f": f}
    answer = client.get(f"{ROOT}/counts", params=asked, headers={} if accept is None else {"Accept": accept})
    assert answer.headers["content-type"].partition(";")[0] == media_type
    assert of(answer) == [("R/0", 7), ("R/10", None), ("unlocated:Aktau", None)]


def test_a_long_table_of_windows_comes_month_by_month(client, store):
    take(store, [cell({CAMERA: 1}, "S/0", at=NOON_S - 30 * DAY_S), cell({CAMERA: 2}, at=NOON_S + 10 * DAY_S)])
    asked = {"from": "2026-10-01", "to": "2027-01-01", "step": "window", "f": "csv"}
    assert of(client.get(f"{ROOT}/counts", params=asked)) == [
        ("S/0", 1),
        ("R/0", 2),
        ("R/0", 5),
        ("R/10", None),
        ("unlocated:Aktau", None),
        ("R/0", 2),
    ]


def test_a_table_without_rows_has_its_columns(client):
    asked = {"from": "2020-01-01", "to": "2020-01-02"}
    for f in ("csv", "parquet", "arrow", "geoparquet", "ndjson", "json", "geojson"):
        assert of(client.get(f"{ROOT}/counts", params={**asked, "f": f})) == []


def test_geometry_is_where_it_should_be(client):
    drawn = client.ask("/counts", **DAY, f="geojson")["features"]
    assert [feature["geometry"] for feature in drawn] == [
        {"type": "LineString", "coordinates": [[51.0, 44.0], [51.1, 44.0]]},
        {"type": "LineString", "coordinates": [[51.1, 44.0], [51.2, 44.0]]},
        None,
    ]
    table = pq.read_table(io.BytesIO(client.get(f"{ROOT}/counts", params={**DAY, "f": "geoparquet"}).content))
    assert json.loads(table.schema.metadata[b"geo"])["columns"]["geometry"]["encoding"] == "WKB"
    lines = [line and shapely.from_wkb(line).wkt for line in table["geometry"].to_pylist()]
    assert lines == ["LINESTRING (51 44, 51.1 44)", "LINESTRING (51.1 44, 51.2 44)", None]


def test_pages_follow_each_other_to_the_end(client):
    asked = {**DAY, "step": "window", "limit": 1}
    rows, token = [], None
    while True:
        page = client.ask("/counts", **asked, **({"next": token} if token else {}))
        assert len(page["rows"]) == 1
        rows += page["rows"]
        token = page["next"]
        if token is None:
            break
    assert rows == client.ask("/counts", **{**asked, "limit": 10})["rows"]
    assert len(rows) == 4


def test_a_token_of_another_question_is_refused(client):
    token = client.ask("/counts", **DAY, limit=1)["next"]
    answer = client.get(f"{ROOT}/counts", params={**DAY, "by": "route", "next": token})
    assert (answer.status_code, answer.json()["parameter"]) == (400, "next")


@pytest.mark.parametrize("f", ["json", "csv", "parquet"])
def test_what_has_not_changed_is_not_sent_again(client, store, f):
    asked = {**DAY, "f": f}
    first = client.get(f"{ROOT}/counts", params=asked)
    for header, validator in (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified")):
        again = client.get(f"{ROOT}/counts", params=asked, headers={header: first.headers[validator]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == first.headers["ETag"]
        assert "behind=no" in again.headers["Amanzhol-Freshness"]
    other = client.get(
        f"{ROOT}/counts", params={**asked, "by": "route"}, headers={"If-None-Match": first.headers["ETag"]}
    )
    assert other.status_code == 200
    take(store, [cell({CAMERA: 3}, revision=2, known=NOW_S + 60)])
    for header, validator in (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified")):
        assert client.get(f"{ROOT}/counts", params=asked, headers={header: first.headers[validator]}).status_code == 200


def test_totals_series_and_comparison(client, store):
    take(store, [cell({CAMERA: 20}, "R/10", at=NOON_S - 365 * DAY_S), cell({CRASH: 1}, at=NOON_S - DAY_S)])
    totals = client.ask("/totals", **DAY)["rows"]
    assert only(totals, "violations", "accidents", "reports", "watched_s") == [(7, 3, 3, 3_690)]
    series = client.ask("/series", **{**DAY, "from": "2026-11-20"})["rows"]
    assert only(series, "start", "violations", "accidents", "observed") == [
        ("2026-11-19T19:00:00Z", None, 0, False),
        ("2026-11-20T19:00:00Z", None, 1, False),
        ("2026-11-21T19:00:00Z", 7, 3, True),
    ]
    compared = client.ask("/comparison", **DAY, by="route")
    assert compared["before"] == "2025-11-21T19:00:00Z"
    assert [
        (row["now"] and row["now"]["violations"], row["before"] and row["before"]["violations"])
        for row in compared["rows"]
    ] == [
        (None, None),
        (7, 20),
    ]
    assert [
        row["before"]["accidents"] for row in client.ask("/comparison", **DAY, against="period_before")["rows"]
    ] == [1]


def test_who_is_behind_says_so(store):
    take(store, RECORDS)
    behind = Freshness(17, NOW_S - 60, 2, None)
    with Client(service_on(store, freshness=lambda: behind)) as client:
        for path in ("/counts", "/totals", "/series", "/comparison"):
            said = client.ask(path, **DAY)["freshness"]
            assert (said["behind"], said["behind_records"], said["unreadable_records"]) == (True, 17, 2)
        for path in ("/collections/segments/items", "/books"):
            assert client.ask(path)["freshness"]["behind_records"] == 17
        table = client.get(f"{ROOT}/counts", params={**DAY, "f": "csv"})
        assert table.headers["Amanzhol-Freshness"] == "behind=yes; records=17; read-through=2026-11-29T06:59:00Z"


# -- who sees what


@pytest.fixture
def seen(store, tmp_path):
    """A client of each role, an hour after the grace period of NOON's cell is over."""
    take(store, RECORDS, [cell({CAR: 5}, at=NOON_S + 2 * DAY_S)])
    tokens, made = tokens_in(tmp_path)
    service = service_on(store, tokens=tokens, now_s=NOON_S + DAY_S + 3_600)
    return {role: Client(service, token=made[role]) for role in Role} | {None: Client(service)}


WEEK = {"from": "2026-11-22", "to": "2026-11-29"}


def test_the_public_sees_what_is_final_with_the_mobile_kinds_as_one(seen):
    public = seen[Role.PUBLIC].ask("/totals", **WEEK)
    assert public["to"] == public["final_until"] == "2026-11-22T08:00:00Z"
    (row,) = public["rows"]
    assert (row["violations"], row["violations_fixed_camera"], row["violations_mobile"]) == (7, 2, 5)
    assert row["watched_s_mobile"] == 90
    assert [name for name in row if "oracle" in name or "drone" in name or "ekin" in name] == []
    for role in (Role.ANALYST, Role.OPS):
        (row,) = seen[role].ask("/totals", **WEEK)["rows"]
        assert (row["violations"], row["violations_oracle_car"], row["provisional"]) == (12, 6, True)


@pytest.mark.parametrize("by", ["segment", "route", "all"])
@pytest.mark.parametrize("step", ["window", "hour", "day", "all"])
def test_the_public_sees_no_hidden_car_in_any_cut(seen, by, step):
    for row in seen[Role.PUBLIC].ask("/counts", **WEEK, by=by, step=step)["rows"]:
        assert not row["provisional"]
        assert row["end"] <= "2026-11-22T08:00:00Z"
        assert not [name for name in row if "oracle" in name or "drone" in name]


def test_the_public_asks_for_the_mobile_kinds_together(seen):
    public = seen[Role.PUBLIC]
    assert only(public.ask("/totals", **WEEK, fleet="mobile")["rows"], "violations") == [(5,)]
    answer = public.get(f"{ROOT}/totals", params={**WEEK, "fleet": "oracle_car"})
    assert answer.status_code == 400
    assert answer.json()["detail"] == "fleet: 'oracle_car' is none of fixed_camera, mobile"
    assert [kind["kind"] for kind in public.ask("/figures")["fleet"]] == ["fixed_camera", "mobile"]
    items = public.ask("/collections/segments/items")["features"]
    assert not [name for item in items for name in item["properties"] if "oracle" in name]


@pytest.mark.parametrize(
    ("path", "statuses"),
    [
        ("", {None: 401, Role.PUBLIC: 200, Role.ANALYST: 200, Role.OPS: 200}),
        ("/freshness", {None: 401, Role.PUBLIC: 200, Role.ANALYST: 200, Role.OPS: 200}),
        ("/books", {None: 401, Role.PUBLIC: 403, Role.ANALYST: 200, Role.OPS: 200}),
        ("/live", {None: 401, Role.PUBLIC: 403, Role.ANALYST: 403}),
        ("/collections/segments/items", {None: 401, Role.PUBLIC: 200}),
    ],
)
def test_roles(seen, path, statuses):
    assert {role: seen[role].get(ROOT + path).status_code for role in statuses} == statuses


def test_no_page_is_open(seen):
    """But the description of the pages, which says nothing of what was counted."""
    described = seen[None].get(f"{ROOT}/openapi.json").json()["paths"]
    for path in described:
        answer = seen[None].get(path.format(digest="x", collection="segments", segment_id="R/0"), params=DAY)
        assert answer.status_code == 401, path
        assert answer.headers["WWW-Authenticate"].startswith("Basic ")


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("Bearer {token}", 200),
        ("bearer  {token}", 200),
        ("Basic {basic}", 200),
        ("Bearer {token}x", 401),
        ("Bearer", 401),
        ("Basic ???", 401),
        ("Basic {token}", 401),
        ("Digest {token}", 401),
        ("{token}", 401),
    ],
)
def test_tokens(store, tmp_path, header, status):
    tokens, made = tokens_in(tmp_path)
    token = made[Role.ANALYST]
    basic = base64.b64encode(f"anyone:{token}".encode()).decode()
    client = Client(service_on(store, tokens=tokens))
    answer = client.get(ROOT, headers={"Authorization": header.format(token=token, basic=basic)})
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8080", 200),
        ("localhost", 200),
        ("[::1]:8080", 200),
        ("evil.example", 403),
        ("evil.example:8080", 403),
    ],
)
def test_without_tokens_only_this_machine_is_answered(store, host, status):
    assert Client(service_on(store)).get(ROOT, headers={"Host": host}).status_code == status


def test_the_map_is_served_where_it_is(store, tmp_path):
    (tmp_path / "index.html").write_text("<title>map</title>")
    with Client(service_on(store), map_folder=tmp_path) as client:
        assert client.get("/").text == "<title>map</title>"
        assert client.get(f"{ROOT}/freshness").status_code == 200
        assert client.get("/../pyproject.toml").status_code == 404
    with Client(service_on(store), map_folder=tmp_path / "none") as client:
        assert client.get("/", follow_redirects=False).headers["location"] == ROOT
