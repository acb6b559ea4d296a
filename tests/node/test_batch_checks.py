"""Acts of one batch checked at once: the answer is the slow check's, act by act, whatever was altered."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gsomia.errors import SignatureError
from gsomia.keys import PublicKey, SigningKey
from gsomia.node.acts.signed import Officer, SignedAct, Signer, Statement, sign_acts, verify_act, verify_acts

AT = datetime(2018, 1, 10, 3, tzinfo=UTC)
NODE, CHIEF = (SigningKey(bytes([number]) * 64) for number in (1, 2))


@dataclass(frozen=True)
class Keys:
    """The keys of one Party's node and of one officer."""

    roles: tuple[str, ...] = ("disclosure",)

    def node_key(self, party: str) -> PublicKey | None:
        """The node's."""
        return NODE.public if party == "JPN" else None

    def retired_key(self, party: str, fingerprint: str, at: datetime) -> PublicKey | None:
        """None was replaced."""
        return None

    def officer(self, party: str, officer: str) -> Officer | None:
        """The officer's."""
        if (party, officer) != ("JPN", "chief"):
            return None
        return Officer(
            id="chief", party="JPN", roles=self.roles, key=CHIEF.public, act="a", enrolled_at=AT, person="chief"
        )


def acts(count: int, kind: str = "transmit", *, exercise: bool = True) -> list[SignedAct]:
    """A batch of acts by the node and its officer."""
    signers = (
        Signer(role="node", key=NODE.public.fingerprint),
        Signer(role="disclosure", key=CHIEF.public.fingerprint, officer="chief"),
    )
    statements = [
        Statement(
            id=f"act-{number}",
            type=kind,
            at=AT,
            party="JPN",
            instrument="jpn-kor-2016",
            parties=("KOR",),
            item="i",
            copy="c",
            signers=signers,
            exercise=exercise,
            body={"n": number},
        )
        for number in range(count)
    ]
    return sign_acts(statements, [NODE, CHIEF])


BATCHES = {count: acts(count) for count in (1, 2, 3, 7)}
STRANGE = acts(7, "consent")


def alter(batch: list[SignedAct], how: str, at: int) -> list[SignedAct]:
    """The batch with one thing other than it was signed."""
    at %= len(batch)
    one = batch[at]
    changed = {
        "nothing": one,
        "index": replace(one, index=one.index + 1),
        "size": replace(one, size=one.size + 1),
        "path": replace(one, path=(*one.path[:-1], bytes(32))) if one.path else replace(one, path=(bytes(32),)),
        "data": replace(one, data=one.data.replace(b'"n":', b'"m":')),
        "envelope": replace(one, envelope=STRANGE[0].envelope),
        "act": STRANGE[at],
    }
    if how == "missing":
        return [*batch[:at], *batch[at + 1 :]] or batch
    if how == "twice":
        return [*batch, one]
    if how == "order":
        return batch[::-1]
    return [*batch[:at], changed[how], *batch[at + 1 :]]


WAYS = ("nothing", "index", "size", "path", "data", "envelope", "act", "missing", "twice", "order")


@settings(max_examples=150, deadline=None)
@given(
    count=st.sampled_from(sorted(BATCHES)),
    how=st.sampled_from(WAYS),
    at=st.integers(0, 6),
    keys=st.sampled_from([Keys(), Keys(roles=("registry",))]),
    exercise=st.booleans(),
)
def test_the_quick_check_of_a_batch_is_the_slow_one(count: int, how: str, at: int, keys: Keys, exercise: bool) -> None:
    batch = alter(BATCHES[count], how, at)
    slow = quick = ""
    try:
        for act in batch:
            verify_act(act, keys, exercise=exercise)
    except SignatureError as error:
        slow = str(error)
    try:
        verify_acts(batch, keys, exercise=exercise)
    except SignatureError as error:
        quick = str(error)
    assert quick == slow


def test_a_whole_batch_under_a_strangers_signature_is_refused() -> None:
    batch = [replace(act, envelope=STRANGE[0].envelope) for act in BATCHES[7]]
    with pytest.raises(SignatureError, match="is not in the batch that was signed"):
        verify_acts(batch, Keys(), exercise=True)


def test_an_act_whose_signature_does_not_hold_is_named_with_the_key() -> None:
    batch = acts(3)
    envelope = batch[1].envelope
    spoilt = tuple(replace(s, sig=bytes([s.sig[0] ^ 1]) + s.sig[1:]) for s in envelope.signatures)
    bad = replace(batch[1], envelope=replace(envelope, signatures=spoilt))
    with pytest.raises(SignatureError, match=rf"act `act-1`: .*`{NODE.public.fingerprint[:16]}`"):
        verify_acts([batch[0], bad, batch[2]], Keys(), exercise=True)
