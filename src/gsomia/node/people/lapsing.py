"""What of the persons has lapsed or will: clearances, briefings, those who left; each with what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from gsomia.agreement import RANKS
from gsomia.node.acts.signed import instant
from gsomia.node.acts.types import Role
from gsomia.node.effects.persons import unconfirmed
from gsomia.node.facts.asserted import Case
from gsomia.node.node import Node
from gsomia.node.record.store_port import Reader
from gsomia.node.record.stored import Credential, Person

__all__ = ["Lapse", "lapses"]

_ACCESS = "officials-with-need-and-clearance"
_ASSURANCE = "assured-level"
_OWED = (
    "nobody signs in, nothing is opened or signed; an officer's act is owed, which ends the keys: `gsomia person leave`"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lapse:
    """Something of a person that came or will come to its end.

    Args:
        person: whose.
        what: `clearance`, `left` or `briefing`.
        at: when: an instant, or of a briefing the last day on which it counts.
        detail: which.
        consequences: what follows, in words, with the articles of the agreements adopted.
    """

    person: str
    what: str
    at: str
    detail: str
    consequences: tuple[str, ...]


def lapses(node: Node, reader: Reader, *, since: datetime | None, until: datetime, limit: int = 0) -> list[Lapse]:
    """What of the persons ends after one instant and up to another.

    Args:
        node: the Party's node.
        reader: its store.
        since: None for all that ever ended.
        until: now, for what has lapsed; a later instant, for what will.
        limit: at most so many of each kind; 0 for all.
    """
    about = _About.of(node, reader, until)
    found = [about.expired(person) for person in reader.expiring(since, until, limit=limit)]
    for person in reader.leavers(since, until, limit=limit):
        assert person.left_at is not None  # it is by that that they were found
        owed = unconfirmed(reader, person)
        found.append(
            Lapse(
                person=person.id,
                what="left",
                at=instant(person.left_at),
                detail=f"by act {person.act}" + (", which no officer has confirmed" if owed else ""),
                consequences=(_OWED if owed else "no key, no role, no place on a roster: nothing is opened",),
            )
        )
    # A briefing counts to the end of its last day.
    first = f"{since:%Y-%m-%d}" if since is not None else ""
    for briefing in reader.briefings_ending(first, f"{until - timedelta(days=1):%Y-%m-%d}", limit=limit):
        found.append(
            Lapse(
                person=briefing.person,
                what="briefing",
                at=briefing.until,
                detail=f"{briefing.what}, given on {briefing.day}",
                consequences=("none by the agreements: no article that was read makes access wait for a briefing",),
            )
        )
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _About:
    """What a list needs to know once.

    Args:
        waiting: how many openings wait for each person.
        unassured: what this Party assured of which nobody is cleared to the level at the end of the list.
    """

    reader: Reader
    party: str
    waiting: Mapping[str, int]
    unassured: tuple[Credential, ...]
    access: str
    assurance: str

    @classmethod
    def of(cls, node: Node, reader: Reader, at: datetime) -> _About:
        waiting: dict[str, int] = {}
        for opening in reader.pending():
            waiting[opening.person] = waiting.get(opening.person, 0) + 1
        case = Case.of(node, reader)
        own = [c for c in reader.credentials() if (c.kind, c.party) == ("assure", node.party)]
        return cls(
            reader=reader,
            party=node.party,
            waiting=waiting,
            unassured=tuple(c for c in own if not _cleared(reader, c.level, at)),
            access=_cited(case, _ACCESS),
            assurance=_cited(case, _ASSURANCE),
        )

    def expired(self, person: Person) -> Lapse:
        assert person.expires is not None  # it is by that that they were found
        where, what = ", ".join(person.rosters) or "no facility", ", ".join(person.needs) or "no subject"
        said = [f"nothing held at {where} on {what} is opened from then on{self.access}"]
        if named := sum(one.need for one in self.reader.needs(person=person.id)):
            said.append(f"nor {named} items needed by name")
        if waiting := self.waiting.get(person.id):
            said.append(f"{waiting} openings that wait are refused")
        if roles := sorted({r for o in self.reader.officers_of(self.party, person=person.id) for r in o.roles}):
            handling, others = [r for r in roles if r in Role.CLEARED], [r for r in roles if r not in Role.CLEARED]
            if handling:
                said.append(f"signs no more as {', '.join(handling)}")
            if others:
                said.append(f"still signs as {', '.join(others)}: `gsomia officer retire` ends that")
        said += [
            f"nobody on a roster is cleared to {one.level}, as act {one.act} assures{self.assurance}"
            for one in self.unassured
        ]
        return Lapse(
            person=person.id,
            what="clearance",
            at=instant(person.expires),
            detail=f"{person.clearance}, {person.basis or 'no basis named'}",
            consequences=tuple(said),
        )


def _cleared(reader: Reader, level: str, at: datetime) -> bool:
    """Whether somebody on a roster is cleared to a level at an instant."""
    rank = RANKS.get(level, 0)
    return any(reader.anybody_cleared(name, at) for name, reached in RANKS.items() if reached >= rank)


def _cited(case: Case, clause: str) -> str:
    """Where the agreements adopted say it, in brackets; "" where none does."""
    places = [
        f"{name} {article.number}"
        for name, agreement in sorted(case.law.agreements.items())
        for article in agreement.articles
        if any(use.name == clause for use in article.clauses)
    ]
    return f" ({', '.join(places)})" if places else ""
