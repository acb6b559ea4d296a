"""Notices of another level and what follows on them, in few words."""

from __future__ import annotations

from typing import Any

from stories import register
from test_derivatives import drawn

from gsomia.node import Case, Review, Role, follow_regrade, mark, notify_regrade, receipt, regraded, reviews
from gsomia.registry import Copy, Item
from gsomia.testing import Exercise, Player

__all__ = ["II", "III", "finish_at", "followed", "held", "notified", "source_and_document", "states", "to_review"]


II, III = "군사II급비밀", "군사III급비밀"
CORRESPONDING = {"秘": III, "極秘": II}


def notified(player: Player, reference: str, level: str) -> str:
    return notify_regrade(player.node, reference, level, "EXERCISE", by=player.by(Role.DISCLOSURE)).id


def followed(player: Player, reference: str, **words: Any) -> list[str]:
    return [one.id for one in follow_regrade(player.node, reference, by=player.by(Role.REGISTRY), **words)]


def states(player: Player) -> list[tuple[str, str, str]]:
    """Each copy of a regraded item: its holder, the holder's mark, and where it stands."""
    with player.node.store.reading() as reader:
        return [(one.copy.holder, one.copy.own_mark, one.state) for one in regraded(reader)]


def to_review(player: Player) -> list[Review]:
    with player.node.store.reading() as reader:
        return reviews(reader, Case.of(player.node, reader))


def held(exercise: Exercise, level: str, **words: Any) -> tuple[Item, Copy]:
    """A report of Japan's at a level, which Korea has marked and receipted."""
    korea = exercise["KOR"]
    copy = exercise["JPN"].transmit(b"report", to="KOR", level=level, **words)
    exercise.settle()
    finish_at(korea, copy.id, CORRESPONDING[level])
    receipt(korea.node, copy.id, by=korea.by(Role.REGISTRY))
    exercise.settle()
    found, item = register(korea)[copy.id]
    return item, found


def finish_at(player: Player, reference: str, level: str) -> None:
    mark(player.node, reference, level, by=player.by(Role.REGISTRY))


def source_and_document(exercise: Exercise, level: str = "秘") -> tuple[str, Copy]:
    """A source of Japan's, and a document of Korea's for Japan that draws on it."""
    item = exercise["JPN"].transmit(b"source", to="KOR", level=level)
    exercise.settle()
    mark(exercise["KOR"].node, item.id, CORRESPONDING[level], by=exercise["KOR"].by(Role.REGISTRY))
    exercise.settle()
    document = drawn(exercise["KOR"], "JPN", item.id)
    exercise.settle()
    mark(exercise["JPN"].node, document.id, level, by=exercise["JPN"].by(Role.REGISTRY))
    exercise.settle()
    return item.item, document
