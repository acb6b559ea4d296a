"""`gsomia marking bind|verify`: labels bound to a file, apart from it (STANAG 4778), signed or not."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from gsomia.cli.instants import Instant, now
from gsomia.cli.marking.forms import read_form
from gsomia.cli.marking.group import file_bytes, marking, note, told, write_new
from gsomia.errors import DataError, SignatureError
from gsomia.keystore import credential
from gsomia.marking import (
    Binding,
    DataReference,
    ItemLabels,
    read_binding,
    sign_binding,
    verify_binding,
    visible_json,
    write_binding,
)

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

__all__ = ["bind", "verify"]

_NAMED: Final = re.compile(r"ni://[^/]*/(sha-256|sha-384|sha-512);([A-Za-z0-9_-]+)(?:\?.*)?", re.ASCII)


@marking.command()
@click.argument("label", type=click.Path(path_type=Path))
@click.argument("data", type=click.Path(path_type=Path))
@click.option(
    "--alternative", "others", multiple=True, type=click.Path(path_type=Path), help="A recipient's equivalent label."
)
@click.option("--type", "media", default="", help="The media type of DATA, such as application/pdf.")
@click.option("--key", type=click.Path(path_type=Path), help="Sign with this key: PEM, EC on P-384.")
@click.option("--certificate", type=click.Path(path_type=Path), help="The key's certificate, then its issuers': PEM.")
@click.option("--out", type=click.Path(path_type=Path), help="Write here, not to standard output.")
@click.pass_context
def bind(
    context: click.Context,
    label: Path,
    data: Path,
    others: tuple[Path, ...],
    media: str,
    key: Path | None,
    certificate: Path | None,
    out: Path | None,
) -> None:
    """Bind LABEL, in any form that has a time of creation, to the file DATA by its SHA-384 digest.

    Without --key the binding is unsigned: conformant, and proof of nothing. A key under a passphrase is opened with the
    one in the file that GSOMIA_PASSPHRASE_FILE names.
    """
    with told(context):
        labels = ItemLabels(
            originator=read_form(file_bytes(label)).label,
            alternatives=tuple(read_form(file_bytes(other)).label for other in others),
        )
        uri = f"ni:///sha-384;{_digest('sha-384', file_bytes(data))}"
        document = write_binding(Binding(labels=labels, data=(DataReference(uri=uri, content_type=media),)))
        if (key is None) != (certificate is None):
            raise DataError("a key signs with its certificate", hint="give both --key and --certificate")
        if key is not None and certificate is not None:
            document = sign_binding(document, _key(key), _certificates(certificate))
        if out is None:
            click.echo(document, nl=False)
        else:
            write_new(out, document)


@marking.command()
@click.argument("binding", type=click.Path(path_type=Path))
@click.option(
    "--data", type=click.Path(path_type=Path), help="The file that must be the one that the labels are bound to."
)
@click.option("--certificate", type=click.Path(path_type=Path), help="The signer's certificate: PEM.")
@click.option("--at", type=Instant(), help="When the certificate must be valid; now where it is left out.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def verify(
    context: click.Context,
    binding: Path,
    data: Path | None,
    certificate: Path | None,
    at: datetime | None,
    as_json: bool,
) -> None:
    """Check a binding: its form, its signature by the certificate given, and that DATA is what it names.

    Exits 0 if all that was asked holds, 5 if the signature or the digest does not, 1 if BINDING is none. Without
    --certificate a signature is not looked at, which is told.
    """
    with told(context):
        document = file_bytes(binding)
        found = read_binding(document)
        given = _certificates(certificate)[0] if certificate is not None else None
    with told(context, 5):
        if given is not None:
            found = verify_binding(document, given, at=now(at))
        if data is not None:
            _check_data(found, file_bytes(data))
    if given is None:
        note("no certificate was given: nobody vouches for these labels")
    if data is None:
        note("no --data was given: whether the file is the one that is meant was not looked at")
    labels = (found.labels.originator, *found.labels.alternatives)
    if as_json:
        shown = {
            "schema": "gsomia.marking.verify/v1",
            "signed": given is not None,
            "data": [reference.uri for reference in found.data],
            "data_checked": data is not None,
            "labels": [label.to_json() for label in labels],
        }
        click.echo(visible_json(shown))
        return
    click.echo("signed by the certificate's key" if given is not None else "not verified")
    for label in labels:
        click.echo(f"{label.policy:8} {label.classification}")
    for reference in found.data:
        click.echo(f"{'data':8} {reference.uri}{'  the same' if data is not None else ''}")


def _digest(name: str, data: bytes) -> str:
    digest = hashlib.new(name.replace("-", ""), data).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def _check_data(binding: Binding, data: bytes) -> None:
    """That each reference is the digest of the data (RFC 6920).

    Raises:
        SignatureError: one is not.
    """
    for reference in binding.data:
        named = _NAMED.fullmatch(reference.uri)
        if not named:
            raise SignatureError(f"`{reference.uri:.120}` names no digest, so nothing tells whether the file is meant")
        if _digest(named[1], data) != named[2]:
            raise SignatureError(f"the file is not the one that is bound: its {named[1]} is {_digest(named[1], data)}")


def _key(file: Path) -> EllipticCurvePrivateKey:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    data = file_bytes(file)
    try:
        key = load_pem_private_key(data, credential("passphrase") if b"ENCRYPTED" in data else None)
    except (ValueError, TypeError) as error:
        raise DataError(f"`{file}` is not a private key that can be opened", hint="PEM, EC on P-384") from error
    if not isinstance(key, EllipticCurvePrivateKey):
        raise DataError(f"`{file}` is not an EC key on P-384")
    return key


def _certificates(file: Path) -> list[x509.Certificate]:
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificates(file_bytes(file))
    except ValueError as error:
        raise DataError(f"`{file}` holds no certificate in PEM") from error
