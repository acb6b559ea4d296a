"""A person's sign-in key: it shows who asks, reads and runs what the roles permit, and signs no act."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from calling import URL, Answer, Served, enrol, signatures
from programs import Program, follow, held, later
from stories import holds
from test_attacks import WANTED

from gsomia.errors import UsageError, VerificationError
from gsomia.identity import Rights
from gsomia.keys import PublicKey, SigningKey
from gsomia.node import (
    Acting,
    PersonDetails,
    Role,
    change_person,
    end_access,
    enrol_officer,
    enter_person,
    replace_officer_key,
    strike_person,
)
from gsomia.node.ledger import Draft, make
from gsomia.testing import Exercise
from gsomia.web import public_jwk

KEY, NEXT = SigningKey.generate(), SigningKey.generate()
RIGHTS = Rights.load()
RUN: dict[str, tuple[str, str, dict[str, Any] | None]] = {
    "reconcile": ("POST", "/v1/reconciliations", {"peer": "JPN"}),
    "trace": ("POST", "/v1/tracers", {}),
    "stamp-logs": ("POST", "/v1/stamps", {}),
    "set-clock": ("POST", "/v1/clock", {"at": "2018-01-10T12:00:00+09:00"}),
    "carry": ("POST", "/v1/parcel-exports", {"to": "JPN"}),
    "end-sessions": ("DELETE", "/v1/persons/lee/sessions", None),
}
"""What the administrator runs over the API with a certificate."""


def bound(both: Exercise, *roles: str, key: SigningKey = KEY, **words: Any) -> Acting:
    """Kim, in roles of the house, with a sign-in key."""
    details = {"id": "kim", "clearance": "none", "house_roles": roles, **words}
    both.enter(PersonDetails(sign_in_keys=(key.public,), **details), "KOR")
    return Acting(officer=details["id"], key=key)


def without(party: Any, person: str = "kim", keys: tuple[PublicKey, ...] = ()) -> None:
    change_person(party.node, person, by=party.by(Role.SECURITY), sign_in_keys=keys)


@pytest.mark.parametrize("act", RUN)
def test_an_administrator_runs_the_node(kor: Served, both: Exercise, act: str) -> None:
    """What the table gives the role is theirs in fact; an auditor with such a key runs nothing."""
    both.enter(PersonDetails(id="lee", clearance="none"), "KOR")
    method, path, body = RUN[act]
    assert kor.ask(method, path, bound(both, Role.AUDITOR), body).status == 403
    answer = kor.ask(method, path, bound(both, Role.ADMINISTRATOR), body)
    # The peer cannot be reached here, which is told once the right was looked at.
    assert answer.status in (201, 204) or (act, answer.status) == ("reconcile", 409), answer


def test_a_directory_may_come_with_an_administrator_s_token(kor: Served, both: Exercise) -> None:
    program = Program(kor, bound(both, Role.ADMINISTRATOR), "provision")
    assert kor.ask("GET", "/scim/v2/Users", None, headers=program.headers("GET", "/scim/v2/Users")).status == 200
    (listed,) = kor.memory.tokens("kim")
    assert (listed.officer, listed.key, listed.way) == ("", KEY.public.fingerprint, "certificate")


def test_what_is_told_of_who_came_so(kor: Served, both: Exercise) -> None:
    told = kor.ask("GET", "/v1/me", bound(both, Role.ADMINISTRATOR)).json()
    assert (told["person"], told["officer"], told["key"]) == ("kim", "", KEY.public.fingerprint)
    assert {*told["acts"]} == {
        name
        for name, act in RIGHTS.acts.items()
        if any(right.role == "administrator" and not right.when for right in act.rights)
    }
    seen = kor.ask("GET", "/v1/persons/kim", kor.player.by(Role.SECURITY)).json()
    assert seen["sign_in_keys"] == KEY.public.fingerprint


def test_a_stolen_administrator_s_key_signs_nothing_and_opens_nothing(kor: Served, both: Exercise) -> None:
    """Not even where the administrator is an officer too, whose own key is elsewhere."""
    thief = bound(both, Role.ADMINISTRATOR, id=kor.player.by(Role.REGISTRY).officer)
    assert Role.REGISTRY in kor.ask("GET", "/v1/me", thief).json()["roles"]
    for act, words in WANTED.items():
        about = {} if act == "adopt-law" else {"item": held(kor)}
        answer = kor.ask("POST", "/v1/preparations", thief, {"act": act, **about, **words})
        assert answer.status == 403 and answer.json()["verdict"]["grounds"], act
    token = {"jwk": public_jwk(Program(kor, thief, "see-logs").key), "acts": ["mark"], "minutes": 5}
    assert kor.ask("POST", "/v1/tokens", thief, token).status == 403
    assert kor.ask("POST", "/v1/openings", thief, {"item": held(kor), "person": thief.officer}).status == 403
    assert kor.ask("GET", "/v1/persons/kim", thief).status == 403


def test_it_signs_no_preparation_of_an_officer_s(kor: Served, both: Exercise) -> None:
    by, thief = kor.player.by(Role.SECURITY), bound(both, Role.ADMINISTRATOR)
    both.enter(PersonDetails(id="lee", clearance="none"), "KOR")
    asked = {"act": "brief", "person": "lee", "what": "x", "day": "2018-01-01"}
    told = kor.ask("POST", "/v1/preparations", by, asked).json()
    path = f"/v1/preparations/{told['id']}/signatures"
    assert kor.ask("POST", path, thief, signatures(told, thief)).status in (403, 404)
    assert kor.ask("POST", path, by, signatures(told, by)).status == 200


def test_an_old_certificate_is_signed_anew_as_an_officer_s_is(kor: Served, both: Exercise) -> None:
    kim = bound(both, Role.ADMINISTRATOR)
    der = kor.certificate(kim)
    assert kor.ask("GET", "/v1/logs", None, der=der).status == 200
    later(kor, hours=2)
    assert kor.ask("GET", "/v1/logs", None, der=der).status == 401
    later(kor, hours=0)
    assert kor.ask("POST", "/v1/sign-out", None, der=der).status == 204
    assert kor.ask("GET", "/v1/logs", None, der=der).status == 401


def test_a_token_and_another_s_certificate_are_nobody(kor: Served, both: Exercise) -> None:
    program = Program(kor, bound(both, Role.ADMINISTRATOR), "see-logs")
    others = [kor.player.by(Role.SECURITY), Acting(officer="kim", key=NEXT)]
    assert kor.ask("GET", "/v1/logs", None, headers=program.headers("GET", "/v1/logs")).status == 200
    for other in others:
        assert kor.ask("GET", "/v1/logs", other, headers=program.headers("GET", "/v1/logs")).status == 401
    own = Acting(officer="kim", key=KEY)
    assert kor.ask("GET", "/v1/logs", own, headers=program.headers("GET", "/v1/logs")).status == 200


ENDS: dict[str, Callable[[Served, Exercise], object]] = {
    "it is unbound": lambda kor, _: without(kor.player),
    "another is bound": lambda kor, _: without(kor.player, keys=(NEXT.public,)),
    "the person leaves": lambda kor, _: strike_person(kor.player.node, "kim", "x", by=kor.player.by(Role.SECURITY)),
    "the person's access ends": lambda kor, _: end_access(kor.player.node, "kim", "x"),
    "all of theirs is ended": lambda kor, _: kor.ask("DELETE", "/v1/persons/kim/sessions", kor.player.by("security")),
}


@pytest.mark.parametrize("way", ["certificate", "token"])
@pytest.mark.parametrize("why", ENDS)
def test_it_ends_at_the_next_request_and_with_it_its_streams(kor: Served, both: Exercise, why: str, way: str) -> None:
    kim = bound(both, Role.AUDITOR)
    program = Program(kor, kim, "see-acts", "see-logs")
    der = kor.certificate(kim) if way == "certificate" else None

    def given(path: str) -> dict[str, str]:
        return {} if der is not None else program.headers("GET", path)

    _, took = kor.loop.run_until_complete(follow(kor, der, lambda: ended(kor, both, why), headers=given("/v1/events")))
    assert took < 1.0
    assert kor.ask("GET", "/v1/logs", None, der=der, headers=given("/v1/logs")).status == 401


def ended(kor: Served, both: Exercise, why: str) -> None:
    if why == "all of theirs is ended":
        at = kor.player.node.clock.machine()
        kor.memory.sign_out("kim", at, at.replace(year=at.year + 2))
    else:
        ENDS[why](kor, both)


def test_a_token_ends_for_good_with_the_binding_of_its_key(kor: Served, both: Exercise) -> None:
    """Another change of the person leaves it; the same key bound again after an end brings no token back."""
    program = Program(kor, bound(both, Role.ADMINISTRATOR), "see-logs")

    def asked() -> int:
        return kor.ask("GET", "/v1/logs", None, headers=program.headers("GET", "/v1/logs")).status

    change_person(kor.player.node, "kim", by=kor.player.by(Role.SECURITY), rank="major")
    assert asked() == 200
    without(kor.player)
    without(kor.player, keys=(KEY.public,))
    assert asked() == 401
    assert kor.ask("GET", "/v1/logs", Acting(officer="kim", key=KEY)).status == 200
    holds(both)


def test_a_key_that_nobody_bound_is_nobody(kor: Served) -> None:
    assert kor.ask("GET", "/v1/me", Acting(officer="kim", key=NEXT)).status == 401


def half(one: SigningKey, other: SigningKey) -> PublicKey:
    """A key that has the first's Ed25519 half."""
    return PublicKey(ed25519=one.public.ed25519, ml_dsa_65=other.public.ml_dsa_65)


