"""Keys that end: officers' keys replaced and retired, and keys, one's own or a peer's, declared compromised."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from lying import act, message, send
from stories import Stage, finish, forget, holds, same_story, survived

from gsomia.errors import NodeError, RefusedError, UsageError, VerificationError
from gsomia.keys import SigningKey
from gsomia.node import (
    KeysInUse,
    Role,
    audit,
    declare_compromised,
    enrol_officer,
    enrol_peer,
    fingerprint,
    identity,
    mark,
    pack,
    replace_officer_key,
    retire_officer_key,
    signed_by,
)
from gsomia.sealed import XWingPrivateKey
from gsomia.testing import Exercise, Player
from gsomia.tlog import LogSigner

NEW = SigningKey(bytes(range(64)))


def give(both: Exercise) -> str:
    """One item from JPN to KOR; KOR's control number."""
    both["JPN"].transmit(b"report", to="KOR", level="極秘")
    both.settle()
    return max(copy.control_number for copy in both["KOR"].copies())


def failed(player: Player) -> list[str]:
    return [f"{check.name}: {check.fault}" for check in audit(player.node) if not check.holds]


def test_an_officer_goes_on_with_a_new_key_and_what_the_old_one_signed_stands(stage: Stage) -> None:
    both = stage()
    finish(both["KOR"], give(both))
    kor, old = both["KOR"], both["KOR"].by(Role.REGISTRY)
    replace_officer_key(kor.node, old.officer, NEW.public, by=kor.by(Role.SECURITY))
    both.settle()
    number = give(both)
    with pytest.raises(RefusedError, match="not enrolled with this key"):
        mark(kor.node, number, "군사II급비밀", by=old)
    kor.officers[Role.REGISTRY] = replace(old, key=NEW)
    finish(kor, number)
    both.settle()
    holds(both)
    same_story(both)


@pytest.mark.parametrize("replaced", [True, False])
def test_acts_signed_with_a_key_that_ended_are_refused_whatever_instant_they_name(stage: Stage, replaced: bool) -> None:
    both = stage()
    number = give(both)
    kor = both["KOR"]
    old = kor.by(Role.REGISTRY)
    (copy,) = [copy for copy in kor.copies() if copy.control_number == number]
    before = kor.node.clock.now()
    both.pass_time(timedelta(minutes=1))
    if replaced:
        replace_officer_key(kor.node, old.officer, NEW.public, by=kor.by(Role.SECURITY))
    else:
        retire_officer_key(kor.node, old.officer, by=kor.by(Role.SECURITY))
    both.settle()
    lie = act(
        kor,
        "mark",
        roles=[Role.REGISTRY],
        at=before,
        parties=("JPN",),
        item=copy.item,
        copy=copy.id,
        body={"level": "군사II급비밀", "origin": "JPN", "foreign": "極秘", "verdict": ""},
    )
    answer = send(both, "KOR", "JPN", message(kor, "JPN", "acts", {"acts": pack([lie])}))
    assert "is not enrolled with that key" in answer["body"]["refused"][lie.id]
    assert not both["JPN"].copies()[0].own_mark
    with pytest.raises(RefusedError):
        mark(kor.node, number, "군사II급비밀", by=old)
    survived(both, told={"JPN": f"act mark {lie.id}: .*is not enrolled with that key"})


def test_a_key_that_ended_never_comes_back(stage: Stage) -> None:
    both = stage()
    kor = both["KOR"]
    old = kor.by(Role.REGISTRY)
    replace_officer_key(kor.node, old.officer, NEW.public, by=kor.by(Role.SECURITY))
    with pytest.raises(UsageError, match="never comes back"):
        replace_officer_key(kor.node, old.officer, old.key.public, by=kor.by(Role.SECURITY))
    with pytest.raises(UsageError, match="is not enrolled"):
        replace_officer_key(kor.node, "nobody", NEW.public, by=kor.by(Role.SECURITY))
    retire_officer_key(kor.node, old.officer, by=kor.by(Role.SECURITY))
    with pytest.raises(UsageError, match="has no key that can sign"):
        retire_officer_key(kor.node, old.officer, by=kor.by(Role.SECURITY))


