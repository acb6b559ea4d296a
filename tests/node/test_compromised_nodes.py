"""A node's key that was declared compromised: nothing goes there, nothing is taken from it, and no other is hit."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from lying import act, kind_of, message, send
from openings import rotated
from stories import Stage, holds, refusals, register, words_of

from gsomia.errors import NodeError, PeerError, UsageError
from gsomia.keys import Envelope
from gsomia.node import Role, declare_compromised, enrol_peer, fingerprint, identity, step
from gsomia.node.acts.signed import pack
from gsomia.registry import CopyState
from gsomia.testing import Exercise

SINCE = "2018-01-01T00:00:00.000000Z"


def declare(exercise: Exercise, by: str, party: str, key: str = "") -> None:
    player = exercise[by]
    declare_compromised(player.node, party, "", exercise.clock.at, by=player.by(Role.SECURITY), key=key)


def key_of(exercise: Exercise, party: str) -> str:
    return exercise[party].node.keys.signing.public.fingerprint


def test_a_party_declares_no_key_but_its_own(stage: Stage) -> None:
    three = stage("JPN", "KOR", "USA")
    korea = three["KOR"]
    lies = [
        act(
            korea,
            "declare-key-compromised",
            roles=[Role.SECURITY],
            body={"party": "KOR", "officer": "", "key": key, "since": SINCE},
        )
        for key in (key_of(three, "USA"), key_of(three, "JPN"), "0" * 64)
    ]
    said = send(three, "KOR", "JPN", message(korea, "JPN", "acts", {"acts": pack(lies)}))
    assert all("never had such a key" in said["body"]["refused"][lie.id] for lie in lies)
    three["USA"].transmit(b"report", to="JPN", level="SECRET")
    three.settle()
    assert len(register(three["JPN"])) == 1
    holds(three)


def at_once(both: Exercise) -> None:
    declare(both, "JPN", "KOR")


def once_the_content_is_awaited(both: Exercise) -> None:
    def cut(_direction: str, party: str, envelope: Envelope) -> Envelope:
        if party == "JPN" and kind_of(envelope) == "deliver":
            raise PeerError("cut")
        return envelope

    both.wire.fault = cut
    both.settle(tolerate=True)
    both.wire.fault = None
    with both["JPN"].node.store.reading() as reader:
        assert [act.statement.type for act in reader.acts(types=["acceptance"])] == ["acceptance"]
    declare(both, "JPN", "KOR")


@pytest.mark.parametrize("when", [at_once, once_the_content_is_awaited])
def test_what_waits_for_a_compromised_node_stays_and_says_why(stage: Stage, when: Callable[[Exercise], None]) -> None:
    both = stage()
    jpn = both["JPN"]
    sent = jpn.transmit(b"report", to="KOR", level="極秘")
    when(both)
    before = len(both.wire.carried)
    with pytest.raises(PeerError, match="was declared compromised"):
        step(jpn.node, "KOR")
    assert both.wire.carried[before:] == []
    assert both["KOR"].copies() == [] and not both["KOR"].node.blobs.names()
    with jpn.node.store.reading() as reader:
        assert {entry.subject for entry in reader.outgoing(peer="KOR") if entry.kind == "copy"} == {sent.id}
        assert all("was declared compromised" in entry.error for entry in reader.outgoing(peer="KOR"))
    with pytest.raises(NodeError, match="was declared compromised"):
        jpn.transmit(b"another", to="KOR", level="極秘")


def test_a_node_signs_nothing_with_its_own_compromised_key_but_what_replaces_it(stage: Stage) -> None:
    both = stage()
    jpn, old = both["JPN"], key_of(both, "JPN")
    declare(both, "JPN", "JPN")
    both.settle(tolerate=True)
    with pytest.raises(NodeError, match="this node's key was declared compromised"):
        jpn.transmit(b"report", to="KOR", level="極秘")
    rotated(both, "JPN")
    with both["KOR"].node.store.reading() as reader:
        assert reader.setting(f"distrusted/{old}") is not None, "the peer was told"
    with pytest.raises(PeerError, match="declared compromised"):
        step(both["JPN"].node, "KOR")


def test_a_key_that_was_replaced_can_be_declared_and_states_no_new_item(stage: Stage) -> None:
    both = stage()
    old = key_of(both, "KOR")
    # Sealed and stated under the first key, and on its way only after that was replaced.
    before = both["KOR"].transmit(b"report", to="JPN", level="군사II급비밀")
    rotated(both, "KOR")
    assert step(both["KOR"].node, "JPN") == 1, "the replacement goes before all else"
    with pytest.raises(UsageError, match="names 0 keys"):
        declare(both, "JPN", "KOR", key="0" * 12)
    declare(both, "JPN", "KOR", key=old[:12])
    honest = both["KOR"].transmit(b"report", to="JPN", level="군사II급비밀")
    both.settle(tolerate=True)
    held = register(both["JPN"])
    assert before.id not in held and held[honest.id][0].state == CopyState.DELIVERED
    assert "states the item was declared compromised" in words_of(refusals(both["JPN"]))
    holds(both)


def test_a_compromised_node_is_trusted_again_with_fresh_keys(stage: Stage) -> None:
    both = stage()
    declare(both, "JPN", "KOR")
    rotated(both, "KOR")
    fresh = identity(both["KOR"].node, certificate="")
    enrol_peer(both["JPN"].node, fresh, fingerprint(fresh), by=both["JPN"].by(Role.SECURITY))
    sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    both.settle(tolerate=True)
    assert sent.id in register(both["KOR"])
