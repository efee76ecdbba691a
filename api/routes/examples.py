"""Examples of the OpenAPI: answers as they are, of a day in Mangystau's simulated year; a test holds them to it."""

from __future__ import annotations

from typing import Any

FRESHNESS: dict[str, Any] = {
    "behind": False,
    "behind_records": 0,
    "read_through": "2025-06-12T09:00:07Z",
    "unreadable_records": 0,
    "trouble": None,
}

FIGURES: dict[str, Any] = {
    "accidents": 1,
    "accidents_fatal": 0,
    "accidents_injury": 1,
    "dead": 0,
    "injured": 2,
    "animal_accidents": 0,
    "violations": 14,
    "violations_fixed_camera": 14,
    "violations_ekin_patrol": None,
    "violations_oracle_car": None,
    "violations_drone": None,
    "violations_section": 0,
    "reports": 0,
    "accidents_unofficial": 0,
    "test_events": 0,
    "watched_s": 86_400,
    "watched_s_fixed_camera": 86_400,
    "watched_s_ekin_patrol": 0,
    "watched_s_oracle_car": 0,
    "watched_s_drone": 0,
    "passages": 8_120,
}

_TIMES = {"start": "2025-06-09T19:00:00Z", "end": "2025-06-10T19:00:00Z", "provisional": False, "observed": True}
SAID = {
    "from": "2025-06-09T19:00:00Z",
    "to": "2025-06-10T19:00:00Z",
    "final_until": "2025-06-11T09:00:00Z",
    "freshness": FRESHNESS,
}
_SEGMENT = {
    "segment_id": "KAZ11/383",
    "route": "KAZ11",
    "from_km": 383.0,
    "to_km": 384.0,
    "district": "Beyneu district",
}

COUNTS = {**SAID, "next": "k84_zmhGtG2yYTFiMmMz", "rows": [{**_SEGMENT, **_TIMES, **FIGURES}]}
TOTALS = {**SAID, "rows": [{**_TIMES, **FIGURES}]}
SERIES = TOTALS
COMPARISON = {
    **SAID,
    "before": "2024-06-09T19:00:00Z",
    "before_to": "2024-06-10T19:00:00Z",
    "rows": [{"now": {**_TIMES, **FIGURES}, "before": None}],
}
