"""STANAG 4774 labels and STANAG 4778 bindings in XML."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from any_labels import LABEL
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from gsomia.errors import DataError, SignatureError
from gsomia.marking import Category, ItemLabels, Label

etree = pytest.importorskip("lxml.etree", reason="lxml is not installed")

from gsomia.marking.xml.stanag4774 import NAMESPACE, read_label, write_label  # noqa: E402
from gsomia.marking.xml.stanag4778 import (  # noqa: E402
    Binding,
    DataReference,
    read_binding,
    sign_binding,
    verify_binding,
    write_binding,
)

VECTORS = Path(__file__).parents[2] / "vectors" / "marking"
AT = datetime(2026, 11, 23, 5, tzinfo=UTC)
NATO = Label(
    policy="NATO",
    policy_uri="urn:oid:1.3.26.1.3.1",
    classification="SECRET",
    categories=(
        Category(type="PERMISSIVE", tag="Context", values=("NATO",), uri="urn:oid:1.3.26.1.4.4"),
        Category(type="PERMISSIVE", tag="Releasable To", values=("JPN", "KOR"), uri="urn:oid:1.3.26.1.4.2"),
    ),
    created=AT,
    review=AT + timedelta(days=365),
    originator="officer@example.org",
    originator_type="rfc822Name",
)
KOR = Label(policy="KOR", classification="군사Ⅱ급비밀", created=AT)
LABELS = ItemLabels(originator=NATO, alternatives=(KOR,))
BINDING = Binding(labels=LABELS, data=(DataReference(uri="ni:///sha-256;abc", content_type="application/pdf"),))


@pytest.fixture(scope="module")
def schema() -> object:
    return etree.XMLSchema(etree.parse(VECTORS / "stanag4774" / "label.xsd"))


def typed(label: Label) -> Label:
    import dataclasses

    return dataclasses.replace(label, originator_type="directoryName" if label.originator else "")


@given(value=LABEL, kind=st.sampled_from(["originator", "alternative", "metadata"]))
def test_what_is_written_is_valid_and_reads_back(schema: object, value: Label, kind: str) -> None:
    value = typed(value)
    data = write_label(value, kind)  # type: ignore[arg-type]
    schema.assertValid(etree.fromstring(data))  # type: ignore[attr-defined]
    found = read_label(data)
    assert (found.kind, found.label) == (kind, value)
    assert write_label(found.label, found.kind) == data


def test_another_spelling_of_the_same_label() -> None:
    data = (
        f'<s:originatorConfidentialityLabel xmlns:s="{NAMESPACE}"><s:ConfidentialityInformation>'
        "<s:PolicyIdentifier>JPN</s:PolicyIdentifier><s:Classification>&#x79D8;</s:Classification>"
        "</s:ConfidentialityInformation><s:CreationDateTime>2026-11-23T14:00:00.0000000+09:00</s:CreationDateTime>"
        "</s:originatorConfidentialityLabel>"
    ).encode()
    assert read_label(data).label == Label(policy="JPN", classification="秘", created=AT)


GOOD = write_label(NATO).decode()


def changed(old: str, new: str) -> bytes:
    assert old in GOOD
    return GOOD.replace(old, new, 1).encode()


INFO = GOOD[GOOD.index("  <ConfidentialityInformation>") : GOOD.index("  <OriginatorID")]
BAD: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "not well-formed"),
    "not-xml": (b"SECRET", "not well-formed"),
    "dtd": (
        b'<!DOCTYPE x [<!ENTITY a "b">]>' + changed('<?xml version="1.0" encoding="UTF-8"?>\n', ""),
        "document type",
    ),
    "external-entity": (b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>', "document type"),
    "utf-16-dtd": ('<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'.encode("utf-16"), "not UTF-8"),
    "utf-7": (b'<?xml version="1.0" encoding="UTF-7"?><x/>', "not UTF-8"),
    "entity": (changed("SECRET", "SEC&xxe;RET"), "not well-formed"),
    "deep": (b"<x>" * 5000 + b"</x>" * 5000, "not well-formed"),
    "attributes": (("<x " + " ".join(f'a{i}="b"' for i in range(20000)) + "/>").encode(), "more than 256 attributes"),
    "namespaces": (("<x " + " ".join(f"xmlns:a{i} = 'b>'" for i in range(300)) + ">").encode(), "more than 256"),
    "too-long": (b"<x a='" + b"b" * 300_000 + b"'/>", "longer than"),
    "comment": (changed("SECRET", "SEC<!-- -->RET"), "comment"),
    "instruction": (changed("SECRET", "SECRET<?x y?>"), "comment or an instruction"),
    "cdata": (changed("SECRET", "<![CDATA[SECRET]]>"), "CDATA"),
    "namespace": (changed(NAMESPACE, "http://example.org/"), "is not a label"),
    "no-namespace": (changed(f' xmlns="{NAMESPACE}"', ""), "is not a label"),
    "root": (GOOD.replace("originatorConf", "originatorconf").encode(), "is not a label"),
    "unknown-element": (changed("  <OriginatorID", "  <Level>1</Level>\n  <OriginatorID"), "is not expected"),
    "unknown-attribute": (changed("<Classification>", '<Classification URI="urn:x">'), "not an attribute"),
    "order": (changed(INFO, "").replace(b"</originatorC", INFO.encode() + b"</originatorC", 1), "stands after"),
    "no-time": (GOOD[: GOOD.index("  <Creation")].encode() + b"</originatorConfidentialityLabel>", "required"),
    "no-offset": (changed("2026-11-23T05:00:00Z", "2026-11-23T05:00:00"), "an instant with an offset"),
    "no-such-day": (changed("2026-11-23T05:00:00Z", "2026-02-30T05:00:00Z"), "no such instant"),
    "no-policy": (changed('<PolicyIdentifier URI="urn:oid:1.3.26.1.3.1">NATO</PolicyIdentifier>', ""), "lacks"),
    "empty-class": (changed("SECRET", ""), "is empty"),
    "two-classes": (
        changed("<Classification>", "<Classification>S</Classification><Classification>"),
        "more than 1",
    ),
    "no-values": (changed("<GenericValue>NATO</GenericValue>", ""), "no value"),
    "lower-case-type": (changed("PERMISSIVE", "permissive"), "a category is"),
    "twice": (changed("Releasable To", "Context"), "stands there twice"),
    "value-twice": (changed("KOR", "JPN"), "value twice"),
    "other-value": (GOOD.replace("GenericValue", "BitStringValue").encode(), "GenericValue"),
    "text-between": (changed("<Classification>", "x<Classification>"), "text stands among"),
    "no-id-type": (changed(' IDType="rfc822Name"', ""), "lacks `IDType`"),
    "succession": (
        changed("</CreationDateTime>", "</CreationDateTime><SuccessionHandling/>"),
        "not supported",
    ),
    "bidi": (changed("SECRET", "\u202eSECRET"), r"U\+202E"),
    "two-roots": (GOOD.encode() + b"<x/>", "not well-formed"),
    "nul": (changed("SECRET", "SEC\x00RET"), "not well-formed"),
}


@pytest.mark.parametrize("name", BAD)
def test_malformed_labels(name: str) -> None:
    data, message = BAD[name]
    with pytest.raises(DataError, match=message):
        read_label(data)


def test_attributes_are_counted_before_they_are_parsed() -> None:
    data = BAD["attributes"][0]
    start = time.process_time()
    with pytest.raises(DataError, match="more than 256"):
        read_label(data)
    assert time.process_time() - start < 0.2


def test_what_only_looks_like_attributes_is_no_fault() -> None:
    text = "=' " * 300 + "c"
    data = changed("</Classification>", f"</Classification><PrivacyMark>{text}</PrivacyMark>")
    assert read_label(data).label.privacy_mark == text


def test_a_lenient_reader_gives_a_time_to_a_label_without_one() -> None:
    assert read_label(BAD["no-time"][0], created=AT).label.created == AT
    assert read_label(GOOD.encode(), created=datetime(2000, 1, 1, tzinfo=UTC)).label.created == AT


def test_an_originator_needs_its_type() -> None:
    with pytest.raises(DataError, match="OriginatorID"):
        write_label(Label(policy="JPN", classification="秘", created=AT, originator="x"))


@given(st.binary(max_size=200) | st.integers(0, len(GOOD) - 1).map(lambda n: (GOOD[:n] + GOOD[n + 1 :]).encode()))
def test_any_bytes_read_or_are_refused_with_our_error(data: bytes) -> None:
    try:
        found = read_label(data)
    except DataError:
        return
    again = write_label(found.label, found.kind)
    assert write_label(read_label(again).label, found.kind) == again


def test_a_binding_reads_back() -> None:
    data = write_binding(BINDING)
    assert read_binding(data) == BINDING
    assert write_binding(read_binding(data)) == data


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("originatorConf", "alternativeConf", "one originator's label"),
        ("alternativeConf", "originatorConf", "one originator's label"),
        ("<DataReference", "<Data", "is not expected"),
        (' URI="ni:///sha-256;abc"', "", "has a `URI`"),
        ("application/pdf", "application pdf", "media type"),
        ("<BindingInformation", "<bindingInformation", "is not a binding"),
    ],
)
def test_malformed_bindings(old: str, new: str, message: str) -> None:
    text = write_binding(BINDING).decode()
    assert old in text
    with pytest.raises(DataError, match=message):
        read_binding(
            text.replace(old, new).replace("</BindingInf", f"</{new[1] if 'Inf' in new else 'B'}indingInf").encode()
        )


def test_data_inside_is_refused() -> None:
    text = write_binding(BINDING).decode().replace("</Metadata>", "</Metadata><Data/>", 1)
    with pytest.raises(DataError, match="is not expected"):
        read_binding(text.encode())


@pytest.fixture(scope="module")
def signer() -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    pytest.importorskip("signxml", reason="signxml is not installed")
    key = ec.generate_private_key(ec.SECP384R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "EXERCISE signer")])
    builder = x509.CertificateBuilder(
        name, name, key.public_key(), 7, AT - timedelta(days=1), AT + timedelta(days=3650)
    )
    return key, builder.sign(key, hashes.SHA384())


def test_a_signed_binding(signer: tuple[ec.EllipticCurvePrivateKey, x509.Certificate]) -> None:
    key, certificate = signer
    signed = sign_binding(write_binding(BINDING), key, [certificate])
    assert b"ecdsa-sha384" in signed
    assert b"http://www.w3.org/2001/04/xmldsig-more#sha384" in signed
    assert verify_binding(signed, certificate, at=AT) == BINDING
    assert read_binding(signed) == BINDING
    for old, new in ((b">SECRET<", b">RESTRICTED<"), (b"sha-256;abc", b"sha-256;abd")):
        with pytest.raises(SignatureError, match="does not hold"):
            verify_binding(signed.replace(old, new), certificate, at=AT)
    with pytest.raises(SignatureError, match="not signed"):
        verify_binding(write_binding(BINDING), certificate, at=AT)
    with pytest.raises(DataError, match="signed already"):
        sign_binding(signed, key, [certificate])


def test_a_binding_signed_by_somebody_else(signer: tuple[ec.EllipticCurvePrivateKey, x509.Certificate]) -> None:
    other = ec.generate_private_key(ec.SECP384R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "EXERCISE other")])
    builder = x509.CertificateBuilder(
        name, name, other.public_key(), 8, AT - timedelta(days=1), AT + timedelta(days=3650)
    )
    foreign = builder.sign(other, hashes.SHA384())
    signed = sign_binding(write_binding(BINDING), other, [foreign])
    with pytest.raises(SignatureError):
        verify_binding(signed, signer[1], at=AT)


Signer = tuple[ec.EllipticCurvePrivateKey, x509.Certificate]


@pytest.mark.parametrize(("days", "holds"), [(0, True), (-2, False), (3651, False)])
def test_a_certificate_is_asked_of_the_instant_given(signer: Signer, days: int, holds: bool) -> None:
    key, certificate = signer
    signed = sign_binding(write_binding(BINDING), key, [certificate])
    at = AT + timedelta(days=days)
    if holds:
        assert verify_binding(signed, certificate, at=at) == BINDING
    else:
        with pytest.raises(SignatureError, match=f"is not valid at {at:%Y-%m-%d}"):
            verify_binding(signed, certificate, at=at)


def test_a_key_on_another_curve_is_refused(signer: Signer) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "EXERCISE other")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 9, AT, AT + timedelta(days=1))
    foreign = builder.sign(key, hashes.SHA256())
    with pytest.raises(DataError, match="P-384"):
        sign_binding(write_binding(BINDING), key, [foreign])
    with pytest.raises(DataError, match="not the key's"):
        sign_binding(write_binding(BINDING), signer[0], [foreign])
    with pytest.raises(SignatureError, match="P-384"):
        verify_binding(sign_binding(write_binding(BINDING), signer[0], [signer[1]]), foreign, at=AT)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('<?xml version="1.0" encoding="UTF-8"?>\n', ""),
        ("05:00:00Z", "14:00:00+09:00"),
        ("    <Class", "\t<Class"),
        ("SECRET", "&#83;ECRET"),
    ],
)
def test_what_is_read_is_written_back_as_it_came(old: str, new: str) -> None:
    data = changed(old, new)
    found = read_label(data)
    assert (found.label, found.encoded()) == (NATO, data)
    assert write_label(found.label) == GOOD.encode()
    bound = write_binding(BINDING).replace(old.encode(), new.encode(), 1)
    assert (read_binding(bound), read_binding(bound).encoded()) == (BINDING, bound)
