"""The label and its JSON forms."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from any_labels import LABEL
from hypothesis import given
from hypothesis import strategies as st

from gsomia.errors import DataError
from gsomia.marking import OCL_SCHEMA, Category, Label

AT = datetime(2026, 11, 23, 5, tzinfo=UTC)


def label(**changes: Any) -> Label:
    return Label(**{"policy": "JPN", "classification": "秘", "created": AT, **changes})


@given(LABEL)
def test_our_own_form_reads_back_and_writes_the_same_bytes(value: Label) -> None:
    text = json.dumps(value.to_json())
    read = Label.from_json(json.loads(text))
    assert read == value
    assert json.dumps(read.to_json()) == text


@given(LABEL)
def test_ocl_reads_back_and_writes_the_same_bytes(value: Label) -> None:
    text = json.dumps(value.to_ocl())
    read = Label.from_ocl(json.loads(text), policy=value.policy if value.policy_uri else "")
    assert json.dumps(read.to_ocl()) == text
    assert (read.policy, read.classification, read.created) == (value.policy, value.classification, value.created)
    assert [(c.type, c.tag, c.values) for c in read.categories] == [(c.type, c.tag, c.values) for c in value.categories]


def test_the_ocl_of_a_real_file() -> None:
    value = {
        "ocl": {
            "pol": "62c76c68-d73d-4628-8ccc-4c1e18118c22",
            "cls": "SECRET",
            "catl": [{"type": "P", "name": "Releasable To", "vals": ["usa"]}],
            "dcr": "2024-10-21T20:47:36Z",
        },
        "context": {"@base": OCL_SCHEMA},
    }
    read = Label.from_ocl(value)
    assert read.values("Releasable To", "PERMISSIVE") == ("usa",)
    assert read.to_ocl() == value


def test_instants_are_kept_in_utc() -> None:
    seoul = timezone(timedelta(hours=9))
    assert label(created=datetime(2026, 11, 23, 14, tzinfo=seoul)) == label()
    assert label().to_json()["created"] == "2026-11-23T05:00:00Z"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"created": datetime(2026, 11, 23)}, "no offset"),  # noqa: DTZ001
        ({"created": "2026-11-23"}, "is a date-time"),
        ({"policy": ""}, "`policy` is empty"),
        ({"classification": " 秘"}, "white space"),
        ({"classification": "\u200b"}, "`classification` is empty"),
        ({"classification": "S\u202eECRET"}, "U+202E"),
        ({"classification": "S\x00"}, "U+0000"),
        ({"classification": "\ud800"}, "U+D800"),
        ({"classification": "S" * 1001}, "longer than"),
        ({"policy_uri": "1.3.26"}, "absolute URI"),
        ({"originator_type": "rfc822Name"}, "without `originator`"),
        (
            {
                "categories": (
                    Category(type="PERMISSIVE", tag="Releasable To", values=("JPN",)),
                    Category(type="PERMISSIVE", tag="Releasable To", values=("KOR",)),
                )
            },
            "stands there twice",
        ),
        ({"categories": ("JPN",)}, "holds categories"),
    ],
)
def test_malformed_labels_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message.replace("+", r"\+")):
        label(**changes)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"type": "permissive", "tag": "T", "values": ("A",)}, "a category is"),
        ({"type": "PERMISSIVE", "tag": "T", "values": ()}, "has no value"),
        ({"type": "PERMISSIVE", "tag": "T", "values": ("A", "A")}, "value twice"),
        ({"type": "PERMISSIVE", "tag": "", "values": ("A",)}, "`tag` is empty"),
        ({"type": "PERMISSIVE", "tag": "T", "values": (7,)}, "is text"),
        ({"type": "PERMISSIVE", "tag": "T", "values": tuple(map(str, range(1001)))}, "more than 1000"),
    ],
)
def test_malformed_categories_are_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        Category(**fields)


BAD_JSON: list[tuple[Any, str]] = [
    (None, "is a JSON object"),
    ([], "is a JSON object"),
    ({}, "lacks `categories`"),
    ({**label().to_json(), "level": "S"}, "no key `level`"),
    ({**label().to_json(), "created": "2026-11-23T14:00:00+09:00"}, "is an instant like"),
    ({**label().to_json(), "created": "2026-11-23T05:00:00.000000Z"}, "not the one spelling"),
    ({**label().to_json(), "created": "2026-13-23T05:00:00Z"}, "no such instant"),
    ({**label().to_json(), "created": "２026-11-23T05:00:00Z"}, "is an instant like"),
    ({**label().to_json(), "originator": ""}, "`originator` is empty"),
    ({**label().to_json(), "categories": {}}, "is a list"),
    ({**label().to_json(), "review": None}, "is an instant like"),
]


@pytest.mark.parametrize(("value", "message"), BAD_JSON)
def test_malformed_json_is_refused(value: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Label.from_json(value)


def test_ocl_without_a_time_is_refused() -> None:
    value = label().to_ocl()
    del value["ocl"]["dcr"]
    with pytest.raises(DataError, match="lacks `dcr`"):
        Label.from_ocl(value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["policy", "classification", "categories", "created", "ocl", "context"]), inner
        )
    ),
    max_leaves=8,
)


@given(JSON)
def test_any_json_reads_or_is_refused_with_our_error(value: Any) -> None:
    for read in (Label.from_json, Label.from_ocl):
        with pytest.raises(DataError):
            read(value)
