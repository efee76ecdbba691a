"""The embedded broker with its doors locked: TLS, a password for everyone, and nobody may do what was not granted."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from amanzhol.broker.certificates import BROKER_NAME, make_certificates
from amanzhol.broker.ports import HOST
from amanzhol.files.private import write_private
from models.endpoint import MECHANISM, Security

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["ADMINISTRATOR", "SecurityFolder"]

ADMINISTRATOR = "admin"
"""The one user that a locked broker is made with. It may do everything, and sets up all others."""

_PASSWORD_BYTES = 32
_LOGIN_MODULE = "org.apache.kafka.common.security.scram.ScramLoginModule"


class SecurityFolder:
    """`home/security`: what a locked broker is made with. A home without it has an open one."""

    def __init__(self, home: Path) -> None:
        """Name the files."""
        self.root = home / "security"
        self.authority = self.root / "ca.pem"
        self.identity = self.root / "broker.pem"
        self.password = self.root / f"{ADMINISTRATOR}.password"

    @property
    def exists(self) -> bool:
        """Whether the broker of this home is locked."""
        return self.password.exists()

    def make(self) -> None:
        """Make what is not there yet: certificates and the administrator's password. Raises OSError."""
        make_certificates(self.root, HOST)
        self.root.chmod(0o700)
        if not self.password.exists():
            write_private(self.password, secrets.token_urlsafe(_PASSWORD_BYTES).encode() + b"\n")

    def security(self) -> Security | None:
        """How the administrator connects; None where the broker is open. Raises OSError."""
        return Security(str(self.authority), ADMINISTRATOR, self._password()) if self.exists else None

    def _password(self) -> str:
        return self.password.read_text(encoding="ascii").strip()

    def format_arguments(self) -> list[str]:
        """What the storage is formatted with, so that somebody can be let in at all."""
        if not self.exists:
            return []
        # For a second it can be seen in the list of this machine's processes: Kafka's tool takes it in no other way.
        return ["--add-scram", f"{MECHANISM}=[name={ADMINISTRATOR},password={self._password()}]"]

    def properties(self) -> dict[str, str]:
        """Kafka's settings for it, the password among them."""
        if not self.exists:
            return {}
        login = f'{_LOGIN_MODULE} required username="{ADMINISTRATOR}" password="{self._password()}";'
        return {
            # The listeners keep their names; what is spoken there changes.
            "listener.security.protocol.map": "PLAINTEXT:SASL_SSL,CONTROLLER:SSL",
            # Without it the broker talks to itself openly, whatever the listener speaks: each transaction hangs.
            "inter.broker.listener.name": "PLAINTEXT",
            "sasl.enabled.mechanisms": MECHANISM,
            "sasl.mechanism.inter.broker.protocol": MECHANISM,
            f"listener.name.plaintext.{MECHANISM.lower()}.sasl.jaas.config": login,
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(self.identity),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self.authority),
            # Passwords live in the controller's log, so it cannot ask for one: it takes the broker's certificate.
            "listener.name.controller.ssl.client.auth": "required",
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": f"User:{ADMINISTRATOR};User:CN={BROKER_NAME}",
            # Whoever was revoked is let go within this time, though nothing that was not granted is done meanwhile.
            "connections.max.reauth.ms": "600000",
        }
