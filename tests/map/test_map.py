"""The map in a real Chromium: what it shows is what the API answers, for the mouse, the keyboard and the ear."""

from __future__ import annotations

import json
import re
import urllib.request
from contextlib import closing

import pytest
from playwright.sync_api import expect

from api.freshness import Freshness
from api.live import Live
from api.roles import Role
from api.store import open_store
from tests.api.asked import service_on, tokens_in
from tests.api.recorded import CALENDAR, CAMERA, NOW_S, SOURCE, cell, take
from tests.map.browsing import PHONE, served, visiting
from tests.map.conftest import DAY, HOSTILE, NETWORK
from tests.rows import NOON_S

ZERO, UNSEEN = "#2b7a86", "#76756f"


def listed(visit):
    """The list as rows: place, segment, value."""
    return [
        (row.locator(".place").inner_text(), row.locator("b").inner_text(), row.locator(".value").inner_text())
        for row in visit.page.locator("#list li").all()
    ]


def answered(address, path):
    with urllib.request.urlopen(f"{address}api/v1{path}", timeout=10) as answer:
        return json.load(answer)


# -- what fails


def test_hostile_names_are_text(visit):
    page = visit.open(f"{DAY}&lang=en&segment=R%2F10")
    assert HOSTILE in visit.text("#segment")
    assert HOSTILE in [label.inner_text() for label in page.locator(".settlement").all()]
    assert page.locator("img").count() == 0


def test_a_segment_that_is_not_there(visit):
    visit.open(f"{DAY}&segment=%3Cimg%20src=x%3E&lang=en")
    assert "There is no segment <img src=x> in this network." in visit.text("#segment")
    visit.page.keyboard.press("Escape")
    assert visit.page.locator("#segment").is_hidden()


@pytest.mark.parametrize(
    "state",
    ["measure=x&fleet=y&span=z&lang=xx&live=&%&=&&", "span=own&from=2026-13-45&through=1&" + "a" * 5000],
)
def test_an_address_that_makes_no_sense_shows_what_is_usual(visit, state):
    page = visit.open(state)
    assert page.locator("#measure").input_value() == "violations"
    assert page.locator("#span").input_value() == "days_7"


def test_days_that_go_backwards(visit):
    page = visit.open(f"{DAY}&lang=en")
    page.fill("#through", "2026-11-01")
    page.wait_for_selector("#trouble:not([hidden])")
    assert visit.text("#trouble") == "Choose a first day that is not after the last one."
    page.fill("#through", "2026-11-22")
    page.wait_for_selector("#trouble", state="hidden")


def test_a_service_that_goes_away_and_comes_back(visit):
    page = visit.open(f"{DAY}&lang=en")
    page.route("**/api/v1/counts*", lambda route: route.abort())
    page.select_option("#measure", "accidents")
    page.wait_for_selector("#trouble:not([hidden])")
    assert "cannot be reached" in visit.text("#trouble")
    page.unroute("**/api/v1/counts*")
    page.wait_for_selector("#trouble", state="hidden")
    assert listed(visit)[0] == ("1", "R/30", "2")


def test_a_store_that_cannot_be_read(visit):
    page = visit.open(f"{DAY}&lang=en")
    body = json.dumps({"code": "store", "detail": "broken", "status": 503})
    page.route(
        "**/api/v1/totals*", lambda route: route.fulfill(status=503, body=body, content_type="application/problem+json")
    )
    page.select_option("#measure", "accidents")
    page.wait_for_selector("#trouble:not([hidden])")
    assert "cannot be read" in visit.text("#trouble")


def test_nothing_was_counted(visit):
    visit.open("span=own&from=2020-01-01&through=2020-01-02&lang=en")
    assert "Nothing was counted" in visit.text("#empty")
    assert listed(visit) == []
    assert visit.module("roads", "it.lookOf('R/0').colour") == UNSEEN


