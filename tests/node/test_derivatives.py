"""New documents that draw on received items: label, statement, sources, at every node (Article 4.3)."""

from __future__ import annotations

import json

import pytest
from stories import MARKS, Stage, finish, forget, holds, register, same_story

from gsomia.errors import RefusedError, UsageError
from gsomia.node import Role, Terms, ask_consent, audit, give_consent, mark, release
from gsomia.node.transmission.offers import read_citations
from gsomia.registry import Citation, Copy, Item
from gsomia.testing import Exercise, Player

KOR_III = "군사III급비밀"


def held(exercise: Exercise, giver: str, holder: str, **words: object) -> tuple[Item, Copy]:
    """An item that a Party was given and has marked and receipted."""
    player = exercise[giver]
    copy = player.transmit(b"source", to=holder, **{"level": MARKS[giver], **words})
    exercise.settle()
    finish(exercise[holder], copy.id)
    exercise.settle()
    found, item = register(exercise[holder])[copy.id]
    return item, found


def drawn(player: Player, to: str, *cites: str, **words: object) -> Copy:
    """A new document of a low level of its own, which draws on what is cited."""
    return player.transmit(b"new document", to=to, cites=cites, **{"level": KOR_III, **words})


def test_what_goes_back_to_the_originator_has_the_rolled_up_label_and_says_whose_it_is(stage: Stage) -> None:
    exercise = stage("JPN", "KOR", "USA")
    one, copy = held(exercise, "JPN", "KOR", level="極秘")
    two, _ = held(exercise, "JPN", "KOR", level="特定秘密")
    sent = drawn(exercise["KOR"], "JPN", copy.control_number, two.id)
    exercise.settle()
    for party in ("KOR", "JPN"):
        entry, item = register(exercise[party])[sent.id]
        assert item.level == MARKS["KOR"]
        assert json.loads(item.label)["ocl"]["cls"] == MARKS["KOR"]
        assert item.contains == ("KOR", "JPN")
        assert item.cites == (Citation(item=one.id, contains=("JPN",)), Citation(item=two.id, contains=("JPN",)))
        assert item.statement == "이 문서는 일본국 정부의 군사비밀정보를 포함하고 있음"
        with exercise[party].node.store.reading() as reader:
            (act,) = [a.statement for a in reader.acts(types=["transmit"], item=item.id)]
        assert [source["item"] for source in act.body["cites"]] == [one.id, two.id]
        assert act.body["statement"] == item.statement
        assert entry.state == "delivered"
    finish(exercise["JPN"], sent.id)
    exercise.settle()
    same_story(exercise)
    holds(exercise)
    assert forget(exercise["JPN"], "UPDATE item SET cites = '[]' WHERE id = ?", sent.item) == 1
    assert "`cites`" in "".join(check.fault for check in audit(exercise["JPN"].node))


def test_a_third_party_gets_it_with_the_originators_consent_and_not_without(stage: Stage) -> None:
    exercise = stage("JPN", "KOR", "USA")
    jpn, kor, usa = (exercise[party] for party in ("JPN", "KOR", "USA"))
    item, copy = held(exercise, "JPN", "KOR")
    with pytest.raises(RefusedError, match=r"may be released to is JPN, KOR, and not `USA`"):
        drawn(kor, "USA", copy.id)
    ask_consent(kor.node, copy.id, "USA", "EXERCISE", by=kor.by(Role.DISCLOSURE))
    exercise.settle()
    give_consent(jpn.node, item.id, by=jpn.by(Role.DISCLOSURE))
    exercise.settle()
    sent = drawn(kor, "USA", copy.id)
    exercise.settle()
    entry, there = register(usa)[sent.id]
    assert (entry.state, entry.instrument) == ("delivered", "usa-kor-1987")
    assert there.contains == ("KOR", "JPN")
    assert [source.item for source in there.cites] == [item.id]
    assert json.loads(there.label)["ocl"]["catl"][0]["vals"] == ["KOR", "USA"]
    finish(usa, sent.id)
    exercise.settle()
    # What JPN is in has not become the receiver's to hand on: both originators are asked.
    with pytest.raises(RefusedError) as caught:
        release(usa.node, sent.id, "JPN", by=usa.by(Role.DISCLOSURE))
    assert "consent" in json.dumps(caught.value.verdict)
    same_story(exercise)
    holds(exercise)


