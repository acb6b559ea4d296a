"""Every tamper is refused, for its own reason, and before a byte of plaintext leaves."""

from __future__ import annotations

import io
import json

import pytest
from sealing import golden_key, identity, originator, private_keys
from taking_apart import PLAIN, archive, entries, parts, sample
from tampering import Tamper
from tampers import TAMPERS
from tampers_of_provenance import payload_forged_with_equal_tags

from gsomia.errors import SealError, VerificationError
from gsomia.sealed import check_provenance, read, read_provenance


def accept(data: bytes, sink: io.BytesIO) -> None:
    """What a node does on receipt: provenance first, then opening."""
    item = read(io.BytesIO(data))
    envelope = read_provenance(item)
    if envelope is None:
        raise SealError("origin: unproven")
    statement = check_provenance(item, envelope, originator().public)
    item.open([identity(private_keys()["hpqt:xwing"])], sink, payload_digest=statement.payload_digest)


def tool(data: bytes, sink: io.BytesIO) -> None:
    """What `gsomia open FILE --key` does with a foreign file."""
    read(io.BytesIO(data)).open([identity(private_keys()["hpqt:xwing"])], sink)


def test_the_good_item_is_accepted() -> None:
    for way in (accept, tool):
        sink = io.BytesIO()
        way(sample().good, sink)
        assert sink.getvalue() == PLAIN


def test_the_tool_opens_a_plain_zip_of_the_same_members() -> None:
    for order in (1, -1):
        sink = io.BytesIO()
        tool(archive(entries(sample())[::order]), sink)
        assert sink.getvalue() == PLAIN


@pytest.mark.parametrize("tamper", TAMPERS, ids=lambda tamper: tamper.name)
def test_refused_with_provenance(tamper: Tamper) -> None:
    sink = io.BytesIO()
    with pytest.raises(VerificationError, match=tamper.says) as caught:
        accept(tamper.make(sample()), sink)
    assert sink.getvalue() == b""
    assert "launch report" not in str(caught.value) and sample().key.hex() not in str(caught.value)


@pytest.mark.parametrize("tamper", [t for t in TAMPERS if not t.holder], ids=lambda tamper: tamper.name)
def test_refused_by_the_tool_as_well(tamper: Tamper) -> None:
    sink = io.BytesIO()
    with pytest.raises(SealError):
        tool(tamper.make(sample()), sink)
    # Segments are verified one by one, so a beginning may have been written; a false CRC-32 shows at the end only.
    assert PLAIN.startswith(sink.getvalue())
    assert len(sink.getvalue()) < len(PLAIN) or "CRC" in tamper.says


@pytest.mark.parametrize("tamper", [t for t in TAMPERS if t.holder], ids=lambda tamper: tamper.name)
def test_plain_opentdf_does_not_see_these(tamper: Tamper) -> None:
    """So it is the originator's statement that refuses them: the row's claim, checked."""
    sink = io.BytesIO()
    tool(tamper.make(sample()), sink)
    assert len(sink.getvalue()) == len(PLAIN)


def test_there_are_enough_tampers_and_each_has_its_own_name() -> None:
    names = [tamper.name for tamper in TAMPERS]
    assert len(names) == len(set(names)) >= 40


def test_the_forgery_keeps_every_tag_and_changes_the_text() -> None:
    forged = payload_forged_with_equal_tags(sample())
    assert parts(forged)[1] == parts(sample().good)[1]
    sink = io.BytesIO()
    tool(forged, sink)
    assert sink.getvalue() != PLAIN and len(sink.getvalue()) == len(PLAIN)


@pytest.mark.parametrize("at", range(0, 9000, 97))
def test_one_bit_anywhere_is_refused_or_changes_nothing(at: int) -> None:
    good = sample().good
    data = bytearray(good)
    at = at * len(good) // 9000
    data[at] ^= 0x10
    sink = io.BytesIO()
    try:
        accept(bytes(data), sink)
    except VerificationError:
        assert sink.getvalue() == b""
    else:
        # The key access objects of others are nobody's claim about this item.
        assert sink.getvalue() == PLAIN


def test_an_older_kid_is_not_mixed_up() -> None:
    sink = io.BytesIO()
    read(io.BytesIO(sample().good)).open([identity(golden_key(), kid="rsa-r1")], sink)
    assert sink.getvalue() == PLAIN
    assert json.loads(json.dumps(parts(sample().good)[1])) == parts(sample().good)[1]
