"""Live cells: what listeners are told, and what they are not."""

from __future__ import annotations

import asyncio
import json

import pytest

from api.live import MAX_LISTENERS, MISSED, Live, cells_of
from api.routes.live import event
from api.store.slots import Slot
from api.store.words import Words
from models.changes import NO_FIGURE, Change
from models.errors import TooManyLiveError
from models.measures import Dimensions
from tests.api.recorded import CAMERA, CAR, CRASH, cell, take, watch
from tests.rows import NETWORK, NOON_S


def test_changes_of_cells_are_told_by_how_much_they_grew(any_store):
    first = any_store.take([cell({CAMERA: 2, CRASH: 1}), watch({"fixed_camera": 60})], {}, {})
    second = any_store.take([cell({CAMERA: 5, CAR: 1}, revision=2)], {}, {})
    told = [cells_of(taken.changed, any_store.taking_words)["cells"] for taken in (first, second)]
    where = {"segment_id": "R/0", "window_start": "2026-11-22T07:00:00Z"}
    assert told == [
        [{**where, "added": {"violations": 2, "violations_fixed_camera": 2, "accidents": 1}}],
        [
            {
                **where,
                "added": {"violations": 4, "violations_fixed_camera": 3, "violations_oracle_car": 1, "accidents": -1},
            }
        ],
    ]
    take(any_store, [cell({CAMERA: 5, CAR: 1}, revision=3)])


def words():
    numbered = Words(NETWORK)
    numbered.segments.code("R/0")
    numbered.dimensions.code(Dimensions("violations", fleet="drone"))
    return numbered


CHANGED = [(Slot(0, 0, NOON_S, 0), Change(0, 1, 0, 1))]


def test_a_slow_listener_is_told_that_it_missed_some():
    async def listen():
        live = Live()
        with live.listening() as slow:
            for _ in range(100):
                live.tell(CHANGED, words())
            await asyncio.sleep(0)
            taken = [await slow.take(0.01) for _ in range(100)]
        live.tell(CHANGED, words())
        return taken

    taken = asyncio.run(listen())
    told = [batch for batch in taken if batch is not None]
    assert told[0] == MISSED
    assert 0 < len(told) <= 64
    assert told[-1]["cells"][0]["added"] == {"violations": 1, "violations_drone": 1}


def test_a_revision_that_changes_nothing_is_not_told():
    assert cells_of([(Slot(0, 0, NOON_S, 0), Change(NO_FIGURE, 2, 0, 0))], words()) == {"cells": []}


def test_only_so_many_listen():
    async def listen():
        live = Live()
        listening = [live.listening() for _ in range(MAX_LISTENERS)]
        for each in listening:
            live.check()
            each.__enter__()
        with pytest.raises(TooManyLiveError):
            live.check()
        listening[0].__exit__(None, None, None)
        live.check()

    asyncio.run(listen())


def test_an_event_is_one_line_of_data():
    written = event("cells", {"cells": [{"segment_id": "a\nb"}]}).decode()
    name, data, *rest = written.split("\n")
    assert (name, rest) == ("event: cells", ["", ""])
    assert json.loads(data.removeprefix("data: ")) == {"cells": [{"segment_id": "a\nb"}]}