@pytest.mark.parametrize(
    ("terms", "why"),
    {
        "another purpose": (Terms(purpose="training"), "it is for the purpose `training`, not `defence`"),
        "a condition that nobody certified": (
            Terms(conditions=("numbered copies",)),
            "nobody certified its conditions: numbered copies",
        ),
        "a part alone": (
            Terms(part="portion", extent="chapter 2"),
            "nobody certified its conditions: nothing goes but the portion (chapter 2)",
        ),
    }.values(),
)
def test_why_a_consent_does_not_let_a_source_go_is_said(stage: Stage, terms: Terms, why: str) -> None:
    exercise = stage("JPN", "KOR", "USA")
    jpn, kor = exercise["JPN"], exercise["KOR"]
    item, copy = held(exercise, "JPN", "KOR", purpose="defence")
    ask_consent(kor.node, copy.id, "USA", "EXERCISE", by=kor.by(Role.DISCLOSURE))
    exercise.settle()
    give_consent(jpn.node, item.id, terms, by=jpn.by(Role.DISCLOSURE))
    exercise.settle()
    with kor.node.store.reading() as reader:
        (consent,) = reader.consents(item.id)
    with pytest.raises(RefusedError) as caught:
        drawn(kor, "USA", copy.id, purpose="defence")
    assert str(caught.value).endswith(
        f"may be released to is JPN, KOR, and not `USA`; consent {consent.id} of JPN: {why}"
    )
    named = f"--certify {consent.id}" if "certified" in why else "`gsomia consent ask`"
    assert named in caught.value.hint
    # A release of the item itself fails for the same reason, where the part allows one at all.
    if not terms.part:
        with pytest.raises(RefusedError) as refused:
            release(kor.node, copy.id, "USA", by=kor.by(Role.DISCLOSURE))
        assert f"consent {consent.id} of JPN: {why}" in json.dumps(refused.value.verdict, ensure_ascii=False)


def test_the_receivers_node_asks_for_the_consent_itself(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    exercise = stage("JPN", "KOR", "USA")
    jpn, kor = exercise["JPN"], exercise["KOR"]
    item, copy = held(exercise, "JPN", "KOR")
    ask_consent(kor.node, copy.id, "USA", "EXERCISE", by=kor.by(Role.DISCLOSURE))
    exercise.settle()
    give_consent(jpn.node, item.id, by=jpn.by(Role.DISCLOSURE))
    exercise.settle()
    sent = drawn(kor, "USA", copy.id)
    # The wire loses the consent on which it goes: the receiver finds none on file.
    monkeypatch.setattr("gsomia.node.transmission.leaving.consents_of", lambda *_: [])
    exercise.settle()
    entry, _ = register(kor)[sent.id]
    assert entry.state == "refused"
    assert "consent" in entry.reason or "approval" in entry.reason
    assert sent.id not in register(exercise["USA"])


def test_sources_of_two_originators_leave_nobody(stage: Stage) -> None:
    exercise = stage("JPN", "KOR", "USA")
    _, one = held(exercise, "JPN", "KOR")
    _, two = held(exercise, "USA", "KOR")
    with pytest.raises(RefusedError, match="may be released to is JPN, KOR, and not `USA`"):
        drawn(exercise["KOR"], "USA", one.id, two.id)
    with pytest.raises(RefusedError, match="may be released to is USA, KOR, and not `JPN`"):
        drawn(exercise["KOR"], "JPN", one.id, two.id)
    assert [copy for copy in exercise["KOR"].copies() if copy.giver == "KOR"] == []
    assert exercise["KOR"].node.blobs.exists(one.item)


def test_the_use_is_asked_of_the_agreement_with_the_originator(stage: Stage) -> None:
    exercise = stage()
    _, copy = held(exercise, "JPN", "KOR", purpose="defence")
    with pytest.raises(RefusedError) as caught:
        drawn(exercise["KOR"], "JPN", copy.id, purpose="training")
    grounds = caught.value.verdict["grounds"]
    assert isinstance(grounds, list)
    (ground,) = [g for g in grounds if g["effect"] == "refuse"]
    assert (ground["instrument"], ground["clause"]) == ("jpn-kor-2016", "purpose-bound")


def test_what_cannot_be_cited(stage: Stage) -> None:
    exercise = stage("JPN", "KOR", "USA")
    kor = exercise["KOR"]
    copy = exercise["JPN"].transmit(b"source", to="KOR", level="極秘")
    exercise.settle()
    with pytest.raises(RefusedError, match="has not been marked"):
        drawn(kor, "JPN", copy.id)
    mark(kor.node, copy.id, MARKS["KOR"], by=kor.by(Role.REGISTRY))
    for cites, says in (
        (("nothing",), "no one item `nothing`"),
        ((copy.id, copy.item), "cited twice"),
    ):
        with pytest.raises(UsageError, match=says):
            drawn(kor, "JPN", *cites)
    given = drawn(kor, "JPN", copy.id)
    exercise.settle()
    # One's own is cited with its own label, and needs nobody's leave.
    again = drawn(kor, "JPN", given.item)
    exercise.settle()
    item = register(exercise["JPN"])[again.id][1]
    assert item.level == MARKS["KOR"]
    assert item.contains == ("KOR", "JPN")
    assert item.cites == (Citation(item=given.item, contains=("KOR", "JPN")),)
    assert "일본국 정부" in item.statement


def test_a_mark_below_the_rolled_up_label_contradicts_it(stage: Stage) -> None:
    exercise = stage()
    _, copy = held(exercise, "JPN", "KOR")
    with pytest.raises(RefusedError, match="shows `군사III급비밀` and its label says `군사II급비밀`"):
        exercise["KOR"].transmit(f"{KOR_III}\n".encode(), to="JPN", level=KOR_III, cites=(copy.id,))


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        [{"item": "a"}],
        [{"item": "a", "contains": ["JPN"], "more": 1}],
        [{"item": 1, "contains": ["JPN"]}],
        [{"item": "a", "contains": "JPN"}],
        [{"item": "a", "contains": ["JPN"]}] * 2,
        [{"item": str(n), "contains": []} for n in range(101)],
    ],
)
def test_sources_are_read_strictly(value: object) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        read_citations(value)
