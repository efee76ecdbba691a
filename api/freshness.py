"""How far the store is behind Kafka: said in every answer."""

from __future__ import annotations

from typing import Any, NamedTuple

from models.records import rfc3339

PATIENCE_S = 10.0
"""A Kafka that has not answered for so long is away: nobody knows then how far the store is behind."""


class Freshness(NamedTuple):
    """What the follower knew at one moment.

    `records` is how many records wait, None where Kafka does not say. `read_through_s` is when (UTC seconds) the store
    last had everything, None where it never did. `unreadable` counts records that are not the workers'.
    """

    records: int | None
    read_through_s: float | None
    unreadable: int = 0
    trouble: str | None = None

    @property
    def behind(self) -> bool:
        """Whether there is, or may be, anything that the store does not have."""
        return self.records != 0 or self.trouble is not None

    def as_dict(self) -> dict[str, Any]:
        """What answers say."""
        return {
            "behind": self.behind,
            "behind_records": self.records,
            "read_through": None if self.read_through_s is None else rfc3339(int(self.read_through_s)),
            "unreadable_records": self.unreadable,
            "trouble": self.trouble,
        }

    def as_header(self) -> str:
        """The same in one line, for answers that are tables."""
        words = [f"behind={'yes' if self.behind else 'no'}"]
        if self.records is not None:
            words.append(f"records={self.records}")
        if self.read_through_s is not None:
            words.append(f"read-through={rfc3339(int(self.read_through_s))}")
        return "; ".join(words)
