"""Which level an item has: as its originator sealed it, as it notified since (Article 6(g)), and as its sources ask.

The label that was signed stays for ever. What counts from a notice on is worked out here, from acts alone: a higher
level at once; a lower one in the holder's hands once its officer has followed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gsomia.errors import VerificationError
from gsomia.node.acts.signed import Statement
from gsomia.node.facts.asserted import Case, rank_of
from gsomia.node.record.store_port import Reader
from gsomia.registry import Copy, Item

if TYPE_CHECKING:
    from gsomia.node.node import Node

__all__ = [
    "Review",
    "check_new_mark",
    "in_force",
    "level_notified",
    "levels_given",
    "marked_for",
    "notice_of",
    "raised_since",
    "review_of",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A document some of whose sources were regraded, and which its originator has not looked at since.

    Args:
        item: the document.
        notices: the notices of its sources that it was not reviewed for.
        level: its own level.
        floor: the mark of its originator's that the highest of its sources asks for; "" where none is known.
        must_rise: whether its own level is beneath that.
    """

    item: Item
    notices: tuple[Statement, ...]
    level: str
    floor: str
    must_rise: bool


def notice_of(reader: Reader, item: str, originator: str) -> Statement | None:
    """The last notice of an item's level by its originator, or None; it may be known before the item is.

    The last is the one of the latest instant, of two of one instant that of the greater id: notices that come by two
    ways, straight and passed on by a holder, are not recorded in one order everywhere.
    """
    acts = (act.statement for act in reader.acts(types=("notify-regrade",), item=item))
    return max((said for said in acts if said.party == originator), key=lambda said: (said.at, said.id), default=None)


def levels_given(reader: Reader, item: Item) -> tuple[str, ...]:
    """Every level that an item's originator gave it, whichever counts now; a mark follows one of them in its time."""
    acts = (act.statement for act in reader.acts(types=("notify-regrade",), item=item.id))
    return (item.level, *(str(said.body["level"]) for said in acts if said.party == item.originator))


def level_notified(reader: Reader, item: Item) -> str:
    """The level that an item's originator gives it now, whatever its sources ask for."""
    notice = notice_of(reader, item.id, item.originator)
    return str(notice.body["level"]) if notice is not None else item.level


def marked_for(reader: Reader, copy: Copy) -> str:
    """The originator's level for which a copy bears its holder's mark, or "" where it bears none."""
    found = ""
    for act in reader.acts(types=("mark", "regrade"), item=copy.item):
        if act.statement.copy == copy.id:
            found = str(act.statement.body["foreign"])
    return found


def check_new_mark(node: Node, reader: Reader, statement: Statement) -> None:
    """Check a mark that a peer tells it has put on for the level notified, by this node's own law as it is told.

    Args:
        node: who records it.
        reader: its store.
        statement: of a peer's `regrade`; what else is wrong with it its effect says.

    Raises:
        VerificationError: the mark is lower than the level that it is for, or than the one notified before it was made.
    """
    item, body = reader.item(statement.item), statement.body
    mark, level = body.get("level"), body.get("foreign")
    if item is None or not isinstance(mark, str) or not isinstance(level, str):
        return
    law = Case.of(node, reader).law
    last = notice_of(reader, item.id, item.originator)
    # Whoever followed before the last notice was made could know an earlier one alone.
    now = [str(last.body["level"])] if last is not None and statement.at > last.at else []
    for asked in (level, *now):
        if rank_of(law, statement.party, mark) < rank_of(law, item.originator, asked):
            raise VerificationError(
                f"act `{statement.id}`: `{mark}` of `{statement.party}` is lower than `{asked}` of `{item.originator}`"
            )


def in_force(
    reader: Reader, case: Case, item: Item, copy: Copy | None = None, *, seen: frozenset[str] = frozenset()
) -> Item:
    """An item at the level that counts now, as agreements are asked about it; its label stays what it was.

    Args:
        reader: the store.
        case: the law, for the order of the marks.
        item: as registered.
        copy: as held; a lower level counts for it once its holder has followed.
        seen: the items on the way here, which are left out: sources that others entered may draw on one another.
    """
    notice = notice_of(reader, item.id, item.originator)
    level = str(notice.body["level"]) if notice is not None else item.level
    if copy is not None and notice is not None:
        level = _higher(case, item.originator, marked_for(reader, copy) or item.level, level)
    if any(_source_notice(reader, source) is not None for source in _sources(item)):
        level = _higher(case, item.originator, level, _floor(reader, case, item, seen))
    return item if level == item.level else replace(item, level=level)


