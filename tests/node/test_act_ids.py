"""Ids of acts: UUIDs of version 7, in the order of the instants that the acts name."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gsomia.node.node import new_act_id

BEGIN = datetime(1970, 1, 1, tzinfo=UTC)
INSTANTS = st.integers(0, 250_000_000 * 10**9).map(lambda microseconds: BEGIN + timedelta(microseconds=microseconds))


@given(INSTANTS)
def test_an_id_is_a_uuid_of_version_7_and_holds_its_instant(at: datetime) -> None:
    one = uuid.UUID(new_act_id(at))
    assert (one.version, one.variant) == (7, uuid.RFC_4122)
    milliseconds = one.int >> 80
    assert timedelta(0) <= at - BEGIN - timedelta(milliseconds=milliseconds) < timedelta(milliseconds=1)


@given(INSTANTS, st.integers(1, 10**9))
def test_a_later_act_has_a_greater_id(at: datetime, later: int) -> None:
    assert new_act_id(at) < new_act_id(at + timedelta(milliseconds=later))


def test_ids_of_one_instant_differ() -> None:
    assert len({new_act_id(BEGIN) for _ in range(1000)}) == 1000
