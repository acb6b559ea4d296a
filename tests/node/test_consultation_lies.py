"""Consultations in which a Party lies: what its node and officers sign is refused, kept, and found out."""

from __future__ import annotations

from typing import Any

import pytest
from consulting import THREE, TWO, Talk, opened
from lying import resigned
from stories import Stage, holds, refusals, words_of

from gsomia.errors import RefusedError, UsageError
from gsomia.node import Role, close_consultation, open_consultation

# What a lying Party's node and officers sign, and what the other node says of it; `{}` is a text that it was given.
LIES: dict[str, tuple[dict[str, Any], str]] = {
    "a position out of turn": ({"kind": "state-position"}, "it is the turn of `JPN`, and not of `KOR`"),
    "a draft on a base that nobody knows": ({"kind": "propose-draft", "bases": ["x"]}, "builds on a draft that is not"),
    "a draft on nothing": ({"kind": "propose-draft", "bases": []}, "does not build on what is newest: version 1"),
    "a version left out": ({"kind": "propose-draft", "number": 3}, "the next version is 2"),
    "a text that was never given": ({"kind": "propose-draft", "item": "x"}, "item `x` of `KOR` is not here"),
    "another text signed": ({"kind": "sign-joint-text", "text": "1" * 64}, "another text than that of version 1"),
    "a draft signed that nobody knows": ({"kind": "sign-joint-text", "draft": "x"}, "a draft that is not known"),
    "a signature that counts for itself": ({"kind": "sign-joint-text", "among": ["KOR"]}, "it counts among KOR, not"),
    "acts that nobody knows": ({"kind": "close-consultation", "after": ["1" * 64]}, "acts that are not known here"),
    "no act before it": ({"kind": "close-consultation", "after": []}, "acts that are not known here"),
    "told to nobody else": ({"kind": "close-consultation", "parties": ("JPN", "USA")}, "it goes to JPN, USA"),
    "another subject": ({"kind": "close-consultation", "about": "regrade"}, "under another instrument or subject"),
    "another instrument": ({"kind": "close-consultation", "instrument": "tisa-2014"}, "under another instrument"),
    "a consultation that nobody opened": ({"kind": "close-consultation", "consultation": "x"}, "no consultation `x`"),
    "an officer without authority": (
        {"kind": "close-consultation", "roles": (Role.REGISTRY,)},
        "needs an officer with the role `disclosure`",
    ),
    "the node alone": ({"kind": "close-consultation", "about": 1}, "needs an officer with the role"),
    "a number that is none": ({"kind": "state-position", "number": "0"}, "does not fit `state-position`"),
    "a digest that is none": ({"kind": "sign-joint-text", "text": "x"}, "does not fit `sign-joint-text`"),
}


def test_a_node_refuses_what_a_lying_party_signs(stage: Stage) -> None:
    exercise = stage()
    talk = opened(exercise)
    talk.draft("JPN", "one")
    before = talk.at("JPN")
    for what, (words, says) in LIES.items():
        assert says in talk.hand("KOR", "JPN", talk.forge("KOR", **words)), what
        kept = refusals(exercise["JPN"])[-1]
        assert kept.what.startswith(f"act {words['kind']}") and says in kept.why, what
    assert talk.at("JPN").steps == before.steps
    assert len(refusals(exercise["JPN"])) == len(LIES)
    holds(exercise)


