"""Bounds, other people's schema and tools, and how much memory a large item takes."""

from __future__ import annotations

import importlib
import io
import json
import subprocess
import sys
import tracemalloc
import zipfile
from pathlib import Path

import jsonschema
import pytest
from sealing import VECTORS, golden_key, identity, originator, private_keys, public, recipient, sealed
from taking_apart import archive, entries, pack, parts, sample

from gsomia.errors import SealError
from gsomia.keys import canonical
from gsomia.sealed import Identity, Policy, check_provenance, private_pem, public_pem, read, read_provenance, seal
from gsomia.sealed.container import payload_end, payload_start, read_layout, tail
from gsomia.sealed.manifest import parse

PLAIN = b"EXERCISE " * 1000
SCHEMA = json.loads((VECTORS / "tdf" / "manifest.schema.json").read_text())


@pytest.mark.parametrize("name", ["rsa:2048", "ec:secp256r1", "ec:secp384r1", "ec:secp521r1"])
def test_the_manifest_is_valid_by_the_published_schema(name: str) -> None:
    _, info = sealed(PLAIN, [recipient(private_keys()[name])], originator=originator())
    jsonschema.validate(info.manifest, SCHEMA)


def test_only_the_hybrid_kind_is_unknown_to_the_published_schema() -> None:
    _, info = sealed(PLAIN, [recipient(private_keys()["hpqt:xwing"])], originator=originator())
    faults = list(jsonschema.Draft202012Validator(SCHEMA).iter_errors(info.manifest))
    assert [(fault.validator, fault.instance) for fault in faults] == [("enum", "hybrid-wrapped")]


@pytest.mark.parametrize("size", [0, 5, 2 << 20, (4 << 20) + 1])
def test_otdf_python_opens_ours_and_we_open_theirs(size: int) -> None:
    pytest.importorskip("otdf_python", reason="otdf-python, a test-only requirement, is not installed")
    config, tdf = importlib.import_module("otdf_python.config"), importlib.import_module("otdf_python.tdf")

    plain = (PLAIN * 500)[:size].ljust(size, b".")
    ours = io.BytesIO()
    seal(io.BytesIO(plain), ours, recipients=[recipient(golden_key())], policy=Policy(uuid="1"), mime_type="")
    pem = private_pem(golden_key())
    assert tdf.TDF().load_tdf(ours.getvalue(), tdf.TDFReaderConfig(kas_private_key=pem)).payload == plain
    theirs = io.BytesIO()
    kas = config.KASInfo(url="https://kas.example", public_key=public_pem(public(golden_key())), kid="k1")
    tdf.TDF().create_tdf(io.BytesIO(plain), config.TDFConfig(kas_info_list=[kas]), theirs)
    sink = io.BytesIO()
    read(theirs).open([identity(golden_key())], sink)
    assert sink.getvalue() == plain


def test_a_70_gigabyte_sparse_file_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "sparse.tdf"
    with path.open("wb") as file:
        file.truncate(70 * 10**9)
    with path.open("rb") as file, pytest.raises(SealError, match="larger than a sealed item"):
        read(file)


def test_a_manifest_of_a_gigabyte_is_refused_unread(tmp_path: Path) -> None:
    # The members' headers are true; the manifest is a hole of 1 GiB in a sparse file.
    good = archive(entries(sample()))
    payload, manifest = parts(sample().good)
    size = 2**30
    at = 30 + 9 + len(payload)
    path = tmp_path / "bomb.tdf"
    with path.open("w+b") as file:
        file.write(good[:at] + good[at : at + 18] + size.to_bytes(4, "little") * 2 + good[at + 26 : at + 45])
        file.seek(at + 45 + size)
        directory = good[at + 45 + len(canonical(manifest)) :]
        second = 46 + 9
        directory = directory[: second + 20] + size.to_bytes(4, "little") * 2 + directory[second + 28 :]
        directory = directory[:-6] + (at + 45 + size).to_bytes(4, "little") + directory[-2:]
        file.write(directory)
        file.seek(0)
        tracemalloc.start()
        with pytest.raises(SealError, match="manifest is longer than"):
            read(file)
        assert tracemalloc.get_traced_memory()[1] < 2**20
        tracemalloc.stop()


def test_ten_million_segments_are_refused_by_their_length() -> None:
    payload, manifest = parts(sample().good)
    text = canonical(manifest).replace(b'"segments":[', b'"segments":[' + b"{}," * 10**7)
    with pytest.raises(SealError, match="manifest is longer than"):
        read(io.BytesIO(pack(payload, text)))


def test_a_source_beyond_the_bound_is_refused_while_sealing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gsomia.sealed.writer.MAX_SEGMENTS", 3)
    sealed(bytes(3072), [recipient(golden_key())])
    with pytest.raises(SealError, match="too long"):
        sealed(bytes(3073), [recipient(golden_key())])
    # The bound is of plaintext: exactly so much is sealed, and opened.
    monkeypatch.setattr("gsomia.sealed.container.MAX_PLAINTEXT_BYTES", 2048)
    sealed(bytes(2048), [recipient(golden_key())])
    with pytest.raises(SealError, match="too long"):
        sealed(bytes(2049), [recipient(golden_key())])


@pytest.mark.parametrize("size", [0, 1023, (4 << 20) + 1])
def test_a_segment_size_out_of_range_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="a segment has"):
        sealed(PLAIN, [recipient(golden_key())], segment_bytes=size)


