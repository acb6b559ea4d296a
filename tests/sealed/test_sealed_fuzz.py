"""Whatever a file holds, reading it ends in the plaintext or in one of our errors."""

from __future__ import annotations

import copy
import io
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from sealing import identity, originator, private_keys, recipient
from taking_apart import PLAIN, pack, parts, places, put, sample

from gsomia.errors import VerificationError
from gsomia.sealed import check_provenance, read, read_provenance, rewrap

GOOD = sample().good
PAYLOAD, MANIFEST = parts(GOOD)
AT = places(GOOD)

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["4.2.2", "AAAA", "=", "kas", "HS256", "-1", "\x00", "a.b.c", "e30.e30.e30"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def nodes(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value within a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, child in inner for found in nodes(child, (*path, key)))]


PATHS = [path for path in nodes(MANIFEST) if path]


def changed(path: tuple[Any, ...], value: Any, *, drop: bool) -> dict[str, Any]:
    manifest: dict[str, Any] = copy.deepcopy(MANIFEST)
    place: Any = manifest
    for key in path[:-1]:
        place = place[key]
    if drop:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return manifest


def all_ways(data: bytes) -> None:
    """Read, check, open, open one segment and pass on: each ends well or in an error of ours."""
    me = [identity(private_keys()["hpqt:xwing"])]
    for way in range(4):
        sink = io.BytesIO()
        try:
            item = read(io.BytesIO(data))
            assert (item.item_id, item.plaintext_bytes, item.schema_version, item.key_access) is not None
            if way == 0:
                envelope = read_provenance(item)
                if envelope is not None:
                    check_provenance(item, envelope, originator().public)
            elif way == 1:
                item.open(me, sink)
            elif way == 2 and item.segments:
                item.segment(0, me)
            else:
                rewrap(io.BytesIO(data), sink, identities=me, recipients=[recipient(private_keys()["rsa:2048"])])
        except VerificationError:
            continue
        assert way != 1 or sink.getvalue() == PLAIN


@settings(deadline=None, max_examples=250)
@given(path=st.sampled_from(PATHS), value=JSON, drop=st.booleans())
def test_any_value_anywhere_in_the_manifest(path: tuple[Any, ...], value: Any, drop: bool) -> None:
    text = json.dumps(changed(path, value, drop=drop)).encode()
    all_ways(pack(PAYLOAD, text))


@settings(deadline=None, max_examples=250)
@given(
    at=st.integers(0, AT.payload - 1) | st.integers(AT.descriptor, AT.manifest) | st.integers(AT.directory, len(GOOD)),
    piece=st.binary(min_size=1, max_size=8) | st.sampled_from([b"\xff" * 4, b"\xff" * 2, b"\x00" * 4, b"PK\x06\x06"]),
)
def test_any_bytes_anywhere_in_the_zip_headers(at: int, piece: bytes) -> None:
    all_ways(put(GOOD, at, piece))


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=300))
def test_any_file_at_all(data: bytes) -> None:
    all_ways(data)
