"""Officers whose keys are passkeys: enrolled, signing acts that both nodes hold, replaced, retired, compromised."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from authenticator import Authenticator
from lying import act, message, send
from stories import Stage, finish, holds, same_story, survived

from gsomia.config import shipped_law
from gsomia.errors import RefusedError, SignatureError, UsageError
from gsomia.keys import SigningKey
from gsomia.node import (
    Acting,
    AwaitedKey,
    Role,
    StandingClock,
    TrustedKeys,
    check_bundle,
    declare_compromised,
    destroy,
    enrol_officer,
    handle,
    mark,
    pack,
    prepare,
    replace_officer_key,
    retire_officer_key,
    signed_by,
    write_bundle,
)
from gsomia.passkeys import Passkey
from gsomia.store import SqlStore
from gsomia.testing import Exercise, Player


def give(both: Exercise) -> str:
    """One item from JPN to KOR; KOR's control number."""
    both["JPN"].transmit(b"report", to="KOR", level="極秘")
    both.settle()
    return max(copy.control_number for copy in both["KOR"].copies())


def with_passkey(player: Player, role: str, **words: object) -> Acting:
    """From here on the officer of a role signs by a passkey, which replaced the pair."""
    old = player.by(role)
    device = Authenticator("EdDSA" if role == Role.DISCLOSURE else "ES256", credential=old.officer.encode())
    replace_officer_key(player.node, old.officer, device.public, by=player.by(Role.SECURITY))
    player.officers[role] = replace(old, key=device)
    return player.by(role)


@pytest.fixture
def both(stage: Stage) -> Exercise:
    """Two nodes; the officers of disclosure and registry have passkeys."""
    made = stage()
    for party, role in (("JPN", Role.DISCLOSURE), ("KOR", Role.REGISTRY)):
        with_passkey(made[party], role)
    made.settle()
    return made


def test_acts_by_passkeys_hold_at_both_nodes_and_in_a_bundle(both: Exercise) -> None:
    finish(both["KOR"], give(both))
    both.settle()
    holds(both)
    same_story(both)
    for party, role, kind in (("JPN", Role.DISCLOSURE, "transmit"), ("KOR", Role.REGISTRY, "receipted")):
        key = both[party].by(role).key.public
        for held in both.players.values():
            with held.node.store.reading() as reader:
                known = reader.officer(party, both[party].by(role).officer)
                (found,) = [one for one in reader.acts(types=[kind]) if one.statement.party == party]
            assert known is not None and known.key == key and isinstance(known.key, Passkey)
            named = [one.keyid for one in found.envelope.signatures]
            node = both[party].node.keys.signing.public.fingerprint
            assert named == [f"{node}/ed25519", f"{node}/ml-dsa-65", f"{key.fingerprint}/webauthn"]
    kor = both["KOR"]
    sink = io.BytesIO()
    write_bundle(kor.node, kor.copies()[0].control_number, lambda name, _version: shipped_law()[name], sink)
    keys = {"KOR": TrustedKeys(signing=kor.node.keys.signing.public, log=kor.node.keys.log.public)}
    day = timedelta(hours=24)
    checks = check_bundle(sink, keys, at=both.clock.at, unwitnessed=day, scratch=SqlStore.scratch)
    assert [f"{check.name}: {check.fault}" for check in checks if not check.holds] == []


def test_two_officers_sign_one_act_by_a_passkey_and_a_pair(both: Exercise) -> None:
    kor, number = both["KOR"], give(both)
    finish(kor, number)
    destroy(kor.node, number, "burnt", by=(kor.by(Role.REGISTRY), kor.by(Role.SECURITY)))
    both.settle()
    holds(both)
    same_story(both)


def test_a_prepared_act_is_signed_by_its_digest(both: Exercise) -> None:
    kor, number = both["KOR"], give(both)
    finish(kor, number)
    by = kor.by(Role.REGISTRY)
    held = kor.copies()[0].id

    def use(player: Player, key: AwaitedKey) -> object:
        return handle(player.node, "use", held, "a lecture", by=Acting(officer=by.officer, key=key))

    prepared = prepare(lambda: use(kor, AwaitedKey(public=by.key.public)))
    (batch,) = prepared.batches
    given = by.key.sign(batch.signed)
    batch.check(by.key.public, given)
    with pytest.raises(SignatureError, match="challenge"):
        batch.check(by.key.public, by.key.sign(batch.signed + b" "))
    standing = replace(kor, node=replace(kor.node, clock=StandingClock(prepared.at, kor.node.clock)))
    use(standing, AwaitedKey(public=by.key.public, prepared=prepared, signatures={0: given}))
    both.settle()
    holds(both)


class Lying(Authenticator):
    """A passkey at a site of somebody else's, which its own browser would never let it sign for."""

    def sign(self, signed: bytes) -> dict[str, bytes]:
        return {"webauthn": self.assertion(signed, origin="https://evil.example").to_bytes()}


