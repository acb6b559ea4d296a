"""Who acts: a person of this Party with roles, clearance, needs and rosters, as the register has them at an instant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gsomia.node import Node, Reader, Role

__all__ = ["ROLES", "Principal", "principal_of"]

ROLES = (*Role.ALL, *Role.HOUSE)
"""Every role, those in which officers sign first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A person of this Party at an instant; how they showed who they are is the sign-in's affair.

    Args:
        party: of this node.
        person: the person's id; of an officer of whom nothing else is entered, the officer's id.
        at: the instant for which all of it holds.
        roles: of the officers' keys that the person holds, and those of the house.
        officers: the ids under which the person's keys are enrolled.
        clearance: `none`, `CONFIDENTIAL`, `SECRET`, `TOP SECRET`; one that has expired is `none`.
        needs: the subjects that the duties require.
        rosters: the facilities on whose rosters the person stands.
    """

    party: str
    person: str
    at: datetime
    roles: frozenset[str] = frozenset()
    officers: tuple[str, ...] = ()
    clearance: str = "none"
    needs: frozenset[str] = frozenset()
    rosters: frozenset[str] = frozenset()


def principal_of(
    node: Node, reader: Reader, *, officer: str = "", person: str = "", at: datetime | None = None
) -> Principal | None:
    """The principal behind an officer's key, or a person's id; what nobody entered has no rights.

    Args:
        node: whose.
        reader: its store.
        officer: an officer's id; or
        person: a person's id.
        at: the instant; now where it is None.

    Returns:
        None where neither an officer's key nor a person of that id is known here.
    """
    known = reader.officer(node.party, officer or person)
    entered = reader.person(officer or person)
    if known is None and entered is None:
        return None
    return Principal(
        party=node.party,
        person=officer or person,
        at=at or node.clock.now(),
        roles=frozenset(known.roles if known is not None else ()),
        officers=(known.id,) if known is not None else (),
        clearance=entered.clearance if entered is not None else "none",
        needs=frozenset(entered.needs if entered is not None else ()),
    )
