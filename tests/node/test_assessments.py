"""Common assessments: each Party's own view, and nothing in it or about it that hints at what was withheld."""

from __future__ import annotations

import atexit
import json
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from consulting import THREE, Talk, opened
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lying import resigned
from portions import document, drafts, plaintext, portion, seen
from stories import MARKS, Stage, finish, holds, ready, refusals, register, same_story, words_of

from gsomia.errors import RefusedError, UsageError
from gsomia.node import Role, ask_consent, assess, give_consent, ledger, present_view, sign_view
from gsomia.node.consultations.texts import read_text
from gsomia.node.transmission import transmitting
from gsomia.registry import Copy, read_control_number
from gsomia.testing import Exercise


def given_views(talk: Talk, data: bytes, author: str = "JPN") -> list[Copy]:
    """Give the views of an assessment, and present each that arrived."""
    player = talk.exercise[author]
    copies = assess(player.node, talk.id, data, by=talk.by(author), disclosure=player.by(Role.DISCLOSURE))
    talk.exercise.settle()
    for copy in copies:
        present_view(player.node, talk.id, copy.id, by=talk.by(author))
    talk.exercise.settle()
    return copies


def test_each_party_gets_and_signs_its_own_view(stage: Stage) -> None:
    exercise = stage(*THREE)
    talk = opened(exercise)
    jpn, kor = exercise["JPN"], exercise["KOR"]
    to_both = [jpn.transmit(b"track", to=party, level="秘") for party in ("KOR", "USA")]
    from_kor = kor.transmit(b"report", to="JPN", level=MARKS["KOR"])
    exercise.settle()
    finish(jpn, from_kor.id)
    exercise.settle()
    data = document(
        portion("For Korea alone.", "KOR", mark="極秘", cites=[from_kor.item, to_both[0].id]),
        portion("For all again.", "KOR", "USA", mark="極秘", cites=[to_both[1].item]),
        portion("For nobody.", mark="機密"),
    )
    copies = given_views(talk, data)
    texts = seen(talk, data)
    numbers = {c.holder: register(exercise[c.holder])[c.id][0].control_number for c in to_both}
    assert texts["KOR"] == (
        "極秘\n\nLaunch\n\n1. (秘 · KOR, USA) What all know.\n\n"
        f"2. (極秘 · KOR) For Korea alone.\nSources: {from_kor.control_number}, {numbers['KOR']}\n\n"
        "3. (極秘 · KOR, USA) For all again.\n\n極秘\n"
    )
    assert texts["USA"] == (
        "極秘\n\nLaunch\n\n1. (秘 · KOR, USA) What all know.\n\n"
        f"2. (極秘 · KOR, USA) For all again.\nSources: {numbers['USA']}\n\n極秘\n"
    )
    for copy in copies:
        player = exercise[copy.holder]
        finish(player, copy.id)
        entry, item = register(player)[copy.id]
        assert (entry.state, item.title, item.level) == (
            "receipted",
            "Launch",
            "極秘",
        )
        sign_view(player.node, talk.id, copy.id, by=talk.by(copy.holder))
    exercise.settle()
    with jpn.node.store.reading() as reader:
        assert [(v.party, bool(v.signed)) for v in reader.consultation_views(talk.id)] == [("KOR", True), ("USA", True)]
        (bound,) = reader.acts(types=["assess"])
        assert [view["party"] for view in bound.statement.body["views"]] == ["KOR", "USA"]
        assert bound.statement.parties == ()
        assert [log.rsplit("/", 1)[-1] for log, _, _ in reader.log_places(bound.id)] == ["internal"]
        (given_to_usa,) = [reader.item(copy.item) for copy in copies if copy.holder == "USA"]
    assert given_to_usa is not None and read_text(jpn.node, given_to_usa, "") == texts["USA"]
    for party in ("KOR", "USA"):
        with exercise[party].node.store.reading() as reader:
            assert [view.party for view in reader.consultation_views(talk.id)] == [party]
            assert list(reader.acts(types=["assess"])) == []
    same_story(exercise)
    holds(exercise)


def test_the_united_states_write_and_read_their_own_portion_marks(stage: Stage) -> None:
    exercise = stage(*THREE)
    talk = opened(exercise, by="USA")
    data = (
        b'title = "Launch"\n'
        b'[[portion]]\nmark = "(C//REL TO USA, JPN, KOR)"\ntext = "What all know."\n'
        b'[[portion]]\nmark = "(S//REL TO USA, JPN)"\ntext = "For Japan."\n'
        b'[[portion]]\nmark = "(S//NF)"\ntext = "For nobody."\n'
        b'[[portion]]\nmark = "(S//OC/REL TO USA, JPN)"\ntext = "Controlled."\n'
    )
    copies = given_views(talk, data, "USA")
    texts = seen(talk, data, "USA")
    assert texts["JPN"].splitlines()[0] == "SECRET//REL TO USA, JPN"
    assert "2. (S//REL TO USA, JPN) For Japan." in texts["JPN"] and "Controlled" not in texts["JPN"]
    assert texts["KOR"] == (
        "CONFIDENTIAL//REL TO USA, KOR\n\nLaunch\n\n1. (C//REL TO USA, JPN, KOR) What all know.\n\n"
        "CONFIDENTIAL//REL TO USA, KOR\n"
    )
    assert [copy.holder for copy in copies] == ["JPN", "KOR"]
    holds(exercise)


