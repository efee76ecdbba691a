"""A certificate authority of the embedded broker's own, and the broker's certificate: TLS without a word to set up.

The authority is for this one broker. Its key is not kept: nothing else will ever be signed with it.
"""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from amanzhol.files.private import write_private

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["BROKER_NAME", "Certificates", "make_certificates"]

BROKER_NAME = "amanzhol-broker"
"""Common name of the broker's certificate: as whom it talks to its own other half, the controller."""

_VALID = timedelta(days=3650)
_CLOCKS_DIFFER = timedelta(days=1)


class Certificates(NamedTuple):
    """Files in PEM. `authority` is for everybody who connects, `identity` (with its key) for the broker alone."""

    authority: Path
    identity: Path


def make_certificates(folder: Path, address: str, now: datetime | None = None) -> Certificates:
    """Give the broker's certificates, made anew where there are none. `address` is the IP address it listens on."""
    files = Certificates(folder / "ca.pem", folder / "broker.pem")
    if all(path.exists() for path in files):
        return files
    folder.mkdir(parents=True, exist_ok=True)
    now = now or datetime.now(UTC)
    authority_key = ec.generate_private_key(ec.SECP256R1())
    broker_key = ec.generate_private_key(ec.SECP256R1())
    authority_name = _named("amanzhol embedded authority")
    authority = (
        _certificate(authority_name, authority_name, authority_key, now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    alternatives = [x509.IPAddress(ipaddress.ip_address(address)), x509.DNSName("localhost")]
    uses = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    broker = (
        _certificate(_named(BROKER_NAME), authority_name, broker_key, now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.ExtendedKeyUsage(uses), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    key = broker_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_private(files.identity, key + _pem(broker))
    files.authority.write_bytes(_pem(authority))
    return files


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCKS_DIFFER)
        .not_valid_after(now + _VALID)
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
