"""The consent to a third Party (Article 6(a)): its terms at each instant, its form, and what is no consent."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from lying import OTHER_ITEM, act, message, send
from stories import Stage, finish, forget, holds, once, refusals, register, same_story, words_of

from gsomia.errors import RefusedError, UsageError
from gsomia.node import (
    Node,
    Role,
    Terms,
    ask_consent,
    consent_views,
    destroy,
    give_consent,
    inbox_lists,
    instant,
    passed_under,
    refuse_consent,
    release,
    revoke_consent,
    step,
)
from gsomia.node.acts.signed import pack
from gsomia.node.facts.asserted import transmission_facts
from gsomia.registry import Copy, CopyState
from gsomia.testing import Exercise, Player
from gsomia.verdict import Facts

HOUR = timedelta(hours=1)


@pytest.fixture
@once
def three(stage: Stage) -> Exercise:
    """Three nodes; Korea has receipted one item of Japan's, and America has nothing."""
    found = stage("JPN", "KOR", "USA")
    found["JPN"].transmit(b"report", to="KOR", level="極秘", purpose="defence")
    found.settle()
    finish(found["KOR"], found["KOR"].copies()[0].id)
    found.settle()
    return found


def by(player: Player, role: str = Role.DISCLOSURE) -> Any:
    return player.by(role)


def asked(three: Exercise, **words: Any) -> str:
    """Korea asks Japan; the request's id."""
    korea = three["KOR"]
    (request,) = ask_consent(korea.node, korea.copies()[0].id, "USA", "an assessment", by=by(korea), **words)
    three.settle()
    return request.id


def given(three: Exercise, terms: Terms | None = None, **words: Any) -> str:
    """Korea asks and Japan consents on these terms; the consent's id."""
    request = asked(three, **words)
    give_consent(three["JPN"].node, request, terms, by=by(three["JPN"]))
    three.settle()
    return request


def hand_on(three: Exercise, *met: str) -> Copy:
    """Korea's officer hands the item on to America."""
    return release(three["KOR"].node, three["KOR"].copies()[0].id, "USA", met=met, by=by(three["KOR"]))


def withdrawn(player: Player) -> list[dict[str, Any]]:
    """What the inbox tells of consents that were taken back."""
    with player.node.store.reading() as reader:
        return [row for _, row in inbox_lists(player.node, reader)["withdrawn"]]


def why(caught: pytest.ExceptionInfo[RefusedError]) -> str:
    """What the refusal's verdict says of the consents on file."""
    grounds = caught.value.verdict["grounds"]
    assert isinstance(grounds, list)
    return "\n".join(f"{g['text']} {g.get('established_by', '')}" for g in grounds)


def test_what_is_asked_and_consented_stands_in_three_registers(three: Exercise) -> None:
    ends = three.clock.at + HOUR
    terms = Terms(conditions=("shown to missile defence staff only", "no copies"), expires=ends)
    consent = given(three, terms)
    copy = hand_on(three, consent)
    three.settle()
    finish(three["USA"], copy.id)
    three.settle()
    for player in three.players.values():
        with player.node.store.reading() as reader:
            found = reader.consent(consent)
            assert found is not None
            assert (found.purpose, found.part, found.expires, found.conditions) == (
                "defence",
                "whole",
                ends,
                terms.conditions,
            ), player.node.party
            (authority,) = reader.acts(types=["release"])
            assert authority.statement.body["met"] == {consent: list(terms.conditions)}
            assert [c.id for c in passed_under(reader, found)] == [copy.id]
    same_story(three)
    holds(three)


# Terms of a consent, what the officer certifies, and what the refusal says.
TERMS: dict[str, tuple[Terms, dict[str, Any], bool, str]] = {
    "conditions that nobody certified": (
        Terms(conditions=("no copies",)),
        {},
        False,
        "nobody certified its conditions: no copies",
    ),
    "another purpose": (Terms(purpose="training"), {}, True, "for the purpose `training`, not `defence`"),
    "a portion alone": (
        Terms(part="portion", extent="paragraph 2"),
        {},
        True,
        r"for a portion \(paragraph 2\) alone",
    ),
    "a derivative alone, as was asked": (
        Terms(),
        {"part": "derivative", "extent": "an assessment"},
        True,
        "for a derivative",
    ),
}