def test_a_portion_that_draws_on_another_partys_item_goes_on_with_consent_alone(stage: Stage) -> None:
    exercise = stage(*THREE)
    talk = opened(exercise)
    jpn, kor = exercise["JPN"], exercise["KOR"]
    copy = kor.transmit(b"report", to="JPN", level=MARKS["KOR"])
    exercise.settle()
    finish(jpn, copy.id)
    exercise.settle()
    data = document(portion("Korea reports it.", "KOR", "USA", mark="極秘", cites=[copy.id]))
    assert "Korea reports" in seen(talk, data)["KOR"]
    assert "Korea reports" not in seen(talk, data)["USA"]
    ask_consent(jpn.node, copy.id, "USA", "EXERCISE", by=jpn.by(Role.DISCLOSURE))
    exercise.settle()
    give_consent(kor.node, copy.item, by=kor.by(Role.DISCLOSURE))
    exercise.settle()
    told = seen(talk, data)["USA"]
    assert "Korea reports" in told and "Sources" not in told, "it has no number of that item: it holds none"
    given_views(talk, data)
    same_story(exercise)
    holds(exercise)


BAD: dict[str, tuple[bytes, str]] = {
    "no TOML": (b"title = ", "is no TOML"),
    "no UTF-8": (b"\xff", "is no TOML"),
    "no portion": (b'title = "x"\nportion = []', "has 1 to"),
    "no title": (document().replace(b'"Launch"', b'" "'), "`title` is one line"),
    "an unknown key": (document() + b'who = "x"', "portion 1: a portion has no key `who`"),
    "no text": (document(portion(" ", "KOR")), "portion 2: `mark` and `text`"),
    "a number in the text": (document(portion("see JPN-2018-000001", "KOR")), "portion 2: `text` names a control"),
    "a Party twice": (document(portion("x", "KOR", "KOR")), "portion 2: `to` holds one twice"),
    "a mark that is none": (document(portion("x", "KOR", mark="絶密")), "unknown level `絶密`"),
    "an item that is not here": (document(portion("x", "KOR", cites=["nothing"])), "no one item `nothing`"),
}


@pytest.mark.parametrize("what", BAD)
def test_an_assessment_that_cannot_be_read_is_refused_whole(what: str) -> None:
    data, says = BAD[what]
    with pytest.raises(UsageError, match=re.escape(says)):
        seen(shared(), data)


def test_the_first_portion_is_for_all(stage: Stage) -> None:
    exercise = stage(*THREE)
    talk = opened(exercise)
    only = ('title = "x"\n' + portion("For Korea.", "KOR")).encode()
    above = ('title = "x"\n' + portion("For all.", "KOR", "USA", mark="機密")).encode()
    for data, says in ((only, "the first portion is for every Party"), (above, "`KOR` may not have the first portion")):
        with pytest.raises(RefusedError, match=says):
            given_views(talk, data)
        assert says in words_of(refusals(exercise["JPN"]))
    assert exercise["JPN"].copies() == []
    with pytest.raises(RefusedError):
        given_views(talk, document(portion("x\n機密\ny", "USA")))
    assert exercise["JPN"].copies() == [], "what contradicts its mark in one view keeps all back"


