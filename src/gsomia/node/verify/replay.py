"""The register made anew from the logged acts, and put beside the one that stands, row for row in both directions.

Every act in the order of its recording goes through the same effects as when it came, into an empty register that lasts
as long as the check. What differs stands outside the acts: somebody was at the tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import cast

from gsomia.errors import VerificationError
from gsomia.node.acts.signed import SignedAct, Statement, instant
from gsomia.node.effects.applying import apply
from gsomia.node.effects.keyends import TURNING_TYPES
from gsomia.node.node import Node
from gsomia.node.record.store_port import Reader, Store, Writer
from gsomia.node.record.stored import Rows
from gsomia.node.record.succession import DISTRUSTED
from gsomia.node.verify.seeing import Seeing

__all__ = ["DERIVED", "compare_register"]

DERIVED = (
    "peer", "officer", "officer_key", "person", "roster", "account", "sign_in_key", "need", "briefing", "placement",
    "credential", "consent", "adopted", "entered", "item", "copy", "rung", "rendition", "acceptance", "numbered",
    "serial", "setting", "consultation", "consultation_step", "consultation_view", "request",
    "contractor_facility", "contractor_copy", "oral_disclosure", "passage", "standing_order",
)  # fmt: skip
"""The tables that acts alone make; of the settings those that name a distrusted key."""

_AT_ONCE = 2000
"""So many acts go into one transaction: what it keeps of its reads is forgotten with it."""


def compare_register(node: Node, reader: Reader) -> tuple[int, str, str]:
    """Replay every act and compare what comes of them with what stands.

    Args:
        node: whose register.
        reader: its store.

    Returns:
        How many rows were compared, the first fault, or "", and what is to be told of acts that came late, or "".
    """
    if act := reader.unlogged():
        return 0, f"act `{act}` stands in no log, or not in the order of its log", ""
    with node.scratch() as scratch:
        late = _Late()
        try:
            _replay(node, reader, scratch, late)
        except VerificationError as error:
            return 0, f"the acts do not follow from one another: {error}", late.words
        counted = 0
        with scratch.reading() as said:
            for table in DERIVED:
                compared, fault = _compare(table, reader.rows(table), said.rows(table))
                counted += compared
                if fault:
                    return counted, fault, late.words
    return counted, "", late.words


@dataclass(slots=True)
class _Late:
    """The acts of peers' on items that were recorded here long after the instant that they name."""

    count: int = 0
    last: str = ""

    def see(self, node: Node, statement: Statement, source: str, at: datetime) -> None:
        if source != "own" and statement.item and at - statement.at > node.limits.late:
            self.count += 1
            self.last = (
                f"`{statement.id}`, `{statement.type}` by `{statement.party}`, names {instant(statement.at)} "
                f"and was recorded {instant(at)}"
            )

    @property
    def words(self) -> str:
        return f"acts that came late or are backdated: {self.count}, the last: {self.last}" if self.count else ""


def _replay(node: Node, reader: Reader, scratch: Store, late: _Late) -> None:
    acts, before = reader.recorded(), dict[str, list[SignedAct]]()
    while part := list(islice(acts, _AT_ONCE)):
        with scratch.writing() as tx:
            seeing = Seeing(tx, reader.act, before)
            for statement, source, at in part:
                late.see(node, statement, source, at)
                _replay_one(node, seeing, statement, source, at)


def _replay_one(node: Node, seeing: Seeing, statement: Statement, source: str, at: datetime) -> None:
    tx = cast(Writer, seeing)
    seeing.see(statement)
    if source == "own" and (statement.party != node.party or statement.at != at):
        raise VerificationError(f"act `{statement.id}` is said to be this node's own of another instant")
    if statement.type in TURNING_TYPES and (act := seeing.act(statement.id)) is not None:
        tx.put_act(act, source, at)  # what comes later asks whose key was whose
    if statement.type == "replace-node-key" and statement.party == node.party:
        return  # the key that stands is held against the key files, and each signature against the key of its time
    apply(node, tx, statement, source=source, at=at, delivered=True)


def _compare(table: str, stands: Rows, said: Rows) -> tuple[int, str]:
    """Two tables, each in the order of its keys, put beside each other."""
    keys = stands.keys
    here, there = _decisive(table, stands), _decisive(table, said)
    one, other = next(here, None), next(there, None)
    counted = 0
    while one is not None or other is not None:
        if one != other:
            return counted, _difference(table, stands, one, other, keys)
        counted += 1
        one, other = next(here, None), next(there, None)
    return counted, ""


def _decisive(table: str, rows: Rows) -> Iterator[tuple[object, ...]]:
    if table != "setting":
        return rows.rows
    return (row for row in rows.rows if str(row[0]).startswith(DISTRUSTED))


def _difference(
    table: str, rows: Rows, one: tuple[object, ...] | None, other: tuple[object, ...] | None, keys: int
) -> str:
    def named(row: tuple[object, ...]) -> str:
        return f"{table} `{' '.join(str(cell) for cell in row[:keys])}`"

    if one is not None and other is not None and one[:keys] == other[:keys]:
        differing = next(place for place, cell in enumerate(one) if cell != other[place])
        name = rows.columns[differing]
        return f"{named(one)}: `{name}` is `{one[differing]!s:.80}`; by the acts it is `{other[differing]!s:.80}`"
    if other is None or (one is not None and [str(cell) for cell in one[:keys]] < [str(cell) for cell in other[:keys]]):
        assert one is not None  # one of the two differs from the other
        return f"{named(one)} stands in the register, and no act put it there"
    return f"{named(other)} is missing from the register, and an act put it there"