@pytest.mark.parametrize("whole", [True, False])
def test_it_is_nobody_else_s(kor: Served, both: Exercise, whole: bool) -> None:
    """Not an officer's of any Party, not another person's, nor was; and no officer's comes to be of it."""
    node, by = kor.player.node, kor.player.by(Role.SECURITY)
    both.settle()
    officers = [kor.player.by(Role.LEGAL).key, both["JPN"].by(Role.SECURITY).key]
    for officer in officers:
        assert isinstance(officer, SigningKey)
        key = officer.public if whole else half(officer, NEXT)
        with pytest.raises(UsageError, match=r"is officer `...-(legal|security)` of `(KOR|JPN)`'s, or was"):
            enter_person(node, PersonDetails(id="kim", clearance="none", sign_in_keys=(key,)), by=by)
    bound(both)
    key = KEY.public if whole else half(KEY, NEXT)
    lee = PersonDetails(id="lee", clearance="none", sign_in_keys=(key,))
    for _ in range(2):  # while it stands, and once it has ended
        with pytest.raises(UsageError, match="is `kim`'s, or was"):
            enter_person(node, lee, by=by)
        for name in ("lee", "kim"):
            with pytest.raises(UsageError, match="`kim`'s sign-in key, or was"):
                enrol_officer(node, name, [Role.LEGAL], key, by=by)
        with pytest.raises(UsageError, match="`kim`'s sign-in key, or was"):
            replace_officer_key(node, kor.player.by(Role.LEGAL).officer, key, by=by)
        strike_person(node, "kim", "x", by=by)
        both.enter(PersonDetails(id="kim", clearance="none"), "KOR")
    both.enter(PersonDetails(id="kim", clearance="none", sign_in_keys=(KEY.public,)), "KOR")
    with node.store.reading() as reader:
        assert [one.person for one in reader.sign_in_keys()] == ["kim"], "one's own comes back by an act"
    holds(both)