def raised_since(reader: Reader, case: Case, item: Item, copy: Copy) -> tuple[str, str]:
    """The higher level that a waiting copy's item was raised to since its officer signed, and the act that did it.

    A lower one keeps nothing back: the copy bears a mark that is high enough, and the notice follows.

    Args:
        reader: the store.
        case: the law, for the order of the marks.
        item, copy: what is about to leave.

    Returns:
        The level and the notice's id; two empty texts where it was not raised.
    """
    known: list[Statement] = []
    for act in reader.acts(types=("notify-regrade", copy.act), item=item.id):
        said = act.statement
        if said.type == copy.act and said.copy == copy.id:
            break
        if said.type == "notify-regrade" and said.party == item.originator:
            known.append(said)
    last = max(known, key=lambda said: (said.at, said.id), default=None)
    before = str(last.body["level"]) if last is not None else item.level
    now = notice_of(reader, item.id, item.originator)
    if now is not None and _higher(case, item.originator, before, str(now.body["level"])) != before:
        return str(now.body["level"]), now.id
    if copy.act != "transmit":
        return "", ""
    # A document of this Party's own is protected at its sources' level from their notice on, so it waits for a new one.
    level = in_force(reader, case, item).level
    if _higher(case, item.originator, before, level) == before:
        return "", ""
    notices = [notice for source in _sources(item) if (notice := _source_notice(reader, source)) is not None]
    return level, max(notices, key=lambda said: (said.at, said.id)).id


def review_of(reader: Reader, case: Case, item: Item) -> Review | None:
    """What a document's originator has to look at since its sources were regraded, or None.

    Args:
        reader: the store.
        case: the law, for the order of the marks.
        item: the document.
    """
    notices = [notice for source in _sources(item) if (notice := _source_notice(reader, source)) is not None]
    if not notices:
        return None
    own = notice_of(reader, item.id, item.originator)
    seen = {*own.body["reviews"]} if own is not None else set()
    level, floor = level_notified(reader, item), _floor(reader, case, item, frozenset())
    must_rise = _higher(case, item.originator, level, floor) != level
    unseen = tuple(notice for notice in notices if notice.id not in seen)
    if not unseen and not must_rise:
        return None
    return Review(item=item, notices=unseen or tuple(notices), level=level, floor=floor, must_rise=must_rise)


def _sources(item: Item) -> Sequence[tuple[str, str]]:
    """The items that a document draws on, each with its originator, who is the first of those it contains."""
    return [(source.item, source.contains[0]) for source in item.cites if source.contains]


def _source_notice(reader: Reader, source: tuple[str, str]) -> Statement | None:
    return notice_of(reader, *source)


def _floor(reader: Reader, case: Case, item: Item, seen: frozenset[str]) -> str:
    """The mark of an item's originator's that reaches the highest level of its sources, as far as they are known."""
    ranks, seen = [0], seen | {item.id}
    for source, originator in _sources(item):
        if source in seen:
            continue
        entry, notice = reader.item(source), notice_of(reader, source, originator)
        if entry is not None:
            ranks.append(rank_of(case.law, originator, in_force(reader, case, entry, seen=seen).level))
        elif notice is not None:
            ranks.append(rank_of(case.law, originator, str(notice.body["level"])))
    if max(ranks) == 0:
        return ""
    own = [x for a in case.law.agreements.values() for x in a.levels if x.party == item.originator]
    reaching = sorted((x for x in own if x.rank >= max(ranks)), key=lambda x: x.rank)
    return reaching[0].mark if reaching else max(own, key=lambda x: x.rank).mark if own else ""


def _higher(case: Case, party: str, one: str, other: str) -> str:
    return other if other and rank_of(case.law, party, other) > rank_of(case.law, party, one) else one
