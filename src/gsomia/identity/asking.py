"""What the table of rights says of a person of this Party, as they stand in the register."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gsomia.errors import UsageError
from gsomia.identity.abouts import about_copy
from gsomia.identity.conditions import About
from gsomia.identity.principals import principal_of
from gsomia.identity.rights import Rights
from gsomia.node import Node, Reader, held_copy

__all__ = ["told_right"]


def told_right(
    node: Node, reader: Reader, rights: Rights, person: str, act: str, *, item: str = "", other: str = ""
) -> dict[str, Any]:
    """Whether an officer or another person of this Party may do an act, with the grounds.

    Args:
        node: the Party's node.
        reader: its store.
        rights: the table.
        person: who would, by an officer's id or the person's.
        act: its name in the table.
        item: a held item that it is about, or "".
        other: whom it is for or about; "" for the person themselves.

    Raises:
        UsageError: the act, the person or the item is not known.
    """
    if act not in rights.acts:
        raise UsageError(f"unknown act `{act}`", hint=f"known: {', '.join(rights.acts)}")
    who = principal_of(node, reader, officer=person) or principal_of(node, reader, person=person)
    if who is None:
        raise UsageError(f"`{person}` is no officer and no person of this Party")
    about = about_copy(node, reader, held_copy(reader, node, item), who) if item else About()
    decision = rights.decide(who, act, replace(about, person=other or who.person))
    return {"person": who.person, "act": act, **decision.to_json()}
