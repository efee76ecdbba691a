"""The simulated fleet on a real broker: every record arrives, on the partition that Java would choose."""

from datetime import datetime, timedelta

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from amanzhol.broker import EmbeddedBroker
from devices.kafka_sink import KafkaSink, connect
from devices.simulator import simulate
from devices.simulator.moments import AQTAU
from models.topics import DEFAULT_PARTITIONS, INPUTS, STATUSES, Topics


def test_every_record_arrives_and_each_source_keeps_to_its_partition(broker: EmbeddedBroker, topic_prefix: str) -> None:
    topics = Topics(topic_prefix)
    admin = AdminClient({"bootstrap.servers": broker.address})
    for made in admin.create_topics([NewTopic(name, DEFAULT_PARTITIONS, 1) for name in topics.inputs]).values():
        made.result(20)
    start = datetime(2025, 6, 10, tzinfo=AQTAU)
    records = list(simulate(1, start, start + timedelta(hours=20), status_interval_s=1800))

    producer = connect(broker.address, "test")
    acknowledged = KafkaSink(producer, {topic: topics.name(topic) for topic in INPUTS}).send_all(records)
    producer.close()
    assert sum(acknowledged.values()) == len(records)

    expected = [record.value for record in records if record.topic == STATUSES]
    consumer = Consumer({"bootstrap.servers": broker.address, "group.id": topic_prefix})
    consumer.assign([TopicPartition(topics.name(STATUSES), p, 0) for p in range(DEFAULT_PARTITIONS)])
    arrived = []
    while len(arrived) < len(expected):
        arrived += consumer.consume(len(expected) - len(arrived), 10)
    consumer.close()
    assert sorted(message.value() for message in arrived) == sorted(expected)
    partitions = {(message.key(), message.partition()) for message in arrived}
    assert len(partitions) == len({key for key, _ in partitions})
