"""Consultations of two and three Parties: turns, versions, crossing edits, signatures, the end, and who lies."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from consulting import THREE, TWO, Talk, opened
from lying import reading
from stories import MARKS, Stage, back_up, finish, forget, holds, refusals, restore, same_story, words_of

from gsomia.config import shipped_law
from gsomia.errors import PeerError, RefusedError, UsageError, VerificationError
from gsomia.keys import Envelope
from gsomia.node import (
    Role,
    TrustedKeys,
    ask_witness,
    audit,
    check_bundle,
    close_consultation,
    open_consultation,
    recall,
    recover,
    release,
    state_position,
    withdraw_from_consultation,
    write_bundle,
)
from gsomia.node.ledger import Draft, make
from gsomia.store import SqlStore
from gsomia.testing import Exercise


def test_positions_in_turn_then_drafts_then_a_text_signed_by_all(stage: Stage) -> None:
    exercise, parties = stage(*THREE), THREE
    talk = opened(exercise)
    for party in parties:
        assert {talk.at(one).turn for one in parties} == {party}
        talk.position(party, f"the position of {party}")
    assert talk.at("KOR").turn == "JPN"
    talk.draft("JPN", "one")
    assert talk.at("KOR").drafters == parties[1:]
    talk.draft("KOR", "two")
    for party in parties:
        assert talk.at(party).joint is None
        talk.sign(party, "2")
        exercise.settle()
    for party in parties:
        standing = talk.at(party)
        assert standing.joint is not None and standing.version(standing.joint) == "2"
        assert standing.drafters == ()
        close_consultation(exercise[party].node, talk.id, by=talk.by(party))
        exercise.settle()
    assert all(talk.at(party).closed for party in parties)
    talk.alike()
    same_story(exercise)
    holds(exercise)


def crossed(exercise: Exercise) -> Talk:
    """Two Parties have answered version 1 at the same moment."""
    talk = opened(exercise)
    talk.draft("JPN", "one")
    texts = {party: talk.give(party, f"two by {party}") for party in ("KOR", "USA")}
    for party, item in texts.items():
        talk.propose(party, item)
    exercise.settle()
    return talk


def test_edits_that_cross_are_both_kept_and_brought_together_by_a_draft_on_both(stage: Stage) -> None:
    exercise = stage(*THREE)
    talk = crossed(exercise)
    talk.alike()
    for party in THREE:
        standing = talk.at(party)
        assert standing.conflict
        assert [standing.version(head) for head in standing.heads] == ["2-KOR", "2-USA"]
        assert standing.drafters == THREE
    with pytest.raises(RefusedError, match="versions 2-KOR, 2-USA cross"):
        talk.sign("JPN", "2-KOR")
    for on in ((), ("2-KOR",), ("1",)):
        with pytest.raises(RefusedError, match="does not build on what is newest: version 2-KOR, 2-USA"):
            talk.give("JPN", "three", on=on)
    talk.draft("JPN", "three", "2-KOR", "2-USA")
    for party in THREE:
        assert [one.number for one in talk.at(party).heads] == [3]
        talk.sign(party, "3")
    exercise.settle()
    assert all((joint := talk.at(party).joint) and joint.number == 3 for party in THREE)
    talk.alike()
    holds(exercise)


def test_an_edit_after_a_signature_needs_new_ones_and_one_that_comes_too_late_undoes_nothing(stage: Stage) -> None:
    exercise = stage(*THREE)
    talk = opened(exercise)
    talk.draft("JPN", "one")
    talk.sign("JPN", "1")
    exercise.settle()
    talk.draft("KOR", "two")
    for party in THREE:
        talk.sign(party, "2")
        exercise.settle()
    joint = talk.at("USA").joint
    assert joint is not None and joint.number == 2, "the signature under version 1 counts for nothing here"
    with pytest.raises(RefusedError, match="a joint text stands: version 2"):
        talk.give("JPN", "three")

    late = opened(exercise)
    late.draft("JPN", "one")
    item = late.give("KOR", "two")
    for party in THREE:
        late.receive(party, "1")
    late.sign("JPN", "1")
    late.sign("KOR", "1")
    late.propose("KOR", item)  # before it hears that the United States have signed
    late.sign("USA", "1")
    exercise.settle()
    for party in THREE:
        joint = late.at(party).joint
        assert joint is not None and joint.number == 1
        assert late.at(party).drafters == ()
    late.alike()
    holds(exercise)


def test_after_a_withdrawal_the_others_sign_among_themselves(stage: Stage) -> None:
    exercise = stage(*THREE)
    talk = opened(exercise)
    talk.draft("JPN", "one")
    talk.sign("JPN", "1")
    exercise.settle()
    withdraw_from_consultation(exercise["USA"].node, talk.id, by=talk.by("USA"))
    exercise.settle()
    assert talk.at("JPN").members == TWO
    talk.sign("KOR", "1")
    exercise.settle()
    assert talk.at("KOR").joint is None, "Japan signed for a text of three"
    talk.sign("JPN", "1")
    exercise.settle()
    assert talk.at("KOR").joint is not None
    with exercise["USA"].node.store.reading() as reader:
        assert len(reader.consultation_steps([talk.id])[talk.id]) == 3, "who has left is told no more"
    with pytest.raises(RefusedError, match="`USA` has closed it or left it"):
        talk.give("USA", "again")
    withdraw_from_consultation(exercise["KOR"].node, talk.id, by=talk.by("KOR"))
    exercise.settle()
    assert talk.at("JPN").closed
    holds(exercise)


def test_what_the_third_party_said_comes_with_what_follows_on_it(stage: Stage) -> None:
    exercise = stage(*THREE)
    talk = opened(exercise)
    item = talk.give("JPN", "one")

    def cut(_direction: str, sender: str, envelope: Envelope) -> Envelope:
        if {sender, reading(envelope)["to"]} == {"JPN", "USA"}:
            raise PeerError("the wire is cut")
        return envelope

    exercise.wire.fault = cut
    talk.propose("JPN", item)
    exercise.settle(tolerate=True)
    assert talk.at("USA").drafts == ()
    talk.propose("KOR", talk.give("KOR", "two", cut=True))
    exercise.settle(tolerate=True)
    assert [draft.party for draft in talk.at("USA").drafts] == ["JPN", "KOR"]
    exercise.wire.fault = None
    exercise.settle()
    talk.alike()
    holds(exercise)


# What a Party's own node refuses: what is done, and what the refusal says; each is kept.
OWN: dict[str, tuple[Callable[[Talk], object], str]] = {
    "a position out of turn": (lambda t: t.position("KOR"), "it is the turn of `JPN`, and not of `KOR`"),
    "its own draft answered": (lambda t: t.give("JPN", "two"), "to answer the draft of `JPN`"),
    "a text without a receipt": (
        lambda t: Talk.sign(Unreceived(t), "KOR", "1"),
        "has no receipt yet",
    ),
    "another text signed": (lambda t: t.sign("KOR", "1", text="1" * 64), "another text than that of version 1"),
    "a mark above what the other may have": (
        lambda t: t.give("KOR", "two", level="군사I급비밀"),
        "transmit to JPN: refuse",
    ),
    "an officer without authority": (
        lambda t: close_consultation(t.exercise["KOR"].node, t.id, by=t.exercise["KOR"].by(Role.REGISTRY)),
        "does not hold the role `disclosure`",
    ),
}


class Unreceived(Talk):
    """Officers who sign what they have no receipt for."""

    def __init__(self, talk: Talk) -> None:
        super().__init__(talk.exercise, talk.id, talk.about)

    def receive(self, party: str, version: str) -> None:
        """Not at all."""


def test_a_node_refuses_its_own_officers_and_keeps_it(stage: Stage) -> None:
    exercise = stage()
    talk = opened(exercise)
    talk.draft("JPN", "one")
    for what, (act, says) in OWN.items():
        with pytest.raises(RefusedError) as caught:
            act(talk)
        party = "JPN" if what == "its own draft answered" else "KOR"
        assert says in str(caught.value), what
        assert str(caught.value).split(":")[0] in words_of(refusals(exercise[party])[-1:]), what
    exercise.settle()
    talk.alike()
    assert len(talk.at("JPN").steps) == 1
    holds(exercise)


def test_signed_once_and_old_versions_not_at_all(stage: Stage) -> None:
    exercise = stage()
    talk = opened(exercise)
    talk.draft("JPN", "one")
    talk.sign("KOR", "1")
    with pytest.raises(RefusedError, match="`KOR` has signed version 1 already"):
        talk.sign("KOR", "1")
    talk.draft("KOR", "two")
    with pytest.raises(RefusedError, match="version 1 is an old one; newest: 2"):
        talk.sign("JPN", "1")
    with pytest.raises(UsageError, match="no one version `3`"):
        talk.sign("JPN", "3")
    for party in ("JPN", "KOR"):
        close_consultation(exercise[party].node, talk.id, by=talk.by(party))
        exercise.settle()
    with pytest.raises(RefusedError, match="the consultation is closed"):
        talk.position("JPN")
    holds(exercise)


def test_a_signature_that_crosses_a_new_version_is_kept_and_makes_nothing_stand(stage: Stage) -> None:
    exercise = stage()
    talk = opened(exercise)
    talk.draft("JPN", "one")
    item = talk.give("KOR", "two")
    talk.sign("JPN", "1")
    talk.propose("KOR", item)
    exercise.settle()
    talk.alike()
    standing = talk.at("KOR")
    assert [one.party for one in standing.signatures] == ["JPN"]
    with pytest.raises(RefusedError, match="version 1 is an old one"):
        talk.sign("KOR", "1")
    assert standing.joint is None
    hiding = talk.forge(
        "KOR",
        "sign-joint-text",
        draft=standing.drafts[0].act,
        text=standing.drafts[0].text,
        after=[standing.drafts[0].digest],
    )
    assert "`KOR` said otherwise before" in talk.hand("KOR", "JPN", hiding)


def test_verify_makes_it_anew_from_the_acts(stage: Stage) -> None:
    exercise = stage()
    talk = opened(exercise)
    talk.draft("JPN", "one")
    holds(exercise)
    for party, change, says in [
        ("JPN", "UPDATE consultation SET title = 'another'", "`title` is `another`"),
        ("KOR", "UPDATE consultation_step SET text = '00'", "`text` is `00`"),
        ("KOR", "DELETE FROM consultation_step", "is missing from the register"),
    ]:
        assert forget(exercise[party], change) == 1
        assert says in "".join(check.fault for check in audit(exercise[party].node))


def test_what_is_not_to_be_consulted_on_is_refused_before_anybody_hears(stage: Stage) -> None:
    exercise = stage()
    japan = exercise["JPN"]
    item = japan.transmit(b"report", to="KOR", level=MARKS["JPN"])
    for about, reference, says in [
        ("dispute", "notify-20180101", "is not in dispute between these"),
        ("arrangement", "99", "has no article `99`"),
        ("regrade", "nothing", "no item `nothing` is registered"),
        ("threat", "", "what is it about"),
        ("feast", "x", "unknown word `feast`"),
    ]:
        role = Role.LEGAL if about in ("dispute", "arrangement") else Role.DISCLOSURE
        with pytest.raises(UsageError, match=says):
            open_consultation(japan.node, about, reference, "t", "jpn-kor-2016", ["KOR"], by=japan.by(role))
    act = open_consultation(
        japan.node, "regrade", item.control_number, "t", "jpn-kor-2016", ["KOR"], by=japan.by(Role.DISCLOSURE)
    )
    assert act.statement.body["reference"] == item.item
    exercise.settle()
    holds(exercise)


@pytest.mark.parametrize(
    ("about", "reference", "role"),
    [("arrangement", "5", Role.LEGAL), ("threat", "dprk-launch", Role.DISCLOSURE)],
    ids=["an implementing arrangement under Article 5", "a common threat"],
)
def test_what_is_consulted_on_names_who_signs(stage: Stage, about: str, reference: str, role: str) -> None:
    """Legal officers agree on an arrangement; the text that stands is evidence, and no legal act."""
    exercise = stage()
    talk = opened(exercise, about, reference)
    assert talk.by("JPN") == exercise["JPN"].by(role)
    with pytest.raises(RefusedError, match="does not hold the role"):
        close_consultation(exercise["KOR"].node, talk.id, by=exercise["KOR"].by(Role.REGISTRY))
    talk.draft("JPN", "Couriers go weekly.")
    for party in TWO:
        talk.sign(party, "1")
    exercise.settle()
    joint = talk.at("KOR").joint
    assert joint is not None and joint.number == 1
    talk.alike()
    with exercise["JPN"].node.store.reading() as reader:
        entered = {one.legal.id for one in reader.record()}
        assert joint.act not in entered and not any(talk.id in name for name in entered)
    holds(exercise)


def test_a_text_that_was_recalled_is_signed_by_nobody(stage: Stage) -> None:
    exercise = stage()
    talk = opened(exercise)
    act = talk.draft("JPN", "one")
    talk.receive("KOR", "1")
    recall(exercise["JPN"].node, act.statement.item, "an error", by=exercise["JPN"].by(Role.DISCLOSURE))
    exercise.settle()
    for party in TWO:
        with pytest.raises(RefusedError, match="`JPN` recalled the text"):
            talk.sign(party, "1")
    talk.draft("KOR", "two")
    holds(exercise)


def test_where_no_agreement_leads_straight_to_one_of_them_a_text_goes_through_the_hub(stage: Stage) -> None:
    exercise = stage(*THREE, at="2015-06-01T12:00:00+09:00")
    talk = opened(exercise)
    with pytest.raises(RefusedError, match="transmit to KOR"):
        talk.give("JPN", "we hold", "state-position")
    assert exercise["JPN"].copies() == [], "what one may not have goes to none"
    copy = exercise["JPN"].transmit(b"we hold", to="KOR", via=("USA",), level=MARKS["JPN"])
    exercise.settle()
    with pytest.raises(RefusedError, match="has not arrived at KOR"):
        state_position(exercise["JPN"].node, talk.id, copy.item, by=talk.by("JPN"))
    usa = exercise["USA"]
    finish(usa, copy.id)
    release(usa.node, copy.id, "KOR", by=usa.by(Role.DISCLOSURE))
    exercise.settle()
    state_position(exercise["JPN"].node, talk.id, copy.item, by=talk.by("JPN"))
    exercise.settle()
    assert [one.party for one in talk.at("KOR").positions] == ["JPN"]
    talk.alike()
    same_story(exercise)
    holds(exercise)


def test_a_bundle_of_a_text_holds_and_tells_nothing_of_the_consultation(stage: Stage) -> None:
    exercise = stage()
    talk = opened(exercise)
    item = talk.draft("JPN", "one").statement.item
    talk.sign("KOR", "1")
    exercise.settle()
    sink = io.BytesIO()
    write_bundle(exercise["KOR"].node, item, lambda name, _version: shipped_law()[name], sink)
    known = exercise["KOR"].node
    keys = {"KOR": TrustedKeys(signing=known.keys.signing.public, log=known.keys.log.public)}
    checks = check_bundle(sink, keys, at=exercise.clock.at, unwitnessed=timedelta(hours=24), scratch=SqlStore.scratch)
    assert [check.fault for check in checks if not check.holds] == []
    assert talk.id.encode() not in unpacked(sink)
    assert item.encode() in unpacked(sink)


def unpacked(sink: io.BytesIO) -> bytes:
    """All that a bundle's members hold."""
    with zipfile.ZipFile(sink) as bundle:
        return b"".join(bundle.read(name) for name in bundle.namelist())


