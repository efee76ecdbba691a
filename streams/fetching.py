"""Reads bytes of a partition's log as they lie there, past a client that cannot decode them.

Kafka's Fetch request in version 4, the oldest that brokers of today take
(https://kafka.apache.org/protocol#The_Messages_Fetch). No library offers the undecoded bytes.
"""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from models.endpoint import security_of
from models.errors import RunError
from streams.kafka import client_settings
from streams.poison import Fetched

if TYPE_CHECKING:
    from socket import socket as Socket  # noqa: N812 - a class whose name hides its module

_FETCH, _VERSION = 1, 4
_CORRELATION = 1
_TIMEOUT_S = 10.0
_MAX_BYTES = 20 * 1024 * 1024
"""More than the largest batch that a topic takes, so that the beginning of the next one comes with it."""

_DAMAGED = frozenset({-1, 2, 56})
"""Kafka's UNKNOWN_SERVER_ERROR, CORRUPT_MESSAGE and KAFKA_STORAGE_ERROR: asking again will not help."""

_TOPICS_AT = 8
_ANSWER = struct.Struct(">ihqqi")  # partition, error, high watermark, last stable offset, number of aborted ones


class LogReader:
    """Reads logs from the brokers that lead them."""

    def __init__(self, broker: str) -> None:
        """Ask this broker who leads a partition. Connects when it is used."""
        self._admin = AdminClient(client_settings(broker))
        self._is_locked = security_of(broker) is not None

    def fetch(self, topic: str, partition: int, offset: int) -> Fetched:
        """Read from the batch on that holds an offset. Raises RunError where the broker does not give it."""
        if self._is_locked:
            # This speaks Kafka's protocol by itself, and knows neither TLS nor SCRAM.
            raise RunError(
                f"{topic}[{partition}] has a batch at offset {offset} that cannot be read, and on a Kafka with "
                "passwords it cannot be looked at: move the beginning of the log behind it with kafka-delete-records"
            )
        try:
            found = self._admin.list_topics(topic, timeout=_TIMEOUT_S)
            leader = found.brokers[found.topics[topic].partitions[partition].leader]
            with socket.create_connection((leader.host, leader.port), _TIMEOUT_S) as connection:
                connection.sendall(_request(topic, partition, offset))
                (length,) = struct.unpack(">i", _exactly(connection, 4))
                return _read_answer(_exactly(connection, length), topic)
        except (OSError, KeyError, struct.error, KafkaException) as error:
            raise RunError(f"{topic}[{partition}] was not read at offset {offset}: {error!r}") from None


def _request(topic: str, partition: int, offset: int) -> bytes:
    client = b"amanzhol"
    name = topic.encode()
    body = struct.pack(">hhih", _FETCH, _VERSION, _CORRELATION, len(client)) + client
    # No replica; wait 100 ms for a byte; read uncommitted; one topic with one partition.
    body += struct.pack(">iiiibih", -1, 100, 1, _MAX_BYTES, 0, 1, len(name)) + name
    body += struct.pack(">iiqi", 1, partition, offset, _MAX_BYTES)
    return struct.pack(">i", len(body)) + body


def _read_answer(answer: bytes, topic: str) -> Fetched:
    at = _TOPICS_AT + 4 + 2 + len(topic.encode()) + 4
    partition, error, end, _stable, aborted = _ANSWER.unpack_from(answer, at)
    if error in _DAMAGED:
        raise RunError(
            f"the broker does not serve {topic}[{partition}] (Kafka's error {error}): its log is damaged; restore the "
            "segment from a replica or a backup, or move the beginning of the log behind it with kafka-delete-records"
        )
    if error:
        raise RunError(f"the broker does not serve {topic}[{partition}] now: {KafkaError(error).str()}")
    at += _ANSWER.size + 16 * max(aborted, 0)
    (length,) = struct.unpack_from(">i", answer, at)
    return Fetched(answer[at + 4 : at + 4 + max(length, 0)], end)


def _exactly(connection: Socket, count: int) -> bytes:
    received = bytearray()
    while len(received) < count:
        piece = connection.recv(min(count - len(received), 1024 * 1024))
        if not piece:
            raise ConnectionError("the broker closed the connection")
        received += piece
    return bytes(received)
