"""The specification's example is the vector it names."""

from __future__ import annotations

import io

from sealing import VECTORS

from gsomia.keys import Envelope
from gsomia.sealed import Statement, read, read_provenance

PAGE = VECTORS.parent / "docs" / "spec" / "sealed-item.md"
FILE = VECTORS / "sealed" / "holds" / "hpqt-xwing.tdf"


def test_the_example_shows_the_vectors_values() -> None:
    page = PAGE.read_text()
    item = read(io.BytesIO(FILE.read_bytes()))
    information = item.manifest["encryptionInformation"]
    envelope = read_provenance(item)
    assert isinstance(envelope, Envelope)
    statement = Statement.from_bytes(envelope.payload)
    (access,) = information["keyAccess"]
    shown = [
        f"{item.sealed_bytes:,} bytes",
        information["integrityInformation"]["rootSignature"]["sig"],
        *(segment["hash"] for segment in information["integrityInformation"]["segments"]),
        access["wrappedKey"][:24],
        access["policyBinding"]["hash"][:24],
        *(entry["binding"]["signature"][-6:] for entry in item.manifest["assertions"]),
        statement.core_digest.hex()[:8],
        statement.payload_digest.hex()[:8],
        statement.policy.hex()[:8],
    ]
    assert [value for value in shown if value not in page] == []


def test_the_bounds_that_the_page_names_are_the_codes() -> None:
    from gsomia.sealed import assertion, container, manifest, policy, wrap

    assert (container.MAX_PLAINTEXT_BYTES, container.MAX_MANIFEST_BYTES) == (64 << 30, 8 << 20)
    assert (container.MAX_SEGMENTS, manifest.MAX_SEGMENT_BYTES, manifest.MAX_KEY_ACCESS) == (65_536, 4 << 20, 256)
    assert policy.MAX_STRUCTURE == 327_680
    assert (assertion.MAX_ASSERTIONS, wrap.MIN_RSA_BITS, wrap.MAX_RSA_BITS) == (64, 2048, 8192)
    for words in (
        "64 GiB of plaintext, 8 MiB of manifest in at most 327,680 commas and brackets,",
        "65,536 segments of at most 4 MiB",
        "256 key access objects, 64",
    ):
        assert words in PAGE.read_text()