def test_a_restored_node_gets_back_what_three_said_from_the_two_logs(stage: Stage, tmp_path: Path) -> None:
    exercise = stage(*THREE)
    talk = opened(exercise)
    usa = exercise["USA"]
    exercise.pass_time(timedelta(seconds=2))
    back_up(usa, tmp_path / "backup")
    talk.draft("JPN", "one")
    talk.draft("KOR", "two")
    talk.draft("USA", "three")
    exercise.pass_time(timedelta(minutes=1))
    restore(usa, tmp_path / "backup")
    for peer in TWO:
        usa.node.unasked.add([peer], usa.node.clock.machine())
        ask_witness(usa.node, peer)
    assert recover(usa.node, by=usa.by(Role.SECURITY)).refused == {}
    assert [one.number for one in talk.at("USA").drafts] == [1, 2, 3]
    talk.alike()


def test_a_node_enters_no_act_of_its_own_on_a_text_that_somebody_has_not_got(stage: Stage) -> None:
    exercise = stage(*THREE)
    talk = opened(exercise)
    copy = exercise["JPN"].transmit(b"one", to="KOR", level=MARKS["JPN"])
    exercise.settle()
    said = talk.forge("JPN", "propose-draft", item=copy.item).statement
    draft = Draft(type=said.type, instrument=said.instrument, item=said.item, parties=said.parties, body=said.body)
    node = exercise["JPN"].node
    with pytest.raises(VerificationError, match=f"`USA` was not given item `{copy.item}`"), node.store.writing() as tx:
        make(node, tx, [draft], at=exercise.clock.at, by=talk.by("JPN"))
