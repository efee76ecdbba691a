"""Formats nobody thought of: a table, like a spreadsheet, says which path of the payload is which field.

```csv
field,path,as
device,camera.serial,
occurred_at,time,epoch_ms
offence,violation.kind,words:SPD=592.2;RED=599
speed_kmh,violation.speed,
plate,number,
```

Columns: `field` is one of `FIELDS`; `path` walks by names (and numbers, in lists) with dots, from the document's root
where it begins with `$.`, else from the item that `each` names, which is a list of events; `as` says how to read it:

- empty: text or a number, as the field wants it;
- `time` (RFC 3339 with an offset), `epoch_s`, `epoch_ms`, `epoch_us`, or `time:%d.%m.%Y %H:%M:%S %z`;
- `percent`: a confidence up to 100;
- `words:A=B;C=D`: other words for these, any other word as it is; an empty one is "not there".

`offence` names an article. Without one the payload is a passage; with `passages` it is so many; `about` says it
outright (`passage`, `offence`, `flow`, `sign`), mostly by `words`.
"""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple, get_args

from devices.gateway.fields import instant, number, position, share, since_epoch, text, whole
from devices.gateway.reading import About, Reading
from models.errors import BadTimeError, BadValueError, PayloadMapError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_NUMBERS: Final = {
    "speed_kmh": (0, 1000),
    "limit_kmh": (1, 1000),
    "lon": (-180, 180),
    "lat": (-90, 90),
    "confidence": (0, 1),
}
_WHOLES: Final = {"lane": 64, "passages": 100_000}
_TEXTS: Final = ("device", "event_id", "offence", "vehicle_class", "plate", "about")
_TIME: Final = "occurred_at"
_EACH: Final = "each"
FIELDS: Final = (_EACH, _TIME, *_TEXTS, *_NUMBERS, *_WHOLES)

_EPOCHS: Final = {"epoch_s": 1, "epoch_ms": 1_000, "epoch_us": 1_000_000}
_COLUMNS: Final = ("field", "path", "as")
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,15}")
_MOST_EVENTS: Final = 64
_ARTICLE: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z.\-]{0,15}")
_ABOUT: Final = get_args(About)


class _Rule(NamedTuple):
    path: tuple[str, ...]
    rooted: bool
    how: str
    words: dict[str, str]


def read_map(path: Path) -> tuple[str, Callable[[Any], list[Reading]]]:
    """Read a mapping: its name, which is the file's without the suffix, and the adapter it makes.

    Raises PayloadMapError with one line that names file, line and column.
    """
    if _NAME.fullmatch(path.stem) is None:
        raise PayloadMapError(f"{path}: its name becomes an address: use 1 to 16 of a-z, 0-9, - and _")
    try:
        lines = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig")))
    except (OSError, UnicodeDecodeError) as error:
        raise PayloadMapError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or 'is not UTF-8'}") from None
    missing = [column for column in _COLUMNS if column not in (lines.fieldnames or ())]
    if missing:
        raise PayloadMapError(f"{path}: line 1, column {missing[0]}: is missing from the header")
    rules: dict[str, _Rule] = {}
    for cells in lines:
        place = f"{path}: line {lines.line_num}"
        field = (cells["field"] or "").strip()
        if field not in FIELDS:
            raise PayloadMapError(f"{place}, column field: {field!r} is none of {', '.join(FIELDS)}")
        if field in rules:
            raise PayloadMapError(f"{place}, column field: {field} stands in an earlier line too")
        rules[field] = _rule(place, field, (cells["path"] or "").strip(), (cells["as"] or "").strip())
    if _TIME not in rules:
        raise PayloadMapError(f"{path}: field {_TIME} is missing: say where the time is")
    return path.stem, lambda tree: _read(tree, rules)