@pytest.mark.parametrize(
    ("fresh", "said"),
    [
        (Freshness(0, NOW_S), None),
        (Freshness(3, NOW_S), None),
        (Freshness(5_000, NOW_S), "The figures are behind: 5,000 records wait."),
        (Freshness(None, NOW_S, trouble="away"), "Kafka does not answer"),
    ],
)
def test_a_store_that_is_behind_says_so(browser, store, fresh, said):
    with served(service_on(store, freshness=lambda: fresh)) as address, visiting(browser, address) as visit:
        visit.open(f"{DAY}&lang=en")
        assert visit.page.locator("#banner").is_visible() == (said is not None)
        assert (said or "") in visit.page.locator("#banner").text_content()


def test_no_webgl_leaves_the_list(visit):
    visit.page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    visit.open(f"{DAY}&lang=en")
    assert "no WebGL" in visit.text("#map")
    assert listed(visit)[0][1] == "R/0"
    visit.complaints.clear()  # MapLibre says it, too


# -- who sees what


def test_a_token_is_asked_for_until_it_is_known(browser, store, tmp_path):
    tokens, made = tokens_in(tmp_path)
    with served(service_on(store, tokens=tokens)) as address, visiting(browser, address) as visit:
        page = visit.open(f"{DAY}&lang=en", ready=False)
        page.wait_for_selector("#token[open]")
        assert "gives tokens out" in visit.text("#token-why")
        for token, said in (("wrong", "not known"), (made[Role.ANALYST], "not known")):
            page.fill("#token-value", token)
            page.keyboard.press("Enter")
            expect(page.locator("#token-why")).to_contain_text(said)
        page.wait_for_selector("body[data-ready]")
        assert visit.totals["violations"] == "37"
        assert page.locator("#live").is_disabled()
        assert page.locator("#live").get_attribute("title").endswith("this token's role is analyst.")


def test_the_public_sees_final_figures_and_no_hidden_car(browser, store, tmp_path):
    tokens, made = tokens_in(tmp_path)
    service = service_on(store, tokens=tokens, now_s=NOON_S + 86_400 + 300)
    with served(service) as address, visiting(browser, address) as visit:
        visit.page.add_init_script(f"sessionStorage.setItem('amanzhol-token', {made[Role.PUBLIC]!r})")
        page = visit.open(f"{DAY}&lang=en&live=1&segment=R%2F0")
        assert page.locator("#fleet option").all_inner_texts() == ["all kinds", "fixed cameras", "mobile units"]
        assert "Final figures only, until" in visit.text("#totals")
        assert page.locator("#live").get_attribute("aria-pressed") == "false"
        assert "Oracle" not in visit.text("body")
        assert not [url for url in visit.asked if url.endswith("/live")]


# -- what is shown


def test_the_same_numbers_as_the_api(visit):
    visit.open(f"{DAY}&lang=en")
    (row,) = answered(visit.address, "/totals?from=2026-11-22&to=2026-11-23")["rows"]
    assert visit.totals == {name: str(row[name]) for name in ("violations", "accidents", "dead", "injured", "reports")}
    assert "Violations 37, accidents 3" in visit.text("#totals")
    assert "of these on no segment: violations 2, accidents 0" in visit.text("#totals")


RANKINGS = {
    "violations": [("1", "R/0", "1.25"), ("2", "R/10", "0.14")],
    "violations_per_passages": [("1", "R/0", "0.63")],
    "accidents": [("1", "R/30", "2"), ("2", "R/0", "1")],
    "accidents_per_km": [("1", "R/30", "0.2"), ("2", "R/0", "0.1")],
    "dead": [],
}


def test_the_ranking(visit):
    """Of violations by the watched hour: R/20 was watched for too short a time to be in it."""
    page = visit.open(f"{DAY}&lang=en")
    for measure, rows in RANKINGS.items():
        page.select_option("#measure", measure)
        expect(page.locator("#legend h2")).to_have_text(page.locator(f"option[value={measure}]").inner_text())
        assert listed(visit) == rows, measure


