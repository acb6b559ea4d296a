"""What is told of people: persons, officers' keys, what has lapsed, rosters; and of the peers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from gsomia.node.acts.signed import Officer, instant
from gsomia.node.node import Node
from gsomia.node.people.lapsing import Lapse
from gsomia.node.record.store_port import Reader
from gsomia.node.record.stored import Person

__all__ = ["lapse_row", "node_key_rows", "officer_row", "peer_rows", "person_row", "person_view", "roster_rows"]


def officer_row(officer: Officer) -> dict[str, Any]:
    """An officer whose key this node knows."""
    return {
        "party": officer.party,
        "officer": officer.id,
        "person": officer.person,
        "roles": ", ".join(officer.roles),
        "key": officer.key.fingerprint[:16],
    }


def person_row(person: Person, at: datetime) -> dict[str, Any]:
    """A person of this Party, with the clearance as it is at an instant."""
    ends = instant(person.expires) if person.expires is not None else ""
    if person.left_at is not None:
        ends = f"left {instant(person.left_at)}"
    elif person.expired(at):
        ends = f"expired {ends}"
    lists = {"need": person.needs, "rosters": person.rosters, "house roles": person.house_roles}
    return {
        "person": person.id,
        "role": person.role,
        "rank": person.rank,
        "clearance": person.cleared(at),
        "expires": ends,
        **{name: ", ".join(values) for name, values in lists.items()},
    }


def person_view(reader: Reader, party: str, person: Person, at: datetime) -> dict[str, Any]:
    """All that is entered of a person: clearance and its basis, rosters, roles, keys, needs by name, briefings.

    Args:
        reader: the node's store.
        party: this Party, whose person it is.
        person: who.
        at: the instant by which a clearance has ended.
    """
    officers = reader.officers_of(party, person=person.id)
    return {
        **person_row(person, at),
        "basis": person.basis,
        "purposes": ", ".join(person.purposes),
        "accounts": ", ".join(person.accounts),
        "sign_in_keys": ", ".join(key.fingerprint for key in person.sign_in_keys),
        "act": person.act,
        "officers": [{"officer": one.id, "roles": list(one.roles)} for one in officers],
        "needs": [{"item": one.item, "need": one.need, "act": one.act} for one in reader.needs(person=person.id)],
        "briefings": [
            {"what": one.what, "on": one.day, "until": one.until, "act": one.act} for one in reader.briefings(person.id)
        ],
    }


def lapse_row(lapse: Lapse) -> dict[str, Any]:
    """Something of a person that has lapsed or will, and what follows from it."""
    return {
        "person": lapse.person,
        "what": lapse.what,
        "at": lapse.at,
        "detail": lapse.detail,
        "consequences": list(lapse.consequences),
    }


def roster_rows(facilities: Sequence[tuple[str, int]]) -> list[dict[str, Any]]:
    """The facilities that have a roster, and how many stand on it."""
    return [{"facility": facility, "persons": persons} for facility, persons in facilities]


def node_key_rows(node: Node, reader: Reader) -> list[dict[str, str]]:
    """The public halves of the node's keys by name, the pair in use first, and until when each of the others was."""
    keys = node.keys
    acts = reader.acts(types=["replace-node-key"])
    until = [instant(act.statement.at) for act in acts if act.statement.party == node.party]
    pairs = zip((keys.signing, *keys.retired), (keys.sealing, *keys.retired_sealing), strict=True)
    return [
        {"signing": signing.public.fingerprint, "sealing": sealing.kid, "until": end}
        for (signing, sealing), end in zip(pairs, ["", *reversed(until)], strict=True)
    ]


def peer_rows(reader: Reader) -> list[dict[str, Any]]:
    """The enrolled peers, each with the fingerprint of its identity."""
    known = reader.peers()
    return [{"party": party, "fingerprint": known[party].fingerprint} for party in sorted(known)]
