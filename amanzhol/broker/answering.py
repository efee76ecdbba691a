"""Whether a Kafka truly answers: not just an open port, but metadata with a broker in it."""

from __future__ import annotations

import socket

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from models.endpoint import librdkafka_security

__all__ = ["answers"]


def answers(address: str, cluster_id: str | None = None, *, timeout_s: float) -> bool:
    """Tell whether the broker at `address` (`host:port`) answers a metadata request within `timeout_s`.

    With a `cluster_id`, whether it is that cluster's: another Kafka may listen where ours should.
    """
    host, _, port = address.rpartition(":")
    try:
        # A closed port is refused at once, without a client and its threads.
        socket.create_connection((host, int(port)), timeout=timeout_s).close()
    except OSError:
        return False
    # log_level 0: while a broker starts, librdkafka reports each attempt on the standard error.
    quiet = {"bootstrap.servers": address, "log_level": 0, "socket.timeout.ms": 1000}
    client = AdminClient(quiet | librdkafka_security(address))
    try:
        metadata = client.list_topics(timeout=timeout_s)
    except KafkaException:
        return False
    return bool(metadata.brokers) and cluster_id in {None, metadata.cluster_id}
