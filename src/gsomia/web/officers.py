"""Officers' certificates for TLS: each signed by the officer's own key, which an act enrolled; nobody else issues any.

The node trusts, for each officer, an anchor that holds the Ed25519 half of the officer's key. The certificate may be
for any key, such as one that lives as long as one command, or a smart card's.
"""

from __future__ import annotations

import datetime as dt
from typing import Protocol

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gsomia.errors import SignatureError
from gsomia.keys import PublicKey

__all__ = [
    "AHEAD",
    "LONGEST_CERTIFICATE",
    "Issues",
    "check_officer_certificate",
    "issuing_key",
    "make_officer_certificate",
    "officer_anchor",
]

LONGEST_CERTIFICATE = dt.timedelta(days=366)
"""A certificate that is valid for longer is not taken."""
AHEAD = dt.timedelta(minutes=1)
"""A certificate is valid so long before the instant at which the key signs it, for clocks that differ."""


class Issues(Protocol):
    """An officer's key that is at hand: in memory, or with the half that signs certificates in a token."""

    @property
    def public(self) -> PublicKey:
        """As it is enrolled."""
        ...

    @property
    def certifying(self) -> Ed25519PrivateKey:
        """The Ed25519 half, which signs certificates too."""
        ...


def _named(key: PublicKey) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, key.fingerprint)])


def officer_anchor(key: PublicKey) -> str:
    """What TLS trusts for an officer's key: a certificate authority of that key alone, PEM.

    It is trusted because the node puts it there; its own signature, by a key that is thrown away, says nothing.
    """
    start = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(_named(key))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "gsomia anchor")]))
        .public_key(Ed25519PublicKey.from_public_bytes(key.ed25519))
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=36500))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(Ed25519PublicKey.from_public_bytes(key.ed25519)), critical=False
        )
        .sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    )
    return made.public_bytes(Encoding.PEM).decode()


def make_officer_certificate(
    officer: str, key: Issues, *, at: dt.datetime, span: dt.timedelta = dt.timedelta(hours=1)
) -> tuple[bytes, bytes]:
    """A certificate for TLS that an officer's key signs, for a new P-256 key.

    Args:
        officer: the officer's id, for people; who it is the key says.
        key: the officer's key.
        at: the instant from which it is valid.
        span: for how long.

    Returns:
        Certificate and its private key, both PEM.
    """
    own = ec.generate_private_key(ec.SECP256R1())
    issuer = key.certifying
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, officer)]))
        .issuer_name(_named(key.public))
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - AHEAD)
        .not_valid_after(at + span)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key()), critical=False)
        .sign(issuer, None)
    )
    pem = own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return made.public_bytes(Encoding.PEM), pem


def issuing_key(der: bytes) -> str:
    """The fingerprint of the officer's key that a certificate says it was signed by; nothing is verified here.

    Raises:
        SignatureError: it names none.
    """
    try:
        names = x509.load_der_x509_certificate(der).issuer.get_attributes_for_oid(NameOID.COMMON_NAME)
    except ValueError as error:
        raise SignatureError("not a certificate") from error
    if len(names) != 1 or not isinstance(names[0].value, str):
        raise SignatureError("this certificate was signed by no officer's key")
    return names[0].value


def check_officer_certificate(der: bytes, key: PublicKey, at: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
    """Check that an officer's key signed a certificate for TLS clients, which is valid.

    Args:
        der: what the client showed.
        key: the officer's key as it stands in the register.
        at: now.

    Returns:
        From when and until when it is valid, as it says itself.

    Raises:
        SignatureError: it did not, or it is not valid now, or for too long.
    """
    try:
        shown = x509.load_der_x509_certificate(der)
        Ed25519PublicKey.from_public_bytes(key.ed25519).verify(shown.signature, shown.tbs_certificate_bytes)
        used = shown.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        start, end = shown.not_valid_before_utc, shown.not_valid_after_utc
    except (ValueError, InvalidSignature, x509.ExtensionNotFound) as error:
        raise SignatureError("this certificate was signed by no officer's key") from error
    if ExtendedKeyUsageOID.CLIENT_AUTH not in used or end - start > LONGEST_CERTIFICATE:
        raise SignatureError("this certificate is not for TLS clients, or is valid for too long")
    if not start <= at <= end:
        raise SignatureError("this certificate is not valid now")
    return start, end
