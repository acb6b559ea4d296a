"""What was asked back: the recall of an item that stands, and what its holders' officers answered, copy by copy.

A recall is asked again by another one, which takes its place: an answer to the earlier one counts no more. What follows
from the acts is worked out from them here, for both registers and for `verify` alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gsomia.node.acts.bodies import text, texts
from gsomia.node.acts.signed import Statement, read_instant
from gsomia.node.record.keyholding import Recalled, recalls
from gsomia.node.record.store_port import Reader
from gsomia.registry import GONE, Copy, CopyState, Item

__all__ = ["ANSWERS", "WHAT_WAS_MADE", "AskedBack", "answer_fault", "asked_back", "made_from", "standing_recall"]

ANSWERS = {"returned": "return", "destroyed": "destroy", "cannot": ""}
"""What a holder's officer may answer, with the type of act on which it rests."""

WHAT_WAS_MADE = "what-was-made"
"""What an officer certifies of the copies, translations and renditions made from a copy: they went the same way."""

_NEVER_LEFT = (CopyState.AUTHORISED, CopyState.OFFERED, CopyState.REFUSED, CopyState.REJECTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedBack:
    """A copy whose item was recalled.

    Args:
        recall: the recall that stands.
        item, copy: as registered.
        closed: what is known of its holder's node: `confirmed` (nothing opens it there), `stopped`, or `asked, not
            confirmed`.
        answer: the answer of its holder's officer, or None.
        ended: the act by which the copy was given back or destroyed, or None.
    """

    recall: Statement
    item: Item
    copy: Copy
    closed: str
    answer: Statement | None
    ended: Statement | None

    @property
    def due(self) -> datetime:
        """By when the answer is asked for."""
        return read_instant(self.recall.body["due"])

    @property
    def is_open(self) -> bool:
        """Whether an answer is owed: none was given, and the copy was there when it was asked for."""
        return self.answer is None and not (self.ended is not None and self.ended.at < self.recall.at)

    def state(self, at: datetime) -> str:
        """Where it stands at an instant.

        Returns:
            `asked`, `overdue`, `returned`, `destroyed`, `cannot`, `cannot, destroyed since` (or `returned`), or `gone
            before` where the copy had ended when the recall was made.
        """
        if self.answer is None:
            if not self.is_open:
                return "gone before"
            return "overdue" if self.due <= at else "asked"
        said = str(self.answer.body["answer"])
        return f"{said}, {self.copy.state} since" if said == "cannot" and self.ended is not None else said


def asked_back(reader: Reader, item: str = "") -> list[AskedBack]:
    """The copies of recalled items, as this register knows them; the oldest recall first.

    Args:
        reader: the store.
        item: of this item alone; "" for all.
    """
    found: list[AskedBack] = []
    for item_id, recalled in recalls(reader, item).items():
        entry, act = reader.item(item_id), reader.act(recalled.act)
        assert entry is not None and act is not None  # `recalls` has read both
        found += _of_item(reader, entry, act.statement, recalled)
    return sorted(found, key=lambda one: (one.recall.at, one.copy.id))


def _of_item(reader: Reader, item: Item, recall: Statement, recalled: Recalled) -> list[AskedBack]:
    said = [
        act.statement for act in reader.acts(types=("answer-recall", *filter(None, ANSWERS.values())), item=item.id)
    ]
    answers = {one.copy: one for one in said if one.body.get("recall") == recall.id}
    ended = {one.copy: one for one in said if one.type != "answer-recall"}
    return [
        AskedBack(
            recall=recall,
            item=item,
            copy=copy,
            closed=recalled.standing(item, copy),
            answer=answers.get(copy.id),
            ended=ended.get(copy.id),
        )
        for copy in reader.copies(item=item.id)
        if copy.holder != item.originator and copy.state not in _NEVER_LEFT
    ]


def standing_recall(reader: Reader, item: str, originator: str, *, but: str = "") -> Statement | None:
    """The recall of an item by its originator that was recorded last, or None; it may be known before the item is.

    Args:
        reader: the store.
        item, originator: which.
        but: an act that does not count.
    """
    acts = (act.statement for act in reader.acts(types=("recall",), item=item) if act.id != but)
    return next(iter([said for said in acts if said.party == originator][::-1]), None)


def made_from(reader: Reader, copy: Copy) -> list[str]:
    """The acts by which further copies, translations and renditions were made from a held copy."""
    acts = [act.id for act in reader.acts(types=("reproduce", "translate"), item=copy.item) if _of(act.statement, copy)]
    return acts + [made.act for made in reader.renditions(item=copy.item) if made.copy == copy.id]


def _of(statement: Statement, copy: Copy) -> bool:
    return (statement.copy, statement.party) == (copy.id, copy.holder)


def answer_fault(reader: Reader, party: str, copy: Copy, body: Mapping[str, Any], *, act: str = "") -> str:
    """Why an answer to a recall cannot be, or "": asked by the holder's node before it signs, and by all who record it.

    Args:
        reader: the store.
        party: whose officer answers.
        copy: of which copy.
        body: what it says: `recall`, `answer`, `acts` on which it rests, `why`, `certified`.
        act: its own id, where it was recorded already.

    Raises:
        KeyError, TypeError, ValueError: the body is no such thing.
    """
    named, answer, why = text(body, "recall"), text(body, "answer"), text(body, "why")
    asked, item = reader.act(named), reader.item(copy.item)
    originator = item.originator if item is not None else ""
    if (
        asked is None
        or (said := asked.statement).type != "recall"
        or (said.item, said.party) != (copy.item, originator)
    ):
        return f"the recall `{named}` of item `{copy.item}` was never asked"
    standing = standing_recall(reader, copy.item, originator)
    if standing is None or standing.id != named:
        again = standing.id if standing is not None else "another"
        return f"it answers the recall `{named}`, in whose place the recall `{again}` stands"
    if party != copy.holder:
        return f"copy `{copy.id}` is held by `{copy.holder}`, whose officer answers for it"
    before = [one.id for one in reader.acts(types=("answer-recall",), item=copy.item) if one.id != act]
    for one in (reader.act(name) for name in before):
        if one is not None and one.statement.copy == copy.id and one.statement.body.get("recall") == named:
            return f"copy `{copy.id}` was answered for before, by act `{one.id}`"
    return _contents_fault(reader, copy, answer, why, texts(body, "acts"), texts(body, "certified"))


def _contents_fault(
    reader: Reader, copy: Copy, answer: str, why: str, rests_on: Sequence[str], certified: Sequence[str]
) -> str:
    if answer not in ANSWERS:
        return f"`{answer}` is no answer to a recall: {', '.join(ANSWERS)}"
    if answer == "cannot":
        if not why.strip():
            return "who cannot says why"
        return f"copy `{copy.id}` was {copy.state}: that is the answer" if copy.state in GONE else ""
    if copy.state.value != answer:
        return f"copy `{copy.id}` still stands: it is {copy.state}, and no act `{ANSWERS[answer]}` of it is recorded"
    for name in rests_on:
        act = reader.act(name)
        if act is None or act.statement.type != ANSWERS[answer] or not _of(act.statement, copy):
            return f"act `{name}` is no `{ANSWERS[answer]}` of copy `{copy.id}`"
    if len(rests_on) != 1:
        return f"it rests on the one act `{ANSWERS[answer]}` of copy `{copy.id}`"
    if WHAT_WAS_MADE not in certified and (made := made_from(reader, copy)):
        return (
            f"{len(made)} copies, translations or renditions were made from copy `{copy.id}`, and nobody certifies "
            f"that they went the same way (`{WHAT_WAS_MADE}`)"
        )
    return ""