@pytest.mark.parametrize("name", TERMS)
def test_a_consent_on_other_terms_lets_nothing_pass(three: Exercise, name: str) -> None:
    terms, words, certify, says = TERMS[name]
    consent = given(three, terms, **words)
    with pytest.raises(RefusedError) as caught:
        hand_on(three, *([consent] if certify else []))
    assert re.search(says, why(caught)), why(caught)
    assert re.search(says, words_of(refusals(three["KOR"])))
    assert register(three["USA"]) == {}
    holds(three)


def test_a_consent_that_expired_lets_nothing_pass_at_the_release(three: Exercise) -> None:
    given(three, Terms(expires=three.clock.at + HOUR))
    three.pass_time(HOUR)
    with pytest.raises(RefusedError) as caught:
        hand_on(three)
    assert "it expired" in why(caught) and "it expired" in words_of(refusals(three["KOR"]))


def test_a_consent_that_expires_in_the_outbox_stops_what_waits_there(three: Exercise) -> None:
    given(three, Terms(expires=three.clock.at + HOUR))
    copy = hand_on(three)
    three.pass_time(HOUR)
    three.settle()
    stopped, _ = register(three["KOR"])[copy.id]
    assert stopped.state is CopyState.REFUSED and register(three["USA"]) == {}
    assert "it expired" in words_of(refusals(three["KOR"]))
    same_story(three)
    holds(three)


def test_the_receivers_node_asks_the_terms_itself(three: Exercise, monkeypatch: pytest.MonkeyPatch) -> None:
    """Korea's officers and node look away; America's node decides on the same consent."""
    consent = given(three, Terms(conditions=("no copies",)))
    honest = transmission_facts

    def blind(node: Node, *words: Any, **more: Any) -> Facts:
        """Korea's node takes every condition for certified."""
        if node is three["KOR"].node:
            more["passing"] = replace(more["passing"], met=frozenset({consent}))
        return honest(node, *words, **more)

    monkeypatch.setattr("gsomia.node.facts.asserted.transmission_facts", blind)
    copy = hand_on(three)
    three.settle()
    stopped, _ = register(three["KOR"])[copy.id]
    assert stopped.state is CopyState.REFUSED and stopped.reason.startswith("refused by USA")
    assert "nobody certified" in words_of(refusals(three["USA"]))
    assert register(three["USA"]) == {}


def test_an_approval_by_telephone_is_no_consent_and_is_kept_as_refused(three: Exercise) -> None:
    japan = three["JPN"]
    request = asked(three)
    with pytest.raises(RefusedError) as caught:
        give_consent(japan.node, request, Terms(form="oral"), by=by(japan))
    assert "jpn-kor-2016" in str(caught.value.verdict) and "6(a)" in str(caught.value.verdict)
    assert "oral" in words_of(refusals(japan))
    with japan.node.store.reading() as reader:
        assert [c.state for c in reader.consents()] == ["asked"]
        assert list(reader.acts(types=["consent"])) == []


def test_an_officer_without_authority_consents_to_nothing(three: Exercise) -> None:
    japan = three["JPN"]
    request = asked(three)
    with pytest.raises(RefusedError, match="does not hold the role `disclosure`"):
        give_consent(japan.node, request, by=by(japan, Role.REGISTRY))
    with pytest.raises(RefusedError, match="does not hold the role `disclosure`"):
        refuse_consent(japan.node, request, "no", by=by(japan, Role.LEGAL))
    with pytest.raises(RefusedError, match="does not hold the role `disclosure`"):
        give_consent(japan.node, request, Terms(form="oral"), by=by(japan, Role.SECURITY))
    assert words_of(refusals(japan)).count("does not hold the role") == 6, "each in its reason and its ground"
    give_consent(japan.node, request, by=by(japan))
    with pytest.raises(RefusedError, match="does not hold the role `disclosure`"):
        revoke_consent(japan.node, request, "no", by=by(japan, Role.REGISTRY))