@pytest.mark.parametrize("half", ["ed25519", "ml_dsa_65"])
@pytest.mark.parametrize("ended", [False, True])
def test_one_token_is_no_two_officers(stage: Stage, monkeypatch: pytest.MonkeyPatch, half: str, ended: bool) -> None:
    """A half that another officer has, or had, is not enrolled again beside another half; and no node takes it."""
    both = stage()
    kor, legal = both["KOR"], both["KOR"].by(Role.LEGAL)
    by = kor.by(Role.SECURITY)
    shared = replace(NEW.public, **{half: getattr(legal.key.public, half)})
    if ended:
        retire_officer_key(kor.node, legal.officer, by=by)
    with pytest.raises(UsageError, match=f"is officer `{legal.officer}`'s"):
        enrol_officer(kor.node, "second", [Role.REGISTRY], shared, by=by)
    with pytest.raises(UsageError, match=f"is officer `{legal.officer}`'s"):
        replace_officer_key(kor.node, kor.by(Role.REGISTRY).officer, shared, by=by)
    monkeypatch.setattr("gsomia.node.people.officers.of_no_other", lambda *_: None)
    with pytest.raises(VerificationError, match=f"a half of this key is officer `{legal.officer}`'s"):
        enrol_officer(kor.node, "second", [Role.REGISTRY], shared, by=by)
    with kor.node.store.reading() as reader:
        assert reader.officer("KOR", "second") is None
        assert [one.id for one in reader.sharing("KOR", shared)] == [legal.officer]


def test_a_compromised_officers_acts_are_listed_and_the_officer_is_enrolled_afresh(stage: Stage) -> None:
    both = stage()
    first = give(both)
    finish(both["KOR"], first)
    both.settle()
    kor, old = both["KOR"], both["KOR"].by(Role.REGISTRY)
    both.pass_time(timedelta(hours=1))
    since = kor.node.clock.now()
    finish(kor, give(both))
    both.settle()
    said = declare_compromised(kor.node, "KOR", old.officer, since, by=kor.by(Role.SECURITY))
    with kor.node.store.reading() as reader:
        signed = signed_by(reader, old.key.public.fingerprint, since)
    assert sorted(one.statement.type for one in signed) == ["mark", "receipted"]
    assert said.statement.body["key"] == old.key.public.fingerprint
    both.settle()
    with both["JPN"].node.store.reading() as reader:
        assert reader.officer("KOR", old.officer) is None
    replace_officer_key(kor.node, old.officer, NEW.public, by=kor.by(Role.SECURITY))
    kor.officers[Role.REGISTRY] = replace(old, key=NEW)
    finish(kor, give(both))
    both.settle()
    holds(both)
    same_story(both)


@pytest.mark.parametrize("end", ["replaced", "retired"])
def test_a_key_that_ended_is_declared_compromised_and_its_acts_are_listed(stage: Stage, end: str) -> None:
    """What is known only later: the key was in other hands already. The one that took its place goes on."""
    both = stage()
    since = both.clock.at
    finish(both["KOR"], give(both))
    kor, old = both["KOR"], both["KOR"].by(Role.REGISTRY)
    by, key = kor.by(Role.SECURITY), old.key.public.fingerprint
    if end == "replaced":
        replace_officer_key(kor.node, old.officer, NEW.public, by=by)
        with pytest.raises(UsageError, match="which key of officer `kor-registry`") as asked:
            declare_compromised(kor.node, "KOR", old.officer, since, by=by)
        for word in (key[:16], NEW.public.fingerprint[:16], "ended", "in use", "--key"):
            assert word in asked.value.hint
    else:
        retire_officer_key(kor.node, old.officer, by=by)
    with pytest.raises(UsageError, match=r"`0{64}` names 0"):
        declare_compromised(kor.node, "KOR", old.officer, since, by=by, key="0" * 64)
    with pytest.raises(UsageError, match="`nobody` of `KOR` never had a key"):
        declare_compromised(kor.node, "KOR", "nobody", since, by=by)
    declare_compromised(kor.node, "KOR", old.officer, since, by=by, key=key[:12] if end == "replaced" else "")
    both.settle()
    for player in both.players.values():
        with player.node.store.reading() as reader:
            assert [one.statement.type for one in signed_by(reader, key, since)] == ["mark", "receipted"]
            now = reader.officer("KOR", old.officer)
        assert (now.key == NEW.public if now else False) is (end == "replaced")
    if end == "replaced":
        kor.officers[Role.REGISTRY] = replace(old, key=NEW)
        finish(kor, give(both))
        both.settle()
    holds(both)
    same_story(both)


