"""Officers, persons, rosters, needs and briefings: each found by its keys, and long lists page by page."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from gsomia.keys import PublicKey, Verifies, canonical
from gsomia.node import Binding, Briefing, Need, Officer, Person, SignInKey, Statement, instant
from gsomia.store import rows, schema
from gsomia.store.connected import Connected
from gsomia.store.prepared import Prepared
from gsomia.store.statements import found, rows_by

__all__ = ["PeopleReads", "PeopleWrites"]

_EVERY = -1
"""SQLite's word for no limit."""

_LIMIT: sa.BindParameter[int] = sa.bindparam("limit")
_FIRST: sa.ColumnElement[int] = sa.literal_column("0")
_AFTER: sa.BindParameter[str] = sa.bindparam("after")
_NONE: sa.ColumnElement[str] = sa.literal_column("''")


@cache
def _officers(*, of_party: bool) -> Prepared:
    """Officers page by page, in the order of Party and id."""
    table = schema.officer
    query = sa.select(table).where(
        sa.tuple_(table.c.party, table.c.id) > sa.tuple_(sa.bindparam("after_party"), _AFTER)
    )
    if of_party:
        query = query.where(table.c.party == sa.bindparam("party"))
    return Prepared(query.order_by(table.c.party, table.c.id).limit(_LIMIT).offset(_FIRST))


_HOLDING = (
    sa.select(schema.officer.c.id)
    .where(schema.officer.c.party == sa.bindparam("party"), schema.officer.c.roles.like(sa.bindparam("role")))
    .limit(_LIMIT)
    .offset(_FIRST)
)
_HOLDERS = Prepared(
    sa.select(schema.officer)
    .where(schema.officer.c.party == sa.bindparam("party"), schema.officer.c.id.in_(_HOLDING))
    .order_by(schema.officer.c.id)
)

_HAD = Prepared(
    sa.select(schema.officer_key.c.id)
    .where(schema.officer_key.c.party == sa.bindparam("party"))
    .limit(sa.literal_column("1"))
    .offset(_FIRST)
)

_HALVES = ("ed25519", "ml-dsa-65", "credential", "cose")
"""The words of a key that no other key may have."""


def _holding_half(table: sa.Table) -> sa.ColumnElement[bool]:
    return sa.func.instr(table.c.key, sa.bindparam("half")) > sa.literal_column("0")


_HALF_ANYWHERE = sa.select(schema.officer_key).where(_holding_half(schema.officer_key))
_HALF = {
    True: Prepared(
        _HALF_ANYWHERE.where(schema.officer_key.c.party == sa.bindparam("party")).order_by(schema.officer_key.c.id)
    ),
    False: Prepared(_HALF_ANYWHERE.order_by(schema.officer_key.c.party, schema.officer_key.c.id)),
}
"""By whether one Party's keys are asked for, or all."""
_SIGN_IN_HALF = Prepared(sa.select(schema.sign_in_key).where(_holding_half(schema.sign_in_key)))

_PERSONS = Prepared(
    sa.select(schema.person)
    .where(schema.person.c.id > _AFTER)
    .order_by(schema.person.c.id)
    .limit(_LIMIT)
    .offset(_FIRST)
)

# A statement is the RFC 8785 form of its JSON, so the person stands there in one spelling; what the words might
# stand for elsewhere in it is looked at once it is read.
_ABOUT_PERSON = Prepared(
    sa.select(schema.act.c.statement)
    .where(
        schema.act.c.type.in_(
            [
                sa.literal_column("'enter-person'"),
                sa.literal_column("'strike-person'"),
                sa.literal_column("'end-access'"),
            ]
        )
    )
    .where(sa.func.instr(schema.act.c.statement, sa.bindparam("person")) > sa.literal_column("0"))
    .order_by(schema.act.c.seq)
)

_ON_ROSTER = Prepared(
    sa.select(schema.person)
    .join(schema.roster, schema.roster.c.person == schema.person.c.id)
    .where(schema.roster.c.facility == sa.bindparam("facility"), schema.roster.c.person > _AFTER)
    .order_by(schema.roster.c.person)
    .limit(_LIMIT)
    .offset(_FIRST)
)

_FACILITIES = Prepared(
    sa.select(schema.roster.c.facility, sa.func.count().label("persons"))
    .where(schema.roster.c.facility > _AFTER)
    .group_by(schema.roster.c.facility)
    .order_by(schema.roster.c.facility)
    .limit(_LIMIT)
    .offset(_FIRST)
)


def _in_time(column: sa.Column[object]) -> Prepared:
    """Persons in the order of an instant of theirs, up to one; each page begins behind an instant and an id."""
    table = schema.person
    place = sa.tuple_(column, table.c.id)
    query = sa.select(table).where(
        column > sa.bindparam("since"),
        column <= sa.bindparam("until"),
        place > sa.tuple_(sa.bindparam("after_at"), _AFTER),
    )
    if column is not table.c.left_at:
        query = query.where(table.c.left_at == _NONE)
    return Prepared(query.order_by(column, table.c.id).limit(_LIMIT).offset(_FIRST))