def test_an_answer_gives_no_more_than_was_asked_and_nothing_that_is_over(three: Exercise) -> None:
    japan = three["JPN"]
    request = asked(three, part="portion", extent="paragraph 2")
    with pytest.raises(RefusedError, match="for a portion of the item, not for a whole"):
        give_consent(japan.node, request, Terms(part="whole"), by=by(japan))
    with pytest.raises(RefusedError, match="lets nothing pass"):
        give_consent(japan.node, request, Terms(expires=three.clock.at), by=by(japan))
    for terms in (Terms(part="page"), Terms(part="portion"), Terms(extent="all"), Terms(purpose="fun")):
        with pytest.raises(UsageError):
            give_consent(japan.node, request, terms, by=by(japan))


def test_what_is_certified_is_a_consent_on_file(three: Exercise) -> None:
    given(three)
    with pytest.raises(UsageError, match="no consent `x` to this item"):
        hand_on(three, "x")


def test_a_part_goes_in_a_document_that_draws_on_the_item_and_is_certified(three: Exercise) -> None:
    korea = three["KOR"]
    source = korea.copies()[0]
    consent = given(three, part="portion", extent="paragraph 2")
    words: dict[str, Any] = {"to": "USA", "level": "군사II급비밀", "cites": (source.id,)}
    with pytest.raises(RefusedError):
        korea.transmit(b"paragraph 2", **words)
    sent = korea.transmit(b"paragraph 2", met=(consent,), **words)
    three.settle()
    assert register(three["USA"])[sent.id][0].state is CopyState.DELIVERED
    with korea.node.store.reading() as reader:
        (authority,) = (a for a in reader.acts(types=["transmit"]) if a.statement.party == "KOR")
    assert authority.statement.body["met"] == {consent: ["nothing goes but the portion (paragraph 2)"]}
    with pytest.raises(RefusedError):
        hand_on(three, consent)
    same_story(three)
    holds(three)


def test_material_of_several_originators_asks_each(three: Exercise) -> None:
    korea, america = three["KOR"], three["USA"]
    given(three)
    sent = korea.transmit(b"drawn", to="USA", level="군사II급비밀", cites=(korea.copies()[0].id,))
    three.settle()
    finish(america, sent.id)
    requests = ask_consent(america.node, sent.id, "AUS", "an assessment", by=by(america))
    assert sorted(act.statement.body["originator"] for act in requests) == ["JPN", "KOR"]
    three.settle()
    for party in ("JPN", "KOR"):
        with three[party].node.store.reading() as reader:
            assert [c.originator for c in reader.consents() if c.receivers == ("AUS",)] == [party]
    three.settle()
    holds(three)


def test_a_consent_that_names_another_third_party_lets_nothing_pass(three: Exercise) -> None:
    korea = three["KOR"]
    (request,) = ask_consent(korea.node, korea.copies()[0].id, "GBR", "an assessment", by=by(korea))
    three.settle()
    give_consent(three["JPN"].node, request.id, by=by(three["JPN"]))
    three.settle()
    with pytest.raises(RefusedError) as caught:
        hand_on(three)
    assert "it names GBR and not `USA`" in why(caught)


def test_a_withdrawal_stops_what_waits_and_reaches_every_holder(three: Exercise) -> None:
    consent = given(three)
    copy = hand_on(three)
    three.settle()
    again = hand_on(three)
    # Japan's node does not reach America's: Korea, who handed the item on, passes the word.
    forget(three["JPN"], "DELETE FROM peer WHERE party = 'USA'")
    revoke_consent(three["JPN"].node, consent, "no longer", by=by(three["JPN"]))
    while step(three["JPN"].node, "KOR") or step(three["KOR"].node, "USA"):
        pass
    for party in ("KOR", "USA"):
        with three[party].node.store.reading() as reader:
            found = reader.consent(consent)
        assert found is not None and (found.state, found.why) == ("revoked", "no longer"), party
        (told,) = withdrawn(three[party])
        assert (told["originator"], told["why"], told["to"]) == ("JPN", "no longer", ["USA"]), "people are told"
        (held,) = [one for one in three[party].copies() if one.holder == party]
        assert (told["copy"], told["control_number"]) == (held.id, held.control_number)
    copies = register(three["KOR"])
    assert (copies[copy.id][0].state, copies[again.id][0].state) == (CopyState.DELIVERED, CopyState.REFUSED)
    assert "it is revoked" in words_of(refusals(three["KOR"]))


