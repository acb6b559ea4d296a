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
        returned: the act that entered the person anew after they had left last; "" for one who never had.
    """

    party: str
    person: str
    at: datetime
    roles: frozenset[str] = frozenset()
    officers: tuple[str, ...] = ()
    clearance: str = "none"
    needs: frozenset[str] = frozenset()
    rosters: frozenset[str] = frozenset()
    returned: str = ""


def principal_of(
    node: Node, reader: Reader, *, officer: str = "", person: str = "", at: datetime | None = None
) -> Principal | None:
    """The principal behind an officer's key, or a person's id; what nobody entered has no rights.

    Roles, needs and rosters are those that stand; what ends by itself, the clearance, is as it is at the instant.

    Args:
        node: whose.
        reader: its store.
        officer: an officer's id, whose key showed who it is; or
        person: a person's id.
        at: the instant; now where it is None.

    Returns:
        None where nobody of that id is known here, or they have left.
    """
    at = at or node.clock.now()
    if officer:
        key = reader.officer(node.party, officer)
        if key is None:
            return None
        person = key.person
    entered = reader.person(person)
    keys = reader.officers_of(node.party, person=person)
    if (entered is None and not keys) or (entered is not None and entered.left_at is not None):
        return None
    house = entered.house_roles if entered is not None else ()
    return Principal(
        party=node.party,
        person=person,
        at=at,
        roles=frozenset(role for one in keys for role in one.roles) | frozenset(house),
        officers=tuple(one.id for one in keys),
        clearance=entered.cleared(at) if entered is not None else "none",
        needs=frozenset(entered.needs if entered is not None else ()),
        rosters=frozenset(entered.rosters if entered is not None else ()),
        returned=entered.returned if entered is not None else "",
    )