def test_a_peer_refuses_an_assertion_that_its_own_node_would_not_have_taken(both: Exercise) -> None:
    number, kor = give(both), both["KOR"]
    (copy,) = kor.copies()
    honest = kor.by(Role.REGISTRY)
    assert isinstance(honest.key, Authenticator)
    kor.officers[Role.REGISTRY] = replace(honest, key=Lying(credential=honest.key.credential, key=honest.key.key))
    with pytest.raises(SignatureError, match="origin"):
        mark(kor.node, number, "군사II급비밀", by=kor.by(Role.REGISTRY))
    lie = act(
        kor,
        "mark",
        roles=[Role.REGISTRY],
        parties=("JPN",),
        item=copy.item,
        copy=copy.id,
        body={"level": "군사II급비밀", "origin": "JPN", "foreign": "極秘", "verdict": ""},
    )
    answer = send(both, "KOR", "JPN", message(kor, "JPN", "acts", {"acts": pack([lie])}))
    assert "origin" in answer["body"]["refused"][lie.id]
    survived(both, told={"JPN": f"act mark {lie.id}: .*origin"})


def retired(kor: Player, officer: str) -> None:
    retire_officer_key(kor.node, officer, by=kor.by(Role.SECURITY))


def compromised(kor: Player, officer: str) -> None:
    since = kor.node.clock.now() - timedelta(hours=1)
    key = kor.by(Role.REGISTRY).key.public.fingerprint
    said = declare_compromised(kor.node, "KOR", officer, since, key=key, by=kor.by(Role.SECURITY))
    assert said.statement.body["key"] == key
    with kor.node.store.reading() as reader:
        signed = signed_by(reader, key, since)
    assert [one.statement.type for one in signed] == ["mark", "receipted"]


def replaced(kor: Player, officer: str) -> None:
    device = Authenticator(credential=b"a second device")
    replace_officer_key(kor.node, officer, device.public, by=kor.by(Role.SECURITY))


@pytest.mark.parametrize("end", [retired, compromised, replaced])
def test_a_passkey_ends_as_any_key_does(both: Exercise, end: Callable[[Player, str], None]) -> None:
    finish(both["KOR"], give(both))
    both.settle()
    kor, old = both["KOR"], both["KOR"].by(Role.REGISTRY)
    end(kor, old.officer)
    both.settle()
    number = give(both)
    with pytest.raises(RefusedError, match="not enrolled with this key"):
        mark(kor.node, number, "군사II급비밀", by=old)
    with both["JPN"].node.store.reading() as reader:
        known = reader.officer("KOR", old.officer)
    assert known is None or known.key != old.key.public
    holds(both)
    same_story(both)


def test_the_same_credential_never_comes_back_under_another_site(both: Exercise) -> None:
    kor = both["KOR"]
    old = kor.by(Role.REGISTRY)
    assert isinstance(old.key, Authenticator)
    again = replace(old.key, origins=("https://node.example",))
    with pytest.raises(UsageError, match="never comes back"):
        replace_officer_key(kor.node, old.officer, again.public, by=kor.by(Role.SECURITY))
    body = {
        "officer": old.officer,
        "roles": [Role.REGISTRY],
        "key": again.public.to_json(),
        "first": False,
        "replaces": old.key.public.fingerprint,
    }
    lie = act(kor, "enrol-key", roles=[Role.SECURITY], parties=(), body=body)
    answer = send(both, "KOR", "JPN", message(kor, "JPN", "acts", {"acts": pack([lie])}))
    assert "is enrolled already" in answer["body"]["refused"][lie.id]


def test_who_enrols_keys_goes_on_with_a_pair(both: Exercise) -> None:
    # Keys are enrolled on the node's own host, where no passkey signs.
    kor = both["KOR"]
    security, device = kor.by(Role.SECURITY), Authenticator(credential=b"of security")
    with pytest.raises(UsageError, match="the last security officer who signs by a pair"):
        replace_officer_key(kor.node, security.officer, device.public, by=security)
    enrol_officer(kor.node, "han", [Role.SECURITY], SigningKey.generate().public, by=security)
    replace_officer_key(kor.node, security.officer, device.public, by=security)


def test_one_credential_is_one_officer_s(both: Exercise) -> None:
    kor = both["KOR"]
    device, security = kor.by(Role.REGISTRY).key, kor.by(Role.SECURITY)
    assert isinstance(device, Authenticator)
    for other in (device.public, replace(device.public, origins=("https://node.example",))):
        with pytest.raises(UsageError, match="is officer `kor-registry`'s"):
            enrol_officer(kor.node, "han", [Role.LEGAL], other, by=security)
        with pytest.raises(UsageError, match="is officer `kor-registry`'s"):
            replace_officer_key(kor.node, kor.by(Role.LEGAL).officer, other, by=security)
