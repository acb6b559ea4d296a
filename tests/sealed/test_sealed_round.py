"""Sealing and opening: what goes in comes out, for those who may and for nobody else."""

from __future__ import annotations

import hashlib
import io
import pickle
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sealing import ITEM, LABEL, VECTORS, golden_key, identity, originator, private_keys, recipient, sealed

from gsomia.errors import SealError, SignatureError
from gsomia.keys import SigningKey, canonical, sign
from gsomia.sealed import (
    PROVENANCE_TYPE,
    Identity,
    Policy,
    Recipient,
    Statement,
    XWingPrivateKey,
    check_provenance,
    load_private_key,
    private_pem,
    read,
    read_provenance,
    release,
    rewrap,
    rewrap_chunks,
    seal,
)

PLAIN = bytes(range(256)) * 20  # five segments and no remainder
GOLDEN = {
    "no-splitids-java.tdf": bytes(5120),
    "small-java-4.3.0-e0f8caf.tdf": bytes(5120),
    "with-json-object-assertions-java.tdf": b"text",
    "xstext-java-v0.7.5-94b161d53-DSP2.0.2_and_2.0.3.tdf": 102,
    "xstext-java-v0.7.8-7f487c2-DSP2.0.4.tdf": 92,
    "xstext-java-v0.9.0-2de6a49-DSP2.0.5.1_and_2.0.6.tdf": 92,
}
BOUND = {"no-splitids-java.tdf": 1, "small-java-4.3.0-e0f8caf.tdf": 1, "with-json-object-assertions-java.tdf": 2}


def opened(data: bytes, *identities: Identity, payload_digest: bytes | None = None) -> bytes:
    sink = io.BytesIO()
    read(io.BytesIO(data)).open(identities, sink, payload_digest=payload_digest)
    return sink.getvalue()


@pytest.mark.parametrize("name", GOLDEN)
def test_the_published_golden_files_open(name: str) -> None:
    sink = io.BytesIO()
    with (VECTORS / "tdf" / name).open("rb") as file:
        found = read(file).open([Identity(kid="golden-r1", key=golden_key())], sink)
    expected = GOLDEN[name]
    if isinstance(expected, int):
        assert sink.getvalue().startswith(b"test secret data to encrypt by the Java ")
        assert len(sink.getvalue()) == expected
    else:
        assert sink.getvalue() == expected
    assert len(found.bound) == BOUND.get(name, 0)


def test_every_golden_file_is_listed() -> None:
    assert {path.name for path in (VECTORS / "tdf").glob("*.tdf")} == set(GOLDEN)


