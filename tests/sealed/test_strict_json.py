"""Strict JSON is read alike by the quick way, for its one form, and by the slow one, for every other."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gsomia.errors import SealError
from gsomia.keys import canonical
from gsomia.sealed import policy
from gsomia.sealed.policy import load_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def outcome(data: bytes) -> str:
    """What reading comes to, told apart to the kind of each number."""
    try:
        return repr(load_json(data, "it"))
    except SealError as error:
        return f"refused: {error}"


def both_ways(data: bytes) -> None:
    """Read by either way, the slow one being the oracle."""
    found = outcome(data)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(policy, "SHORT_BYTES", -1)
        assert found == outcome(data)


@settings(max_examples=200)
@given(st.dictionaries(st.text(max_size=3), VALUES, max_size=3))
def test_a_document_is_read_alike_in_either_spelling(value: dict[str, Any]) -> None:
    both_ways(json.dumps(value).encode())
    try:
        both_ways(canonical(value))
    except ValueError:
        return  # it has no such form


@settings(max_examples=300)
@given(st.lists(st.sampled_from(['{"a":', "[", "1", "1.0", '"b"', ",", '"a":', "]", "}", "NaN", " "]), max_size=9))
@example(['{"a":', "1", ",", '"a":', "1", "}"])
def test_what_is_hardly_json_is_read_alike(parts: list[str]) -> None:
    both_ways("".join(parts).encode())


@pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b'{"a":"\xed\xa0\x80"}', b'{"a":"\\ud800"}', b'{"a":1}' * 2])
def test_what_is_no_object_is_refused_alike(data: bytes) -> None:
    both_ways(data)