def test_what_is_signed_is_what_was_presented_to_this_party(stage: Stage) -> None:
    exercise = stage(*THREE)
    talk = opened(exercise)
    data = document()
    jpn, kor = exercise["JPN"], exercise["KOR"]
    made = assess(jpn.node, talk.id, data, by=talk.by("JPN"), disclosure=jpn.by(Role.DISCLOSURE))
    copies = {copy.holder: copy for copy in made}
    with pytest.raises(RefusedError, match="has not arrived at KOR"):
        present_view(jpn.node, talk.id, copies["KOR"].id, by=talk.by("JPN"))
    exercise.settle()
    with pytest.raises(UsageError, match="was presented here"):
        sign_view(kor.node, talk.id, copies["KOR"].id, by=talk.by("KOR"))
    act = present_view(jpn.node, talk.id, copies["KOR"].id, by=talk.by("JPN"))
    with pytest.raises(RefusedError, match="was presented before"):
        present_view(jpn.node, talk.id, copies["KOR"].id, by=talk.by("JPN"))
    text = talk.give("JPN", "a draft")
    with pytest.raises(UsageError, match="is no view of an assessment"):
        present_view(jpn.node, talk.id, text, by=talk.by("JPN"))
    lies: list[tuple[dict[str, Any], str]] = [
        ({"item": copies["USA"].item}, "is not here"),
        ({"parties": ("KOR", "USA")}, "a view is for one Party"),
        ({"body": {"opening": "0" * 64}}, "was opened here otherwise"),
        ({"item": "x"}, "item `x` of `JPN` is not here"),
    ]
    for words, says in lies:
        assert says in talk.hand("JPN", "KOR", resigned(exercise, act, id=f"lie {says}", **words))
    exercise.settle()
    with pytest.raises(UsageError, match="was presented here"):
        sign_view(kor.node, talk.id, copies["USA"].item[:-1], by=talk.by("KOR"))
    signing = sign_view(kor.node, talk.id, copies["KOR"].item[:-1], by=talk.by("KOR"))
    with pytest.raises(RefusedError, match="was signed before"):
        sign_view(kor.node, talk.id, copies["KOR"].id, by=talk.by("KOR"))
    other = resigned(exercise, signing, id="other", body={"text": "1" * 64})
    assert "it signs another text" in talk.hand("KOR", "JPN", other)
    exercise.settle()
    twice = resigned(exercise, signing, id="twice")
    assert "has signed it already" in talk.hand("KOR", "JPN", twice)
    stranger = resigned(exercise, signing, id="stranger", item=text)
    assert "no such view was presented" in talk.hand("KOR", "JPN", stranger)
    holds(exercise)


