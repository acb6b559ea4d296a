"""Where two entries of one thing differ, named for people, with the act that would repair it. Nothing is repaired here.

An act that the one has and the other has not is told again by the one (`gsomia act send`), and everything else follows
from it. A node that lacks an act of its own, or a copy that it signed for, lost them: `gsomia log recover`. Where both
have the same acts and their registers differ nevertheless, somebody was at the tables: `gsomia verify` names the row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gsomia.errors import VerificationError
from gsomia.node.acts.types import ACT_TYPES
from gsomia.node.comparison.entries import ACT, BEFORE_ARRIVAL, ITEM
from gsomia.node.record.stored import Discrepancy
from gsomia.registry import Rung

__all__ = ["Between", "check_entry", "law_discrepancies", "named"]

_RUNGS = tuple(rung.value for rung in Rung)
_ITEM_WORDS: Mapping[str, tuple[str, ...]] = {
    "originator": ("originator",),
    "level": ("level", "label"),
    "payload": ("payload_digest", "core_digest"),
    "key custody": ("key",),
}
_COPY_WORDS: Mapping[str, tuple[str, ...]] = {
    "giver or holder": ("giver", "holder"),
    "custody": ("custodian",),
    "level": ("mark", "origin_mark", "own_label"),
    "state": ("state",),
    "rungs": ("rungs",),
}
_BY_ACTS = ("state", "rungs")
"""What need not be named where acts are missing, for those are."""

_NOTHING: dict[str, Any] = {"item": None, "copies": [], "acts": []}


@dataclass(frozen=True, slots=True, kw_only=True)
class Between:
    """Whose views are compared, when, and what was found before: that keeps the instant at which it was found."""

    here: str
    there: str
    at: datetime
    before: Mapping[tuple[str, str], datetime]

    def found(
        self, kind: str, subject: str, here: str, there: str, repair: Sequence[str], *, about: str = ""
    ) -> Discrepancy:
        """A discrepancy of this kind about this subject."""
        return Discrepancy(
            peer=self.there,
            subject=subject,
            kind=kind,
            about=about,
            here=here,
            there=there,
            repair=tuple(dict.fromkeys(repair)),
            since=self.before.get((subject, kind), self.at),
        )


def check_entry(value: object) -> dict[str, Any]:
    """An entry as a peer sent it, read strictly.

    Raises:
        VerificationError: it is none.
    """
    try:
        return _read(value)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise VerificationError(f"not the entry of an item or an act: {error}") from error


def _read(value: Any) -> dict[str, Any]:
    kind = value["kind"]
    if kind == ACT:
        act = _texts(value, ("id", "type", "party", "digest"))
        if act["type"] not in ACT_TYPES:
            raise ValueError(f"`{act['type']:.40}` is no type of act")
        return {"kind": ACT, **act}
    if kind != ITEM or set(value) != {"kind", "id", "item", "copies", "acts"}:
        raise ValueError("unknown keys")
    copies = []
    for copy in value["copies"]:
        words = _texts(copy, _COPY)
        rungs = [_row(row, 2) for row in copy["rungs"]]
        copies.append({**words, "rungs": rungs})
    item = None if value["item"] is None else _texts(value["item"], _ITEM)
    acts = [_row(row, 5) for row in value["acts"]]
    if unknown := {row[1] for row in acts} - {*ACT_TYPES}:
        raise ValueError(f"`{min(unknown):.40}` is no type of act")
    return {"kind": ITEM, **_texts(value, ("id",)), "item": item, "copies": copies, "acts": acts}


_COPY = ("id", "giver", "holder", "custodian", "state", "mark", "origin_mark", "own_label")
_ITEM = ("originator", "level", "label", "payload_digest", "core_digest", "key")


def _texts(value: Mapping[str, Any], names: Sequence[str]) -> dict[str, str]:
    found = {name: value[name] for name in names}
    if not all(isinstance(word, str) for word in found.values()):
        raise ValueError("text was expected")
    return found


def _row(row: Any, cells: int) -> list[str]:
    if not isinstance(row, list) or len(row) != cells or not all(isinstance(cell, str) for cell in row):
        raise ValueError(f"a row of {cells} texts was expected")
    return row


def named(
    between: Between, kind: str, name: str, here: Mapping[str, Any] | None, there: Mapping[str, Any] | None
) -> list[Discrepancy]:
    """What differs between two entries of one item, or one act.

    Args:
        between: whose.
        kind, name: the entries' own.
        here, there: the entries; None where there is none.
    """
    if kind == ACT:
        return [*_acts(between, "", _alone(here), _alone(there))]
    ours, theirs = here or _NOTHING, there or _NOTHING
    repair = [line for one in _acts(between, name, ours, theirs) for line in one.repair]
    found = [*_acts(between, name, ours, theirs), *_copies(between, name, ours, theirs, repair)]
    if ours["item"] and theirs["item"]:
        found += _words(between, _ITEM_WORDS, name, name, ours["item"], theirs["item"], [])
    return found


def _alone(act: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """An act about no item, as an entry of an item with this act alone."""
    if act is None:
        return _NOTHING
    return {**_NOTHING, "acts": [[act["id"], act["type"], act["party"], "", act["digest"]]]}


def _words(
    between: Between,
    words: Mapping[str, tuple[str, ...]],
    subject: str,
    item: str,
    ours: Mapping[str, Any],
    theirs: Mapping[str, Any],
    repair: Sequence[str],
) -> Iterator[Discrepancy]:
    """Words of an item or a copy that the two registers say otherwise."""
    for kind, names in words.items():
        differing = next((name for name in names if ours[name] != theirs[name]), None)
        if differing is not None and not (repair and kind in _BY_ACTS):
            here, there = (str(side[differing]) or "none" for side in (ours, theirs))
            yield between.found(kind, subject, here, there, repair or _look(between), about=item)


def _look(between: Between) -> list[str]:
    """Both have the same acts, so one of the two registers does not follow from them."""
    return [f"at {between.here}: gsomia verify", f"at {between.there}: gsomia verify"]


def _only(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[list[str]]:
    """The acts that stand in one entry and not in the other, in order; of a copy that has not arrived there by its
    record, the acts by which it left stand in no entry."""
    known = {row[0]: row for row in other["acts"]}
    arrived = {copy["id"] for copy in other["copies"]}
    rows = [row for row in one["acts"] if known.get(row[0]) != row]
    return sorted((row for row in rows if row[1] not in BEFORE_ARRIVAL or row[3] in arrived), key=_in_order)


_ORDER = ("transmit", "release", "dispatched", "accepted", "delivered", "mark", "receipted", "opened")


def _in_order(row: Sequence[str]) -> tuple[int, str]:
    """Acts in an order in which each can be taken in: what it rests on comes before it."""
    kind = row[1]
    return (_ORDER.index(kind) if kind in _ORDER else len(_ORDER) + [*ACT_TYPES].index(kind), row[0])


def _acts(between: Between, item: str, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Iterator[Discrepancy]:
    """Acts that the one has and the other has not: rungs, a destruction, and whatever else."""
    both = {row[0] for row in ours["acts"]} & {row[0] for row in theirs["acts"]}
    for is_here, rows in ((True, _only(ours, theirs)), (False, _only(theirs, ours))):
        has, lacks = (between.here, between.there) if is_here else (between.there, between.here)
        lost = any(row[2] == lacks and row[0] not in both for row in rows)
        for act, kind, party, copy, digest in rows:
            # A side that lacks acts of its own has lost them, and gets back all that is missing together.
            told = f"at {has}: gsomia act send {act} --to {lacks}"
            repair = f"at {lacks}: gsomia log recover --by OFFICER" if lost else told
            if act not in both:
                yield _lacking(between, item, act, kind, party, copy, repair, is_here=is_here)
            elif is_here:
                other = next(row for row in theirs["acts"] if row[0] == act)
                yield between.found("act", act, digest, other[4], _look(between), about=item)


def _lacking(
    between: Between, item: str, act: str, kind: str, party: str, copy: str, repair: str, *, is_here: bool
) -> Discrepancy:
    word, subject, lacks = f"missing act {kind}", act, "no such act"
    if kind in _RUNGS:
        word, subject, lacks = f"missing rung {kind}", copy, f"not {kind}"
    elif kind == "destroy":
        word, subject = f"destroyed {'here and not there' if is_here else 'there and not here'}", copy
        lacks = "not destroyed"
    has = f"{kind} by {party}, act {act}"
    here, there = (has, lacks) if is_here else (lacks, has)
    return between.found(word, subject, here, there, [repair], about=item)


def _copies(
    between: Between, item: str, ours: Mapping[str, Any], theirs: Mapping[str, Any], repair: Sequence[str]
) -> Iterator[Discrepancy]:
    one, other = ({copy["id"]: copy for copy in side["copies"]} for side in (ours, theirs))
    if one.keys() != other.keys():
        lone = sorted(one.keys() ^ other.keys())
        here, there = (
            f"{len(side)} cop{'y' if len(side) == 1 else 'ies'}{_naming(side, lone)}" for side in (one, other)
        )
        # Whether the giver only believes that it stopped, or knows of it no more, its register does not show from here.
        lost = {between.there for copy in one.keys() - other.keys() if one[copy]["giver"] == between.there}
        lost |= {between.here for copy in other.keys() - one.keys() if other[copy]["giver"] == between.here}
        more = [
            f"at {party}: gsomia log recover --by OFFICER, where it knows of no such copy" for party in sorted(lost)
        ]
        yield between.found("copy count", item, here, there, [*(repair or _look(between)), *more], about=item)
    for copy in sorted(one.keys() & other.keys()):
        yield from _words(between, _COPY_WORDS, copy, item, one[copy], other[copy], repair)


def _naming(side: Mapping[str, Any], lone: Sequence[str]) -> str:
    has = [copy for copy in lone if copy in side]
    return f", of them {', '.join(has)} alone" if has else ""


def law_discrepancies(
    between: Between, ours: Mapping[str, tuple[str, str]], theirs: Mapping[str, tuple[str, str]]
) -> Iterator[Discrepancy]:
    """Instruments of both that the two apply in different versions, and records of legal acts that differ.

    Args:
        between: whose.
        ours, theirs: version and head of the record, by instrument; both "" where it is not adopted.
    """
    for name in sorted({*ours, *theirs}):
        (version, head), (other, other_head) = (side.get(name, ("", "")) for side in (ours, theirs))
        if version != other:
            repair = [f"at the one that is to follow: gsomia agreement adopt {name} --by OFFICER"]
            yield between.found("law version", name, version or "not adopted", other or "not adopted", repair)
        elif head != other_head:
            repair = [
                f"at {between.here} or {between.there}: gsomia act enter ID --under {name} --by OFFICER, "
                "for each act that `gsomia act list` shows as reported or disputed"
            ]
            yield between.found("record of legal acts", name, head, other_head, repair)
