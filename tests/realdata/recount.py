"""The table of `count` for accidents, made anew by one SQL query over the raw records and where they were located."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from pathlib import Path

_QUERY = """
COPY (
    SELECT
        located.segment_id,
        strftime(make_timestamp(window_us), '%Y-%m-%dT%H:%M:%SZ') AS window_start,
        strftime(make_timestamp(window_us + 300000000), '%Y-%m-%dT%H:%M:%SZ') AS window_end,
        count(*) AS accidents,
        count(*) FILTER (dead > 0) AS accidents_fatal,
        count(*) FILTER (dead = 0 AND injured > 0) AS accidents_injury,
        sum(dead) AS dead,
        sum(injured) AS injured,
        count(*) FILTER (kind = 'animal') AS animal_accidents,
        0 AS violations,
        0 AS violations_fixed_camera,
        0 AS violations_ekin_patrol,
        0 AS violations_oracle_car,
        0 AS violations_drone,
        0 AS violations_section,
        0 AS reports,
        0 AS accidents_unofficial,
        0 AS test_events
    FROM (
        -- Every zone of these registers is whole hours from UTC: windows of five minutes begin alike in all of them.
        SELECT *, epoch_us(CAST(occurred_at AS TIMESTAMPTZ)) // 300000000 * 300000000 AS window_us
        FROM read_json($events, format = 'newline_delimited', columns = {{
            source_id: 'VARCHAR', event_id: 'VARCHAR', occurred_at: 'VARCHAR', kind: 'VARCHAR',
            dead: 'BIGINT', injured: 'BIGINT'
        }})
    ) AS event
    JOIN read_csv($located, all_varchar = true) AS located USING (source_id, event_id)
    WHERE located.outcome IN ('counted', 'unlocated')
    GROUP BY located.segment_id, window_us
    ORDER BY located.segment_id, window_us
) TO '{out}' (HEADER)
"""


def recount(events: Path, located: Path, out: Path) -> None:
    """Write the CSV that `count` should have written, given only its `--located` and the records it read."""
    with duckdb.connect() as connection:
        connection.execute(_QUERY.format(out=out), {"events": str(events), "located": str(located)})
