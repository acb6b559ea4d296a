"""The hub (TISA, protocol 6): two legs, each judged and marked by itself, one payload, a chain to the last holder."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from lying import act, altered, kind_of, message, offered, reading, resigned, send, turned, without_acts
from stories import MARKS, Stage, finish, forget, holds, official, once, refusals, register, same_story, words_of

from gsomia.errors import PeerError, RefusedError
from gsomia.keys import Envelope, b64, unb64
from gsomia.node import Onward, Role, destroy, lawful_ways, mark, release, release_many, revoke_consent, stop_closed
from gsomia.node.acts.signed import pack, unpack
from gsomia.registry import Copy, CopyState, Direction, Rung
from gsomia.testing import Exercise


@pytest.fixture
@once
def three(stage: Stage) -> Exercise:
    """Three nodes; one item of Japan's for Korea lies at the hub, marked."""
    found = stage("JPN", "KOR", "USA")
    found["JPN"].transmit(b"report", to="KOR", via=("USA",), level="極秘")
    found.settle()
    finish(found["USA"], found["USA"].copies()[0].id)
    found.settle()
    return found


def first(three: Exercise) -> Copy:
    """The copy of the first leg."""
    return next(copy for copy in three["JPN"].copies() if copy.giver == "JPN")


def pass_on(three: Exercise) -> Copy:
    """The hub's officer hands the item on to Korea."""
    return release(three["USA"].node, first(three).id, "KOR", by=three["USA"].by(Role.DISCLOSURE))


def withdraw(three: Exercise) -> None:
    """Japan takes its consent to the passage back."""
    revoke_consent(three["JPN"].node, first(three).item, "no longer", by=three["JPN"].by(Role.DISCLOSURE))


def unreachable(three: Exercise, *parties: str) -> None:
    """No message goes to or comes from these Parties' nodes."""

    def fault(_direction: str, _sender: str, envelope: Envelope) -> Envelope:
        value = reading(envelope)
        if {value["from"], value["to"]} & {*parties}:
            raise PeerError("no line")
        return envelope

    three.wire.fault = fault


def test_the_originator_follows_its_item_to_the_last_recipient(three: Exercise) -> None:
    onward = pass_on(three)
    three.settle()
    three.enter(official("kim"), "KOR")
    assert finish(three["KOR"], onward.id, "kim") == b"report"
    three.settle()
    copy, item = register(three["JPN"])[onward.id]
    assert (copy.direction, copy.giver, copy.holder, copy.custodian) == (Direction.REPORTED, "USA", "KOR", "KOR")
    assert {entry.rung for entry in copy.rungs} == {*Rung}
    assert {entry.party for entry in copy.rungs if entry.rung is not Rung.DISPATCHED} == {"KOR"}
    assert (first(three).own_mark, copy.own_mark) == ("SECRET", MARKS["KOR"])
    assert {register(player)[onward.id][1].payload_digest for player in three.players.values()} == {item.payload_digest}
    with three["KOR"].node.store.reading() as reader:
        (authority,) = reader.acts(types=["release"])
    assert authority.statement.body["mark"] == "SECRET"
    same_story(three)
    holds(three)


def test_many_go_on_together_and_one_that_is_refused_keeps_no_other_back(three: Exercise) -> None:
    america = three["USA"]
    more = [three["JPN"].transmit(b"more", to="KOR", via=("USA",), level="極秘") for _ in range(3)]
    three.settle()
    for copy in more[1:]:
        mark(america.node, copy.id, "SECRET", by=america.by(Role.REGISTRY))
    releases = [Onward(reference=copy.id, to="KOR") for copy in more] + [Onward(reference="nothing", to="KOR")]
    outcomes = release_many(america.node, releases, by=america.by(Role.DISCLOSURE))
    assert ["has not been marked" in str(outcomes[0]), "is held here" in str(outcomes[3])] == [True, True]
    three.settle()
    for outcome in outcomes[1:3]:
        assert isinstance(outcome, Copy) and register(three["KOR"])[outcome.id][0].state is CopyState.DELIVERED
    same_story(three)
    holds(three)


def test_the_sender_is_offered_the_ways_that_are_lawful_now(stage: Stage) -> None:
    later = stage("JPN", "KOR", "USA")
    for exercise, subject, expected in (
        (later, "dprk-missile", [((), "jpn-kor-2016"), (("USA",), "tisa-2014")]),
        (later, "other", [((), "jpn-kor-2016"), (("USA",), "usa-jpn-2007+usa-kor-1987")]),
        (stage("JPN", "KOR", "USA", at="2015-06-01T12:00:00+09:00"), "dprk-missile", [(("USA",), "tisa-2014")]),
    ):
        japan = exercise["JPN"]
        sending = japan.sending(to="KOR", level="極秘", subject=subject)
        with japan.node.store.reading() as reader:
            found = lawful_ways(japan.node, reader, sending, exercise.clock.at)
        assert [(way.via, way.instrument) for way in found] == expected
        assert {way.verdict.outcome for way in found} == {"permit"}