def _rule(place: str, field: str, path: str, how: str) -> _Rule:
    if not path:
        raise PayloadMapError(f"{place}, column path: is empty")
    kind, _, detail = how.partition(":")
    allowed = {"": True, "words": field in _TEXTS, "percent": field == "confidence", "time": field == _TIME}
    allowed |= dict.fromkeys(_EPOCHS, field == _TIME)
    if not allowed.get(kind, False) or (field == _TIME and not kind):
        raise PayloadMapError(f"{place}, column as: {how!r} does not go with {field}")
    if kind == "time" and detail and "%z" not in detail:
        raise PayloadMapError(f"{place}, column as: the time has no offset (%z): without one nobody knows when it was")
    pairs = [pair.partition("=") for pair in detail.split(";")] if kind == "words" else []
    if any(not found for _, found, _ in pairs):
        raise PayloadMapError(f"{place}, column as: write words:A=B;C=D")
    names = tuple(path.removeprefix("$.").split("."))
    return _Rule(names, path.startswith("$."), how, {word: other for word, _, other in pairs})


def _read(tree: Any, rules: dict[str, _Rule]) -> list[Reading]:
    listed = _walk(tree, rules[_EACH].path) if _EACH in rules else [tree]
    items = listed if isinstance(listed, list) else [listed]
    return [_one(tree, item, rules) for item in items[:_MOST_EVENTS]]


def _one(root: Any, item: Any, rules: dict[str, _Rule]) -> Reading:
    found: dict[str, Any] = {}
    for field, rule in rules.items():
        if field not in (_EACH, _TIME):
            found[field] = _value(field, rule, {field: _walk(root if rule.rooted else item, rule.path)})
    article = found.get("offence") or ""
    if article and _ARTICLE.fullmatch(article) is None:
        raise BadValueError("offence: is no article such as 592.2", "$.offence")
    passages = found.get("passages")
    about: Any = found.get("about") or ("offence" if article else "passage" if passages is None else "flow")
    if about not in _ABOUT or (about == "offence" and not article) or (about == "flow" and passages is None):
        raise BadValueError(f"about: is none of {', '.join(_ABOUT)} that the other fields allow", "$.about")
    rule = rules[_TIME]
    told = {_TIME: _walk(root if rule.rooted else item, rule.path)}
    device = found.get("device")
    return Reading(
        about=about,
        senders=(device,) if device else (),
        happened_at=None if about == "sign" and told[_TIME] is None else _time(rule, told),
        vendor_id=found.get("event_id") or "",
        article=article,
        speed_kmh=found.get("speed_kmh"),
        limit_kmh=found.get("limit_kmh"),
        lane=found.get("lane"),
        vehicle_class=(found.get("vehicle_class") or "")[:64],
        confidence=found.get("confidence"),
        position=position(found.get("lon"), found.get("lat")),
        plate=found.get("plate") or "",
        passages=1 if passages is None else passages,
    )


def _walk(tree: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        if isinstance(tree, dict):
            tree = tree.get(name)
        elif isinstance(tree, list) and name.isdecimal() and int(name) < len(tree):
            tree = tree[int(name)]
        else:
            return None
    return tree


def _value(field: str, rule: _Rule, told: dict[str, Any]) -> str | float | None:
    if field in _WHOLES:
        return whole(told, field, most=_WHOLES[field])
    if rule.how == "percent":
        return share(told, field, full=100)
    if field in _NUMBERS:
        least, most = _NUMBERS[field]
        return number(told, field, least=least, most=most)
    word = text(told, field)
    return rule.words.get(word, word)


def _time(rule: _Rule, told: dict[str, Any]) -> datetime:
    kind, _, form = rule.how.partition(":")
    if kind in _EPOCHS:
        return since_epoch(told, _TIME, per_s=_EPOCHS[kind])
    if form:
        try:
            moment = datetime.strptime(text(told, _TIME), form)  # noqa: DTZ007 - the form has %z
            return instant({_TIME: moment.astimezone(UTC).isoformat()}, _TIME)
        except (ValueError, OverflowError):
            raise BadTimeError(f"{_TIME}: is not in the form {form}", f"$.{_TIME}") from None
    return instant(told, _TIME)
