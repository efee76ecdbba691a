"""The run failed: exit code 1. The whole tree stands in `models.errors`."""

from __future__ import annotations

from models.errors.root import AmanzholError


class RunError(AmanzholError, RuntimeError):
    """The run failed for a reason outside its input."""

    code = "run"


class BrokerUnavailableError(RunError):
    """Kafka does not answer. Start it (`amanzhol broker start`) or correct `--broker`."""

    code = "broker_unavailable"


class PortLostError(BrokerUnavailableError):
    """Somebody took the port between our choice and Kafka's start. Try again with another."""

    code = "port_lost"


class JarsUnavailableError(RunError):
    """Kafka's jars could not be fetched. Connect once, or give the address of a broker that runs (`--broker`)."""

    code = "jars_unavailable"


class TopicMismatchError(RunError):
    """A topic is not as it must be (partitions, timestamps). The message says which setting and how to mend it."""

    code = "topic_mismatch"


class FingerprintError(RunError):
    """The stored state was counted under other settings. Use those again, or a new topic prefix and a recount."""

    code = "fingerprint"


class FencedError(RunError):
    """Another worker runs under the same name. Stop one of them, or give each its own `--instance-id`."""

    code = "fenced"


class StalledError(RunError):
    """Records wait and nothing is counted. The worker ends so that it is started anew; its log has the stacks."""

    code = "stalled"


class RegistryRecordError(RunError):
    """A record of the topic `registry` cannot be used. Push the device's rows again (`amanzhol registry push`)."""

    code = "registry_record"


class RestoreError(RunError):
    """The state of a partition could not be restored. The message says what disagrees."""

    code = "restore"


class StoreError(RunError):
    """The API's store cannot be used. It is a view: where it is broken, delete it, and it is rebuilt from Kafka."""

    code = "store"


class ServiceUnavailableError(RunError):
    """The API does not answer, or refuses. Start it (`amanzhol api`), correct `--api`, or send a token it knows."""

    code = "service_unavailable"


class MemoryFileError(RunError):
    """What was imported before cannot be looked up. The message names the file, and how to go on without it."""

    code = "memory_file"


class SpoolError(RunError):
    """The publisher's spool cannot be used. The message names the file and what to do about it."""

    code = "spool"


class SpoolFullError(SpoolError):
    """The spool, or the disk it is on, has no room. Nothing was taken: offer it again once events have been sent."""

    code = "spool_full"
