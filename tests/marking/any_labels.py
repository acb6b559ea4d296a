"""Labels of every shape, for Hypothesis."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import strategies as st

from gsomia.marking import Category, Label

__all__ = ["LABEL"]

TEXT = st.text(min_size=1, max_size=12, alphabet=st.sampled_from("AZaz 09/-極秘군사Ⅱ급비밀Ａ"))
WORD = TEXT.map(str.strip).filter(bool)
CATEGORY = st.builds(
    Category,
    type=st.sampled_from(["RESTRICTIVE", "PERMISSIVE", "INFORMATIVE"]),
    tag=WORD,
    values=st.lists(WORD, min_size=1, max_size=4, unique=True).map(tuple),
    uri=st.sampled_from(["", "urn:oid:1.3.26.1.4.2"]),
)
INSTANT = st.datetimes(min_value=datetime(1950, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 (Hypothesis asks for bounds without one)
LABEL = st.builds(
    Label,
    policy=WORD,
    policy_uri=st.sampled_from(["", "urn:oid:1.3.26.1.3.1"]),
    classification=WORD,
    categories=st.lists(CATEGORY, max_size=4, unique_by=lambda c: (c.type, c.tag)).map(tuple),
    created=INSTANT,
    review=st.none() | INSTANT,
    originator=st.just("") | WORD,
    privacy_mark=st.just("") | WORD,
)
