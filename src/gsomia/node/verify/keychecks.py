"""What `verify` checks of keys that were released: none after a recall, none by a stranger, each for one opening."""

from __future__ import annotations

from gsomia.node.acts.signed import Statement
from gsomia.node.node import Node
from gsomia.node.record.store_port import Reader
from gsomia.registry import Custody, Item

__all__ = ["check_keys"]


def check_keys(node: Node, reader: Reader) -> tuple[int, str]:
    """Check every release of a key in this node's acts, and every opening that needed one.

    Returns:
        How many were checked, and the first fault, or "".
    """
    releases: dict[str, Statement] = {}
    recalled: set[str] = set()
    used: set[str] = set()
    counted = 0
    for act in reader.acts(types=["recall", "release-key", "access"]):
        statement = act.statement
        item = reader.item(statement.item)
        if item is None:
            continue
        if statement.type == "recall":
            recalled |= {item.id} if statement.party == item.originator else set()
            continue
        if statement.type == "release-key":
            releases[act.id] = statement
            fault = _release_fault(node, statement, item, recalled)
        elif item.custody is not Custody.RECIPIENT:
            fault = _opening_fault(statement, releases, used)
        else:
            continue
        if fault:
            return counted, f"act `{act.id}`: {fault}"
        counted += 1
    return counted, ""


def _release_fault(node: Node, statement: Statement, item: Item, recalled: set[str]) -> str:
    if statement.party not in item.holders:
        return f"`{statement.party}` holds no key of item `{item.id}`"
    if statement.party == node.party and item.id in recalled:
        return f"a key of item `{item.id}` was released after its recall"
    if statement.body.get("payload_digest") != item.payload_digest:
        return f"a key of another payload than item `{item.id}`'s was released"
    return ""


def _opening_fault(statement: Statement, releases: dict[str, Statement], used: set[str]) -> str:
    """An opening of what this node alone cannot open names one release, for this copy, which serves no other."""
    named = statement.body.get("releases")
    if not isinstance(named, list) or len(named) != 1:
        return "it was opened, and no act released its key"
    release = releases.get(str(named[0]))
    if release is None or release.copy != statement.copy or release.party == statement.party:
        return f"it was opened with a key that act `{named[0]}` did not release for it"
    if named[0] in used:
        return f"it was opened with a key that was released for another opening, by act `{named[0]}`"
    used.add(str(named[0]))
    return ""
