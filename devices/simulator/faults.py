"""What goes wrong between an event and the record of it that reaches Kafka."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from devices.simulator.chance import Weighted, dice, happens, whole
from devices.simulator.fleet import valid_cameras
from devices.simulator.mobile import shifts_of_day
from devices.simulator.moments import DAY_S, HOUR_S, SECOND_US, day_start_us, rfc3339
from devices.simulator.record import Draft, SimulatedRecord
from models.topics import ACCIDENTS, CORRECTIONS, VIOLATIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date
    from random import Random

    from devices.simulator.record import Imperfections

Timed = tuple[int, SimulatedRecord]
"""When the thing really happened (epoch µs), and its record: a span is cut by the former."""

APPEALS = "appeals-office"

_FASTEST_S, _SLOWEST_S = 4 * 60, 25 * 60
_TEN_YEARS_US = 3653 * DAY_S * SECOND_US
_MINUTES_LATER = Weighted({(1, 10): 6, (10, 60): 3, (60, 1_440): 1})
_PLATE_LETTERS = "ABEKMHOPCTYX"
_REGION = "12"
"""Mangystau's number on plates."""


def blemish(drafts: Iterable[Draft], seed: int, day: date, imperfections: Imperfections) -> Iterator[Timed]:
    """Encode a day's events of one kind as records, with everything that goes wrong.

    The draws made here are apart from those that made the events, so the good records are the same at any rate.
    """
    rng = dice(seed, "faults", day)
    late = _late_shifts(seed, day, imperfections.late_shifts)
    for draft in drafts:
        sent_us = late.get(draft.key, draft.sent_us) if draft.topic == VIOLATIONS else draft.sent_us
        if draft.topic == VIOLATIONS:
            _spoil_violation(rng, draft, day, imperfections)
        record = draft._replace(sent_us=max(sent_us, draft.sent_us)).record()
        yield draft.happened_us, record
        if happens(rng, imperfections.repeats):
            low, high = _MINUTES_LATER.draw(rng)
            again_us = record.sent_at + whole(rng, low * 60, high * 60) * SECOND_US
            yield draft.happened_us, record._replace(sent_at=again_us)
        if happens(rng, imperfections.malformed):
            yield draft.happened_us, record._replace(sent_at=record.sent_at + 1, value=_malformed(rng, draft))
        if happens(rng, imperfections.corrections):
            yield draft.happened_us, _correction(rng, draft)
    if happens(rng, imperfections.clocks_ahead):
        yield from _from_the_future(rng, day)


def _late_shifts(seed: int, day: date, share: float) -> dict[str, int]:
    """Units that upload a day's shift late: when (epoch µs)."""
    rng = dice(seed, "late", day)
    late = {}
    for shift in shifts_of_day(seed, day):
        hours = whole(rng, 1, 10)
        if happens(rng, share):
            late[shift.device_id] = shift.to_us + hours * HOUR_S * SECOND_US
    return late


def _spoil_violation(rng: Random, draft: Draft, day: date, imperfections: Imperfections) -> None:
    """Add a plate, or set the clock wrong, within its local day."""
    if happens(rng, imperfections.plates):
        letters = "".join(_PLATE_LETTERS[whole(rng, 0, len(_PLATE_LETTERS) - 1)] for _ in range(3))
        draft.event["plate"] = f"{whole(rng, 100, 999)}{letters}{_REGION}"
    if happens(rng, imperfections.clocks_off):
        seen_us = draft.happened_us + whole(rng, -_SLOWEST_S, _FASTEST_S) * SECOND_US
        section = draft.event.get("section")
        if 0 <= seen_us - day_start_us(day) < DAY_S * SECOND_US and section is None:
            draft.event["occurred_at"] = rfc3339(seen_us, 3)


def _from_the_future(rng: Random, day: date) -> Iterator[Timed]:
    """Yield an event of a camera in test whose year was set wrong: quarantined live, and never official."""
    for camera in valid_cameras(day_start_us(day)):
        if not camera.test:
            continue
        happened_us = day_start_us(day) + whole(rng, 0, DAY_S - 1) * SECOND_US
        event = {
            "type": "violation",
            "event_id": f"{day:%Y%m%d}-99999",
            "source_id": camera.device_id,
            "occurred_at": rfc3339(happened_us + _TEN_YEARS_US, 3),
            "offence": "592.1",
        }
        yield happened_us, Draft(happened_us, happened_us + SECOND_US, VIOLATIONS, camera.device_id, event).record()
        return


def _malformed(rng: Random, draft: Draft) -> bytes:
    """Bytes like those of an event, but such that no reader may count them."""
    event = draft.event | {"event_id": f"x{draft.event['event_id']}"}
    encode = msgspec.json.encode
    good = encode(event)
    spoiled = (
        good[: whole(rng, 1, len(good) - 1)],
        encode(event | {"occurred_at": event["occurred_at"][:19]}),
        encode({key: value for key, value in event.items() if key != "occurred_at"}),
        encode(event | {"event_id": 4711}),
        encode(event | {"location": {"lon": "51.17", "lat": "43.65"}}),
        encode(event | {"note": "Ақтау"}).replace("Ақтау".encode(), "Актау".encode("cp1251")),
        b"",
    )
    return spoiled[whole(rng, 0, len(spoiled) - 1)]


def _correction(rng: Random, draft: Draft) -> SimulatedRecord:
    """Retract a violation on appeal, or amend an accident after whose victims died in hospital."""
    sent_us = draft.sent_us + whole(rng, 1, 20) * DAY_S * SECOND_US
    event = {
        "type": "correction",
        "event_id": f"c-{draft.key}-{draft.event['event_id']}",
        "source_id": APPEALS,
        "occurred_at": rfc3339(sent_us),
        "target": {"source_id": draft.key, "event_id": draft.event["event_id"]},
        "action": "retract",
        "reason": "cancelled on appeal",
    }
    if draft.topic == ACCIDENTS and draft.event["injured"]:
        serious = max(draft.event["serious"] - 1, 0)
        injured = draft.event["injured"] - 1
        fields = {"dead": draft.event["dead"] + 1, "injured": injured}
        fields |= {"serious": serious, "slight": injured - serious}
        event |= {"action": "amend", "fields": fields, "reason": "died within 30 days"}
    return Draft(sent_us, sent_us, CORRECTIONS, draft.key, event).record()
