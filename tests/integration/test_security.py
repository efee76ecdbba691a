"""Who may do what on a locked Kafka: a device reads nothing, writes nowhere else, and speaks for nobody but itself."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import pytest
from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from amanzhol.broker import EmbeddedBroker
from amanzhol.broker.certificates import make_certificates
from amanzhol.granting import Administrator, grants_of
from devices.kafka_sink import connect
from models.books import COLUMNS
from models.endpoint import Endpoint, Security
from models.errors import BrokerUnavailableError, RunError, SettingsError
from streams.kafka import client_settings
from streams.topics import ensure_topics
from tests.command_line import AMANZHOL, amanzhol
from tests.country import REGION, lines, write_country
from tests.integration.fortress import PREFIX, TOPICS, Fortress, refusal_of
from tests.integration.stream import Worker, wait_until
from tests.rows import ON_R10, accident, correction, raw, violation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PARTITIONS = 2


@pytest.fixture(scope="module")
def fortress(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fortress]:
    """A locked Kafka with two devices, a register, a worker and a reader; events of cam-1 and car-1 are signed."""
    home = tmp_path_factory.mktemp("fortress")
    with EmbeddedBroker(home, secured=True) as broker:
        fortress = Fortress(broker.address, home)
        ensure_topics(broker.address, TOPICS, PARTITIONS)
        fortress.device("add", "cam-1", "--sign")
        fortress.device("add", "car-1", "--sign")
        fortress.device("add", "erap", "--role", "register")
        fortress.device("add", "office", "--sign", "--no-login", "--corrects-all")
        fortress.device("add", "w", "--role", "worker")
        fortress.device("add", "r", "--role", "reader")
        yield fortress


OTHERS = ("accidents", "reports", "corrections", "rerouted", "segment-counts", "state", "quarantine")


@pytest.mark.parametrize("topic", OTHERS)
def test_a_device_cannot_write_elsewhere(fortress: Fortress, topic: str) -> None:
    assert fortress.writes("cam-1", TOPICS.name(topic), raw(violation())) == "TOPIC_AUTHORIZATION_FAILED"


@pytest.mark.parametrize("topic", ["violations", "statuses", "segment-counts", "quarantine"])
def test_a_device_reads_nothing_not_even_its_own(fortress: Fortress, topic: str) -> None:
    assert fortress.reads("cam-1", TOPICS.name(topic)) == "TOPIC_AUTHORIZATION_FAILED"


def test_a_device_changes_nothing(fortress: Fortress) -> None:
    admin = AdminClient(client_settings(fortress.endpoint("cam-1")))
    for answer in (
        *admin.create_topics([NewTopic(f"{PREFIX}own", 1, 1)]).values(),
        *admin.delete_topics([TOPICS.name("violations")]).values(),
    ):
        with pytest.raises(KafkaException, match="AUTHORIZATION_FAILED"):
            answer.result(30)
    with Administrator(fortress.endpoint("cam-1")) as administrator:
        for attempt in (
            administrator.users,
            administrator.grants,
            lambda: administrator.let_in("cam-1", "another"),
            lambda: administrator.grant("cam-1", grants_of("worker", TOPICS)),
        ):
            with pytest.raises(RunError, match=r"(?i)connect as an administrator"):
                attempt()


def test_nobody_comes_in_without_a_password_of_his_own(fortress: Fortress) -> None:
    address, authority = str(fortress.administrator), str(fortress.authority)
    mine = fortress.endpoint("cam-1").security
    assert mine is not None
    for security in (
        Security(authority, "cam-1", "guessed"),
        Security(authority, "car-1", mine.password),
        Security(authority, "nobody", mine.password),
    ):
        assert refusal_of(client_settings(Endpoint(address, security))) & {"_AUTHENTICATION"}
    stranger = Security(str(fortress.home / "stranger.pem"), "cam-1", mine.password)
    (fortress.home / "stranger.pem").write_bytes(_other_authority(fortress.home / "other"))
    assert refusal_of(client_settings(Endpoint(address, stranger))) & {"_SSL"}
    assert refusal_of({"bootstrap.servers": address}) & {"_TRANSPORT", "_ALL_BROKERS_DOWN"}


def _other_authority(folder: Path) -> bytes:
    return make_certificates(folder, "127.0.0.1").authority.read_bytes()


def test_both_client_libraries_are_let_in(fortress: Fortress) -> None:
    assert refusal_of(client_settings(fortress.endpoint("cam-1"))) == set()
    connect(fortress.endpoint("cam-1"), "test").close()


def test_nobody_speaks_for_another(fortress: Fortress, tmp_path: Path) -> None:
    write_country(tmp_path)
    seen = violation(event_id="true", source_id="cam-1")
    driven = violation(event_id="true", source_id="car-1", location=ON_R10)
    tampered = fortress.signed(violation(event_id="x3", source_id="cam-1"), by="cam-1").replace(b"592.2", b"592.3")
    about = {"source_id": "cam-1", "event_id": "true"}
    posing = violation(event_id="x2", source_id="cam-1")
    unsigned, foreign, corrects = (
        correction(event_id=name, source_id=source, target=about)
        for name, source in (("x4", "erap"), ("x5", "car-1"), ("c", "office"))
    )
    said = [
        # who writes, to which topic, what, and its code in quarantine
        ("cam-1", "violations", fortress.signed(seen, by="cam-1"), None),
        ("car-1", "violations", fortress.signed(driven, by="car-1"), None),
        ("erap", "accidents", raw(accident(event_id="a", source_id="erap")), None),
        ("car-1", "violations", raw(violation(event_id="x1", source_id="cam-1")), "unsigned"),
        ("car-1", "violations", fortress.signed(posing, by="car-1"), "bad_signature"),
        ("car-1", "violations", tampered, "bad_signature"),
        ("erap", "corrections", raw(unsigned), "unsigned"),
        ("erap", "corrections", fortress.signed(foreign, by="car-1"), "not_permitted"),
        ("erap", "corrections", fortress.signed(corrects, by="office"), None),
    ]
    for user, topic, value, _code in said:
        key = "cam-1" if b'"cam-1"' in value else "car-1" if b'"car-1"' in value else "erap"
        assert fortress.writes(user, TOPICS.name(topic), value, key) == ""
    options = [*fortress.options("w"), "--keys", str(fortress.keys), "--home", str(tmp_path / "home")]
    region = ["--network", str(tmp_path / "network.geojson"), "--devices", str(tmp_path / "devices.csv")]
    worker = Worker((AMANZHOL,), [*options, *region, "--metrics-port", "0"], tmp_path / "worker.log")
    books = [f'amanzhol_books{{column="{column}"}}' for column in COLUMNS]
    try:
        wait_until(lambda: sum(worker.metrics().get(name, 0) for name in books) == len(said), "all in the books")
        reader = fortress.options("r")
        done = amanzhol("export", *reader, "--out", "o.csv", "--books", "b.json", cwd=tmp_path)
        assert done.code == 0, done.err
        listed = amanzhol("quarantine", "list", *fortress.options("w"), "--json", cwd=tmp_path)
        assert worker.stop() == 0
    finally:
        worker.kill()
    codes = sorted(json.loads(line)["code"] for line in listed.out.splitlines())
    assert codes == sorted(code for *_, code in said if code is not None)
    books = json.loads((tmp_path / "b.json").read_text())
    assert {column: n for column, n in books.items() if n} == {
        "received": 9, "quarantined": 5, "corrections": 1, "retracted": 1, "unlocated": 1, "counted": 1,
    }  # fmt: skip

    # `count` judges the same records alike.
    (tmp_path / "e.ndjson").write_bytes(lines([value for _, _, value, _ in said]))
    command = ("count", "e.ndjson", *REGION, "--keys", fortress.keys, "--out", "f.csv", "--quarantine", "q.ndjson")
    assert amanzhol(*command, cwd=tmp_path).code == 0
    refused = [json.loads(line)["code"] for line in (tmp_path / "q.ndjson").read_text().splitlines()]
    assert refused == [code for *_, code in said if code is not None]
    assert (tmp_path / "f.csv").read_bytes() == (tmp_path / "o.csv").read_bytes()


def test_a_register_imports_its_table(fortress: Fortress, tmp_path: Path) -> None:
    mapping = """
        [event]
        type = "accident"
        kind = "animal"
        [fields]
        event_id = "card"
        occurred_at = { column = "when", format = "iso" }
        dead = "dead"
    """
    (tmp_path / "m.toml").write_text(mapping)
    before = _accidents(fortress)
    for rows, expected in (("1,2026-11-22T12:00Z,0\n", 1), ("1,2026-11-22T12:00Z,0\n2,2026-11-22T12:00Z,1\n", 2)):
        (tmp_path / "t.csv").write_text(f"card,when,dead\n{rows}")
        command = ("import", "t.csv", "--map", "m.toml", "--source", "erap", *fortress.options("erap"))
        done = amanzhol(*command, cwd=tmp_path)
        assert done.code == 0, done.err
        assert _accidents(fortress) == before + expected


def _accidents(fortress: Fortress) -> int:
    consumer = Consumer(client_settings(fortress.administrator) | {"group.id": "count"})
    ends = [consumer.get_watermark_offsets(TopicPartition(TOPICS.name("accidents"), p))[1] for p in range(PARTITIONS)]
    consumer.close()
    return sum(ends)


def test_a_device_comes_and_goes(fortress: Fortress, capsys: pytest.CaptureFixture[str]) -> None:
    topic, value = TOPICS.name("violations"), raw(violation())
    fortress.device("add", "Дрон/7", "--sign")
    password = fortress.home / "credentials" / "%D0%94%D1%80%D0%BE%D0%BD%2F7.password"
    assert password.stat().st_mode & 0o777 == 0o600
    said = capsys.readouterr().out
    assert password.read_text().strip() not in said
    assert f"may WRITE topic {topic}" in said
    with pytest.raises(SettingsError, match="--renew"):
        fortress.device("add", "Дрон/7")
    old = password.read_text()
    fortress.device("add", "Дрон/7", "--renew")
    assert password.read_text() != old

    fortress.device("list")
    listed = {row[0]: row for row in csv.reader(capsys.readouterr().out.splitlines(), delimiter="\t")}
    assert listed["Дрон/7"][1] == "yes"
    assert listed["Дрон/7"][2].count("WRITE") == 2
    assert listed["office"][1:3] == ["no", ""]
    assert listed["office"][3].endswith("corrects all")
    assert listed["admin"][1:3] == ["yes", ""]  # it needs no grants

    fortress.device("revoke", "Дрон/7")
    capsys.readouterr()
    fortress.device("list")
    listed = {row[0]: row for row in csv.reader(capsys.readouterr().out.splitlines(), delimiter="\t")}
    assert listed["Дрон/7"][1:3] == ["no", ""]
    assert "until 20" in listed["Дрон/7"][3]
    with pytest.raises(SettingsError, match="has no password, no grants and no keys"):
        fortress.device("revoke", "Дрон/7")
    assert value  # what it had sent stays


@pytest.mark.parametrize(
    "arguments", [("add", "admin", "--renew"), ("revoke", "admin"), ("add", "a\nb"), ("add", 'a"b')]
)
def test_some_names_cannot_be_given(fortress: Fortress, arguments: tuple[str, ...]) -> None:
    with pytest.raises(SettingsError, match="SOURCE"):
        fortress.device(*arguments)


def test_an_open_kafka_says_that_it_grants_nothing(broker: EmbeddedBroker) -> None:
    with Administrator(broker.address) as administrator, pytest.raises(RunError, match="lets everybody do everything"):
        administrator.grants()


def test_a_broker_that_was_made_open_is_not_locked_later(broker: EmbeddedBroker) -> None:
    with pytest.raises(SettingsError, match="was made without"):
        EmbeddedBroker(broker.folder.home, secured=True).start()


def test_who_is_not_let_in_is_told(fortress: Fortress, tmp_path: Path) -> None:
    wrong = Endpoint(str(fortress.administrator), Security(str(fortress.authority), "cam-1", "guessed"))
    with pytest.raises(BrokerUnavailableError):
        ensure_topics(wrong, TOPICS, timeout_s=1)