def test_zero_and_not_observed_look_different(visit):
    visit.open(f"{DAY}&lang=en")
    looks = {name: visit.module("roads", "it.lookOf(argument)", name) for name in ("R/0", "R/10", "R/20", "R/30")}
    assert (looks["R/20"]["colour"], looks["R/20"]["unseen"]) == (ZERO, False)
    assert (looks["R/30"]["colour"], looks["R/30"]["unseen"]) == (UNSEEN, True)
    assert len({look["colour"] for look in looks.values()}) == 4
    assert looks["R/0"]["width"] > looks["R/10"]["width"] > looks["R/20"]["width"]
    legend = visit.text("#legend")
    assert "zero: looked, nothing found" in legend
    assert "not observed: nobody looked" in legend
    visit.page.select_option("#measure", "accidents")
    expect(visit.page.locator("#legend h2")).to_have_text("accidents")
    assert "not observed" not in visit.text("#legend")
    assert visit.module("roads", "it.lookOf('R/20').colour") == ZERO


def test_filters_narrow_what_is_counted(visit):
    page = visit.open(f"{DAY}&lang=en")
    page.select_option("#fleet", "drone")
    expect(page.locator("#totals")).to_have_attribute("data-violations", "4")
    assert visit.text("#totals").startswith("Violations by this fleet 4")
    assert visit.module("roads", "it.lookOf('R/0').unseen")
    page.select_option("#fleet", "")
    page.fill("#from", "2026-11-21")
    page.fill("#through", "2026-11-21")
    expect(page.locator("#totals")).to_have_attribute("data-violations", "")
    assert "from=2026-11-21" in page.url
    page.select_option("#measure", "dead")
    assert page.locator("#fleet").is_disabled()


def test_the_days_end_with_today_where_the_roads_are(visit):
    # In Aktau it is the 23rd already.
    visit.page.clock.set_fixed_time("2026-11-22T20:00:00Z")
    page = visit.open("lang=en")
    assert (page.locator("#from").input_value(), page.locator("#through").input_value()) == ("2026-11-17", "2026-11-23")
    assert visit.totals["violations"] == "37"
    page.select_option("#span", "today")
    expect(page.locator("#totals")).to_have_attribute("data-violations", "")


def test_a_click_on_a_segment_opens_its_numbers(visit):
    page = visit.open(f"{DAY}&lang=en")
    page.mouse.click(*visit.module("roads", "it.pixelOf('R/0')"))
    page.wait_for_selector(".series")
    shown = visit.text("#segment")
    assert "Coast road · km 0–10 · Aktau" in shown
    assert "Place 1 of 2 (violations per watched hour)" in shown
    numbers = dict(row.inner_text().split("\t") for row in page.locator("#segment > .numbers tr").all())
    assert (numbers["violations"], numbers["of these, fixed cameras"], numbers.get("of these, drones")) == (
        "30",
        "30",
        None,
    )
    assert (numbers["Hours watched"], numbers["Vehicles seen"]) == ("24", "48,000")
    titles = page.locator(".series rect title").all_text_contents()
    assert len(titles) == 24
    assert [title for title in titles if title.endswith(": 30")] == ["22 Nov, 12:00: 30"]
    assert "segment=R%2F0" in page.url
    page.locator(".close").click()
    assert page.locator("#segment").is_hidden()


def test_hours_that_nobody_watched_are_not_zero_in_the_series(visit):
    page = visit.open(f"{DAY}&lang=en&segment=R%2F20")
    page.wait_for_selector(".series")
    assert page.locator(".zero-bar").count() == 1
    assert page.locator(".unseen-bar").count() == 23


def test_by_keyboard_alone(visit):
    page = visit.open(f"{DAY}&lang=en")
    page.keyboard.press("Tab")
    assert visit.page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.dataset.segment") == "R/0"
    page.keyboard.press("Enter")
    page.wait_for_selector(".series")
    assert page.evaluate("document.activeElement.id") == "segment"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.dataset.segment") == "R/0"
    page.locator("#search").press_sequentially("s/0")
    assert listed(visit) == [("–", "S/0", "not observed")]
    page.locator("#list button").click()
    assert "no line on the map" in visit.text("#segment")


SPOKEN = {
    "ru": ("Береговая дорога", "нарушения"),
    "kk": ("Жағалау жолы", "бұзушылықтар"),
    "en": ("Coast road", "violations"),
}