# --- a route that closes while an item is under way -----------------------------------------------------------------


def test_a_consent_withdrawn_while_the_item_lies_at_the_hub(three: Exercise) -> None:
    withdraw(three)
    three.settle()
    assert "stopped by USA: refuse" in words_of(refusals(three["JPN"])), "the hub's node says so by itself"
    with pytest.raises(RefusedError):
        pass_on(three)
    three.settle()
    assert words_of(refusals(three["JPN"])).count("stopped by USA") == 1, "the originator is told once"
    assert register(three["KOR"]) == {} and refusals(three["KOR"]) == [], "Korea is not told of what it never heard of"
    same_story(three)
    holds(three)


def test_a_consent_withdrawn_while_the_second_leg_waits(three: Exercise) -> None:
    onward = pass_on(three)
    unreachable(three, "KOR")
    three.settle(tolerate=True)
    withdraw(three)
    three.settle(tolerate=True)
    assert register(three["USA"])[onward.id][0].state is CopyState.REFUSED, "it stops though Korea cannot be reached"
    assert {one.source for one in refusals(three["USA"])} == {"USA"}, "Korea was never offered it"
    assert register(three["JPN"])[onward.id][0].state is CopyState.REFUSED
    assert "stopped by USA" in words_of(refusals(three["JPN"]))
    three.wire.fault = None
    three.settle()
    assert register(three["KOR"]) == {} and refusals(three["KOR"]) == []
    same_story(three)
    holds(three)


def test_what_was_destroyed_while_the_second_leg_waits_goes_no_further(three: Exercise) -> None:
    onward = pass_on(three)
    unreachable(three, "KOR")
    three.settle(tolerate=True)
    america = three["USA"]
    destroy(america.node, first(three).id, "burnt", by=(america.by(Role.REGISTRY), america.by(Role.SECURITY)))
    three.wire.fault = None
    three.settle()
    assert register(america)[onward.id][0].state is CopyState.REFUSED
    assert "was destroyed, and no other copy is held here" in words_of(refusals(america))
    assert register(three["KOR"]) == {}
    assert not america.node.blobs.exists(onward.item), "what waited to leave kept it until then"
    same_story(three)
    holds(three)


def test_a_recipient_that_had_accepted_is_told_that_nothing_comes(three: Exercise) -> None:
    onward = pass_on(three)

    def fault(direction: str, sender: str, envelope: Envelope) -> Envelope:
        if (direction, sender, kind_of(envelope)) == ("asked", "USA", "deliver"):
            raise PeerError("no line")
        return envelope

    three.wire.fault = fault
    three.settle(tolerate=True)
    withdraw(three)
    three.wire.fault = None
    three.settle()
    assert register(three["USA"])[onward.id][0].state is CopyState.REFUSED
    assert "stopped by USA" in words_of(refusals(three["KOR"])), "Korea had accepted it"
    assert "stopped by USA" in words_of(refusals(three["JPN"]))
    assert register(three["KOR"]) == {}
    same_story(three)
    holds(three)


def test_a_leg_whose_agreement_no_longer_carries_it_stops_and_the_originator_sees_it(three: Exercise) -> None:
    onward = pass_on(three)
    forget(three["USA"], "DELETE FROM credential WHERE kind = 'assure' AND instrument = 'usa-kor-1987'")
    three.settle()
    for party in ("USA", "JPN"):
        assert register(three[party])[onward.id][0].state is CopyState.REFUSED, party
    assert register(three["KOR"]) == {}
    same_story(three)


def test_a_way_that_closes_while_the_item_waits_for_the_hubs_officer(three: Exercise) -> None:
    america = three["USA"]
    assert stop_closed(america.node) == 0, "the way is open"
    forget(america, "DELETE FROM credential WHERE kind = 'assure' AND instrument = 'usa-kor-1987'")
    assert (stop_closed(america.node), stop_closed(america.node)) == (1, 1)
    three.settle()
    assert words_of(refusals(three["JPN"])).count("stopped by USA: refuse") == 1, "it is told once"
    assert "to KOR" in words_of(refusals(three["JPN"])) and refusals(three["KOR"]) == []
    assert register(america)[first(three).id][0].state is CopyState.RECEIPTED
    same_story(three)


def test_what_was_handed_on_is_on_no_way_through(three: Exercise) -> None:
    america = three["USA"]
    with america.node.store.reading() as reader:
        assert [copy.id for copy in reader.passing("USA")] == [first(three).id]
    pass_on(three)
    with america.node.store.reading() as reader:
        assert list(reader.passing("USA")) == []


