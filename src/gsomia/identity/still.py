"""Whether one who was let in may still: asked anew of the register for each event of an open stream or session."""

from __future__ import annotations

from gsomia.identity.conditions import About
from gsomia.identity.principals import Principal, principal_of
from gsomia.identity.rights import Decision, Ground, Rights
from gsomia.node import Node

__all__ = ["still_may"]


def still_may(node: Node, rights: Rights, principal: Principal, act: str, about: About | None = None) -> Decision:
    """Decide again as the register stands now: a leaver, a role that ended or a clearance that expired counts at once.

    Args:
        node: whose register, and whose clock.
        rights: the table.
        principal: as they were let in.
        act: its name in the table.
        about: what the event is about.
    """
    with node.store.reading() as reader:
        now = principal_of(node, reader, person=principal.person)
    if now is None:
        text = f"`{principal.person}` is no longer known here"
        return Decision(outcome="refuse", grounds=(Ground(row="", text=text),))
    return rights.decide(now, act, about or About())
