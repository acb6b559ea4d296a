"""The rules of a consultation by themselves: every node comes to the same answer, in whatever order it hears."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsomia.node import Consultation, Standing, Step, differences_of
from gsomia.node.record.consultation_rules import CLOSING, DRAFT, LEAVING, POSITION, SIGNATURE, STEPS, fault

AT = datetime(2018, 1, 10, tzinfo=UTC)
PARTIES = ("JPN", "KOR", "USA")
OPENED = Consultation(
    id="c",
    instrument="tisa-2014",
    about="threat",
    reference="x",
    title="x",
    subject="other",
    purpose="defence",
    parties=PARTIES,
    opened_by="JPN",
    digest="0" * 64,
    at=AT,
)


class Model:
    """Three Parties that act on what they have heard; each hears the others late, and in order of what follows."""

    def __init__(self) -> None:
        self.made: list[Step] = []
        self.heard: dict[str, list[Step]] = {party: [] for party in PARTIES}

    def standing(self, party: str) -> Standing:
        """How it stands for a Party."""
        return Standing(OPENED, tuple(self.heard[party]))

    def act(self, party: str, kind: str, which: int) -> None:
        """Act, where the rules permit it by what this Party has heard."""
        standing = self.standing(party)
        number = len(self.made) + 1
        heads = standing.heads
        step = Step(
            act=f"a{number}",
            consultation="c",
            kind=kind,
            party=party,
            parties=tuple(sorted({*standing.members} - {party})),
            digest=f"{number:064x}",
            after=standing.newest,
            at=AT + timedelta(seconds=number),
        )
        if kind == POSITION:
            step = replace(step, number=len(standing.positions), item="i", text=f"{number:064x}")
        if kind == DRAFT:
            version = max((head.number for head in heads), default=0) + 1
            bases = tuple(sorted(head.act for head in heads))
            step = replace(step, number=version, bases=bases, item="i", text=f"{number:064x}")
        if kind == SIGNATURE:
            if not standing.drafts:
                return
            draft = standing.drafts[which % len(standing.drafts)]
            step = replace(step, draft=draft.act, text=draft.text, among=tuple(sorted(standing.members)))
        if not fault(standing, step):
            self.made.append(step)
            self.heard[party].append(step)

    def hear(self, party: str, which: int) -> None:
        """Hear one more act for which everything that it follows on was heard before."""
        known = {OPENED.digest, *(step.digest for step in self.heard[party])}
        ready = [
            step
            for step in self.made
            if step.digest not in known and {*step.after} <= known and party in (*step.parties, step.party)
        ]
        if ready:
            step = ready[which % len(ready)]
            assert fault(self.standing(party), step) == "", "what one node permits, no other one refuses"
            self.heard[party].append(step)


_moves = st.lists(
    st.tuples(
        st.sampled_from(PARTIES),
        st.sampled_from(["hear", "hear", "hear", POSITION, DRAFT, DRAFT, SIGNATURE, SIGNATURE, CLOSING, LEAVING]),
        st.integers(0, 7),
    ),
    max_size=80,
)


def played(moves: list[tuple[str, str, int]]) -> Model:
    """What came of some moves."""
    model = Model()
    for party, kind, which in moves:
        if kind == "hear":
            model.hear(party, which)
        else:
            model.act(party, kind, which)
    return model


@given(_moves)
def test_what_one_node_permits_every_other_takes_and_all_end_alike(moves: list[tuple[str, str, int]]) -> None:
    model = played(moves)
    for party in PARTIES:
        for _ in model.made:
            model.hear(party, 0)
    told = {}
    for party in PARTIES:
        standing = model.standing(party)
        if party not in standing.withdrawn:
            told[party] = (
                {*standing.steps}, standing.turn, standing.heads, standing.drafters, standing.joint, standing.closed,
                standing.members, standing.positions,
            )  # fmt: skip
    assert all(one == next(iter(told.values())) for one in told.values())


@given(_moves)
def test_positions_are_in_turn_and_no_draft_is_lost(moves: list[tuple[str, str, int]]) -> None:
    model = played(moves)
    whole = Standing(OPENED, tuple(model.made))
    assert [one.number for one in whole.positions] == [*range(len(whole.positions))]
    reached: set[str] = set()
    ahead = [head.act for head in whole.heads]
    while ahead:
        draft = whole.draft(ahead.pop())
        assert draft is not None
        reached.add(draft.act)
        ahead += draft.bases
    assert reached == {draft.act for draft in whole.drafts}
    names = [whole.version(draft) for draft in whole.drafts]
    assert len({*names}) == len(names)


@given(_moves)
def test_a_joint_text_stands_for_good_or_gives_way_to_a_later_one_of_all(moves: list[tuple[str, str, int]]) -> None:
    model = played(moves)
    before = None
    for size in range(len(model.made) + 1):
        now = Standing(OPENED, tuple(model.made[:size])).joint
        assert before is None or (now is not None and now.number >= before.number)
        if now is not None:
            signatures = [s for s in model.made[:size] if (s.kind, s.draft, s.text) == (SIGNATURE, now.act, now.text)]
            assert any({*one.among} <= {s.party for s in signatures} for one in signatures)
        before = now


def test_of_two_versions_that_all_signed_unheard_the_later_one_stands() -> None:
    model = Model()
    model.act("JPN", DRAFT, 0)
    for party in ("KOR", "USA"):
        model.hear(party, 0)
    for party in PARTIES:
        model.act(party, SIGNATURE, 0)
    first = Standing(OPENED, tuple(model.made)).joint
    assert first is not None and first.number == 1
    model.act("KOR", DRAFT, 0)
    for party in ("JPN", "USA"):  # each hears Korea, and not yet that the other has signed version 1
        model.heard[party] += [step for step in model.made if step.party == "KOR"]
    for party in PARTIES:
        model.act(party, SIGNATURE, 1)
    whole = Standing(OPENED, tuple(model.made))
    assert [step.kind for step in model.made].count(SIGNATURE) == 6
    assert whole.joint is not None and whole.joint.number == 2


def test_every_type_that_follows_on_others_has_a_rule() -> None:
    assert {*STEPS} == {POSITION, DRAFT, SIGNATURE, CLOSING, LEAVING}


@given(st.text(alphabet="ab \n秘密", max_size=60), st.text(alphabet="ab \n秘密", max_size=60))
def test_differences_make_up_both_texts(old: str, new: str) -> None:
    changes = differences_of(old, new)
    assert "".join(one.text for one in changes if one.kind != "added") == old
    assert "".join(one.text for one in changes if one.kind != "removed") == new
    assert (old == new) is all(one.kind == "same" for one in changes)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("We warn at once.\n", "We warn first.\n", "We warn [-at once-]{+first+}.\n"),
        ("即時に警報する。", "直ちに警報する。", "[-即時-]{+直ち+}に警報する。"),
        ("즉시 경보한다.", "즉시 서로 경보한다.", "즉시 {+서로 +}경보한다."),
        ("one\ntwo\n", "one\nthree\ntwo\n", "one\n{+three\n+}two\n"),
    ],
)
def test_differences_are_shown_by_words(old: str, new: str, said: str) -> None:
    frames = {"same": ("", ""), "removed": ("[-", "-]"), "added": ("{+", "+}")}
    shown = "".join(f"{frames[one.kind][0]}{one.text}{frames[one.kind][1]}" for one in differences_of(old, new))
    assert shown == said