def test_what_the_last_recipient_refuses_or_rejects_the_originator_sees(three: Exercise) -> None:
    forget(three["KOR"], "DELETE FROM credential WHERE kind = 'accredit' AND party = 'USA'")
    refused = pass_on(three)
    three.settle()
    copy, _ = register(three["JPN"])[refused.id]
    assert (copy.state, "refused by KOR" in copy.reason) == (CopyState.REFUSED, True)
    assert {one.source for one in refusals(three["USA"])} == {"KOR"}
    same_story(three)


# --- a hub that lies: each lie is refused and kept; nothing of it counts --------------------------------------------


def content(change: Callable[[bytes], bytes]) -> Callable[[dict[str, Any]], None]:
    """Other bytes in a delivery."""

    def altering(value: dict[str, Any]) -> None:
        delivery = value["body"]["deliveries"][0]
        delivery["content"] = b64(change(unb64(delivery["content"])))

    return altering


def told(**changes: Any) -> Callable[[dict[str, Any]], None]:
    """Other words in the offer that a delivery repeats."""

    def altering(value: dict[str, Any]) -> None:
        value["body"]["deliveries"][0]["offer"] |= changes

    return altering


def forged_consent(three: Exercise) -> Callable[[dict[str, Any]], None]:
    """Japan's consent in an offer, signed by the hub's own officer."""

    def altering(value: dict[str, Any]) -> None:
        acts = unpack(value["body"]["acts"])
        forged = [
            act(
                three["USA"],
                "consent",
                roles=(Role.DISCLOSURE,),
                item=one.statement.item,
                parties=("KOR",),
                body=one.statement.body,
            )
            if one.statement.type == "consent"
            else one
            for one in acts
        ]
        value["body"]["acts"] = pack(forged)

    return altering


def as_its_own(three: Exercise) -> Callable[[dict[str, Any]], None]:
    """The hub's `release` in a delivery becomes a `transmit`."""

    def altering(value: dict[str, Any]) -> None:
        acts = unpack(value["body"]["acts"])
        value["body"]["acts"] = pack(
            [resigned(three, one, type="transmit") if one.statement.type == "release" else one for one in acts]
        )

    return altering


Lies = Callable[[Exercise], tuple[str, Callable[[dict[str, Any]], None]]]

# What the hub's message is and says; and what Korea's node keeps of it.
HUB: dict[str, tuple[Lies, str]] = {
    "changes the payload": (
        lambda e: ("deliver", content(lambda data: turned(data, 90))),
        "segment 0 does not end in the tag",
    ),
    "cuts the payload": (lambda e: ("deliver", content(lambda data: data[:-40])), "no ZIP directory at the very end"),
    "puts another item in its place": (
        lambda e: ("deliver", content(lambda _: other_item(e))),
        "the sealed item is",
    ),
    "leaves its release out": (lambda e: ("deliver", without_acts("release")), "comes without its officer's `release`"),
    "transmits it as its own": (lambda e: ("deliver", as_its_own(e)), "comes without its officer's `release`"),
    "says that it is its own": (
        lambda e: ("offers", offered(originator="USA", contains=["USA"], mark="")),
        "`assurance` is not established",
    ),
    "marks too low": (lambda e: ("offers", offered(mark="CONFIDENTIAL")), "lower than `極秘` of `JPN`"),
    "marks it not at all": (lambda e: ("offers", offered(mark="")), "has not marked it"),
    "marks it with no mark of its own": (lambda e: ("offers", offered(mark="군사II급비밀")), "is no mark of `USA`"),
    "names another mark than its officer": (
        lambda e: ("deliver", told(mark="TOP SECRET")),
        "was not offered and accepted",
    ),
    "leaves the consent out": (lambda e: ("offers", without_acts("consent")), "no consent on file"),
    "writes the consent itself": (lambda e: ("offers", forged_consent(e)), "only the originator `JPN` can consent"),
    "tells another level": (lambda e: ("deliver", told(level="秘")), "was not offered and accepted"),
    "skips its leg": (lambda e: ("offers", offered(giver="JPN", copy=first(e).id)), "not from `USA`"),
}


def other_item(three: Exercise) -> bytes:
    """The sealed bytes of an item of the hub's own."""
    copy = three["USA"].transmit(b"another", to="KOR", level="SECRET")
    return three["USA"].content(copy.item).read_bytes()