_EXPIRING = _in_time(schema.person.c.expires)
_LEFT = _in_time(schema.person.c.left_at)

_ENDING = Prepared(
    sa.select(schema.briefing)
    .where(schema.briefing.c.until >= sa.bindparam("since"), schema.briefing.c.until <= sa.bindparam("until"))
    .where(schema.briefing.c.until > _NONE)
    .order_by(schema.briefing.c.until, schema.briefing.c.person, schema.briefing.c.act)
    .limit(_LIMIT)
    .offset(_FIRST)
)

_CLEARED = Prepared(
    sa.select(schema.person.c.id)
    .where(schema.person.c.left_at == _NONE, schema.person.c.clearance == sa.bindparam("clearance"))
    .where(sa.or_(schema.person.c.expires == _NONE, schema.person.c.expires > sa.bindparam("at")))
    .where(schema.person.c.rosters != sa.literal_column("'[]'"))
    .limit(sa.literal_column("1"))
    .offset(_FIRST)
)


def _halves(key: Verifies) -> list[str]:
    """The words of a key that no other may have, each as it stands in its JSON."""
    return [f'"{word}"' for name, word in key.to_json().items() if name in _HALVES]


def _sign_in_key(row: dict[str, Any]) -> SignInKey:
    return SignInKey(person=row["person"], key=PublicKey.from_json(json.loads(row["key"])), act=row["act"])


class PeopleReads(Connected):
    """Reads of people within one transaction."""

    _all: Callable[..., list[dict[str, Any]]]
    _one: Callable[..., dict[str, Any] | None]
    once: Callable[[Hashable, Callable[[], Any]], Any]

    def officers(self, party: str | None = None, *, after: str = "", limit: int = 0) -> Sequence[Officer]:
        query = _officers(of_party=party is not None)
        before = (party, after) if party is not None else after.partition("/")[::2]
        values = {"party": party, "after_party": before[0], "after": before[1], "limit": limit or _EVERY}
        return [rows.officer_of(row) for row in found(self._connection, query, values)]

    def officer(self, party: str, officer: str) -> Officer | None:
        def read() -> Officer | None:
            row = self._one(rows_by(schema.officer, "party", "id"), party=party, id=officer)
            return None if row is None else rows.officer_of(row)

        found: Officer | None = self.once(("officer", party, officer), read)
        return found

    def officers_of(self, party: str, *, person: str = "", role: str = "", limit: int = 0) -> Sequence[Officer]:
        if person:
            # Sorted here: asked for an order, SQLite goes through the Party's officers by their ids.
            query = rows_by(schema.officer, "party", "person")
            mine = [rows.officer_of(row) for row in self._all(query, party=party, person=person)]
            return sorted((officer for officer in mine if role in ("", *officer.roles)), key=lambda one: one.id)
        values = {"party": party, "role": f'%"{role}"%', "limit": limit or _EVERY}
        return [rows.officer_of(row) for row in self._all(_HOLDERS, **values)]

    def keys_of(self, party: str, officer: str) -> Sequence[Officer]:
        found = self._all(rows_by(schema.officer_key, "party", "id", order=("number",)), party=party, id=officer)
        return [rows.officer_of({name: row[name] for name in row if name != "number"}) for row in found]

    def sharing(self, party: str | None, key: Verifies) -> Sequence[Officer]:
        found: dict[tuple[str, str], Officer] = {}
        for half in _halves(key):
            values = {"half": half} if party is None else {"half": half, "party": party}
            for row in self._all(_HALF[party is not None], **values):
                officer = rows.officer_of({name: row[name] for name in row if name != "number"})
                if key.shares(officer.key):
                    found[officer.party, officer.id] = officer
        return list(found.values())

    def holder_of_key(self, key: Verifies) -> str:
        for half in _halves(key):
            for row in self._all(_SIGN_IN_HALF, half=half):
                if key.shares(_sign_in_key(row).key):
                    return str(row["person"])
        return ""

    def sign_in_keys(self, fingerprint: str = "") -> Sequence[SignInKey]:
        names = ("ended", "fingerprint") if fingerprint else ("ended",)
        found = self._all(rows_by(schema.sign_in_key, *names), ended="", fingerprint=fingerprint)
        return [_sign_in_key(row) for row in found]

    def had_officers(self, party: str) -> bool:
        return self._one(_HAD, party=party) is not None

    def persons(self, *, facility: str = "", after: str = "", limit: int = 0) -> Sequence[Person]:
        query = _ON_ROSTER if facility else _PERSONS
        values = {"facility": facility, "after": after, "limit": limit or _EVERY}
        return [rows.person_of(row) for row in self._all(query, **values)]

    def person(self, person: str) -> Person | None:
        row = self._one(rows_by(schema.person, "id"), id=person)
        return None if row is None else rows.person_of(row)

    def binding(self, account: str) -> Binding | None:
        row = self._one(rows_by(schema.account, "name"), name=account)
        return None if row is None else Binding(**row)

    def person_statements(self, person: str) -> Sequence[Statement]:
        named = canonical({"person": person})[1:-1]
        found = [Statement.from_bytes(row["statement"]) for row in self._all(_ABOUT_PERSON, person=named)]
        return [statement for statement in found if statement.body.get("person") == person]

    def expiring(
        self, since: datetime | None, until: datetime, *, after: Person | None = None, limit: int = 0
    ) -> Sequence[Person]:
        return self._in_time(_EXPIRING, since, until, after, after.expires if after else None, limit)

    def leavers(
        self, since: datetime | None, until: datetime, *, after: Person | None = None, limit: int = 0
    ) -> Sequence[Person]:
        return self._in_time(_LEFT, since, until, after, after.left_at if after else None, limit)

    def _in_time(
        self,
        query: Prepared,
        since: datetime | None,
        until: datetime,
        after: Person | None,
        after_at: datetime | None,
        limit: int,
    ) -> Sequence[Person]:
        values = {
            "since": instant(since) if since is not None else "",
            "until": instant(until),
            "after_at": instant(after_at) if after_at is not None else "",
            "after": after.id if after is not None else "",
            "limit": limit or _EVERY,
        }
        return [rows.person_of(row) for row in self._all(query, **values)]

    def anybody_cleared(self, clearance: str, at: datetime) -> bool:
        return self._one(_CLEARED, clearance=clearance, at=instant(at)) is not None

    def facilities(self, *, after: str = "", limit: int = 0) -> Sequence[tuple[str, int]]:
        return [(row["facility"], row["persons"]) for row in self._all(_FACILITIES, after=after, limit=limit or _EVERY)]

    def briefings(self, person: str) -> Sequence[Briefing]:
        found = self._all(rows_by(schema.briefing, "person", order=("day", "act")), person=person)
        return [Briefing(**row) for row in found]

    def briefings_ending(self, since: str, until: str, *, limit: int = 0) -> Sequence[Briefing]:
        return [Briefing(**row) for row in self._all(_ENDING, since=since, until=until, limit=limit or _EVERY)]

    def need(self, item: str, person: str) -> Need | None:
        row = self._one(rows_by(schema.need, "item", "person"), item=item, person=person)
        return None if row is None else rows.need_of(row)

    def needs(self, *, item: str = "", person: str = "") -> Sequence[Need]:
        names = [name for name, value in (("item", item), ("person", person)) if value]
        found = self._all(rows_by(schema.need, *names, order=("item", "person")), item=item, person=person)
        return [rows.need_of(row) for row in found]

    def placement(self, copy: str) -> str | None:
        row = self._one(rows_by(schema.placement, "copy"), copy=copy)
        return None if row is None else str(row["facility"])


