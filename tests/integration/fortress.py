"""A locked Kafka with sources set up by `amanzhol device add`, and clients that try what they may and may not do."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from amanzhol.cli import cli
from amanzhol.keys import read_private_key
from models.endpoint import Endpoint, Security
from models.signatures import sign
from models.topics import Topics
from streams.kafka import client_settings
from tests.rows import raw

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PREFIX = "locked."
TOPICS = Topics(PREFIX)
TIMEOUT_S = 30.0


@dataclass
class Fortress:
    """The address of the broker as its administrator has it, and the home that holds what `device add` wrote."""

    administrator: Endpoint
    home: Path

    @property
    def authority(self) -> Path:
        return self.home / "security" / "ca.pem"

    @property
    def keys(self) -> Path:
        return self.home / "keys.csv"

    def options(self, user: str, password_file: Path | None = None) -> list[str]:
        """Options of a command that connects as a user."""
        path = password_file or self.home / "credentials" / f"{user}.password"
        return [
            *("--broker", str(self.administrator), "--prefix", PREFIX, "--security-protocol", "SASL_SSL"),
            *("--security-ca-file", str(self.authority)),
            *("--security-username", user, "--security-password-file", str(path)),
        ]

    def device(self, verb: str, *arguments: str) -> None:
        """Run `amanzhol device …` as the administrator, in this process."""
        where = self.options("admin", self.home / "security" / "admin.password")
        cli.main(["device", verb, *arguments, *where, "--home", str(self.home)], standalone_mode=False)

    def key(self, source: str) -> Ed25519PrivateKey:
        return read_private_key(self.home / "credentials" / f"{source}.key.pem")

    def signed(self, event: dict, by: str) -> bytes:
        return sign(raw(event), self.key(by))

    def endpoint(self, user: str) -> Endpoint:
        password = (self.home / "credentials" / f"{user}.password").read_text().strip()
        return Endpoint(str(self.administrator), Security(str(self.authority), user, password))

    def writes(self, user: str, topic: str, value: bytes, key: str = "k") -> str:
        """Write a record as a user; how it went: "" where it is acknowledged, else Kafka's name for the refusal."""
        outcomes: list[Any] = []
        producer = Producer(client_settings(self.endpoint(user)) | {"partitioner": "murmur2_random"})
        producer.produce(topic, value, key, on_delivery=lambda error, _message: outcomes.append(error))
        assert producer.flush(TIMEOUT_S) == 0
        (error,) = outcomes
        return "" if error is None else str(error.name())

    def reads(self, user: str, topic: str) -> str:
        """Read a topic from its beginning as a user; Kafka's name for the refusal, "" where a record comes."""
        settings = {"group.id": f"spy-{user}", "auto.offset.reset": "earliest"}
        consumer = Consumer(client_settings(self.endpoint(user)) | settings)
        try:
            unseen = consumer.list_topics(topic, timeout=TIMEOUT_S).topics[topic].error
            if unseen is not None:
                return str(unseen.name())
            consumer.assign([TopicPartition(topic, number, 0) for number in range(2)])
            deadline = time.monotonic() + TIMEOUT_S
            while time.monotonic() < deadline:
                message = consumer.poll(0.5)
                said = None if message is None else "" if message.error() is None else str(message.error().name())
                # That it may not use its group is said too, and is not what is asked here.
                if said not in {None, "GROUP_AUTHORIZATION_FAILED"}:
                    return str(said)
            return "nothing"
        finally:
            consumer.close()


def refusal_of(settings: dict[str, Any]) -> set[str]:
    """Connect with some settings; what Kafka's client says of it first, nothing where it is let in."""
    said: list[str] = []
    producer = Producer(settings | {"error_cb": lambda error: said.append(str(error.name())), "log_level": 0})
    deadline = time.monotonic() + TIMEOUT_S
    while not said and time.monotonic() < deadline:
        try:
            producer.list_topics(timeout=0.5)
        except KafkaException:
            producer.poll(0.1)
        else:
            return set()
    return set(said)