@pytest.mark.parametrize("name", HUB)
def test_a_hub_that_lies_to_the_last_recipient(three: Exercise, name: str) -> None:
    make, says = HUB[name]
    onward = pass_on(three)
    kind, change = make(three)
    altered(three, "USA", kind, change, times=100)
    three.settle(tolerate=True)
    assert onward.id not in register(three["KOR"])
    found = words_of(refusals(three["KOR"]))
    assert found and re.search(says, found), found
    three.wire.fault = None
    three.settle()
    told = register(three["JPN"])[onward.id][0]
    assert told.state in (CopyState.REFUSED, CopyState.REJECTED, CopyState.DELIVERED)
    if told.state is not CopyState.DELIVERED:
        assert onward.id not in register(three["KOR"]) and told.reason
    holds(three)


def test_a_mark_too_low_is_refused_by_the_originators_node(three: Exercise) -> None:
    copy = three["JPN"].transmit(b"more", to="KOR", via=("USA",), level="極秘")
    three.settle()
    america = three["USA"]
    with pytest.raises(RefusedError):
        mark(america.node, copy.id, "CONFIDENTIAL", by=america.by(Role.REGISTRY))
    honest = mark(america.node, copy.id, "SECRET", by=america.by(Role.REGISTRY))
    label = json.loads(json.dumps(honest.statement.body["label"]).replace("SECRET", "CONFIDENTIAL"))
    low = resigned(
        three, honest, id="0d9c1f6e-4b2a-4d1c-9a57-3f3e2d1c0b9a", body={"level": "CONFIDENTIAL", "label": label}
    )
    said = send(three, "USA", "JPN", message(america, "JPN", "acts", {"acts": pack([low])}))
    assert "marked it `CONFIDENTIAL`, lower than `極秘`" in said["body"]["refused"][low.id]
    assert "lower than" in words_of(refusals(three["JPN"]))
    assert register(three["JPN"])[copy.id][0].own_mark == ""


@pytest.mark.parametrize("kind", ["accepted", "delivered", "receipted", "opened"])
def test_a_rung_that_the_hub_never_got(three: Exercise, kind: str) -> None:
    onward = pass_on(three)
    unreachable(three, "KOR")
    three.settle(tolerate=True)
    three.wire.fault = None
    roles = (Role.REGISTRY,) if kind == "receipted" else ()
    _, item = register(three["JPN"])[onward.id]
    body = {"payload_digest": item.payload_digest, "control_number": "USA-2018-000099", "sealed_bytes": 1}
    body |= {"mark": "SECRET", "origin": "JPN"}
    words: dict[str, Any] = {"item": item.id, "copy": onward.id, "parties": ("JPN",), "roles": roles, "body": body}
    claim = act(three["USA"], kind, **words)
    said = send(three, "USA", "JPN", message(three["USA"], "JPN", "acts", {"acts": pack([claim])}))
    assert "for `KOR` to sign" in said["body"]["refused"][claim.id]
    assert "for `KOR` to sign" in words_of(refusals(three["JPN"]))
    assert register(three["JPN"])[onward.id][0].rungs == ()
    three.settle()
    same_story(three)
    holds(three)


def released(three: Exercise, **changes: Any) -> Any:
    """A release of the hub's, as it told it to Japan, with other words."""
    pass_on(three)
    three.settle()
    with three["USA"].node.store.reading() as reader:
        (honest,) = reader.acts(types=["release"])
    return resigned(three, honest, id="0d9c1f6e-4b2a-4d1c-9a57-3f3e2d1c0b9a", **changes)


def test_a_release_that_no_consent_covers_stands_and_is_kept_as_a_breach(three: Exercise) -> None:
    item = first(three).item
    body = {"holder": "GBR", "destination": "GBR", "control_number": "USA-2018-000077"}
    lie = released(three, copy=f"{item}-USA-2", parties=(), body=body)
    said = send(three, "USA", "JPN", message(three["USA"], "JPN", "acts", {"acts": pack([lie])}))
    assert said["body"]["recorded"] == [lie.id], "what was done stands in the register: it is evidence"
    assert "a breach: no consent covers it" in words_of(refusals(three["JPN"]))
    assert "names USA, KOR and not `GBR`" in words_of(refusals(three["JPN"]))
    assert register(three["JPN"])[f"{item}-USA-2"][0].holder == "GBR"


def test_a_release_of_what_was_never_delivered_to_it_skips_a_leg(three: Exercise) -> None:
    direct = three["JPN"].transmit(b"direct", to="KOR", level="極秘")
    three.settle()
    body = {"control_number": "USA-2018-000077"}
    lie = released(three, item=direct.item, copy=f"{direct.item}-USA-1", body=body)
    said = send(three, "USA", "JPN", message(three["USA"], "JPN", "acts", {"acts": pack([lie])}))
    assert "was never delivered to it" in said["body"]["refused"][lie.id]
    assert "was never delivered to it" in words_of(refusals(three["JPN"]))
    same_story(three)
    holds(three)