@pytest.mark.parametrize("name", private_keys())
@pytest.mark.parametrize("size", [0, 1, 1023, 1024, 1025, 5120])
def test_what_is_sealed_opens(name: str, size: int) -> None:
    key = private_keys()[name]
    data, info = sealed(PLAIN[:size], [recipient(key)])
    item = read(io.BytesIO(data))
    assert opened(data, identity(key), payload_digest=info.payload_digest) == PLAIN[:size]
    assert (item.plaintext_bytes, item.segments) == (size, max(1, -(-size // 1024)))
    assert (item.core_digest, item.payload_digest()) == (info.core_digest, info.payload_digest)
    assert (info.plaintext_bytes, info.sealed_bytes, info.segments) == (size, len(data), item.segments)
    assert item.manifest_digest == hashlib.sha256(canonical(info.manifest)).digest() and item.manifest == info.manifest
    assert (item.item_id, item.mime_type, item.schema_version, item.label) == (ITEM, "text/plain", "4.3.0", LABEL)


@pytest.mark.parametrize("name", private_keys())
def test_another_key_of_the_kind_opens_nothing(name: str) -> None:
    key = private_keys()[name]
    other = XWingPrivateKey.generate() if name == "hpqt:xwing" else load_private_key(private_pem(key).encode())
    data, _ = sealed(PLAIN, [recipient(private_keys()["hpqt:xwing"])])
    with pytest.raises(SealError, match="none of the keys"):
        opened(data, identity(XWingPrivateKey.generate()), identity(private_keys()["rsa:2048"]))
    data, _ = sealed(PLAIN, [recipient(key)])
    with pytest.raises(SealError, match="none of the keys"):
        opened(data, identity(XWingPrivateKey.generate()))
    if name != "hpqt:xwing":
        assert opened(data, identity(other)) == PLAIN


def test_the_zip_is_one_that_other_tools_read() -> None:
    data, _ = sealed(PLAIN, [recipient(golden_key())])
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["0.payload", "0.manifest.json"]
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}


def test_one_segment_is_read_without_the_others() -> None:
    key = private_keys()["hpqt:xwing"]
    data, _ = sealed(PLAIN, [recipient(key)])

    class Counting(io.BytesIO):
        taken = 0

        def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]
            got = super().readinto(buffer)
            self.taken += got
            return got

    file = Counting(data)
    item = read(file)
    before = file.taken
    assert item.segment(3, [identity(key)]) == PLAIN[3072:4096]
    assert file.taken - before == 1024 + 28
    with pytest.raises(IndexError):
        item.segment(5, [identity(key)])


def test_a_sink_that_takes_a_little_and_a_source_without_readinto() -> None:
    class Slow:
        def __init__(self, data: bytes = b"") -> None:
            self.data = bytearray(data)

        def write(self, data: memoryview) -> int:
            self.data += data[:7]
            return min(7, len(data))

        def read(self, size: int) -> bytes:
            got = bytes(self.data[: min(size, 11)])
            del self.data[:11]
            return got

    key = private_keys()["hpqt:xwing"]
    sink = Slow()
    seal(Slow(PLAIN), sink, recipients=[recipient(key)], policy=Policy(uuid=ITEM), mime_type="")
    assert opened(bytes(sink.data), identity(key)) == PLAIN


def test_any_of_us_and_all_of_us() -> None:
    keys = private_keys()
    usa, jpn, kor = keys["hpqt:xwing"], keys["rsa:2048"], keys["ec:secp384r1"]
    either, _ = sealed(PLAIN, [recipient(usa, kid="usa"), recipient(jpn, kid="jpn")])
    assert opened(either, identity(usa, kid="usa")) == opened(either, identity(jpn, kid="jpn")) == PLAIN
    both, _ = sealed(PLAIN, [recipient(usa, kid="usa", sid="1"), recipient(jpn, kid="jpn", sid="2")])
    assert opened(both, identity(usa, kid="usa"), identity(jpn, kid="jpn")) == PLAIN
    for alone in (identity(usa, kid="usa"), identity(jpn, kid="jpn"), identity(kor, kid="kor")):
        with pytest.raises(SealError, match="none of the keys"):
            opened(both, alone)


def test_two_of_three_parties() -> None:
    keys = private_keys()
    parties = {"usa": keys["hpqt:xwing"], "jpn": keys["rsa:2048"], "kor": keys["ec:secp384r1"]}
    holders = {"s1": ("usa", "jpn"), "s2": ("jpn", "kor"), "s3": ("kor", "usa")}
    data, _ = sealed(PLAIN, [recipient(parties[p], kid=p, sid=sid) for sid, pair in holders.items() for p in pair])
    for left, right in (("usa", "jpn"), ("jpn", "kor"), ("kor", "usa")):
        pair = [identity(parties[p], kid=p) for p in (left, right)]
        assert opened(data, *pair) == PLAIN
        with pytest.raises(SealError):
            opened(data, pair[0])


def test_shares_released_for_one_opening() -> None:
    usa, jpn, kor = (XWingPrivateKey.generate() for _ in range(3))
    data, _ = sealed(PLAIN, [recipient(usa, kid="usa", sid="1"), recipient(jpn, kid="jpn", sid="2")])
    item = read(io.BytesIO(data))
    asker = recipient(kor, kid="kor")
    first = release(item.wrapped_key, identities=[identity(usa, kid="usa")], recipient=asker)
    second = release(item.wrapped_key, identities=[identity(jpn, kid="jpn")], recipient=asker)
    assert [entry.sid for entry in first + second] == ["1", "2"]
    assert release(item.wrapped_key, identities=[identity(kor, kid="kor")], recipient=asker) == ()
    sink = io.BytesIO()
    item.with_key_access(first + second).open([identity(kor, kid="kor")], sink)
    assert sink.getvalue() == PLAIN
    with pytest.raises(SealError, match="not all the shares"):
        item.with_key_access(first)


def test_rewrapping_changes_who_can_open_and_nothing_else() -> None:
    usa, kor = private_keys()["hpqt:xwing"], XWingPrivateKey.generate()
    data, info = sealed(PLAIN, [recipient(usa)], originator=originator())
    sink = io.BytesIO()
    written = rewrap(
        io.BytesIO(data),
        sink,
        identities=[identity(usa)],
        recipients=[recipient(kor)],
        payload_digest=info.payload_digest,
    )
    passed = sink.getvalue()
    item = read(io.BytesIO(passed))
    assert written == len(passed) and item.manifest_digest == hashlib.sha256(canonical(item.manifest)).digest()
    assert (item.core_digest, item.payload_digest()) == (info.core_digest, info.payload_digest)
    assert item.manifest["assertions"] == info.manifest["assertions"]
    envelope = read_provenance(item)
    assert envelope is not None
    assert check_provenance(item, envelope, originator().public).item == ITEM
    assert opened(passed, identity(kor)) == PLAIN
    with pytest.raises(SealError, match="none of the keys"):
        opened(passed, identity(usa))


def test_rewrapping_in_pieces_knows_its_length_first() -> None:
    key = private_keys()["hpqt:xwing"]
    data, _ = sealed(PLAIN, [recipient(key)])
    size, _, pieces = rewrap_chunks(
        io.BytesIO(data), identities=[identity(key)], recipients=[recipient(golden_key())], chunk_bytes=100
    )
    collected = list(pieces)
    assert sum(map(len, collected)) == size and max(map(len, collected)) == 100
    assert opened(b"".join(collected), identity(golden_key())) == PLAIN


def test_rewrapping_an_old_foreign_file_keeps_its_hash_form(tmp_path: Path) -> None:
    kor = XWingPrivateKey.generate()
    with (VECTORS / "tdf" / "no-splitids-java.tdf").open("rb") as source, (tmp_path / "out").open("w+b") as sink:
        rewrap(source, sink, identities=[Identity(kid="", key=golden_key())], recipients=[recipient(kor)])
        item = read(sink)
        assert item.schema_version == "4.2.2" and len(item.key_access) == 1
        plain = io.BytesIO()
        assert item.open([identity(kor)], plain).bound == ("assertion1",)
    assert plain.getvalue() == bytes(5120)


def test_provenance_names_the_item_and_needs_the_originators_key() -> None:
    key = private_keys()["hpqt:xwing"]
    data, info = sealed(PLAIN, [recipient(key)], originator=originator())
    item = read(io.BytesIO(data))
    envelope = read_provenance(item)
    assert envelope is not None
    statement = check_provenance(item, envelope, originator().public)
    assert (statement.item, statement.label, statement.exercise) == (ITEM, LABEL, True)
    assert (statement.payload_digest, statement.core_digest) == (info.payload_digest, info.core_digest)
    with pytest.raises(SignatureError):
        check_provenance(item, envelope, SigningKey.generate().public)
    foreign, _ = sealed(PLAIN, [recipient(key)])
    assert read_provenance(read(io.BytesIO(foreign))) is None


def test_a_statement_must_be_right_in_every_part() -> None:
    key = private_keys()["hpqt:xwing"]
    data, _ = sealed(PLAIN, [recipient(key)], originator=originator())
    item = read(io.BytesIO(data))
    envelope = read_provenance(item)
    assert envelope is not None
    right = check_provenance(item, envelope, originator().public)
    wrong = {
        "another item": replace(right, item="1"),
        "policy": replace(right, policy=bytes(32)),
        "manifest": replace(right, core_digest=bytes(32)),
        "`provenance` is not in the form": replace(right, payload_digest=bytes(32)),
        "label": replace(right, label={"ocl": {"cls": "UNCLASSIFIED"}}),
    }
    for says, statement in wrong.items():
        with pytest.raises(SealError, match=says):
            check_provenance(item, sign(statement.to_bytes(), PROVENANCE_TYPE, [originator()]), originator().public)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"v":1', b'"v":2'),
        (b'"v":1', b'"v":true'),
        (b'"v":1', b'"v":1,"w":1'),
        (b',"v":1', b""),
        (b'"exercise":true', b'"exercise":"true"'),
        (b'"policy":"', b'"policy":"00'),
        (b'"policy":"', b'"policy":" '),
        (b'"core_digest":"', b'"core_digest":"x'),
        (b"{", b"{ "),
    ],
)
def test_a_statement_has_one_form(old: bytes, new: bytes) -> None:
    statement = Statement(
        item=ITEM, label=LABEL, policy=bytes(32), payload_digest=bytes(32), core_digest=bytes(32), exercise=True
    )
    data = statement.to_bytes()
    assert Statement.from_bytes(data) == statement and data.count(old) >= 1
    with pytest.raises(SealError):
        Statement.from_bytes(data.replace(old, new, 1))


