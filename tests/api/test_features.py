"""OGC API – Features, Part 1: Core, requirement by requirement (OGC 17-069r4), and what QGIS asks, in its order."""

from __future__ import annotations

import pytest

from tests.api.asked import ROOT, Client, service_on
from tests.api.recorded import CAMERA, CRASH, cell, take, watch
from tests.rows import NOON_S

HOST = "http://127.0.0.1"


@pytest.fixture
def client(any_store):
    take(any_store, [cell({CAMERA: 2}), cell({CRASH: 1}, "R/10"), cell({CAMERA: 9}, at=NOON_S - 60 * 86_400)])
    take(any_store, [watch({"fixed_camera": 60}), cell({CAMERA: 1}, "unlocated:Aktau")])
    with Client(service_on(any_store)) as client:
        yield client


def links(document):
    return {link["rel"]: link for link in document["links"] if link["rel"] != "related"}


def test_the_landing_page_leads_everywhere(client):
    """Requirements /req/core/root-success, /req/core/api-definition-success, /req/core/conformance-success."""
    found = links(client.ask(""))
    assert {"self", "service-desc", "conformance", "data"} <= found.keys()
    described = client.get(found["service-desc"]["href"].removeprefix(HOST))
    assert described.json()["openapi"].startswith("3.")
    conforms = client.get(found["conformance"]["href"].removeprefix(HOST)).json()["conformsTo"]
    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core" in conforms
    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson" in conforms


def test_collections_say_what_they_are(client):
    """Requirements /req/core/fc-md-links, fc-md-items, fc-md-items-links, fc-md-extent, sfc-md-success."""
    document = client.ask("/collections")
    assert links(document)["self"]["href"] == f"{HOST}{ROOT}/collections"
    (collection,) = document["collections"]
    assert collection == client.ask(f"/collections/{collection['id']}")
    assert links(collection)["items"]["type"] == "application/geo+json"
    assert collection["extent"]["spatial"]["bbox"] == [[51.0, 44.0, 51.2, 44.0]]
    assert collection["itemType"] == "feature"


def test_items_say_how_many_they_are(client):
    """Requirements /req/core/fc-response, fc-links, fc-timeStamp, fc-numberMatched, fc-numberReturned."""
    answer = client.get(f"{ROOT}/collections/segments/items")
    document = answer.json()
    assert answer.headers["content-type"] == "application/geo+json"
    assert links(document)["self"]["href"] == f"{HOST}{ROOT}/collections/segments/items"
    assert document["timeStamp"] == "2026-11-29T07:00:00Z"
    assert (document["numberMatched"], document["numberReturned"], len(document["features"])) == (4, 4, 4)
    assert [feature["id"] for feature in document["features"]] == ["R/0", "R/10", "R/20", "S/0"]


def test_pages_by_limit(client):
    """Requirements /req/core/fc-limit-definition, fc-limit-response-1; the links `next` end where all is given."""
    path, ids = f"{ROOT}/collections/segments/items?limit=3", []
    for number in (3, 1):
        document = client.get(path).json()
        assert (document["numberMatched"], document["numberReturned"]) == (4, number)
        ids += [feature["id"] for feature in document["features"]]
        path = links(document).get("next", {"href": ""})["href"].removeprefix(HOST)
    assert (ids, path) == (["R/0", "R/10", "R/20", "S/0"], "")
    assert client.ask("/collections/segments/items", limit=99_999_999)["numberReturned"] == 4


@pytest.mark.parametrize(
    ("bbox", "ids"),
    [
        ("51.0,43.9,51.05,44.1", ["R/0"]),
        ("51.1,44,51.1,44", ["R/0", "R/10"]),
        ("51.15,43,0,60,45,9", ["R/10"]),
        ("-180,-90,180,90", ["R/0", "R/10"]),
        ("51.15,43,-170,45", ["R/10"]),
        ("170,43,-170,45", []),
        ("0,0,1,1", []),
    ],
)
def test_within_a_box(client, bbox, ids):
    """Requirements /req/core/fc-bbox-definition, fc-bbox-response. What has no geometry lies in no box."""
    found = client.ask("/collections/segments/items", bbox=bbox)
    assert [feature["id"] for feature in found["features"]] == ids
    assert found["numberMatched"] == len(ids)


