"""A holder that lies in its rungs and answers: each is refused by its own reason, and the truth comes later."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from lying import OTHER_ITEM, STRANGER, act, altered, header, in_acts, message, resigned, send, without_acts
from stories import MARKS, PRESENT, Stage, finish, holds, once, refusals, register, survived, words_of

from gsomia.errors import PeerError
from gsomia.keys import b64, canonical, sign
from gsomia.node import Role, SignedAct, Statement, mark
from gsomia.node.acts.signed import BATCH_TYPE, pack
from gsomia.node.facts.labels import equivalent_label
from gsomia.registry import CopyState, Item
from gsomia.testing import Exercise
from gsomia.tlog import batch

# --- the holder lies ----------------------------------------


def own_label(item: Item, **changes: object) -> dict[str, object]:
    """Korea's equivalent of the label of an item, right but for the changes."""
    label = equivalent_label(item, "군사II급비밀", "KOR", datetime(2018, 1, 10, 4, tzinfo=UTC))
    return label.to_json() | changes


def rung(kind: str, **words: Any) -> Callable[[Exercise, str], Any]:
    """An act of Korea's about the copy that Japan sent, right but for what `words` say."""

    def make(both: Exercise, copy: str) -> Any:
        _, item = register(both["JPN"])[copy]
        roles = words.get("roles", (Role.REGISTRY,) if kind in ("receipted", "mark") else ())
        body: dict[str, object] = {
            "payload_digest": item.payload_digest,
            "control_number": "KOR-2018-000001",
            "mark": "x",
            "origin": "JPN",
        }
        if kind == "mark":
            body = {"level": "군사II급비밀", "origin": "JPN", "label": own_label(item)}
        said = {
            "item": item.id,
            "copy": copy,
            "parties": ("JPN",),
            "body": body | words.get("body", {}),
        } | {key: value for key, value in words.items() if key not in ("roles", "body", "player", "signers")}
        return act(
            both[words.get("player", "KOR")],
            kind,
            roles=roles,
            signers=words.get("signers", lambda _: ())(both),
            **said,
        )

    return make


def officers_of(party: str, role: str) -> Callable[[Exercise], Any]:
    return lambda both: [(role, both[party].by(role).officer, both[party].by(role).key)]


SENT = datetime(2018, 1, 10, 3, tzinfo=UTC)
"""When Japan sent it."""

TERMS = {
    "purpose": "defence", "part": "whole", "extent": "", "conditions": [], "expires": "", "form": "written", "why": "",
}  # fmt: skip

