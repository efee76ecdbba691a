"""The command, the settings file and the last words of the embedded broker, without starting it."""

from __future__ import annotations

from pathlib import Path

import pytest

from amanzhol.broker.folder import BrokerFolder
from amanzhol.broker.java import last_errors, render_properties
from models.errors import SettingsError

VALUES = {"port": 19092, "controller_port": 19093, "data_dir": "/home/data"}


def settings(text: str) -> dict[str, str]:
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def test_the_template_is_filled_in() -> None:
    rendered = settings(render_properties(VALUES, {}))
    assert rendered["advertised.listeners"] == "PLAINTEXT://127.0.0.1:19092"
    assert rendered["controller.quorum.voters"] == "1@127.0.0.1:19093"
    assert rendered["log.dirs"] == "/home/data"
    assert not [value for value in rendered.values() if "$" in value]


def test_overrides_come_after_ours() -> None:
    text = render_properties(VALUES, {"message.max.bytes": "1000"})
    assert settings(text)["message.max.bytes"] == "1000"


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("/home/аман жол", r"/home/\u0430\u043c\u0430\u043d \u0436\u043e\u043b"),
        ("/home/back\\slash", r"/home/back\\slash"),
        ("/home/🐪", r"/home/\ud83d\udc2a"),
        ("/home/line\nlog.dirs=/etc", r"/home/line\u000alog.dirs=/etc"),
    ],
)
def test_paths_are_written_as_java_reads_them(path: str, written: str) -> None:
    assert settings(render_properties(VALUES | {"data_dir": path}, {}))["log.dirs"] == written


def test_a_home_with_a_comma_is_refused() -> None:
    with pytest.raises(SettingsError, match="comma"):
        BrokerFolder(Path("/home/a,b"))


LOG = """\
2026-01-01T00:00:00Z INFO KafkaServer starting
2026-01-01T00:00:01Z ERROR LogManager Shutdown broker because all log dirs in /data have failed
java.io.IOException: No space left on device
\tat java.base/sun.nio.ch.FileDispatcherImpl.write0(Native Method)
\t... 12 more
2026-01-01T00:00:01Z ERROR LogManager Shutdown broker because all log dirs in /data have failed
2026-01-01T00:00:02Z INFO KafkaServer shut down
"""


@pytest.mark.parametrize(
    ("log", "said"),
    [
        (
            LOG,
            (
                "java.io.IOException: No space left on device | "
                "2026-01-01T00:00:01Z ERROR LogManager Shutdown broker because all log dirs in /data have failed"
            ),
        ),
        ("one\ntwo\nthree\nfour\n", "two | three | four"),
        ("", "it logged nothing"),
        ("\n  \n", "it logged nothing"),
    ],
)
def test_last_errors(log: str, said: str) -> None:
    assert last_errors(log) == said
