"""Every act's signatures, by the keys that counted when it was recorded; in one go or in parts side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from gsomia.errors import SignatureError, VerificationError
from gsomia.keys import PublicKey
from gsomia.node.acts.signed import Officer, SignedAct, verify_act, verify_acts
from gsomia.node.check import Check, done
from gsomia.node.effects.keyends import TURNING_TYPES, OfficersThen
from gsomia.node.node import KnownKeys, Node
from gsomia.node.record.store_port import Reader

__all__ = ["ActsPart", "check_acts", "check_acts_of", "divide_acts", "joined"]

SIGNATURES = "signatures of acts"
_PAGE = 1000


@dataclass(frozen=True, slots=True)
class ActsPart:
    """Some of a node's acts, in the order of their recording.

    Args:
        start: the number of the first, or of one that would stand before it.
        stop: the number behind the last; 0 for all that there are.
        before: the act recorded before them, or "".
    """

    start: int = 0
    stop: int = 0
    before: str = ""


@dataclass(frozen=True, slots=True)
class KeysThen(KnownKeys):
    """The keyring as it was when each act was recorded."""

    then: OfficersThen = field(default_factory=OfficersThen)

    def node_key(self, party: str) -> PublicKey | None:
        """The key of a Party's node at this point."""
        return self.then.nodes.get(party) or KnownKeys.node_key(self, party)

    def officer(self, party: str, officer: str) -> Officer | None:
        """An officer whose key could sign at this point."""
        return self.then.officer(party, officer)


def check_acts(node: Node) -> Check:
    """Every act's signatures, by the keys that are enrolled.

    Args:
        node: whose records.
    """
    return check_acts_of(node, ActsPart())


def divide_acts(node: Node, parts: int) -> list[ActsPart]:
    """A node's acts in parts of about the same length, in order, to be checked side by side.

    Args:
        node: whose records.
        parts: so many, or fewer.
    """
    with node.store.reading() as reader:
        ends = reader.act_ends(parts)
    starts = [(0, ""), *((number + 1, act) for number, act in ends)]
    stops = [*(number + 1 for number, _ in ends), 0]
    return [ActsPart(start, stop, before) for (start, before), stop in zip(starts, stops, strict=True)]


def joined(checks: Sequence[Check]) -> Check:
    """The checks of all parts, in their order, as the one that they are: it ends at the first fault.

    Args:
        checks: what `check_acts_of` found of each part.
    """
    counted = 0
    for check in checks:
        counted += check.counted
        if check.fault:
            return Check(name=SIGNATURES, counted=counted, fault=check.fault)
    return Check(name=SIGNATURES, counted=counted)


def check_acts_of(node: Node, part: ActsPart) -> Check:
    """The signatures of some acts, by the keys that are enrolled when they were recorded.

    Args:
        node: whose records.
        part: which acts; which keys count at its beginning is taken from the acts before it, which are checked with
            the parts that they belong to.
    """
    with node.store.reading() as reader:
        return done(SIGNATURES, partial(_check_acts, node, reader, part))


def _check_acts(node: Node, reader: Reader, part: ActsPart) -> Check:
    keyring = KeysThen(reader, node.party, node.keys.signing.public, OfficersThen(party=node.party))
    counted = 0
    last = part.before
    try:
        if part.start:
            for act in reader.acts(types=sorted(TURNING_TYPES), stop=part.start):
                keyring.then.learn(act.statement)
        for group in _batches(reader.acts(start=part.start, stop=part.stop)):
            # After some acts other keys count; a batch with one of those is checked act by act.
            if not TURNING_TYPES.intersection(act.statement.type for act in group):
                with suppress(VerificationError):
                    verify_acts(group, keyring, exercise=node.exercise)
                    counted, last = counted + len(group), group[-1].id
                    continue
            for act in group:
                keyring.then.learn(verify_act(act, keyring, exercise=node.exercise))
                counted, last = counted + 1, act.id
        if not part.stop:
            _check_enrolled(reader, keyring.then)
    except VerificationError as error:
        # An act that cannot even be read has no id to name; the one before it does.
        fault = f"{error}; {f'the last that holds is `{last}`' if last else 'it is the first'}"
        return Check(name=SIGNATURES, counted=counted, fault=fault)
    return Check(name=SIGNATURES, counted=counted)


def _check_enrolled(reader: Reader, then: OfficersThen) -> None:
    """The keys that are enrolled now, against those that the acts leave.

    Raises:
        SignatureError: one is another.
    """
    here, said = {(one.party, one.id): one for one in reader.officers()}, then.officers
    if differing := [names for names in {*here, *said} if here.get(names) != said.get(names)]:
        raise SignatureError(f"officer `{differing[0][1]}` of `{differing[0][0]}` is not enrolled as the acts say")
    keys = {party: peer.signing for party, peer in reader.peers().items()}
    if others := {party for party in keys if then.nodes.get(party) != keys[party]}:
        raise SignatureError(f"the node of `{min(others)}` is not enrolled as the acts say")


def _batches(acts: Iterator[SignedAct]) -> Iterator[list[SignedAct]]:
    """Acts in their order, those together that come from one batch."""
    group: list[SignedAct] = []
    for act in acts:
        if group and (act.envelope is not group[0].envelope or len(group) == _PAGE):
            yield group
            group = []
        group.append(act)
    if group:
        yield group