HOLDER: dict[str, tuple[Callable[[Exercise, str], Any], str]] = {
    "an opening before the dispatch": (
        rung("opened", at=SENT - timedelta(days=3000)),
        "before the rung `dispatched` of 2018",
    ),
    "an opening in years to come": (rung("opened", at=SENT + timedelta(days=3000)), "ahead of this node's clock"),
    "a mark before the delivery": (rung("mark", at=SENT - timedelta(minutes=2)), "before the rung `dispatched`"),
    "a receipt of a copy that was never marked": (rung("receipted"), "was never marked"),
    "a receipt of another century": (rung("receipted", at=datetime(1999, 1, 1, tzinfo=UTC)), "before the rung"),
    "a receipt for an item never sent": (
        rung("receipted", item=OTHER_ITEM, copy=f"{OTHER_ITEM}-JPN-1"),
        "of a copy never sent",
    ),
    "a receipt for another payload": (rung("receipted", body={"payload_digest": "0" * 64}), "for another payload"),
    "a receipt that names no payload": (rung("receipted", body={"payload_digest": None}), "for another payload"),
    "a receipt of another item's copy": (rung("receipted", item=OTHER_ITEM), "is not of item"),
    "a receipt by the node alone": (rung("receipted", roles=()), "needs an officer with the role `registry`"),
    "a receipt by an officer without the role": (
        rung("receipted", roles=(Role.DISCLOSURE,)),
        "needs an officer with the role `registry`",
    ),
    "a receipt by an officer in a role not held": (
        rung(
            "receipted",
            roles=(),
            signers=lambda both: [
                (Role.REGISTRY, both["KOR"].by(Role.DISCLOSURE).officer, both["KOR"].by(Role.DISCLOSURE).key)
            ],
        ),
        "does not hold `registry`",
    ),
    "a receipt by an officer nobody enrolled": (
        rung("receipted", roles=(), signers=lambda _: [(Role.REGISTRY, "ghost", STRANGER)]),
        "officer `ghost` is not enrolled",
    ),
    "a receipt by another key of an officer's": (
        rung("receipted", roles=(), signers=lambda _: [(Role.REGISTRY, "kor-registry", STRANGER)]),
        "officer `kor-registry` is not enrolled with that key",
    ),
    "a receipt by the giver's officer": (
        rung("receipted", roles=(), signers=officers_of("JPN", Role.REGISTRY)),
        "officer `jpn-registry` is not enrolled with that key",
    ),
    "a receipt that one officer signs twice": (
        rung(
            "receipted",
            roles=(),
            signers=lambda both: officers_of("KOR", Role.REGISTRY)(both) * 2,
        ),
        "signs twice",
    ),
    "a receipt that is no EXERCISE": (rung("receipted", exercise=False), "refuse each other's acts"),
    "a receipt before the delivery was known": (rung("opened", body={"payload_digest": "1" * 64}), "another payload"),
    "a dispatch that is the giver's to sign": (rung("dispatched"), "is for `JPN` to sign"),
    "a mark on another item": (rung("mark", item=OTHER_ITEM), "is not of item"),
    "a mark by the node alone": (rung("mark", roles=()), "needs an officer with the role `registry`"),
    "a mark whose label is another Party's": (
        rung("mark", body={"label": {"policy": "USA"}}),
        "does not fit `mark`",
    ),
    "a mark whose label is released to more": (
        lambda both, copy: rung("mark", body={"label": own_label(register(both["JPN"])[copy][1], categories=[])})(
            both, copy
        ),
        "its label is not the equivalent of the originator's",
    ),
    "a mark without a level": (rung("mark", body={"level": None, "origin": []}), "does not fit `mark`"),
    "a rejection of what was delivered": (rung("rejected", body={"why": "no"}), "it cannot be rejected"),
    "a person entered in our roster": (
        rung("enter-person", roles=(Role.SECURITY,), body={"person": "spy"}),
        "a peer has no say in `enter-person`",
    ),
    "a law adopted for us": (
        rung("adopt-law", roles=(Role.LEGAL,), body={"version": "0" * 64}),
        "a peer has no say in `adopt-law`",
    ),
    "a peer enrolled for us": (rung("enrol-peer", roles=(Role.SECURITY,)), "a peer has no say in `enrol-peer`"),
    "an access to our items": (rung("access"), "a peer has no say in `access`"),
    "a second first officer": (
        rung(
            "enrol-key",
            body={"officer": "usurper", "roles": ["registry"], "first": True, "key": STRANGER.public.to_json()},
        ),
        "none enrols alone",
    ),
    "an officer enrolled again with another key": (
        rung(
            "enrol-key",
            roles=(Role.SECURITY,),
            body={
                "officer": "kor-registry",
                "roles": ["registry"],
                "first": False,
                "key": STRANGER.public.to_json(),
            },
        ),
        "is enrolled already",
    ),
    "an officer with a role that does not exist": (
        rung(
            "enrol-key",
            roles=(Role.SECURITY,),
            body={"officer": "czar", "roles": ["all"], "first": False, "key": STRANGER.public.to_json()},
        ),
        "roles are",
    ),
    "an officer with half a key": (
        rung(
            "enrol-key",
            roles=(Role.SECURITY,),
            body={"officer": "half", "roles": ["registry"], "first": False, "key": {"ed25519": ""}},
        ),
        "does not fit `enrol-key`",
    ),
    "an officer enrolled by the node alone": (
        rung(
            "enrol-key",
            body={"officer": "x", "roles": ["registry"], "first": False, "key": STRANGER.public.to_json()},
        ),
        "needs an officer with the role `security`",
    ),
    "consent in the originator's name": (
        rung(
            "consent",
            roles=(Role.DISCLOSURE,),
            body={"request": "", "originator": "JPN", "asker": "KOR", "receivers": ["USA"], **TERMS},
        ),
        "only the originator `JPN` can consent",
    ),
    "consent of a Party with no part in it": (
        rung(
            "consent",
            roles=(Role.DISCLOSURE,),
            body={"request": "", "originator": "KOR", "asker": "KOR", "receivers": ["USA"], **TERMS},
        ),
        "has no part in item",
    ),
    "a request in another's name": (
        rung(
            "request-consent",
            roles=(Role.DISCLOSURE,),
            body={"request": "", "originator": "JPN", "asker": "USA", "receivers": ["USA"], **TERMS},
        ),
        "nobody asks for another",
    ),
    "a legal act that is none": (
        rung("give-notice", roles=(Role.LEGAL,), body={"id": "x", "effective": "tomorrow"}),
        "not a legal act as the record holds it",
    ),
    "a release of a copy with another's number": (
        rung("release", roles=(Role.DISCLOSURE,)),
        "is not `KOR`'s to release",
    ),
    "a party that is oneself": (rung("receipted", parties=("JPN", "KOR")), "not a list of acts|other Parties"),
}


