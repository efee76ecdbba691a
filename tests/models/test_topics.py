"""The names of topics under a prefix."""

from __future__ import annotations

import pytest

from models.events import EVENT_MODELS
from models.topics import INPUTS, TOPIC_OF_TYPE, Topics


def test_every_type_has_a_topic():
    assert set(TOPIC_OF_TYPE) == set(EVENT_MODELS)
    assert set(TOPIC_OF_TYPE.values()) == set(INPUTS)


@pytest.mark.parametrize("prefix", ["amanzhol.", "a.b-c_", ""])
def test_a_full_name_and_back(prefix):
    topics = Topics(prefix)
    assert topics.inputs == tuple(topics.name(topic) for topic in INPUTS)
    assert tuple(topics.input_of(name) for name in topics.inputs) == INPUTS
    assert topics.name("violations") == f"{prefix}violations"


@pytest.mark.parametrize("name", ["violations", "other.violations", "amanzhol.state", "amanzhol.", ""])
def test_a_topic_of_somebody_else_is_none_of_ours(name):
    with pytest.raises(ValueError, match=r"is not read under the prefix 'amanzhol\.'"):
        Topics().input_of(name)
