"""The register's rungs as a table, walked at random; ids and numbers in their one form."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsomia.errors import VerificationError
from gsomia.registry import Copy, CopyState, Direction, Rung, RungEntry, advance, control_number, copy_id, read_copy_id

AT = datetime(2018, 1, 10, 3, tzinfo=UTC)
ITEM = "3f1c2b9a-0d5e-4c1f-8a77-5b6c7d8e9f01"


def copy_in(state: CopyState, *rungs: Rung) -> Copy:
    """A copy in a state, with rungs."""
    return Copy(
        id=f"{ITEM}-JPN-1",
        item=ITEM,
        number=1,
        direction=Direction.SENT,
        act="transmit",
        giver="JPN",
        holder="KOR",
        via=(),
        destination="KOR",
        instrument="jpn-kor-2016",
        state=state,
        control_number="JPN-2018-000001",
        custodian="JPN",
        at=AT,
        rungs=tuple(RungEntry(copy="c", rung=rung, act=f"act-{rung}", party="KOR", at=AT) for rung in rungs),
    )


# The whole table: from a state, by a rung, to a state. What is not here cannot be.
MOVES = {
    (CopyState.AUTHORISED, Rung.DISPATCHED): CopyState.DISPATCHED,
    (CopyState.OFFERED, Rung.DISPATCHED): CopyState.DISPATCHED,
    (CopyState.DISPATCHED, Rung.ACCEPTED): CopyState.ACCEPTED,
    (CopyState.ACCEPTED, Rung.DELIVERED): CopyState.DELIVERED,
    (CopyState.DELIVERED, Rung.RECEIPTED): CopyState.RECEIPTED,
    (CopyState.DELIVERED, Rung.OPENED): CopyState.OPENED,
    (CopyState.OPENED, Rung.RECEIPTED): CopyState.RECEIPTED,
    (CopyState.OPENED, Rung.OPENED): CopyState.OPENED,
    (CopyState.RECEIPTED, Rung.OPENED): CopyState.OPENED,  # without a receipt among its rungs; see below for one with
}


@pytest.mark.parametrize("state", CopyState)
@pytest.mark.parametrize("rung", Rung)
def test_each_rung_follows_its_own_states_alone(state: CopyState, rung: Rung) -> None:
    if (state, rung) in MOVES:
        assert advance(copy_in(state), rung) == MOVES[state, rung]
    else:
        with pytest.raises(VerificationError, match=f"is {state}: a rung `{rung}` cannot follow"):
            advance(copy_in(state), rung)


@given(st.lists(st.sampled_from(Rung), max_size=12))
def test_a_later_rung_never_stands_without_the_earlier_ones(rungs: list[Rung]) -> None:
    copy = copy_in(CopyState.AUTHORISED)
    for rung in rungs:
        before = copy
        try:
            state = advance(copy, rung)
        except VerificationError:
            continue
        if before.rung(rung) is not None:
            assert state == before.state
            continue
        entry = RungEntry(copy=copy.id, rung=rung, act="a", party="KOR", at=AT)
        copy = replace(copy, state=state, rungs=(*copy.rungs, entry))
    have = {entry.rung for entry in copy.rungs}
    if have & {Rung.RECEIPTED, Rung.OPENED}:
        assert {Rung.DISPATCHED, Rung.ACCEPTED, Rung.DELIVERED} <= have
    if copy.state is CopyState.RECEIPTED:
        assert Rung.RECEIPTED in have
    if Rung.RECEIPTED in have:  # opening afterwards takes nothing back
        assert copy.state is CopyState.RECEIPTED


def test_the_holders_evidence_prevails_over_a_late_stop_but_not_over_a_rejection() -> None:
    assert advance(copy_in(CopyState.REFUSED, Rung.DISPATCHED), Rung.ACCEPTED) is CopyState.ACCEPTED
    for copy in (copy_in(CopyState.REFUSED), copy_in(CopyState.REJECTED, Rung.DISPATCHED)):
        with pytest.raises(VerificationError, match="cannot follow"):
            advance(copy, Rung.ACCEPTED)


@given(st.uuids(), st.from_regex(r"[A-Z]{3}", fullmatch=True), st.integers(1, 999_999_999))
def test_a_copy_id_reads_as_it_was_written(item: object, giver: str, number: int) -> None:
    assert read_copy_id(copy_id(str(item), giver, number)) == (str(item), giver, number)


@pytest.mark.parametrize(
    "text",
    ["", ITEM, f"{ITEM}-JPN", f"{ITEM}-JPN-0", f"{ITEM}-JPN-01", f"{ITEM}-JPN--1", f"{ITEM}-jpn-1", f"{ITEM}-JPN-1\n",
     f" {ITEM}-JPN-1", f"{ITEM.upper()}-JPN-1", f"{ITEM}-JPNX-1", f"{ITEM}-JPN-1234567890", f"../{ITEM}-JPN-1",
     f"{ITEM}-JPN-1/..", f"{ITEM}-JPN-१"],
)  # fmt: skip
def test_what_is_no_copy_id_is_refused(text: str) -> None:
    with pytest.raises(VerificationError, match="not the id of a copy"):
        read_copy_id(text)


def test_a_control_number_sorts_within_its_year() -> None:
    numbers = [control_number("KOR", 2018, serial) for serial in (1, 2, 10, 999_999)]
    assert numbers == sorted(numbers) and numbers[0] == "KOR-2018-000001"