def state_of(both: Exercise, party: str) -> tuple[Any, ...]:
    with both[party].node.store.reading() as reader:
        people = [reader.officers(), reader.persons(), reader.peers(), reader.credentials(), reader.consents()]
        return (register(both[party]), people, reader.record(), reader.adopted(), [a.id for a in reader.acts()])


@pytest.fixture
@once
def both(stage: Stage) -> Exercise:
    """Korea has an item of Japan's, which nobody marked yet."""
    found = stage()
    found["JPN"].transmit(b"report", to="KOR", level="極秘")
    found.settle()
    return found


@pytest.mark.parametrize("name", HOLDER)
def test_an_act_that_is_not_right_changes_nothing(both: Exercise, name: str) -> None:
    make, why = HOLDER[name]
    sent = both["JPN"].copies()[0]
    before = state_of(both, "JPN")
    try:
        lie = make(both, sent.id)
        body: dict[str, Any] = {"acts": pack([lie])}
    except ValueError as error:
        pytest.fail(f"the lie cannot be written: {error}")
    answer = send(both, "KOR", "JPN", message(both["KOR"], "JPN", "acts", body))
    if answer["type"] == "recorded":
        assert answer["body"]["recorded"] == [] and set(answer["body"]["refused"]) == {lie.id}
    assert re.search(why, words_of(refusals(both["JPN"]))), words_of(refusals(both["JPN"]))
    assert state_of(both, "JPN") == before
    holds(both)
    finish(both["KOR"], sent.id)
    both.settle()
    survived(both, told={"JPN": why})


DENIALS: dict[str, tuple[str, dict[str, object], str]] = {
    "rejects what it was delivered": ("rejected", {"why": "it never came"}, "it cannot be rejected"),
    "refuses what it accepted": ("refusal", {"why": "it was never wanted"}, "it cannot be refused"),
}


@pytest.mark.parametrize("far", ["delivered", "receipted"])
@pytest.mark.parametrize("name", DENIALS)
def test_a_peer_that_accepts_and_denies_it_is_refused_and_it_is_told(both: Exercise, name: str, far: str) -> None:
    """Its node accepted and delivered, and later says the contrary of the same copy: what it signed first stands."""
    kind, body, why = DENIALS[name]
    sent = both["JPN"].copies()[0]
    if far == "receipted":
        finish(both["KOR"], sent.id)
        both.settle()
    both.pass_time(timedelta(minutes=1))
    before = state_of(both, "JPN")
    denial = rung(kind, body=body)(both, sent.id)
    answer = send(both, "KOR", "JPN", message(both["KOR"], "JPN", "acts", {"acts": pack([denial])}))
    assert why in answer["body"]["refused"][denial.id]
    assert state_of(both, "JPN") == before and register(both["JPN"])[sent.id][0].state == far
    survived(both, told={"JPN": why})


def test_a_receipt_names_the_mark_that_was_put_on(both: Exercise) -> None:
    sent = both["JPN"].copies()[0]
    mark(both["KOR"].node, sent.id, MARKS["KOR"], by=both["KOR"].by(Role.REGISTRY))
    both.settle()
    lie = rung("receipted", body={"mark": "군사III급비밀"})(both, sent.id)
    answer = send(both, "KOR", "JPN", message(both["KOR"], "JPN", "acts", {"acts": pack([lie])}))
    assert "was marked `군사II급비밀`" in answer["body"]["refused"][lie.id]
    survived(both, told={"JPN": "was marked `군사II급비밀`"})


def test_what_was_done_in_time_may_arrive_weeks_later(both: Exercise) -> None:
    sent = both["JPN"].copies()[0]
    finish(both["KOR"], sent.id)
    both.pass_time(timedelta(days=40))
    both.settle()
    assert register(both["JPN"])[sent.id][0].state is CopyState.RECEIPTED
    assert refusals(both["JPN"]) == []
    survived(both, told={"JPN": "acts that came late or are backdated: 2, the last: .* `receipted` by `KOR`"})