def test_languages(visit):
    page = visit.open(f"{DAY}&lang=en&segment=R%2F0")
    for language, (road, measure) in SPOKEN.items():
        page.select_option("#language", language)
        expect(page.locator("html")).to_have_attribute("lang", language)
        expect(page.locator("#segment")).to_contain_text(road)
        expect(page.locator("#segment")).to_contain_text(measure)
        page.wait_for_selector(".series")
        assert not re.search(r"\b[a-z]+_[a-z_]+\b", visit.text("body")), "a key without words"


def test_whose_geometry_it_is(visit):
    page = visit.open(DAY)
    assert "Drawn for the tests. © OpenStreetMap contributors" in visit.text("#attribution")
    assert page.locator("#attribution a").get_attribute("href") == "https://www.openstreetmap.org/copyright"


@pytest.mark.parametrize("state", [f"{DAY}&lang=ru&segment=R%2F0", f"{DAY}&lang=kk&measure=violations_per_passages"])
def test_a_phone_is_wide_enough(browser, address, state):
    with visiting(browser, address, PHONE) as visit:
        page = visit.open(state)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert page.locator("#map canvas").bounding_box()["width"] == PHONE["width"]
        assert page.locator("#live").bounding_box()["height"] >= 24


CONTRAST = """
() => {
  const light = ([r, g, b]) => [r, g, b].map((each) => each / 255)
    .map((each) => (each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4))
    .reduce((sum, each, at) => sum + each * [0.2126, 0.7152, 0.0722][at], 0);
  const read = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const ground = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = read(getComputedStyle(each).backgroundColor);
      if (colour.length === 3 || colour[3] > 0.85) return colour;
    }
    return [255, 255, 255];
  };
  const ratio = (a, b) => {
    const [x, y] = [light(a), light(b)];
    return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
  };
  const texts = [...document.querySelectorAll("body *")].filter((element) =>
    element.checkVisibility() && !element.closest("svg, #map, :disabled, noscript") &&
    [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim()));
  const seen = (element) => ratio(read(getComputedStyle(element).color), ground(element));
  return texts.map((element) => [element.textContent.trim().slice(0, 40), seen(element)]);
}
"""


def test_contrast_is_enough_to_read(visit):
    """WCAG 2.2, 1.4.3 and 1.4.11: 4.5 for text, 3 for what is drawn."""
    page = visit.open(f"{DAY}&lang=ru&segment=R%2F0")
    page.wait_for_selector(".series")
    found = page.evaluate(CONTRAST)
    assert len(found) > 40
    assert [(text, ratio) for text, ratio in found if ratio < 4.5] == []
    colours = visit.module("scale", "[...it.LEVELS, it.ZERO, it.UNSEEN, it.GROUND]")
    *drawn, ground = (luminance(colour) for colour in colours)
    assert min((ground + 0.05) / (each + 0.05) for each in drawn) >= 3
    assert drawn[:5] == sorted(drawn[:5], reverse=True), "darker is more"


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


# -- live


def test_live_figures_come_by_themselves(browser, tmp_path):
    """Told by the follower as the worker's records come in; a token is needed, and is sent."""
    tokens, made = tokens_in(tmp_path)
    live = Live()
    with closing(open_store(str(tmp_path / "live.duckdb"), NETWORK, CALENDAR, SOURCE)) as store:
        take(store, [cell({CAMERA: 1})])
        service = service_on(store, tokens=tokens, live=live)
        with served(service) as address, visiting(browser, address) as visit:
            visit.page.add_init_script(f"sessionStorage.setItem('amanzhol-token', {made[Role.OPS]!r})")
            page = visit.open(f"{DAY}&lang=en&segment=R%2F0")
            page.locator("#live").click()
            page.wait_for_selector("body[data-live=hello]")
            assert page.locator("#live").get_attribute("aria-pressed") == "true"
            taken = store.take([cell({CAMERA: 5}, revision=2), cell({CAMERA: 2}, "R/10")], {}, {})
            live.tell(taken.changed, store.taking_words)
            expect(page.locator("#totals")).to_have_attribute("data-violations", "7")
            expect(page.locator("#segment .chosen b")).to_have_text("5")
            assert any("segment=R%2F0" in url and "counts" in url for url in visit.asked), "only what has changed"
            page.locator("#live").click()
            assert page.locator("#live").get_attribute("aria-pressed") == "false"
