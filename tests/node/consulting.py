"""Consultations on two and three nodes in one process: what the officers of each Party do, in few words."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from stories import MARKS, finish

from gsomia.node import (
    CONSULTED,
    Acting,
    Role,
    SignedAct,
    Standing,
    circulate_text,
    open_consultation,
    propose_draft,
    sign_joint_text,
    standing_of,
    state_position,
)
from gsomia.testing import Exercise, Player

__all__ = ["Talk", "opened"]


class Talk:
    """One consultation among the nodes of an exercise.

    Args:
        exercise: the nodes.
        id: of the consultation.
        about: what it is about.
    """

    def __init__(self, exercise: Exercise, consultation: str, about: str) -> None:
        self.exercise, self.id, self.about = exercise, consultation, about

    def by(self, party: str) -> Acting:
        """The officer who signs."""
        return self.exercise[party].by(CONSULTED[self.about])

    def give(self, party: str, text: str, kind: str = "propose-draft", **words: Any) -> str:
        """Give a text to the other Parties; returns its item."""
        player = self.exercise[party]
        source = io.BytesIO(text.encode())
        level = words.pop("level", MARKS[party])
        details = {"title": kind, "mime_type": "text/plain", "by": player.by(Role.DISCLOSURE)} | words
        copies = circulate_text(player.node, self.id, kind, source, level, **details)
        self.exercise.settle()
        return copies[0].item

    def position(self, party: str, text: str = "we hold") -> SignedAct:
        """State a position, and let all hear of it."""
        item = self.give(party, text, "state-position")
        act = state_position(self.exercise[party].node, self.id, item, by=self.by(party))
        self.exercise.settle()
        return act

    def draft(self, party: str, text: str, *on: str, settle: bool = True) -> SignedAct:
        """Propose a draft; unless it is said otherwise, all hear of it."""
        act = self.propose(party, self.give(party, text, on=on), *on)
        if settle:
            self.exercise.settle()
        return act

    def propose(self, party: str, item: str, *on: str) -> SignedAct:
        """Propose a text that was given as a draft; nobody hears of it yet."""
        return propose_draft(self.exercise[party].node, self.id, item, on=on, by=self.by(party))

    def receive(self, party: str, version: str) -> None:
        """Mark and receipt the text of a version, where it is another Party's."""
        from gsomia.node import draft_named

        draft = draft_named(self.at(party), version)
        player = self.exercise[party]
        if draft.party != party and not self.receipted(player, draft.item):
            finish(player, draft.item)
            self.exercise.settle()

    @staticmethod
    def receipted(player: Player, item: str) -> bool:
        """Whether this Party has signed the receipt of an item."""
        return any(c.item == item and c.holder == player.node.party and c.own_mark for c in player.copies())

    def sign(self, party: str, version: str, **words: Any) -> SignedAct:
        """Sign a version; nobody hears of it yet."""
        self.receive(party, version)
        return sign_joint_text(self.exercise[party].node, self.id, version, by=self.by(party), **words)

    def at(self, party: str) -> Standing:
        """How it stands at a node."""
        with self.exercise[party].node.store.reading() as reader:
            consultation = reader.consultation(self.id)
            assert consultation is not None
            return standing_of(reader, consultation)

    def alike(self) -> None:
        """All nodes say the same of it."""
        told = {party: (s.consultation, {*s.steps}) for party in self.exercise.players if (s := self.at(party))}
        first = next(iter(told.values()))
        assert all(one == first for one in told.values())


def opened(exercise: Exercise, about: str = "threat", reference: str = "dprk-launch", *, by: str = "JPN") -> Talk:
    """A consultation of all the Parties of an exercise."""
    others: Sequence[str] = [party for party in exercise.players if party != by]
    instrument = "jpn-kor-2016" if len(others) == 1 else "tisa-2014"
    player = exercise[by]
    act = open_consultation(
        player.node,
        about,
        reference,
        "EXERCISE",
        instrument,
        others,
        subject="dprk-missile",
        by=player.by(CONSULTED[about]),
    )
    exercise.settle()
    return Talk(exercise, act.id, about)
