"""STANAG 4778 bindings: which labels belong to which data, kept apart from the data (detached).

An unsigned binding is conformant; it proves nothing. `sign_binding` signs it where the `[labels]` extra is
installed: XMLDSIG with ECDSA and SHA-384. A binding that is to hold the data's content names it by its digest, such as
`ni:///sha-256;...` (RFC 6920).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from gsomia.errors import DataError, SignatureError
from gsomia.marking.instants import in_utc, written
from gsomia.marking.order import ItemLabels
from gsomia.marking.xml.markup import attributes, children, escaped, etree, local, parse
from gsomia.marking.xml.stanag4774 import XmlLabel, element_label, label_fragment

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from lxml.etree import _Element

NAMESPACE: Final = "urn:nato:stanag:4778:bindinginformation:1:0"
XMIME: Final = "http://www.w3.org/2005/05/xmlmime"
XMLDSIG: Final = "http://www.w3.org/2000/09/xmldsig#"

_NS: Final = f"{{{NAMESPACE}}}"
_CONTENT_TYPE: Final = f"{{{XMIME}}}contentType"
_NONE: Final[frozenset[str]] = frozenset()
_REFERENCE: Final = frozenset({"URI", _CONTENT_TYPE})
_URI: Final = re.compile(r"[!-~]{1,2000}", re.ASCII)
_MEDIA: Final = re.compile(r"[A-Za-z0-9.+-]+/[A-Za-z0-9.+-]+", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class DataReference:
    """The data that the labels are bound to.

    Args:
        uri: where, or by which digest.
        content_type: its media type, or "".
    """

    uri: str
    content_type: str = ""

    def __post_init__(self) -> None:
        if not _URI.fullmatch(self.uri):
            raise DataError(f"`{self.uri!s:.80}` is not a URI")
        if self.content_type and not _MEDIA.fullmatch(self.content_type):
            raise DataError(f"`{self.content_type!s:.80}` is not a media type")


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """Labels bound to data: the originator's first, then the equivalents.

    Args:
        labels: the labels.
        data: what they are bound to.
    """

    labels: ItemLabels
    data: tuple[DataReference, ...]
    _data: bytes = field(init=False, default=b"", repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "data", tuple(self.data))
        if not self.data:
            raise DataError("a binding names the data that it binds")

    def encoded(self) -> bytes:
        """The document: the very bytes that it was read from, signature and all; else as `write_binding` has it."""
        return self._data or write_binding(self)


def write_binding(binding: Binding) -> bytes:
    """Write a detached binding as an XML document; the same binding always gives the same bytes."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<BindingInformation xmlns="{NAMESPACE}" xmlns:xmime="{XMIME}">',
        "  <MetadataBindingContainer>",
        "    <MetadataBinding>",
    ]
    every = [("originator", binding.labels.originator)]
    every += [("alternative", label) for label in binding.labels.alternatives]
    for kind, label in every:
        fragment = label_fragment(label, "originator" if kind == "originator" else "alternative", " " * 8)
        lines += ["      <Metadata>", fragment, "      </Metadata>"]
    for reference in binding.data:
        kind_of = f' xmime:contentType="{escaped(reference.content_type)}"' if reference.content_type else ""
        lines.append(f'      <DataReference URI="{escaped(reference.uri, attribute=True)}"{kind_of}/>')
    lines += ["    </MetadataBinding>", "  </MetadataBindingContainer>", "</BindingInformation>", ""]
    return "\n".join(lines).encode()


def read_binding(data: bytes, *, created: datetime | None = None) -> Binding:
    """Read a detached binding with one set of labels; a signature on it is skipped, not checked.

    Args:
        data: the XML document.
        created: as for `read_label`.

    Raises:
        DataError: not such a binding, two originators' labels, or data inside it.
    """
    found = _element_binding(parse(data, "the binding"), created)
    if created is None:
        object.__setattr__(found, "_data", data)
    return found


def _element_binding(root: _Element, created: datetime | None) -> Binding:
    what = "the binding"
    if root.tag != _NS + "BindingInformation":
        raise DataError(f"`{root.tag!s:.120}` is not a binding")
    attributes(root, _NONE, what)
    containers = [child for child in children(root, what) if child.tag != f"{{{XMLDSIG}}}Signature"]
    binding = _only(_only(root, containers, "MetadataBindingContainer"), None, "MetadataBinding")
    labels: list[XmlLabel] = []
    references: list[DataReference] = []
    for child in children(binding, what):
        if child.tag == _NS + "Metadata" and not references:
            attributes(child, _NONE, what)
            inside = children(child, what)
            if len(inside) != 1:
                raise DataError("the binding: one label stands in each `Metadata`")
            labels.append(element_label(inside[0], created=created))
        elif child.tag == _NS + "DataReference":
            found = attributes(child, _REFERENCE, what)
            if len(child) or child.text or "URI" not in found:
                raise DataError("the binding: a `DataReference` is empty and has a `URI`")
            references.append(DataReference(uri=found["URI"], content_type=found.get(_CONTENT_TYPE, "")))
        else:
            raise DataError(f"the binding: `{local(child)}` is not expected at line {child.sourceline}")
    first = [found.label for found in labels if found.kind in ("originator", "plain")]
    if len(first) != 1 or any(found.kind == "metadata" for found in labels):
        raise DataError("the binding has one originator's label and alternatives beside it")
    others = tuple(found.label for found in labels if found.kind == "alternative")
    return Binding(labels=ItemLabels(originator=first[0], alternatives=others), data=tuple(references))


