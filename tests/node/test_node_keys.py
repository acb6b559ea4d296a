"""A node's keys replaced by an act that both logs hold: old items open, old acts verify, old messages do not."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from openings import ALL, acts, away, flipped, held, opened, rotated, shared
from stories import Stage, finish, holds, register, same_story

from gsomia.errors import NodeError, RefusedError, VerificationError
from gsomia.keys import Envelope, PublicKey, SigningKey, b64, canonical, sign
from gsomia.keystore import KeyFiles, write_new_keys
from gsomia.node import (
    KeysInUse,
    NewKeys,
    Node,
    Role,
    answer,
    enrol_peer,
    fingerprint,
    identity,
    replace_node_keys,
    write_bundle,
)
from gsomia.node.acts.signed import Signer, Statement, sign_acts
from gsomia.node.ledger import enter
from gsomia.node.ports import NodeKeys
from gsomia.node.record.succession import NODE_KEY, PROOF_TYPE
from gsomia.node.transmission.wrapping import own_recipient
from gsomia.registry import CopyState, Custody
from gsomia.sealed import XWingPrivateKey
from gsomia.store.transactions import SqlWriter
from gsomia.testing import Exercise


@pytest.mark.parametrize("custody", [Custody.RECIPIENT, Custody.ORIGINATOR])
@pytest.mark.parametrize("who", ["JPN", "KOR"])
def test_old_items_open_and_new_ones_move_after_the_change(stage: Stage, custody: Custody, who: str) -> None:
    both = stage()
    copy = held(both, custody)
    assert opened(both["KOR"], copy.id) == b"report"
    before = both[who].node.keys.signing.public
    act = rotated(both, who)
    both.pass_time(timedelta(minutes=1))
    both.settle()
    for player in both.players.values():
        assert [one["id"] for one in acts(player, "replace-node-key")] == [act.id], "both logs hold it"
    assert opened(both["KOR"], copy.id) == b"report"
    new = both["JPN"].transmit(b"another", to="KOR", level="極秘", custody=custody)
    both.settle()
    assert finish(both["KOR"], new.id, "kim") == b"another"
    both.settle()
    with both["JPN" if who == "KOR" else "KOR"].node.store.reading() as reader:
        assert reader.peers()[who].signing == both[who].node.keys.signing.public != before
    same_story(both)
    holds(both)


def test_shares_that_were_wrapped_to_an_old_key_still_open(stage: Stage) -> None:
    three = stage(*ALL)
    copies = shared(three)
    for party in ALL:
        rotated(three, party)
    three.settle()
    for party in ("JPN", "USA"):
        away(three, party)
        assert opened(three["KOR"], copies["KOR"].id) == b"report"
    three.wire.fault = None
    three.settle()
    holds(three)


def test_twice_while_the_peer_is_away_and_what_was_made_before_arrives_first(stage: Stage) -> None:
    both = stage()
    both["JPN"].transmit(b"before", to="KOR", level="極秘")
    for number in range(2):
        rotated(both, "JPN")
        both["JPN"].transmit(b"after", to="KOR", level="極秘", title=f"after {number}")
    both.settle(tolerate=True)
    both.settle()
    assert {entry.state for entry, _ in register(both["KOR"]).values()} == {CopyState.DELIVERED}
    assert len(register(both["KOR"])) == 3
    same_story(both)
    holds(both)
    carried = len(both.wire.carried)
    both["JPN"].transmit(b"later", to="KOR", level="極秘")
    both.settle()
    from_japan = [e for e in both.wire.carried[carried:] if json.loads(e.payload)["from"] == "JPN"]
    assert from_japan and all(len(envelope.signatures) == 2 for envelope in from_japan), "by the new key alone"


def test_replaced_again_while_the_answer_to_the_first_is_under_way(stage: Stage) -> None:
    both = stage()
    rotated(both, "JPN")

    def again(direction: str, sender: str, envelope: Envelope) -> Envelope:
        if (direction, sender) == ("answered", "KOR"):
            both.wire.fault = None
            rotated(both, "JPN")
        return envelope

    both.wire.fault = again
    both["JPN"].transmit(b"report", to="KOR", level="極秘")
    both.settle()
    with both["KOR"].node.store.reading() as reader:
        assert reader.peers()["JPN"].signing == both["JPN"].node.keys.signing.public
    assert {entry.state for entry, _ in register(both["KOR"]).values()} == {CopyState.DELIVERED}
    same_story(both)
    holds(both)


def test_a_message_by_the_retired_key_is_refused_after_the_change(stage: Stage) -> None:
    both = stage()
    old = both["JPN"].node.keys.signing
    rotated(both, "JPN")
    both.settle()
    message = next(json.loads(e.payload) for e in reversed(both.wire.carried) if json.loads(e.payload)["from"] == "JPN")
    message |= {"id": "another", "type": "acts", "answers": "", "body": {"acts": []}}
    with both["KOR"].node.store.reading() as reader:
        japan = reader.peers()["JPN"]
    for key, kind in ((old, "refusal"), (both["JPN"].node.keys.signing, "recorded")):
        envelope = sign(canonical(message), "application/vnd.gsomia.message.v1+json", [key])
        reply = json.loads(answer(both["KOR"].node, japan, envelope).payload)
        assert reply["type"] == kind, reply


def test_an_act_by_the_retired_key_holds_only_for_its_own_time(stage: Stage) -> None:
    both = stage()
    old = both["JPN"].node.keys.signing
    at = both.clock.at
    act = rotated(both, "JPN")
    both.pass_time(timedelta(minutes=1))
    both.settle()
    for when, good in ((at - timedelta(minutes=1), True), (act.statement.at, True), (both.clock.at, False)):
        statement = Statement(
            id=f"late {when}",
            type="opened",
            at=when,
            party="JPN",
            instrument="",
            parties=("KOR",),
            item="",
            copy="",
            signers=(Signer(role="node", key=old.public.fingerprint),),
            exercise=True,
        )
        (signed,) = sign_acts([statement], [old])
        with pytest.raises(VerificationError) as caught, both["KOR"].node.store.writing() as tx:
            enter(both["KOR"].node, tx, signed, source="JPN", at=both.clock.at)
        # One that was made in time is refused only for what it says: there is no such copy.
        assert ("never sent" in str(caught.value)) is good, caught.value


def test_a_process_that_holds_the_old_keys_makes_no_more_acts(stage: Stage) -> None:
    both = stage()
    stale = both["JPN"]
    stale = replace(stale, node=replace(stale.node, in_use=KeysInUse(stale.node.keys)))
    rotated(both, "JPN")
    with pytest.raises(NodeError, match="replaced while it was at work"):
        stale.transmit(b"report", to="KOR", level="極秘")
    assert register(both["JPN"]) == {}
    with pytest.raises(NodeError, match="by themselves"):
        keys = both["JPN"].node.keys
        same = NewKeys(signing=keys.signing, sealing=keys.sealing)
        replace_node_keys(both["JPN"].node, same, lambda _: None, by=both["JPN"].by(Role.SECURITY))
    with pytest.raises(RefusedError, match="does not hold the role `security`"):
        rotated_by(both, Role.LEGAL)


class Watched(KeysInUse):
    """Keys in use that tell what held at the moment when others took their place."""

    def __init__(self, stage: Exercise) -> None:
        self._store, self._keys = stage["JPN"].node.store, stage["JPN"].node.keys
        self.seen: list[tuple[str | None, bool]] = []

    @property
    def now(self) -> NodeKeys:
        """The keys."""
        return self._keys

    @now.setter
    def now(self, keys: NodeKeys) -> None:
        begun = threading.Event()

        def write() -> None:
            with self._store.writing():
                begun.set()

        other = threading.Thread(target=write)
        other.start()
        with self._store.reading() as reader:
            self.seen.append((reader.setting(NODE_KEY), begun.wait(0.1)))
        self._keys = keys
        self._other = other

    def end(self) -> None:
        """Let the other write."""
        self._other.join()


def test_the_new_keys_are_in_use_once_the_act_is_entered_and_before_anybody_else_writes(stage: Stage) -> None:
    both = stage()
    watched = Watched(both)
    japan = replace(both["JPN"].node, in_use=watched)
    new = NewKeys.generate()
    replace_node_keys(japan, new, lambda _: None, by=both["JPN"].by(Role.SECURITY))
    watched.end()
    assert watched.seen == [(new.signing.public.fingerprint, False)]


def test_keys_whose_act_was_not_entered_are_not_in_use_and_may_be_tried_again(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = stage()
    japan, by, new = both["JPN"].node, both["JPN"].by(Role.SECURITY), NewKeys.generate()
    before, kept = japan.keys, KeyFiles(tmp_path / "keys")

    def full(*_: object) -> None:
        raise NodeError("no space left")

    with monkeypatch.context() as patched, pytest.raises(NodeError, match="no space left"):
        patched.setattr(SqlWriter, "put_outgoing", full)
        replace_node_keys(japan, new, lambda one: write_new_keys(kept, one), by=by)
    assert japan.keys is before and kept.names() != []
    replace_node_keys(japan, new, lambda one: write_new_keys(kept, one), by=by)
    assert japan.keys.signing is new.signing
    both.settle()
    holds(both)


class Turning(KeysInUse):
    """Keys in use that are others at each look, as if a replacement fell between."""

    def __init__(self, *looks: NodeKeys) -> None:
        self._looks = cycle(looks)

    @property
    def now(self) -> NodeKeys:
        """The keys."""
        return next(self._looks)

    @now.setter
    def now(self, keys: NodeKeys) -> None:
        raise AssertionError("nothing replaces them here")


@pytest.mark.parametrize("look", ["before", "after"])
def test_what_names_two_of_the_keys_names_a_pair(stage: Stage, look: str) -> None:
    both = stage()
    copy = held(both)
    old = both["JPN"].node.keys
    rotated(both, "JPN")
    new = both["JPN"].node.keys
    keys, others = (old, new) if look == "before" else (new, old)
    names = [key.public.fingerprint for key in keys.retired]

    def turning() -> Node:
        return replace(both["JPN"].node, in_use=Turning(keys, others, others))

    told = identity(turning(), certificate="")
    assert told["signing"] == keys.signing.public.to_json()
    assert told["sealing"] == b64(keys.sealing.public.to_bytes())
    assert [PublicKey.from_json(one["signing"]).fingerprint for one in told["previous"]] == names
    own = own_recipient(turning())
    assert (own.kid, own.key) == (keys.sealing.kid, keys.sealing.public)
    sink = io.BytesIO()
    write_bundle(turning(), copy.id, lambda *_: {}, sink)
    with zipfile.ZipFile(sink) as archive:
        bundle = json.loads(archive.read("bundle.json"))
    by = {one["keyid"].partition("/")[0] for one in bundle["signed"]["signatures"]}
    assert by == {PublicKey.from_json(bundle["keys"]["signing"]).fingerprint}


def rotated_by(exercise: Exercise, role: str) -> None:
    replace_node_keys(exercise["JPN"].node, NewKeys.generate(), lambda _: None, by=exercise["JPN"].by(role))


def test_who_enrols_the_node_only_now_knows_its_old_keys_by_the_fingerprint(stage: Stage) -> None:
    three = stage("JPN", "KOR", "USA")
    copy = held(three)
    three.settle()
    rotated(three, "JPN")
    # Korea and Japan never met before, as it were: Korea's node enrols the new identity.
    document = identity(three["JPN"].node, certificate="")
    assert len(document["previous"]) == 1
    enrol_peer(three["KOR"].node, document, fingerprint(document), by=three["KOR"].by(Role.SECURITY))
    holds(three)
    assert opened(three["KOR"], copy.id) == b"report"


def change_proof(body: dict[str, Any]) -> None:
    body["proof"] = sign(b"{}", PROOF_TYPE, [SigningKey.generate()]).to_json()


def another_sealing(body: dict[str, Any]) -> None:
    body["sealing"] = b64(XWingPrivateKey.generate().public.to_bytes())


FORGERIES: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "the new key's Ed25519 signature": (lambda body: flipped(body, "proof", "signatures", 0, "sig"), "signature"),
    "the new key's ML-DSA-65 signature": (lambda body: flipped(body, "proof", "signatures", 1, "sig"), "signature"),
    "a proof by another key": (change_proof, "signature"),
    "another sealing key than was proven": (another_sealing, "another replacement"),
    "it replaces a key that was never this node's": (
        lambda body: body["replaces"].update(signing=SigningKey.generate().public.to_json()),
        "another key than the one that is enrolled",
    ),
    "a word more": (lambda body: body.update(more=1), "other keys than a replacement has"),
    "no proof": (lambda body: body.pop("proof"), "other keys than a replacement has"),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_replacement_that_does_not_hold_changes_nothing(stage: Stage, name: str) -> None:
    both = stage()
    japan = both["JPN"]
    new, store = NewKeys.generate(), both.again(both.folder.parent / "twin")["JPN"].node.store
    twin = replace(japan.node, store=store, in_use=KeysInUse(japan.node.keys))
    act = replace_node_keys(twin, new, lambda _: None, by=japan.by(Role.SECURITY))
    value = json.loads(act.data)
    change, why = FORGERIES[name]
    change(value["body"])
    (forged,) = sign_acts(
        [Statement.from_bytes(canonical(value))], [japan.node.keys.signing, japan.by(Role.SECURITY).key]
    )
    with pytest.raises(VerificationError, match=why), both["KOR"].node.store.writing() as tx:
        enter(both["KOR"].node, tx, forged, source="JPN", at=both.clock.at)
    # Unchanged it holds, and by the node's key alone, or by the officer's, it does not.
    for keys in ([japan.node.keys.signing], [japan.by(Role.SECURITY).key]):
        envelope = sign(act.envelope.payload, act.envelope.payload_type, keys)
        with pytest.raises(VerificationError), both["KOR"].node.store.writing() as tx:
            enter(both["KOR"].node, tx, replace(act, envelope=envelope), source="JPN", at=both.clock.at)
    with both["KOR"].node.store.writing() as tx:
        enter(both["KOR"].node, tx, act, source="JPN", at=both.clock.at)
        assert tx.peers()["JPN"].signing == new.signing.public