def test_a_withdrawal_is_told_while_the_copy_stands_and_no_other_consent_does(three: Exercise) -> None:
    consent = given(three)
    hand_on(three)
    three.settle()
    revoke_consent(three["JPN"].node, consent, "no longer", by=by(three["JPN"]))
    three.settle()
    assert [len(withdrawn(player)) for player in three.players.values()] == [0, 1, 1]
    america = three["USA"]
    (copy,) = america.copies()
    finish(america, copy.id)
    destroy(america.node, copy.id, "burnt", by=(by(america, Role.REGISTRY), by(america, Role.SECURITY)))
    assert withdrawn(america) == [] and len(withdrawn(three["KOR"])) == 1
    given(three)
    assert withdrawn(three["KOR"]) == []


def test_a_withdrawal_that_comes_before_its_consent_counts(three: Exercise) -> None:
    japan, korea = three["JPN"], three["KOR"]
    request = asked(three)
    give_consent(japan.node, request, by=by(japan))
    revoke_consent(japan.node, request, "no longer", by=by(japan))
    with japan.node.store.reading() as reader:
        told = [*reader.acts(types=["revoke-consent"]), *reader.acts(types=["consent"])]
    for one in told:
        said = send(three, "JPN", "KOR", message(japan, "KOR", "acts", {"acts": pack([one])}))
        assert said["body"]["refused"] == {}
    three.settle()
    with korea.node.store.reading() as reader:
        found = reader.consent(request)
    assert found is not None and (found.state, found.why) == ("revoked", "no longer")
    with pytest.raises(RefusedError):
        hand_on(three)
    same_story(three)
    holds(three)


def test_what_another_consent_lets_go_goes_on(three: Exercise) -> None:
    first, _ = given(three), given(three)
    copy = hand_on(three)
    revoke_consent(three["JPN"].node, first, "one is enough", by=by(three["JPN"]))
    three.settle()
    assert register(three["USA"])[copy.id][0].state is CopyState.DELIVERED
    same_story(three)
    holds(three)


# --- lies on the wire: each is refused by Korea's or America's node and kept --------------------------------------


def body(asked_by: str, **other: Any) -> dict[str, Any]:
    """The body of Japan's consent to the request, with other words."""
    return {
        "request": asked_by,
        "originator": "JPN",
        "asker": "KOR",
        "receivers": ["USA"],
        "purpose": "defence",
        "part": "whole",
        "extent": "",
        "conditions": [],
        "expires": "",
        "form": "written",
        "why": "",
    } | other


Lie = Callable[[Exercise, str], tuple[str, dict[str, Any], dict[str, Any]]]
"""Who says it; the words of the act; and those of its body."""

LIES: dict[str, tuple[Lie, str]] = {
    "for another item": (lambda e, r: ("JPN", {"item": OTHER_ITEM}, {}), "its item is another"),
    "for another third party": (lambda e, r: ("JPN", {}, {"receivers": ["GBR"]}), "its receivers is another"),
    "to another asker": (lambda e, r: ("JPN", {}, {"asker": "USA"}), "its asker is another"),
    "by the wrong Party": (lambda e, r: ("USA", {}, {}), "only the originator `JPN` can consent"),
    "by the wrong Party in its own name": (lambda e, r: ("USA", {}, {"originator": "USA"}), "its originator is"),
    "by telephone": (lambda e, r: ("JPN", {}, {"form": "oral"}), "not in writing is no consent"),
    "without a form": (lambda e, r: ("JPN", {}, {"form": ""}), "not in writing is no consent"),
    "that had expired": (
        lambda e, r: ("JPN", {}, {"expires": instant(e.clock.at - HOUR)}),
        "a consent of .* that expired",
    ),
    "that ends at its own instant": (lambda e, r: ("JPN", {}, {"expires": instant(e.clock.at)}), "that expired"),
    "with an end that is none": (lambda e, r: ("JPN", {}, {"expires": "tomorrow"}), "does not fit"),
    "to a request never made": (lambda e, r: ("JPN", {}, {"request": OTHER_ITEM}), "never made the request"),
    "for a purpose that is none": (lambda e, r: ("JPN", {}, {"purpose": "fun"}), "say for what"),
    "for a part without an extent": (lambda e, r: ("JPN", {}, {"part": "portion"}), "say for what"),
    "for the whole with an extent": (lambda e, r: ("JPN", {}, {"extent": "page 1"}), "say for what"),
    "with an empty condition": (lambda e, r: ("JPN", {}, {"conditions": [""]}), "none of them empty"),
    "with a hundred conditions": (lambda e, r: ("JPN", {}, {"conditions": ["x"] * 100}), "at most 20"),
    "dated before the request": (lambda e, r: ("JPN", {"at": e.clock.at - HOUR}, {}), "on which it rests"),
    "dated tomorrow": (lambda e, r: ("JPN", {"at": e.clock.at + 24 * HOUR}, {}), "ahead of this node's clock"),
}