def _only(parent: _Element, parts: list[_Element] | None, name: str) -> _Element:
    parts = children(parent, "the binding") if parts is None else parts
    if len(parts) != 1 or parts[0].tag != _NS + name:
        raise DataError(f"the binding: `{local(parent)}` holds one `{name}`")
    attributes(parts[0], _NONE, "the binding")
    return parts[0]


def _signxml() -> Any:
    try:
        import signxml
    except ImportError as error:
        raise DataError("a signed binding needs `signxml`", hint="install gsomia with its `[labels]` extra") from error
    return signxml


def _on_p384(key: object) -> bool:
    return getattr(getattr(key, "curve", None), "name", "") == "secp384r1"


def sign_binding(data: bytes, key: EllipticCurvePrivateKey, certificates: Sequence[x509.Certificate]) -> bytes:
    """Sign a binding: XMLDSIG, ECDSA with SHA-384, exclusive canonicalization, the certificates inside.

    Args:
        data: an unsigned binding.
        key: an EC private key on P-384.
        certificates: the signer's certificate first.

    Raises:
        DataError: not an unsigned binding, a key on another curve or of another certificate, or signxml is not
            installed.
    """
    if not certificates or not _on_p384(key.public_key()):
        raise DataError("a binding is signed with a key on P-384 (ECDSA with SHA-384) and its certificate")
    if certificates[0].public_key() != key.public_key():
        raise DataError("the first certificate is not the key's")
    read_binding(data)
    root = parse(data, "the binding")
    if any(child.tag == f"{{{XMLDSIG}}}Signature" for child in root):
        raise DataError("the binding is signed already")
    module = _signxml()
    root.insert(0, etree().Element(f"{{{XMLDSIG}}}Signature", Id="placeholder", nsmap={"ds": XMLDSIG}))
    signer = module.XMLSigner(
        method=module.methods.enveloped,
        signature_algorithm=module.SignatureMethod.ECDSA_SHA384,
        digest_algorithm=module.DigestAlgorithm.SHA384,
        c14n_algorithm=module.CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    signed = signer.sign(root, key=key, cert=list(certificates))
    document: bytes = etree().tostring(signed, encoding="UTF-8", xml_declaration=True)
    return document


def verify_binding(data: bytes, certificate: x509.Certificate, *, at: datetime) -> Binding:
    """Check that this certificate's key signed the whole binding, and read what was signed.

    Args:
        data: a signed binding.
        certificate: the signer's, with a key on P-384; whom to trust is not decided here.
        at: when the certificate must be valid.

    Returns:
        The binding as it was signed.

    Raises:
        SignatureError: no signature, another algorithm, another key or curve, a certificate that is not valid then,
            or altered content.
        DataError: what was signed is not a binding.
    """
    root = parse(data, "the binding")
    if not len(root) or root[0].tag != f"{{{XMLDSIG}}}Signature":
        raise SignatureError("the binding is not signed")
    if not _on_p384(certificate.public_key()):
        raise SignatureError("the certificate's key is not on P-384, which ECDSA with SHA-384 needs here")
    when = in_utc(at, "at")
    if not certificate.not_valid_before_utc <= when <= certificate.not_valid_after_utc:
        raise SignatureError(
            f"the certificate is not valid at {written(when)}, but from {written(certificate.not_valid_before_utc)}"
            f" to {written(certificate.not_valid_after_utc)}"
        )
    module = _signxml()
    expected = module.SignatureConfiguration(
        signature_methods=frozenset({module.SignatureMethod.ECDSA_SHA384}),
        digest_algorithms=frozenset({module.DigestAlgorithm.SHA384}),
        expect_references=1,
        verification_time=when,
    )
    try:
        result = module.XMLVerifier().verify(root, x509_cert=certificate, expect_config=expected)
    except Exception as error:  # signxml raises its own, lxml's and cryptography's
        raise SignatureError(f"the signature of the binding does not hold: {error!s:.160}") from error
    signed = result.signed_xml
    if signed is None or signed.tag != _NS + "BindingInformation":
        raise SignatureError("the signature covers something else than the binding")
    found = _element_binding(parse(etree().tostring(signed), "the binding"), None)
    object.__setattr__(found, "_data", data)
    return found
