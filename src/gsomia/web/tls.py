"""TLS between nodes: each node's own certificate, pinned by its peers; no certificate authority is asked."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
from collections.abc import Callable, Iterable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gsomia.errors import DataError, NodeError

__all__ = [
    "certificate_der",
    "check_certificate",
    "client_context",
    "make_certificate",
    "officers_context",
    "server_context",
    "stranger_context",
]


def make_certificate(
    party: str, *, exercise: bool, host: str, at: dt.datetime, password: bytes = b""
) -> tuple[bytes, bytes]:
    """A self-signed certificate for one node and its private key (ECDSA P-256).

    Args:
        party: the Party, the certificate's country of ours and its common name.
        exercise: whether EXERCISE stands in the certificate.
        host: the address peers use, a name or an IP address.
        at: the instant from which it is valid; it is valid for ten years.
        password: encrypts the private key; "" leaves it in the clear.

    Returns:
        Certificate and key, both PEM.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    words = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "EXERCISE gsomia" if exercise else "gsomia")]
    name = x509.Name([*words, x509.NameAttribute(NameOID.COMMON_NAME, party)])
    try:
        alternative: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        alternative = x509.DNSName(host)
    public = key.public_key()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - dt.timedelta(hours=1))
        .not_valid_after(at + dt.timedelta(days=3653))
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                key_cert_sign=True,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                crl_sign=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]),
            critical=False,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
        .sign(key, hashes.SHA256())
    )
    return (
        certificate.public_bytes(Encoding.PEM),
        key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password) if password else NoEncryption()
        ),
    )


def check_certificate(pem: object) -> None:
    """Check that an identity carries one certificate in PEM, and nothing beside it.

    Raises:
        DataError: it does not; the served side could not start with it.
    """
    try:
        if not isinstance(pem, str):
            raise ValueError("text was expected")
        found = x509.load_pem_x509_certificates(pem.encode("ascii"))
        if len(found) != 1 or found[0].public_bytes(Encoding.PEM).decode().strip() != pem.strip():
            raise ValueError("one certificate was expected")
    except ValueError as error:
        raise DataError(f"not an identity of a node: its `certificate` is not one PEM certificate: {error}") from error


def certificate_der(pem: str) -> bytes:
    """The DER form of a PEM certificate, to compare with what a peer showed."""
    return ssl.PEM_cert_to_DER_cert(pem)


def server_context(
    certificate: Path,
    key: Path,
    peers: Iterable[str],
    *,
    password: bytes = b"",
    refused: Callable[[str], None] | None = None,
) -> ssl.SSLContext:
    """TLS 1.3 that answers only holders of the peers' pinned certificates.

    Args:
        certificate, key: this node's PEM files.
        peers: the peers' certificates, PEM text.
        password: opens the key's file where it is encrypted.
        refused: told why a handshake failed; nothing else would say so.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if refused is not None:
        context.sslobject_class = _telling(refused)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    _load(context, certificate, key, password)
    _trust_only(context, peers)
    return context


def officers_context(
    certificate: Path,
    key: Path,
    anchors: Iterable[str],
    *,
    password: bytes = b"",
    refused: Callable[[str], None] | None = None,
) -> ssl.SSLContext:
    """TLS 1.3 that takes certificates which officers' keys signed; who shows none is let in to prove a token.

    Args:
        certificate, key, password, refused: as for `server_context`.
        anchors: the officers' anchors, PEM text.
    """
    context = server_context(certificate, key, anchors, password=password, refused=refused)
    context.verify_mode = ssl.CERT_OPTIONAL
    # An anchor is no authority's own certificate; that it stands here is why it is trusted.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def _load(context: ssl.SSLContext, certificate: Path, key: Path, password: bytes) -> None:
    try:
        # Without a password OpenSSL would ask for one at the terminal.
        context.load_cert_chain(certificate, key, password=password)
    except (OSError, ssl.SSLError) as error:
        why = error.reason if isinstance(error, ssl.SSLError) else error.strerror
        raise NodeError(f"the TLS key `{key}` cannot be used: {why}") from None


def client_context(certificate: Path, key: Path, peer: str, *, password: bytes = b"") -> ssl.SSLContext:
    """TLS 1.3 towards one peer, whose pinned certificate (PEM text) is the only one trusted.

    Args:
        certificate, key, password: as for `server_context`.
        peer: the peer's certificate.
    """
    context = stranger_context(peer)
    _load(context, certificate, key, password)
    return context


def stranger_context(peer: str) -> ssl.SSLContext:
    """TLS 1.3 towards one peer as somebody without a certificate of one's own.

    Args:
        peer: the peer's certificate, PEM text, the only one trusted.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    # The pinned certificate names the peer; the address it is reached at says nothing.
    context.check_hostname = False
    _trust_only(context, [peer])
    return context


def _telling(refused: Callable[[str], None]) -> type[ssl.SSLObject]:
    class Telling(ssl.SSLObject):
        """A TLS connection whose failed handshake is told."""

        def do_handshake(self) -> None:
            """Shake hands."""
            try:
                super().do_handshake()
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                raise
            except ssl.SSLError as error:
                refused(error.reason or str(error))
                raise

    return Telling


def _trust_only(context: ssl.SSLContext, certificates: Iterable[str]) -> None:
    context.verify_mode = ssl.CERT_REQUIRED
    for certificate in certificates:
        context.load_verify_locations(cadata=certificate)
