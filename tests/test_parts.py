"""A missing part is said by name, and is a failure where every test has to run."""

import pytest

from tests.parts import REQUIRE_ALL, require_part

ABSENT = "amanzhol-no-such-program"


@pytest.mark.parametrize(
    ("setting", "outcome"),
    [(None, pytest.skip.Exception), ("0", pytest.skip.Exception), ("1", pytest.fail.Exception)],
)
def test_a_part_that_is_absent(monkeypatch, setting, outcome):
    monkeypatch.delenv(REQUIRE_ALL, raising=False)
    if setting is not None:
        monkeypatch.setenv(REQUIRE_ALL, setting)
    with pytest.raises(outcome, match=f"{ABSENT} is not on this machine"):
        require_part(ABSENT)


def test_a_part_that_is_there(tmp_path, monkeypatch):
    program = tmp_path / "part"
    program.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert require_part("part") == program