class PeopleWrites(PeopleReads):
    """Changes of people within one transaction."""

    _put: Callable[..., int]
    _kept: dict[Hashable, Any]

    def put_officer(self, officer: Officer) -> None:
        row = rows.officer_row(officer)
        self._put(schema.officer, row)
        before = len(self.keys_of(officer.party, officer.id))
        self._put(schema.officer_key, row | {"number": before})
        self._kept.clear()

    def end_officer(self, party: str, officer: str) -> None:
        table = schema.officer
        self._connection.execute(sa.delete(table).where(table.c.party == party, table.c.id == officer))
        self._kept.clear()

    def put_person(self, person: Person) -> None:
        self._put(schema.person, rows.person_row(person))
        table = schema.roster
        self._connection.execute(sa.delete(table).where(table.c.person == person.id))
        for facility in person.rosters:
            self._put(table, {"facility": facility, "person": person.id, "act": person.act})
        table = schema.account
        bound = {row["name"]: row["act"] for row in self._all(rows_by(table, "person"), person=person.id)}
        self._connection.execute(sa.delete(table).where(table.c.person == person.id))
        for name in person.accounts:
            self._put(table, {"name": name, "person": person.id, "act": bound.get(name, person.act)})
        table = schema.sign_in_key
        held = self._all(rows_by(table, "person", "ended"), person=person.id, ended="")
        bound = {row["fingerprint"]: row["act"] for row in held}
        # A key that ended stays, so that it becomes nobody else's.
        ending = sa.update(table).where(table.c.person == person.id, table.c.ended == _NONE)
        self._connection.execute(ending.values(ended=person.act))
        for key in person.sign_in_keys:
            row = {"fingerprint": key.fingerprint, "person": person.id, "key": json.dumps(key.to_json())}
            self._put(table, row | {"act": bound.get(key.fingerprint, person.act), "ended": ""})

    def put_need(self, need: Need) -> None:
        self._put(schema.need, rows.plain_row(need) | {"need": int(need.need)})

    def end_needs(self, person: str) -> None:
        self._connection.execute(sa.delete(schema.need).where(schema.need.c.person == person))

    def put_briefing(self, briefing: Briefing) -> None:
        self._put(schema.briefing, rows.plain_row(briefing))

    def put_placement(self, copy: str, facility: str, act: str) -> None:
        self._put(schema.placement, {"copy": copy, "facility": facility, "act": act})

    def end_pending_of(self, person: str) -> None:
        self._connection.execute(sa.delete(schema.pending).where(schema.pending.c.person == person))