@pytest.mark.parametrize("name", LIES)
def test_what_is_no_consent_is_refused_and_kept(three: Exercise, name: str) -> None:
    make, says = LIES[name]
    request = asked(three)
    party, words, changed = make(three, request)
    item = three["KOR"].copies()[0].item
    known: dict[str, Any] = {"item": item, "parties": ("KOR",), "body": body(request, **changed)}
    lie = act(three[party], "consent", roles=(Role.DISCLOSURE,), **known | words)
    said = send(three, party, "KOR", message(three[party], "KOR", "acts", {"acts": pack([lie])}))
    assert set(said["body"]["refused"]) == {lie.id}
    assert re.search(says, words_of(refusals(three["KOR"]))), words_of(refusals(three["KOR"]))
    with pytest.raises(RefusedError):
        hand_on(three)
    holds(three)


@pytest.mark.parametrize("roles", [(Role.REGISTRY,), (Role.LEGAL,), ()])
def test_a_consent_that_no_disclosure_officer_signed_is_none(three: Exercise, roles: tuple[str, ...]) -> None:
    request = asked(three)
    item = three["KOR"].copies()[0].item
    lie = act(three["JPN"], "consent", roles=roles, item=item, parties=("KOR",), body=body(request))
    said = send(three, "JPN", "KOR", message(three["JPN"], "KOR", "acts", {"acts": pack([lie])}))
    assert "needs an officer with the role `disclosure`" in said["body"]["refused"][lie.id]
    assert "disclosure" in words_of(refusals(three["KOR"]))


def test_a_consent_is_named_by_the_beginning_of_its_id_or_its_items(three: Exercise) -> None:
    korea, japan = three["KOR"], three["JPN"]
    item = korea.copies()[0].item
    requests = [asked(three), asked(three, purpose="training")]

    def shown(reference: str) -> list[str]:
        with korea.node.store.reading() as reader:
            return [one["request"] for one in consent_views(reader, reference)]

    first, second = requests
    common = next(first[:size] for size in range(len(first), -1, -1) if second.startswith(first[:size]))
    assert [shown(one[: len(common) + 1]) for one in requests] == [[one] for one in requests]
    assert sorted(shown(item[:-1])) == sorted(requests)
    assert shown(common) == shown("") == []
    with pytest.raises(UsageError, match="no one request"):
        give_consent(japan.node, common, by=by(japan))
    give_consent(japan.node, requests[0][:-1], by=by(japan))
    refuse_consent(japan.node, requests[1][:-1], "no", by=by(japan))
    act = revoke_consent(japan.node, requests[0][:-1], "no more", by=by(japan))
    assert act.statement.body["consent"] == requests[0]
    three.settle()
    holds(three)


def test_an_answer_comes_once(three: Exercise) -> None:
    request = given(three)
    item = three["KOR"].copies()[0].item
    words: dict[str, Any] = {"item": item, "parties": ("KOR",), "body": body(request, conditions=["none"])}
    lie = act(three["JPN"], "consent", roles=(Role.DISCLOSURE,), **words)
    said = send(three, "JPN", "KOR", message(three["JPN"], "KOR", "acts", {"acts": pack([lie])}))
    assert "that is granted already" in said["body"]["refused"][lie.id]
