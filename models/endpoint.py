"""The address of Kafka, and how its clients prove who they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

PLAINTEXT = "PLAINTEXT"
SASL_SSL = "SASL_SSL"
MECHANISM = "SCRAM-SHA-512"


@dataclass(frozen=True, slots=True)
class Security:
    """How to connect: by TLS, and with `username` by SCRAM over it.

    `ca_file` holds the certificates (PEM) that the broker's is checked against; None means the system's. The password
    appears in no representation of this.
    """

    ca_file: str | None = None
    username: str | None = None
    password: str = field(default="", repr=False)

    @property
    def protocol(self) -> str:
        """The protocol by Kafka's name."""
        return "SSL" if self.username is None else SASL_SSL


class Endpoint(str):
    """An address (`host:port`, several by commas) that carries how to be let in there.

    It is the plain address to whoever shows or compares it; clients ask it for the rest. So none of them can be made
    without, wherever the address came from.

    >>> broker = Endpoint("kafka:9093", Security(username="worker", password="secret"))
    >>> f"{broker!r} {broker.security}"
    "'kafka:9093' Security(ca_file=None, username='worker')"
    """

    __slots__ = ("security",)
    security: Security | None

    def __new__(cls, address: str, security: Security | None = None) -> Self:
        """Join an address and what is needed there; None where a plain connection is."""
        endpoint = super().__new__(cls, address)
        endpoint.security = security
        return endpoint


def security_of(broker: str) -> Security | None:
    """Give what an address carries; None for one that needs nothing."""
    return getattr(broker, "security", None)


def librdkafka_security(broker: str) -> dict[str, Any]:
    """Settings of librdkafka that let a client in; none for a broker that asks for nothing."""
    security = security_of(broker)
    if security is None:
        return {}
    settings: dict[str, Any] = {"security.protocol": security.protocol}
    if security.ca_file is not None:
        settings["ssl.ca.location"] = security.ca_file
    if security.username is not None:
        login = {"sasl.mechanism": MECHANISM, "sasl.username": security.username, "sasl.password": security.password}
        settings |= login
    return settings


def kafka_python_security(broker: str) -> dict[str, Any]:
    """Settings of kafka-python that let a client in; none for a broker that asks for nothing."""
    security = security_of(broker)
    if security is None:
        return {}
    settings: dict[str, Any] = {"security_protocol": security.protocol}
    if security.ca_file is not None:
        settings["ssl_cafile"] = security.ca_file
    if security.username is not None:
        settings |= {
            "sasl_mechanism": MECHANISM,
            "sasl_plain_username": security.username,
            "sasl_plain_password": security.password,
        }
    return settings