def test_signed_twice_said_otherwise_and_after_the_end_is_refused_of_a_peer_too(stage: Stage) -> None:
    exercise = stage()
    talk = opened(exercise)
    first = talk.draft("JPN", "one")
    one, other = talk.forge("KOR", "sign-joint-text"), talk.forge("KOR", "sign-joint-text")
    assert talk.hand("KOR", "JPN", one) == ""
    assert "`KOR` said otherwise before" in talk.hand("KOR", "JPN", other)
    seen = list(talk.at("JPN").newest)
    twice = talk.forge("KOR", "sign-joint-text", after=seen)
    assert "`KOR` has signed version 1 already" in talk.hand("KOR", "JPN", twice)
    end = talk.forge("KOR", "close-consultation", after=seen)
    assert talk.hand("KOR", "JPN", end) == ""
    more = talk.forge("KOR", "close-consultation", after=list(talk.at("JPN").newest))
    assert "`KOR` has closed it or left it" in talk.hand("KOR", "JPN", more)
    changed = resigned(exercise, first, body={"text": "1" * 64})
    assert "is known with other contents" in talk.hand("JPN", "KOR", changed)


def test_an_outsider_says_nothing(stage: Stage) -> None:
    exercise = stage(*THREE)
    talk = opened(exercise)
    inner = open_consultation(exercise["JPN"].node, "threat", "x", "of two", "jpn-kor-2016", ["KOR"], by=talk.by("JPN"))
    exercise.settle()
    two = Talk(exercise, inner.id, "threat")
    assert two.consulted == TWO
    lie = two.forge("USA", "state-position", parties=("KOR",))
    assert "`USA` is no Party to this consultation" in two.hand("USA", "KOR", lie)
    # Nor does a Party let one in that is none to the agreement.
    with pytest.raises(UsageError, match="`USA` is no Party to `jpn-kor-2016`"):
        open_consultation(
            exercise["JPN"].node, "threat", "x", "of three", "jpn-kor-2016", ["KOR", "USA"], by=talk.by("JPN")
        )
    with exercise["JPN"].node.store.reading() as reader:
        act = reader.act(inner.id)
    assert act is not None
    wider = resigned(exercise, act, id="wider", parties=("KOR", "USA"), body={"order": ["JPN", "KOR", "USA"]})
    assert "`USA` is no Party to `jpn-kor-2016`" in two.hand("JPN", "KOR", wider)
    hidden = resigned(exercise, act, id="hidden", body={"order": ["JPN", "KOR", "USA"]})
    assert "its Parties are not those whom it goes to" in two.hand("JPN", "KOR", hidden)
    holds(exercise)


@pytest.mark.parametrize(
    "words", [{"reference": "another"}, {"title": "another"}, {"about": "regrade"}, {"order": ["JPN", "USA", "KOR"]}]
)
def test_a_peer_that_tells_another_subject_to_the_third_is_found_out(stage: Stage, words: dict[str, Any]) -> None:
    exercise = stage(*THREE)
    opened_by = exercise["JPN"]

    act = open_consultation(
        opened_by.node, "threat", "x", "of three", "tisa-2014", ["KOR", "USA"], by=opened_by.by(Role.DISCLOSURE)
    )
    talk = Talk(exercise, act.id, "threat")
    other = resigned(exercise, act, body=words)
    assert talk.hand("JPN", "USA", other) == ""
    exercise.settle()
    assert "is known with other contents" in words_of(refusals(exercise["JPN"]))
    assert "is known with other contents" in words_of(refusals(exercise["USA"]))
    close_consultation(exercise["KOR"].node, talk.id, by=talk.by("KOR"))
    exercise.settle()
    said = "is under another instrument or subject" if "about" in words else "follows on acts that are not known here"
    assert said in words_of(refusals(exercise["USA"]))
    assert talk.at("USA").steps == ()


def test_a_draft_that_names_another_text_than_it_gives_is_signed_by_nobody(stage: Stage) -> None:
    exercise = stage()
    talk = opened(exercise)
    item = talk.give("KOR", "one")
    assert talk.hand("KOR", "JPN", talk.forge("KOR", "propose-draft", item=item, text="1" * 64)) == ""
    with pytest.raises(RefusedError, match="the text of version 1 is not the one that its draft names"):
        talk.sign("JPN", "1")
    assert "is not the one that its draft names" in words_of(refusals(exercise["JPN"]))
