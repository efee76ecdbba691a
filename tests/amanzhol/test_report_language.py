"""The words of summaries: every language says all that the others say, and writes numbers in its own way."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from pathlib import Path

import pytest

from amanzhol.report import language as language_module
from amanzhol.report.language import LANGUAGES, Language
from models.events import ACCIDENT_KINDS, CHANNELS
from models.fleet import DEFAULT_FLEET_KINDS
from models.statistics.handling import Waited
from models.statistics.intervals import Interval


def translations():
    folder = Path(language_module.__file__).parent / "translations"
    return {path.stem: tomllib.loads(path.read_text("utf-8")) for path in folder.glob("*.toml")}


def test_every_language_says_everything_with_the_same_values_and_columns():
    tables = translations()
    assert set(tables) == {"en", "kk", "ru"} == set(LANGUAGES)
    english = tables["en"]
    for code, table in tables.items():
        assert {name: set(table[name]) for name in table} == {name: set(english[name]) for name in english}, code
        for key, text in table["text"].items():
            values = re.findall(r"\{\w+\}", text)
            assert sorted(values) == sorted(re.findall(r"\{\w+\}", english["text"][key])), (code, key)
            assert text.count("|") == english["text"][key].count("|"), (code, key)
            assert not re.search(r"[a-z]{4,}", re.sub(r"\{\w+\}|amanzhol|--network|Hauer", "", text)) or code == "en", (
                code,
                key,
            )
        assert len(table["months"]["short"]) == 12
        assert set(table["accident_kinds"]) == set(ACCIDENT_KINDS)
        assert set(table["channels"]) == set(CHANNELS)
        assert set(table["fleet"]) == set(DEFAULT_FLEET_KINDS)


NUMBERS = [
    ("en", "1,234,567", "−1,234.5", "+12.3\u00a0%", "1.0 to ∞", "4 h to 1 d"),
    ("ru", "1\u00a0234\u00a0567", "−1\u00a0234,5", "+12,3\u00a0%", "1,0…∞", "от 4 ч до 1 сут"),
    ("kk", "1\u00a0234\u00a0567", "−1\u00a0234,5", "+12,3\u00a0%", "1,0…∞", "4 сағ – 1 тәул"),
]


@pytest.mark.parametrize(("code", "count", "number", "percent", "span", "waited"), NUMBERS)
def test_numbers_are_written_as_the_language_writes_them(code, count, number, percent, span, waited):
    say = Language(code)
    assert say.count(1_234_567) == count
    assert say.number(-1_234.5) == number
    assert (say.percent(12.34), say.percent(0.0), say.percent(None)[0]) == (
        percent,
        percent.replace("+12", "0").replace("3", "0"),
        "–",
    )
    assert say.span(Interval(1, float("inf"))) == span
    assert say.waited(Waited(14_400, 86_400)) == waited


ARTICLES = [
    ("592.3", dt.date(2024, 11, 30), "speeding by 40 km/h and more"),
    ("592.3", dt.date(2024, 12, 1), "speeding by 40–60 km/h"),
    ("592.9", dt.date(2025, 1, 1), "speeding"),
    ("999", dt.date(2025, 1, 1), ""),
]


@pytest.mark.parametrize(("article", "day", "name"), ARTICLES)
def test_an_article_is_called_what_it_was_then(article, day, name):
    assert Language("en").offence(article, day) == name


def test_a_new_kind_needs_no_translation():
    assert Language("kk").word("fleet", "bus_recorder") == "bus_recorder"
