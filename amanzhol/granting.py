"""Who is let into Kafka, and what each may do there: SCRAM credentials and grants (ACLs).

A grant names a user, never an address, and says what is allowed; a broker with an authorizer refuses all else.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, Self

# Not confluent-kafka, whose 2.16 ends the whole process where a broker refuses to describe its grants.
from kafka import KafkaAdminClient
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
    ScramMechanism,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)
from kafka.errors import AuthorizationError, KafkaError, NoError, SecurityDisabledError

from models import topics as names
from models.endpoint import kafka_python_security
from models.errors import BrokerUnavailableError, RunError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from models.topics import Topics

_TIMEOUT_MS = 15_000
_ITERATIONS = 8_192
_EVERYWHERE = "*"
_USER = "User:"
_KINDS = {ResourceType.TOPIC: "topic", ResourceType.GROUP: "group", ResourceType.TRANSACTIONAL_ID: "transactional id"}


class Grant(NamedTuple):
    """An operation on a resource; `prefixed` means on all whose name begins so."""

    resource: ResourceType
    name: str
    operation: ACLOperation
    prefixed: bool = False

    def __str__(self) -> str:
        """Say it, as `WRITE topic amanzhol.violations`."""
        return f"{self.operation.name} {_KINDS[self.resource]} {self.name}{'*' if self.prefixed else ''}"


WRITES: Mapping[str, tuple[str, ...]] = {
    "device": (names.VIOLATIONS, names.STATUSES),
    "register": (names.ACCIDENTS, names.CORRECTIONS),
    "channel": (names.REPORTS, names.CORRECTIONS),
}
"""The roles of sources, and the topics that each writes. They read nothing."""

READS: Mapping[str, tuple[str, ...]] = {
    "reader": (names.SEGMENT_COUNTS, names.SEGMENT_COVERAGE, names.STATE),
}
"""The roles that only read."""

WORKER = "worker"
ROLES = (*WRITES, *READS, WORKER)


def grants_of(role: str, topics: Topics) -> list[Grant]:
    """What a role may do under a prefix of topics."""
    if role in WRITES:
        return [
            Grant(ResourceType.TOPIC, topics.name(topic), operation)
            for topic in WRITES[role]
            # Describing is finding out where the partitions are, and that a topic exists; it shows no record.
            for operation in (ACLOperation.WRITE, ACLOperation.DESCRIBE)
        ]
    if role in READS:
        return [Grant(ResourceType.TOPIC, topics.name(topic), ACLOperation.READ) for topic in READS[role]]
    # A worker makes the topics, reads and writes all of them, in its own group and transactions.
    kinds = (ResourceType.TOPIC, ResourceType.GROUP, ResourceType.TRANSACTIONAL_ID)
    return [Grant(kind, topics.prefix, ACLOperation.ALL, prefixed=True) for kind in kinds]


_admin_client: Any = KafkaAdminClient  # kafka-python has no types


class Administrator:
    """Talks to a broker as somebody who may change credentials and grants. Raises RunError where it may not."""

    def __init__(self, broker: str) -> None:
        """Connect. Raises BrokerUnavailableError."""
        self._broker = broker
        with self._understood():
            self._admin = _admin_client(
                bootstrap_servers=broker.split(","),
                client_id="amanzhol-device",
                request_timeout_ms=_TIMEOUT_MS,
                bootstrap_timeout_ms=_TIMEOUT_MS,
                **kafka_python_security(broker),
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self._admin.close()

    def let_in(self, user: str, password: str) -> None:
        """Give a user a password; one that it had holds no more."""
        self._alter(UserScramCredentialUpsertion(user, ScramMechanism.SCRAM_SHA_512, password, _ITERATIONS))

    def shut_out(self, user: str) -> bool:
        """Take a user's password away; tell whether it had one."""
        if user not in self.users():
            return False
        self._alter(UserScramCredentialDeletion(user, ScramMechanism.SCRAM_SHA_512))
        return True

    def _alter(self, alteration: Any) -> None:
        with self._understood():
            refusal = self._admin.alter_user_scram_credentials([alteration])[alteration.user]
        if refusal is not None:
            raise RunError(f"the Kafka at {self._broker} refuses: {refusal} Connect as an administrator")

    def users(self) -> set[str]:
        """Everybody who has a password."""
        with self._understood():
            # Kafka 4.1 never answers who may not ask this (a NullPointerException), so what is refused comes first.
            self._admin.describe_acls(_all_of(None))
            return set(self._admin.describe_user_scram_credentials())

    def grant(self, user: str, grants: Iterable[Grant]) -> None:
        """Allow a user these; what it was allowed before stays."""
        wanted = [
            ACL(f"{_USER}{user}", _EVERYWHERE, grant.operation, ACLPermissionType.ALLOW, _pattern(grant))
            for grant in grants
        ]
        with self._understood():
            for error in self._admin.create_acls(wanted)["failed"]:
                raise error

    def revoke_all(self, user: str) -> int:
        """Allow a user nothing any more. Returns how many grants there were."""
        with self._understood():
            ((_filter, ended, error),) = self._admin.delete_acls([_all_of(user)])
            if error is not NoError:
                raise error
            return len(ended)

    def grants(self) -> dict[str, list[Grant]]:
        """Everything that is allowed, by user."""
        found: dict[str, list[Grant]] = {}
        with self._understood():
            held, _error = self._admin.describe_acls(_all_of(None))
        for acl in held:
            pattern = acl.resource_pattern
            if pattern.resource_type in _KINDS and acl.principal.startswith(_USER):
                prefixed = pattern.pattern_type is ACLResourcePatternType.PREFIXED
                grant = Grant(pattern.resource_type, pattern.resource_name, acl.operation, prefixed)
                found.setdefault(acl.principal.removeprefix(_USER), []).append(grant)
        return {user: sorted(grants, key=str) for user, grants in found.items()}

    @contextmanager
    def _understood(self) -> Iterator[None]:
        """Say what the client's errors mean."""
        try:
            yield
        except SecurityDisabledError:
            raise RunError(
                f"the Kafka at {self._broker} lets everybody do everything: it needs an authorizer; the embedded one "
                "has it with `amanzhol broker start --secured`"
            ) from None
        except AuthorizationError:
            raise RunError(f"the Kafka at {self._broker} refuses: connect as an administrator") from None
        except KafkaError as error:
            raise BrokerUnavailableError(f"no answer from Kafka at {self._broker}: {type(error).__name__}") from None


def _pattern(grant: Grant) -> Any:
    kind = ACLResourcePatternType.PREFIXED if grant.prefixed else ACLResourcePatternType.LITERAL
    return ResourcePattern(grant.resource, grant.name, kind)


def _all_of(user: str | None) -> Any:
    """Filter of everything that a user, or anybody, is allowed."""
    principal = None if user is None else f"{_USER}{user}"
    everything = ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)
    return ACLFilter(principal, None, ACLOperation.ANY, ACLPermissionType.ANY, everything)
