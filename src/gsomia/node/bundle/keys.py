"""A bundle's keys and signatures: led back to the keys that the one who checks holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gsomia.errors import VerificationError
from gsomia.keys import PublicKey
from gsomia.node.acts.signed import Statement, instant, read_instant, verify_act
from gsomia.node.bundle.reading import Life, TrustedKeys
from gsomia.node.check import Check
from gsomia.node.effects.keyends import KEY_TYPES, OfficersThen
from gsomia.node.record.succession import RetiredKeys, check_successor, retired_by
from gsomia.tlog import LogVerifier

__all__ = ["SIGNERS", "check_acts", "check_enrolments", "check_writer"]

SIGNERS = "signatures and signers of acts"

_STANDING = frozenset({*KEY_TYPES, "enrol-peer", "replace-node-key"})


def check_writer(life: Life) -> int:
    """The writer's keys are those that the one who checks holds; it vouches for its peers' by its officer's acts."""
    own = TrustedKeys(
        signing=PublicKey.from_json(life.value["keys"]["signing"]),
        log=LogVerifier.from_text(life.value["keys"]["log"]),
    )
    held = life.trusted.get(life.party)
    if held is None:
        raise VerificationError(f"nobody vouches for the keys of `{life.party}`; give its identity, or a node")
    if held != own:
        raise VerificationError(f"the keys in the bundle are not those of `{life.party}` that are held")
    life.nodes[life.party] = own
    key = own.signing
    for act, _ in reversed(life.acts):
        said = act.statement
        if said.type == "replace-node-key" and said.party == life.party:
            # The key that is held says whose place it took, and that one before it.
            replaced = PublicKey.from_json(said.body["replaces"]["signing"])
            signing, _sealing = check_successor(said, replaced)
            if signing != key:
                raise VerificationError(f"act `{act.id}` replaces a key by another than `{life.party}` used after it")
            life.retired.append((life.party, retired_by(said)))
            key = replaced
    return 1


def check_enrolments(life: Life) -> int:
    """Who the peers and officers are: each enrolment is proven by those before it."""
    counted = 0
    for act, _ in life.acts:
        said = act.statement
        if said.type not in _STANDING:
            continue
        if said.type == "enrol-peer":
            if said.party != life.party:
                continue
            verify_act(act, life, exercise=life.exercise)
            identity = said.body["identity"]
            keys = TrustedKeys(
                signing=PublicKey.from_json(identity["signing"]), log=LogVerifier.from_text(identity["log"])
            )
            party = str(identity["party"])
            life.nodes[party] = keys
            life.retired.extend((party, RetiredKeys.from_json(old)) for old in identity["previous"])
        elif said.type == "replace-node-key":
            verify_act(act, life, exercise=life.exercise)
            if said.party != life.party:
                signing, _ = check_successor(said, life.nodes[said.party].signing)
                life.retired.append((said.party, retired_by(said)))
                life.nodes[said.party] = replace(life.nodes[said.party], signing=signing)
        else:
            if said.body.get("first") is True and any(party == said.party for party, _ in life.then.officers):
                raise VerificationError(f"act `{act.id}`: `{said.party}` has officers already; none enrols alone")
            life.then.learn(verify_act(act, life, exercise=life.exercise))
        counted += 1
    for party, keys in life.nodes.items():
        if life.trusted.get(party, keys) != keys:
            raise VerificationError(f"`{party}` was enrolled with other keys than are held of it")
    return counted


def check_acts(life: Life) -> Check:
    """Every other act: its signatures, and the signers that its type requires.

    What was signed by a key that was declared compromised, since the instant from which it may have been in other
    hands, is told; it was recorded before the declaration, and a Party's officers say what it is worth.
    """
    counted = 0
    life.then = OfficersThen()
    for act, _ in life.acts:
        if act.statement.type in KEY_TYPES:
            life.then.learn(act.statement)  # proven by the check before
        elif act.statement.type not in _STANDING:
            verify_act(act, life, exercise=life.exercise)
            counted += 1
    return Check(name=SIGNERS, counted=counted, remark="; ".join(_doubtful(life)))


def _doubtful(life: Life) -> Iterator[str]:
    """The acts about the item by a key that was declared compromised, since it may have been in other hands."""
    earliest: dict[str, Statement] = {}
    for act, _ in life.acts:
        said = act.statement
        if said.type == "declare-key-compromised":
            before = earliest.setdefault(said.body["key"], said)
            if read_instant(said.body["since"]) < read_instant(before.body["since"]):
                earliest[said.body["key"]] = said
    for key, declared in earliest.items():
        body = declared.body
        since, whose = read_instant(body["since"]), body["officer"] or "the node"
        for act, recorded in life.acts:
            said = act.statement
            by = any(signer.key == key for signer in said.signers)
            if by and said.item == life.item["id"] and max(said.at, recorded) >= since:
                yield (
                    f"doubtful: `{said.type}` of {instant(said.at)} (act `{said.id}`) by a key of {whose} of "
                    f"{body['party']} that was declared compromised since {body['since']}"
                )
