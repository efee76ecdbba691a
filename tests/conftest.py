"""Fixtures that every room's tests may use."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from amanzhol.broker import EmbeddedBroker

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedBroker]:
    """A real Kafka on free ports, one for the whole run. Keep out of each other's way with `topic_prefix`."""
    with EmbeddedBroker(tmp_path_factory.mktemp("kafka")) as embedded:
        yield embedded


@pytest.fixture
def topic_prefix() -> str:
    """A prefix for topics, groups and transactional ids that no other test has."""
    return f"t{uuid.uuid4().hex[:12]}."
