"""An id is named by its beginning, where that is the beginning of no other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsomia.node.record.beginnings import begun

IDS = st.lists(st.text("ab-", max_size=4), max_size=6)


@pytest.mark.parametrize(
    ("ids", "reference", "found"),
    [
        (["0160", "0161"], "0161", "0161"),
        (["0160", "0161"], "016", ""),
        (["0160", "0171"], "017", "0171"),
        (["0160", "0160"], "01", "0160"),
        (["01", "0160"], "01", "01"),
        (["0160"], "", ""),
        (["0160"], "160", ""),
        ([], "01", ""),
    ],
)
def test_the_one_that_is_meant(ids: list[str], reference: str, found: str) -> None:
    assert begun(ids, reference) == found


@given(IDS, st.text("ab-", max_size=4))
def test_what_is_found_stands_there_and_begins_so_alone(ids: list[str], reference: str) -> None:
    found = begun(ids, reference)
    if found:
        assert found in ids and found.startswith(reference)
        assert found == reference or {one for one in ids if one.startswith(reference)} == {found}