class Kill(BaseException):
    """The end of the process, wherever it is: nothing of it catches this to tidy up."""


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_author_killed_beside_the_binding_act_leaves_nothing_and_a_repeat_gives_all(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """All views and what binds them are one transaction: it is there, or nothing is."""
    talk = opened(stage(*THREE))
    player, data = talk.exercise["JPN"], document(portion("For Korea.", "KOR"))

    def killed(*args: Any, **words: Any) -> Any:
        if when == "after":
            ledger.make_each(*args, **words)
        raise Kill

    before = register(player)
    with monkeypatch.context() as dying, pytest.raises(Kill):
        dying.setattr(transmitting, "make_each", killed)
        dying.setattr(transmitting, "discard", lambda *_: None)  # who is killed tidies nothing
        give(talk, data)
    talk.exercise.settle()
    assert register(player) == before and assessed(talk) == []
    copies = given_views(talk, data)
    assert [copy.holder for copy in copies] == ["KOR", "USA"] and len(assessed(talk)) == 1
    same_story(talk.exercise)


def test_a_repeat_completes_what_a_kill_left_and_gives_no_view_twice(stage: Stage) -> None:
    """Killed after the transaction, or between two presentations: the same copies, and each is presented once."""
    talk = opened(stage(*THREE))
    data = document(portion("For Korea.", "KOR"))
    first = give(talk, data)
    assert [copy.id for copy in give(talk, data)] == [copy.id for copy in first]
    talk.exercise.settle()
    present_view(talk.exercise["JPN"].node, talk.id, first[0].id, by=talk.by("JPN"))
    assert [copy.id for copy in give(talk, data)] == [copy.id for copy in first]
    present_view(talk.exercise["JPN"].node, talk.id, first[1].id, by=talk.by("JPN"))
    talk.exercise.settle()
    assert len(assessed(talk)) == 1
    again = give(talk, data)
    assert {copy.item for copy in again}.isdisjoint(copy.item for copy in first) and len(assessed(talk)) == 2
    other = give(talk, document(portion("For Korea, anew.", "KOR")))
    assert {copy.item for copy in other}.isdisjoint(copy.item for copy in again)


def give(talk: Talk, data: bytes) -> list[Copy]:
    """Give the views of an assessment of Japan's; none is presented yet."""
    player = talk.exercise["JPN"]
    return assess(player.node, talk.id, data, by=talk.by("JPN"), disclosure=player.by(Role.DISCLOSURE))


def assessed(talk: Talk) -> list[str]:
    """The acts that bind views together in Japan's internal log."""
    with talk.exercise["JPN"].node.store.reading() as reader:
        return [act.id for act in reader.acts(types=["assess"])]


def shared() -> Talk:
    """A consultation of three that tests only read."""
    if not _SHARED:
        folder = Path(tempfile.mkdtemp(prefix="gsomia-shared-"))
        exercise = ready(THREE, "2018-01-10T12:00:00+09:00").again(folder / "nodes")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        atexit.register(exercise.__exit__)
        _SHARED.append(opened(exercise))
    return _SHARED[0]


_SHARED: list[Talk] = []

_texts = st.text(st.characters(codec="utf-8", categories=("L", "N", "Zs")), min_size=1).filter(
    lambda text: bool(text.strip()) and text.isprintable()
)
_marks = st.sampled_from(["秘", "極秘", "特定秘密", "機密"])
_for_korea = st.tuples(_texts, _marks, st.sampled_from([("KOR",), ("KOR", "USA")]))
_withheld = st.tuples(_texts, _marks, st.sampled_from([(), ("USA",)]))


@st.composite
def two_assessments(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """Two assessments that differ only in portions withheld from Korea: which there are, where, and what they say."""
    kept = [portion(text, *to, mark=mark) for text, mark, to in draw(st.lists(_for_korea, max_size=4))]
    made = []
    for _ in range(2):
        portions = list(kept)
        for text, mark, to in draw(st.lists(_withheld, max_size=4)):
            portions.insert(draw(st.integers(0, len(portions))), portion(text, *to, mark=mark))
        made.append(document(*portions))
    return made[0], made[1]


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(two_assessments())
def test_the_view_of_a_party_its_label_and_its_way_are_the_same_whatever_is_withheld(both: tuple[bytes, bytes]) -> None:
    one, other = (drafts(shared(), data)["KOR"] for data in both)
    assert one == other


@settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(two_assessments())
def test_what_the_officers_sign_for_a_party_is_the_same_whatever_is_withheld(both: tuple[bytes, bytes]) -> None:
    one, other = (signed_for(shared(), data, "KOR") for data in both)
    assert one == other


def signed_for(talk: Talk, data: bytes, party: str) -> Any:
    """The statement of the transmission of a Party's view, its control number counted from those given before."""
    japan = talk.exercise["JPN"]
    before = len(japan.copies())
    new = data + b"# %d\n" % before  # of the very same file the views given before would come back
    copies = assess(japan.node, talk.id, new, by=talk.by("JPN"), disclosure=japan.by(Role.DISCLOSURE))
    with japan.node.store.reading() as reader:
        (act,) = [
            a
            for one in copies
            for a in reader.acts(types=["transmit"], item=one.item)
            if a.statement.parties == (party,)
        ]
    said = json.loads(act.data)
    said["body"]["control_number"] = read_control_number(said["body"]["control_number"])[2] - before
    return act.size, blind(said)


def test_no_act_message_or_byte_that_a_party_gets_depends_on_what_is_withheld(stage: Stage) -> None:
    kept = [portion("Shared.", "KOR", mark="極秘"), portion("More.", "KOR", "USA")]
    hidden = portion("Not for Korea.", "USA", mark="極秘")
    told = []
    for data in (
        document(*kept),
        document(hidden, kept[0], hidden * 3, kept[1]),
        document(*kept, portion("No.", mark="機密")),
    ):
        exercise = stage(*THREE)
        talk = opened(exercise)
        exercise.wire.carried.clear()
        given_views(talk, data)
        told.append(everything(exercise, "KOR"))
    assert told[0] == told[1] == told[2]
    assert len(told[0]["messages"]) > 5
    assert {size for kind, size in told[0]["batches"] if kind in ("transmit", "present-view")} == {1}, (
        "under one signature its acts would hold the hash of another Party's"
    )


def everything(exercise: Exercise, party: str) -> dict[str, Any]:
    """All that a Party was told, but for what is random or an instant: its plaintexts, messages and acts."""
    player = exercise[party]
    plain = []
    for copy, item in register(player).values():
        finish(player, copy.id)
        plain.append((item.title, item.label[: item.label.index("dcr")], plaintext(exercise, party, copy.item)))
    messages = []
    for envelope in exercise.wire.carried:
        value = json.loads(envelope.payload)
        if party in (value["from"], value["to"]):
            messages.append(blind(value))
    with player.node.store.reading() as reader:
        acts = [blind(json.loads(act.data)) for act in reader.acts() if act.statement.type != "enrol-key"]
        batches = [(act.statement.type, act.size) for act in reader.acts() if act.statement.party != party]
        sizes = [(state.name, state.size) for state in reader.logs()]
    return {"plain": plain, "messages": messages, "acts": acts, "batches": batches, "logs": sizes}


_RANDOM = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64}|\d{4}-\d\d-\d\dT[\d:.]+Z|[A-Za-z0-9+/_-]{43,}={0,2}|\s[A-Za-z0-9+/]{40,}"
)


def blind(value: Any) -> Any:
    """JSON with what is random blotted out: ids, instants, digests, keys, signatures, checkpoints' roots."""
    if isinstance(value, dict):
        return {name: blind(part) for name, part in value.items()}
    if isinstance(value, list):
        return [blind(part) for part in value]
    return _RANDOM.sub("*", value) if isinstance(value, str) else value