def test_nobody_ends_the_keys_of_another_party(stage: Stage) -> None:
    both = stage()
    jpn, kor = both["JPN"], both["KOR"]
    body = {
        "party": "KOR",
        "officer": "kor-registry",
        "key": kor.by(Role.REGISTRY).key.public.fingerprint,
        "since": "2018-01-01T00:00:00.000000Z",
    }
    lies = [
        act(jpn, "declare-key-compromised", roles=[Role.SECURITY], body=body),
        act(jpn, "retire-key", roles=[Role.SECURITY], body={"officer": "kor-registry", "key": body["key"]}),
        act(jpn, "retire-key", body={"officer": "jpn-registry", "key": jpn.by(Role.REGISTRY).key.public.fingerprint}),
    ]
    answer = send(both, "JPN", "KOR", message(jpn, "KOR", "acts", {"acts": pack(lies)}))
    assert len(answer["body"]["refused"]) == len(lies)
    survived(both, told={"KOR": f"act retire-key {lies[1].id}"})
    with kor.node.store.reading() as reader:
        assert reader.officer("KOR", "kor-registry") is not None


def test_a_peer_whose_node_key_is_compromised_is_heard_no_more_until_it_is_enrolled_afresh(stage: Stage) -> None:
    both = stage()
    finish(both["KOR"], give(both))
    both.settle()
    jpn, kor = both["JPN"], both["KOR"]
    declare_compromised(jpn.node, "KOR", "", both.clock.at, by=jpn.by(Role.SECURITY))
    answer = send(both, "KOR", "JPN", message(kor, "JPN", "acts", {"acts": []}))
    assert answer["type"] == "refusal" and "was declared compromised" in answer["body"]["why"]
    with pytest.raises(NodeError, match="was declared compromised"):
        jpn.transmit(b"another", to="KOR", level="極秘")
    assert len(kor.copies()) == 1, "no content moves"
    survived(both, told={"JPN": "was declared compromised"})

    # The same key never comes back; new ones do, by an officer who compared their fingerprint.
    document = identity(kor.node, certificate="")
    with pytest.raises(VerificationError, match="declared compromised"):
        enrol_peer(jpn.node, document, fingerprint(document), by=jpn.by(Role.SECURITY))
    keys = replace(
        kor.node.keys,
        signing=NEW,
        sealing=XWingPrivateKey.from_bytes(bytes(32)),
        log=LogSigner("gsomia/KOR", bytes(range(100, 164))),
    )
    fresh = identity(replace(kor.node, in_use=KeysInUse(keys)), certificate="")
    enrol_peer(jpn.node, fresh, fingerprint(fresh), by=jpn.by(Role.SECURITY))
    assert failed(jpn) == []
    with jpn.node.store.reading() as reader:
        assert reader.kept("exercise.gsomia/KOR/JPN") is None, "other log keys are another log"


def test_an_officer_taken_from_the_store_is_found_missing(stage: Stage) -> None:
    both = stage()
    assert forget(both["KOR"], "DELETE FROM officer WHERE id = 'kor-legal'") == 1
    assert any("`kor-legal` of `KOR` is not enrolled as the acts say" in fault for fault in failed(both["KOR"]))
