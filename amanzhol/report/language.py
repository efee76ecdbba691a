"""Words, numbers and dates of a language. All of them are data: `translations/<code>.toml` and `offences.csv`."""

from __future__ import annotations

import csv
import datetime as dt
import math
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from models.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from models.network import Segment
    from models.statistics.handling import Waited
    from models.statistics.intervals import Interval

_HERE: Final = Path(__file__).parent
_HOUR_S: Final = 3_600
_DAY_S: Final = 86_400
_DASH: Final = "–"

LANGUAGES: Final = tuple(sorted(path.stem for path in (_HERE / "translations").glob("*.toml")))


class _Offence(NamedTuple):
    offence: str
    since: dt.date
    names: Mapping[str, str]


class Language:
    """One language. A word that it lacks is shown as the code that it stands for: new kinds need no translation."""

    def __init__(self, code: str) -> None:
        """Read the language's table. Raises SettingsError where there is none."""
        if code not in LANGUAGES:
            raise SettingsError(f"--lang: {code!r} must be one of {', '.join(LANGUAGES)}")
        self.code = code
        self._words: dict[str, Any] = tomllib.loads((_HERE / "translations" / f"{code}.toml").read_text("utf-8"))
        self._numbers: dict[str, str] = self._words["numbers"]

    def __call__(self, key: str, **values: object) -> str:
        """Give a sentence of the table `[text]`, with values put in."""
        return str(self._words["text"][key]).format(**values)

    def word(self, table: str, code: str) -> str:
        """Give the word for a code, or the code itself."""
        return str(self._words.get(table, {}).get(code, code))

    def offence(self, article: str, day: dt.date) -> str:
        """Name an article of the administrative code, as it is known on a day; empty where it is not."""
        for wanted in (article, article.partition(".")[0]):
            known = [one for one in _offences() if one.offence == wanted and one.since <= day]
            if known:
                return max(known, key=lambda one: one.since).names[self.code]
        return ""

    def segment(self, segment: Segment | None, segment_id: str) -> str:
        """Name a segment for people: its id, and the name of its road."""
        if segment is None:
            return segment_id
        name = getattr(segment, f"name_{self.code}") or segment.name
        return segment_id if name is None else f"{segment_id}, {name}"

    def count(self, n: float) -> str:
        """Write a whole number with its thousands apart."""
        return f"{round(n):,}".replace(",", self._numbers["thousands"])

    def number(self, value: float, digits: int = 1) -> str:
        """Write a number with so many decimals; infinity as such."""
        if math.isinf(value):
            return "∞"
        text = f"{value:,.{digits}f}".replace(",", "\0").replace(".", self._numbers["decimal"])
        return text.replace("\0", self._numbers["thousands"]).replace("-", "−")

    def percent(self, value: float | None) -> str:
        """Write a change in per cent with its sign; nothing known is a dash."""
        if value is None:
            return _DASH
        sign = "+" if value > 0 else ""
        return f"{sign}{self.number(value)}{self._numbers['percent']}"

    def span(self, interval: Interval | None, digits: int = 1) -> str:
        """Write an interval."""
        if interval is None:
            return _DASH
        return self._numbers["interval"].format(*(self.number(bound, digits) for bound in interval))

    def day(self, day: dt.date) -> str:
        """Write a date."""
        return day.strftime(self._numbers["date"])

    def moment(self, moment: dt.datetime) -> str:
        """Write a moment of local time."""
        return f"{self.day(moment.date())} {moment:%H:%M}"

    def month(self, day: dt.date) -> str:
        """Name a month, short."""
        return str(self._words["months"]["short"][day.month - 1])

    def waited(self, waited: Waited | None) -> str:
        """Write the bounds of a waiting time."""
        if waited is None:
            return _DASH
        if waited.high_s is None:
            return self("waited_more", low=self._duration(waited.low_s))
        if not waited.low_s:
            return self("waited_at_most", high=self._duration(waited.high_s))
        return self("waited_between", low=self._duration(waited.low_s), high=self._duration(waited.high_s))

    def _duration(self, seconds: int) -> str:
        if seconds % _DAY_S == 0:
            return self("days", n=seconds // _DAY_S)
        return self("hours", n=seconds // _HOUR_S)


def articles() -> tuple[str, ...]:
    """List the articles of the administrative code that have a name."""
    return tuple(dict.fromkeys(one.offence for one in _offences()))


@lru_cache
def _offences() -> tuple[_Offence, ...]:
    with (_HERE / "offences.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            _Offence(row["offence"], dt.date.fromisoformat(row["since"]), {code: row[code] for code in LANGUAGES})
            for row in csv.DictReader(file)
        )