@pytest.mark.parametrize(
    ("datetime", "violations"),
    [
        (None, 2),
        ("2026-11-22T00:00:00+05:00/2026-11-23T00:00:00+05:00", 2),
        ("2026-11-22T10:00:00Z", 2),
        ("2026-11-21T10:00:00Z", None),
        ("2026-01-01T00:00:00Z/2026-11-21T00:00:00Z", 9),
        ("2026-01-01T00:00:00Z/..", 11),
        ("../2026-11-01T00:00:00Z", 9),
        ("../..", 11),
        ("/2026-11-22T12:00:00+05:00", 11),
    ],
)
def test_counts_of_a_span(client, datetime, violations):
    """Requirements /req/core/fc-time-definition, fc-time-response: the span is what the properties count."""
    asked = {} if datetime is None else {"datetime": datetime}
    features = client.ask("/collections/segments/items", **asked)["features"]
    assert features[0]["properties"]["violations"] == violations
    assert len(features) == 4


def test_zero_and_nobody_looked(client):
    features = client.ask("/collections/segments/items", datetime="2026-11-22T10:00:00Z")["features"]
    said = {feature["id"]: feature["properties"] for feature in features}
    shown = {name: (row["violations"], row["accidents"], row["observed"]) for name, row in said.items()}
    assert shown == {"R/0": (2, 0, True), "R/10": (None, 1, False), "R/20": (None, 0, False), "S/0": (None, 0, False)}


def test_one_item_is_the_same_as_among_others(client):
    """Requirements /req/core/f-success, f-links."""
    among = client.ask("/collections/segments/items")["features"][0]
    for name in ("R/0", "R%2F0"):
        alone = client.ask(f"/collections/segments/items/{name}")
        assert {"self", "collection"} <= links(alone).keys()
        assert {key: alone[key] for key in among} == among


def test_parameters_that_are_not_known_are_refused(client):
    """Requirement /req/core/query-param-unknown."""
    assert client.get(f"{ROOT}/collections/segments/items?colour=red").status_code == 400


def test_what_qgis_asks(client):
    """The requests of QGIS 3.34's OAPIF provider when a layer is added and drawn, each from the answer before."""
    json_first = {"Accept": "application/json"}
    landing = client.get(ROOT, headers=json_first)
    assert landing.headers["content-type"] == "application/json"
    api = client.get(
        links(landing.json())["service-desc"]["href"].removeprefix(HOST),
        headers={"Accept": "application/vnd.oai.openapi+json;version=3.0, application/json"},
    )
    limits = [
        parameter["schema"]
        for parameter in api.json()["paths"][f"{ROOT}/collections/{{collection}}/items"]["get"]["parameters"]
        if parameter["name"] == "limit"
    ]
    assert limits[0]["type"] == "integer"
    collections = client.get(links(landing.json())["data"]["href"].removeprefix(HOST), headers=json_first).json()
    client.get(links(landing.json())["conformance"]["href"].removeprefix(HOST), headers=json_first)
    items = links(collections["collections"][0])["items"]["href"].removeprefix(HOST)
    geojson_first = {"Accept": "application/geo+json, application/json"}
    sample = client.get(f"{items}?limit=10", headers=geojson_first)
    assert sample.headers["content-type"] == "application/geo+json"
    kinds = {name: type(value) for name, value in sample.json()["features"][0]["properties"].items()}
    assert (kinds["segment_id"], kinds["violations"]) == (str, int)
    drawn, path = [], f"{items}?limit=2&bbox=50.9,43.9,51.3,44.1"
    while path:
        page = client.get(path, headers=geojson_first).json()
        drawn += page["features"]
        path = links(page).get("next", {"href": ""})["href"].removeprefix(HOST)
    assert [feature["geometry"]["type"] for feature in drawn] == ["LineString", "LineString"]
    one = client.get(f"{items}/R%2F10", headers=geojson_first)
    assert one.json()["id"] == "R/10"
