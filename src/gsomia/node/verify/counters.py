"""What `verify` checks of the counters of passkeys: one that does not go on is a copy of the key at work.

An authenticator that counts tells a higher number with each signature (WebAuthn Level 3, section 6.1.1). Two signatures
with one number are by two devices, whosever acts they stand under. Whether the numbers grow is known of this Party's
own officers alone, and only of acts that were prepared longer apart than one waits for its signatures: one that waits
for a second officer is recorded, and may have been prepared, after others that were signed later. A peer's acts, and
those that peers gave back to a restored store, stand here in the order in which they came.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from gsomia.keys import Envelope
from gsomia.node.acts.elsewhere import PREPARED_FOR
from gsomia.node.acts.signed import SignedAct
from gsomia.node.acts.types import ACT_TYPES
from gsomia.node.check import Check
from gsomia.node.effects.keyends import enrolled
from gsomia.node.node import Node
from gsomia.node.record.store_port import Reader
from gsomia.passkeys import WEBAUTHN, Assertion, Passkey

__all__ = ["COUNTERS", "check_counters"]

COUNTERS = "counters of passkeys"

_SIGNED = tuple(name for name, kind in ACT_TYPES.items() if kind.roles or kind.by_subject)


@dataclass(slots=True)
class _Used:
    """What a passkey signed until now.

    Args:
        counted: for each number, what is over it (authenticator data and client data), and the act that it signed.
        highest: of the acts whose order is known, by their instants, those with a higher number than all before: the
            instant, the number, the act.
    """

    counted: dict[int, tuple[bytes, str]] = field(default_factory=dict)
    highest: list[tuple[datetime, int, str]] = field(default_factory=list)

    def before(self, at: datetime) -> tuple[int, str]:
        """The highest number under an act of before an instant, and the act; (0, "") for none."""
        place = bisect_left(self.highest, (at,))
        return self.highest[place - 1][1:] if place else (0, "")

    def add(self, at: datetime, number: int, act: str) -> None:
        """Keep the number under an act, where it is the highest until its instant."""
        place = bisect_left(self.highest, (at, number))
        if place and self.highest[place - 1][1] >= number:
            return
        end = place
        while end < len(self.highest) and self.highest[end][1] <= number:
            end += 1
        self.highest[place:end] = [(at, number, act)]


def check_counters(node: Node, reader: Reader) -> Check:
    """Check that no two assertions of a passkey have one counter, and that those of this Party's officers grow.

    Of a key that still signs it is a fault, which an officer ends with the key; of one that has ended, a remark.

    Args:
        node: whose records.
        reader: its store.
    """
    keys = {
        key.fingerprint: key
        for act in reader.acts(types=["enrol-key"])
        if isinstance(key := enrolled(act.statement).key, Passkey)
    }
    given_back = max((act.statement.at for act in _recoveries(node, reader)), default=None)
    used: dict[bytes, _Used] = {}
    found: dict[str, str] = {}
    counted = 0
    before: Envelope | None = None
    for act in reader.acts(types=_SIGNED) if keys else ():
        if act.envelope is before:
            continue
        before = act.envelope
        for key, made in _assertions(act, keys):
            counted += 1
            said = act.statement
            ordered = said.party == node.party and (given_back is None or said.at > given_back)
            fault = _seen(used.setdefault(key.cose, _Used()), made, act.id, said.at if ordered else None)
            if fault:
                found.setdefault(key.fingerprint, f"passkey `{key.fingerprint[:16]}`: {fault}")
    signing = {officer.key.fingerprint for officer in reader.officers()}
    return Check(
        name=COUNTERS,
        counted=counted,
        fault="; ".join(
            f"{words}; its private key may be on a second device, and it still signs"
            for key, words in found.items()
            if key in signing
        ),
        remark="; ".join(f"{words}; the key has ended" for key, words in found.items() if key not in signing),
    )


def _assertions(act: SignedAct, keys: dict[str, Passkey]) -> Iterator[tuple[Passkey, Assertion]]:
    """The assertions of its signers alone; their signatures are checked elsewhere."""
    names = {f"{signer.key}/{WEBAUTHN}": keys[signer.key] for signer in act.statement.signers if signer.key in keys}
    for one in act.envelope.signatures:
        if one.keyid in names:
            yield names[one.keyid], Assertion.from_bytes(one.sig)


def _recoveries(node: Node, reader: Reader) -> Iterator[SignedAct]:
    """This Party's acts by which what a restored store lacked was given back by peers."""
    return (act for act in reader.acts(types=["recover-log"]) if act.statement.party == node.party)


def _seen(used: _Used, made: Assertion, act: str, at: datetime | None) -> str:
    """Keep an assertion; what is amiss with its counter, or "". `at` is its act's where their order is known."""
    what = made.authenticator_data + made.client_data
    number = made.counter
    other, first = used.counted.setdefault(number, (what, act)) if number else (what, act)
    if other != what:
        return f"acts `{first}` and `{act}` are signed with one counter, {number}"
    if first != act or at is None:
        return ""  # the same assertion once more: its batch was not recorded in one go
    highest, earlier = used.before(at - PREPARED_FOR)
    used.add(at, number, act)
    if number <= highest and highest:
        return f"act `{act}` is signed with the counter {number}, after act `{earlier}` with {highest}"
    return ""