def test_rewrapping_checks_the_payload_before_anything_is_written() -> None:
    key = private_keys()["hpqt:xwing"]
    data, _ = sealed(PLAIN, [recipient(key)])
    sink = io.BytesIO()
    with pytest.raises(SealError, match="not the one that was stated"):
        rewrap(
            io.BytesIO(data), sink, identities=[identity(key)], recipients=[recipient(key)], payload_digest=bytes(32)
        )
    assert sink.getvalue() == b""


def test_a_payload_swapped_between_checking_and_opening_is_found() -> None:
    key = private_keys()["hpqt:xwing"]
    data, info = sealed(PLAIN, [recipient(key)])
    file = io.BytesIO(data)
    item = read(file)
    item.check_payload_digest(info.payload_digest)
    file.seek(100)
    file.write(bytes([data[100] ^ 0xFF]))
    sink = io.BytesIO()
    with pytest.raises(SealError, match="changed while"):
        item.open([identity(key)], sink, payload_digest=info.payload_digest)
    assert sink.getvalue() == b""


def test_private_keys_are_not_shown_or_pickled() -> None:
    for name, key in private_keys().items():
        held = identity(key)
        assert "seed" not in repr(held) and "key=" not in repr(held), name
        for secret in (held, key):
            with pytest.raises(TypeError):
                pickle.dumps(secret)
    wing = XWingPrivateKey.generate()
    assert wing.seed.hex() not in repr(wing) and repr(wing.seed) not in repr(wing)
    public = wing.public
    assert pickle.loads(pickle.dumps(public)) == public


