"""Consultations on two and three nodes in one process: what the officers of each Party do, in few words."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from lying import act as signed
from lying import message, send
from stories import MARKS, finish

from gsomia.node import (
    CONSULTED,
    Acting,
    Role,
    SignedAct,
    Standing,
    circulate_text,
    draft_named,
    open_consultation,
    pack,
    propose_draft,
    sign_joint_text,
    standing_of,
    state_position,
)
from gsomia.testing import Exercise, Player

__all__ = ["THREE", "TWO", "Talk", "opened"]

TWO, THREE = ("JPN", "KOR"), ("JPN", "KOR", "USA")


class Talk:
    """One consultation among the nodes of an exercise.

    Args:
        exercise: the nodes.
        consultation: its id.
        about: what it is about.
    """

    def __init__(self, exercise: Exercise, consultation: str, about: str) -> None:
        self.exercise, self.id, self.about = exercise, consultation, about

    def by(self, party: str) -> Acting:
        """The officer who signs."""
        return self.exercise[party].by(CONSULTED[self.about])

    def give(self, party: str, text: str, kind: str = "propose-draft", *, cut: bool = False, **words: Any) -> str:
        """Give a text to the other Parties; returns its item. Where the wire is `cut`, some nodes are out of reach."""
        player = self.exercise[party]
        source = io.BytesIO(text.encode())
        level = words.pop("level", MARKS[party])
        details: dict[str, Any] = {"title": kind, "mime_type": "text/plain", "by": player.by(Role.DISCLOSURE)} | words
        copies = circulate_text(player.node, self.id, kind, source, level, **details)
        self.exercise.settle(tolerate=cut)
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

    def forge(self, party: str, kind: str, *, roles: Sequence[str] = (), **words: Any) -> SignedAct:
        """An act that a Party's node and officer sign, as an honest one but for `words`; it is entered nowhere.

        Args:
            party: who lies.
            kind: the type of the act.
            roles: of the officers who sign; the one that the subject needs where none are given.
            words: other words of the statement; of its body where the statement has none of that name.
        """
        holder = party if party in self.consulted else self.consulted[0]
        standing = self.at(holder)
        body: dict[str, Any] = {"about": self.about, "consultation": self.id, "after": list(standing.newest)}
        if kind in ("state-position", "propose-draft"):
            body |= {"number": len(standing.positions), "text": "0" * 64}
        if kind == "propose-draft":
            number = max((head.number for head in standing.heads), default=0) + 1
            body |= {"number": number, "bases": sorted(head.act for head in standing.heads)}
        if kind == "sign-joint-text":
            (head,) = standing.heads
            body |= {"draft": head.act, "text": head.text, "among": sorted(standing.members)}
        statement = {
            name: words.pop(name) for name in ("item", "parties", "instrument", "party", "id") if name in words
        }
        said = {
            "parties": tuple(sorted({*standing.members} - {party})),
            "instrument": standing.consultation.instrument,
            **statement,
        }
        return signed(self.exercise[party], kind, roles=roles or (CONSULTED[self.about],), body=body | words, **said)

    @property
    def consulted(self) -> tuple[str, ...]:
        """The Parties that have it in their registers."""
        found = []
        for party, player in self.exercise.players.items():
            with player.node.store.reading() as reader:
                if reader.consultation(self.id) is not None:
                    found.append(party)
        return tuple(found)

    def hand(self, party: str, to: str, *acts: SignedAct) -> str:
        """Hand acts to a node on a Party's channel; returns why it refuses the last one, or ""."""
        answer = send(self.exercise, party, to, message(self.exercise[party], to, "acts", {"acts": pack(acts)}))
        return str(answer["body"]["refused"].get(acts[-1].id, ""))

    def alike(self) -> None:
        """All nodes say the same of it."""
        told = {party: (s.consultation, {*s.steps}) for party in self.consulted if (s := self.at(party))}
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