def test_an_act_id_with_other_contents_is_refused(both: Exercise) -> None:
    sent = both["JPN"].copies()[0]
    finish(both["KOR"], sent.id)
    both.settle()
    with both["JPN"].node.store.reading() as reader:
        (old,) = reader.acts(types=["receipted"])
    lie = resigned(both, old, body={"mark": "none"})
    answer = send(both, "KOR", "JPN", message(both["KOR"], "JPN", "acts", {"acts": pack([lie])}))
    assert "known with other contents" in answer["body"]["refused"][old.id]
    again = send(both, "KOR", "JPN", message(both["KOR"], "JPN", "acts", {"acts": pack([old])}))
    assert again["body"]["recorded"] == [old.id]
    survived(both, told={"JPN": "known with other contents"})


def test_one_batch_signed_twice_spoils_no_audit(both: Exercise) -> None:
    """The same root, once under the node's signatures alone and once under its officer's too."""
    sent = both["JPN"].copies()[0]
    korea = both["KOR"]
    _, item = register(both["JPN"])[sent.id]
    opened = act(korea, "opened", item=item.id, copy=sent.id, body={"payload_digest": item.payload_digest})
    noted = act(
        korea,
        "mark",
        roles=(Role.REGISTRY,),
        item=item.id,
        copy=sent.id,
        body={"level": "군사II급비밀", "origin": "JPN", "label": own_label(item)},
    )
    statements: list[Statement] = [opened.statement, noted.statement]
    data = [statement.to_bytes() for statement in statements]
    root, paths = batch(data)
    payload = canonical({"v": 1, "root": b64(root), "size": 2})
    bare = sign(payload, BATCH_TYPE, [korea.node.keys.signing])
    full = sign(payload, BATCH_TYPE, [korea.node.keys.signing, korea.by(Role.REGISTRY).key])
    for index, envelope in ((0, bare), (1, full)):
        one = SignedAct(
            statement=statements[index],
            data=data[index],
            index=index,
            size=2,
            path=tuple(paths[index]),
            envelope=envelope,
        )
        answer = send(both, "KOR", "JPN", message(korea, "JPN", "acts", {"acts": pack([one])}))
        assert answer["body"]["refused"] == {}
    holds(both)


# --- answers that lie ----------------------------------------


def answered(**changes: Any) -> Callable[[Exercise], Any]:
    return lambda _: lambda value: value["body"].update(changes)


ANSWERS: dict[str, tuple[str, Callable[[Exercise], Any], str]] = {
    "no answer to the offer": ("answers", answered(acts=[]), "gave no answer to the offer"),
    "an answer that is no list": ("answers", answered(acts={}), "cannot be read"),
    "an acceptance of the node's own making": (
        "answers",
        lambda both: in_acts(both, "acceptance", party="JPN"),
        "does not hold|cannot be read",
    ),
    "another type of answer": ("answers", lambda _: header(type="recorded"), "where `answers` was expected"),
    "no rungs": ("delivered", answered(acts=[], missing=[]), "did not say what became of copy"),
    "accepted and not delivered": (
        "delivered",
        lambda _: without_acts("delivered"),
        "did not say what became of copy",
    ),
    "delivered and not accepted": ("delivered", lambda _: without_acts("accepted"), "cannot follow"),
    "rungs for another payload": (
        "delivered",
        lambda both: in_acts(both, "accepted", body={"payload_digest": "0" * 64}),
        "another payload",
    ),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_that_lies_is_not_believed_and_the_truth_comes_later(stage: Stage, name: str) -> None:
    kind, make, why = ANSWERS[name]
    both = stage()
    sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    altered(both, "KOR", kind, make(both))
    with pytest.raises(PeerError, match=why):
        both.settle()
    assert register(both["JPN"])[sent.id][0].state not in PRESENT
    holds(both)
    both.settle()
    assert register(both["JPN"])[sent.id][0].state in PRESENT
    survived(both, told={"JPN": why})


def test_an_acceptance_of_another_offer_sends_nothing(stage: Stage) -> None:
    both = stage()
    sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    altered(both, "KOR", "answers", in_acts(both, "acceptance", body={"offer": "0" * 64}))
    both.settle()
    assert register(both["JPN"])[sent.id][0].state is CopyState.REFUSED
    assert register(both["KOR"]) == {}
    assert not [e for e in both.wire.carried if json.loads(e.payload)["type"] == "deliver"]
    survived(both, told={"JPN": "offer"})


def test_a_peer_that_says_nothing_of_an_act_is_asked_again(both: Exercise) -> None:
    sent = both["JPN"].copies()[0]
    mark(both["KOR"].node, sent.id, MARKS["KOR"], by=both["KOR"].by(Role.REGISTRY))
    altered(both, "JPN", "recorded", lambda value: value["body"].update(recorded=[]))
    with pytest.raises(PeerError, match="did not say what became of act"):
        both.settle()
    both.settle()
    survived(both, told={"KOR": "did not say what became of act"})