def test_empty_denies() -> None:
    with pytest.raises(ValueError, match="at least one recipient"):
        seal(io.BytesIO(b"x"), io.BytesIO(), recipients=[], policy=Policy(uuid=ITEM), mime_type="")
    data, _ = sealed(PLAIN, [recipient(golden_key())])
    with pytest.raises(SealError, match="none of the keys"):
        opened(data)


def test_equal_inputs_never_give_equal_items() -> None:
    to: list[Recipient] = [recipient(golden_key())]
    assert sealed(PLAIN, to)[1].payload_digest != sealed(PLAIN, to)[1].payload_digest


@settings(deadline=None, max_examples=60)
@given(plain=st.binary(max_size=5000), before=st.binary(max_size=9), segment_bytes=st.integers(1024, 3000))
def test_any_bytes_in_any_segments_come_back(plain: bytes, before: bytes, segment_bytes: int) -> None:
    key = private_keys()["hpqt:xwing"]
    memory = io.BytesIO(before + plain)
    memory.seek(len(before))
    for source in (memory, io.BufferedReader(io.BytesIO(plain))):
        sink = io.BytesIO()
        info = seal(
            source,
            sink,
            recipients=[recipient(key)],
            policy=Policy(uuid=ITEM),
            mime_type="",
            segment_bytes=segment_bytes,
        )
        assert source.read() == b""
        assert opened(sink.getvalue(), identity(key), payload_digest=info.payload_digest) == plain