def test_provenance_cannot_be_had_without_the_digest() -> None:
    with pytest.raises(ValueError, match="needs the payload digest"):
        seal(
            io.BytesIO(),
            io.BytesIO(),
            recipients=[recipient(golden_key())],
            policy=Policy(uuid="1"),
            mime_type="",
            provenance=lambda payload, core: pytest.fail("called"),
            digest=False,
        )


@pytest.mark.parametrize("value", [b"1152921504606846976", b'"\\ud800"', b"1e400"])
@pytest.mark.parametrize("where", [b'{"assertions":', b'{"format":"json+stanag5636",'])
def test_values_without_a_canonical_form_never_pass(value: bytes, where: bytes) -> None:
    payload, manifest = parts(sample().good)
    text = canonical(manifest)
    assert text.count(where) == 1
    item = read(io.BytesIO(pack(payload, text.replace(where, b'{"extra":' + value + b"," + where[1:]))))
    sink, envelope = io.BytesIO(), read_provenance(item)
    assert envelope is not None
    with pytest.raises(SealError, match="no canonical form"):
        check_provenance(item, envelope, originator().public)
    if where != b'{"assertions":':
        with pytest.raises(SealError, match="no canonical form"):
            item.open([identity(private_keys()["hpqt:xwing"])], sink)
    assert sink.getvalue() == b""


def test_an_item_beyond_four_gibibytes_is_found_in_its_zip64_form(tmp_path: Path) -> None:
    size, manifest = (5 << 30) + 1, b"{}"
    path = tmp_path / "large.tdf"
    with path.open("w+b") as file:
        file.write(payload_start())
        file.seek(len(payload_start()) + size)
        file.write(payload_end(7, size) + tail(manifest, payload_crc=7, payload_size=size))
        layout = read_layout(file)
        with zipfile.ZipFile(file) as archive:
            listed = {info.filename: (info.file_size, info.header_offset) for info in archive.infolist()}
    assert (layout.payload.size, layout.payload.crc, layout.payload.data) == (size, 7, len(payload_start()))
    assert layout.manifest.size == 2
    assert listed["0.payload"] == (size, 0)
    assert listed["0.manifest.json"] == (2, len(payload_start()) + size + 24)


PEAK = """
def peak():
    # Not ru_maxrss: that begins with what the parent process held.
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
"""

STREAM = """
import sys
from gsomia.sealed import Identity, Policy, Recipient, XWingPrivateKey, read, seal
path, size = sys.argv[1], int(sys.argv[2])
class Zeros:
    left = size
    def readinto(self, view):
        got = min(len(view), self.left)
        self.left -= got
        return got
class Count:
    taken = 0
    def write(self, data):
        self.taken += len(data)
key = XWingPrivateKey.generate()
before = peak()
with open(path, "w+b", buffering=0) as file:
    to = [Recipient(kid="k", url="", key=key.public)]
    info = seal(Zeros(), file, recipients=to, policy=Policy(uuid="1"), mime_type="")
    sink = Count()
    read(file).open([Identity(kid="k", key=key)], sink, payload_digest=info.payload_digest)
assert sink.taken == size
print(peak() - before)
"""


def memory(path: Path, size: int) -> int:
    """KiB above idle that sealing and opening this many bytes takes, in a process of its own."""
    run = subprocess.run(
        [sys.executable, "-c", PEAK + STREAM, str(path), str(size)], capture_output=True, text=True, check=True
    )
    return int(run.stdout)


def test_memory_does_not_grow_with_the_item(tmp_path: Path) -> None:
    assert memory(tmp_path / "large.tdf", 256 << 20) < 32 * 1024


def test_the_largest_manifest_fits_the_memory_too() -> None:
    code = """
from gsomia.sealed.container import MAX_SEGMENTS
from gsomia.sealed.manifest import core_digest, parse
import sys
data = sys.stdin.buffer.read()
before = peak()
found = parse(data)
assert found.segments == MAX_SEGMENTS
print(peak() - before)
"""
    _, manifest = parts(sample().good)
    listed = manifest["encryptionInformation"]["integrityInformation"]["segments"]
    whole = canonical(manifest | {})
    one = canonical(listed[0])
    last = canonical(listed[-1])
    whole = whole.replace(b",".join(canonical(x) for x in listed), b",".join([one] * (2**16 - 1) + [last]))
    run = subprocess.run([sys.executable, "-c", PEAK + code], input=whole, capture_output=True, check=True)
    assert int(run.stdout) < 64 * 1024


@pytest.mark.parametrize("junk", [b"{}", b"[]", b"1", b'""', b'{"":0}', b'"\\u00e9"'])
def test_a_manifest_of_many_small_parts_takes_little_memory(junk: bytes) -> None:
    text = b'{"a":[' + junk + (b"," + junk) * ((8 << 20) // (len(junk) + 1) - 8) + b"]}"
    tracemalloc.start()
    with pytest.raises(SealError):
        parse(text)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40 << 20, f"{peak >> 20} MiB"


def test_the_plaintexts_bound_is_read_too(monkeypatch: pytest.MonkeyPatch) -> None:
    data, _ = sealed(bytes(2049), [recipient(golden_key())])
    monkeypatch.setattr("gsomia.sealed.manifest.MAX_PLAINTEXT_BYTES", 2048)
    with pytest.raises(SealError, match="plaintext is longer"):
        read(io.BytesIO(data))


def test_an_identity_without_a_name_tries_every_key_access_of_its_kind() -> None:
    sink = io.BytesIO()
    read(io.BytesIO(sample().good)).open([Identity(kid="", key=golden_key())], sink)
    assert sink.getvalue().startswith(b"line 0000")