UNSOUND: dict[str, tuple[str, Callable[[dict[str, Any]], dict[str, Any]], str]] = {
    "another's": ("enter-person", lambda body: {**body, "person": "lee"}, "is `kim`'s"),
    "twice": ("enter-person", lambda body: {**body, "sign_in_keys": [KEY.public.to_json()] * 2}, "each once"),
    "half of one twice": (
        "enter-person",
        lambda body: {**body, "sign_in_keys": [KEY.public.to_json(), half(KEY, NEXT).to_json()]},
        "each once",
    ),
    "no key": ("enter-person", lambda body: {**body, "sign_in_keys": ["x"]}, "its body does not fit"),
    "not said": (
        "enter-person",
        lambda body: {name: word for name, word in body.items() if name != "sign_in_keys"},
        "its body does not fit",
    ),
    "an officer's": (
        "enrol-key",
        lambda _: {"officer": "lee", "roles": ["legal"], "key": KEY.public.to_json(), "first": False},
        "`kim`'s sign-in key, or was",
    ),
}


@pytest.mark.parametrize("what", UNSOUND)
def test_an_act_is_held_against_the_register(kor: Served, both: Exercise, what: str) -> None:
    """Whoever drafted it, so that `verify` finds the same."""
    bound(both)
    kind, changed, says = UNSOUND[what]
    node = kor.player.node
    with node.store.reading() as reader:
        (entered,) = [one.statement for one in reader.acts(types=["enter-person"])]
    body = changed(dict(entered.body))
    with pytest.raises(VerificationError, match=says), node.store.writing() as tx:
        make(node, tx, [Draft(type=kind, body=body)], at=both.clock.at, by=kor.player.by(Role.SECURITY))
    holds(both)


def asked(kor: Served, by: Acting, **words: Any) -> Answer:
    return kor.act(by, {"act": "change-person", "person": "kim", **words})


def test_a_security_officer_binds_and_unbinds_it_over_the_api(kor: Served, both: Exercise) -> None:
    by, kim = kor.player.by(Role.SECURITY), Acting(officer="kim", key=KEY)
    both.enter(PersonDetails(id="kim", clearance="none", house_roles=(Role.ADMINISTRATOR,)), "KOR")
    assert kor.ask("GET", "/v1/me", kim).status == 401
    assert asked(kor, by, sign_in_keys=[KEY.public.to_json()]).status == 200
    assert kor.ask("GET", "/v1/me", kim).status == 200
    assert asked(kor, by, rank="major").status == 200
    assert kor.ask("GET", "/v1/me", kim).status == 200, "what is not named stands"
    assert asked(kor, by, sign_in_keys=[{"ed25519": "x", "ml-dsa-65": "x"}]).status == 400
    assert asked(kor, by, sign_in_keys=[]).status == 200
    assert kor.ask("GET", "/v1/me", kim).status == 401
    assert asked(kor, enrol(kor, "kim", Role.SECURITY), sign_in_keys=[KEY.public.to_json()]).status == 403


def test_a_proof_for_another_node_is_none_here(kor: Served, both: Exercise) -> None:
    program = Program(kor, bound(both, Role.ADMINISTRATOR), "see-logs")
    headers = program.headers("GET", "/v1/logs", url=f"{URL}.evil/v1/logs")
    assert kor.ask("GET", "/v1/logs", None, headers=headers).status == 401
