"""The embedded broker: Apache Kafka 4.1 in one process, from Python packages and Maven Central."""

from amanzhol.broker.embedded import BrokerStatus, EmbeddedBroker

__all__ = ["BrokerStatus", "EmbeddedBroker"]
