"""What is read and changed of the node's store within one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

import sqlalchemy as sa

from gsomia.keys import canonical
from gsomia.node import (
    Consent,
    Credential,
    EnteredAct,
    Outgoing,
    Peer,
    PendingOpening,
    SignedAct,
    instant,
)
from gsomia.registry import Copy, CopyState, Item, Rendition, RungEntry
from gsomia.store import rows, schema
from gsomia.store.consultations import ConsultationReads, ConsultationWrites
from gsomia.store.contractors import ContractorReads, ContractorWrites
from gsomia.store.derived import DerivedReads
from gsomia.store.disclosures import DisclosureReads, DisclosureWrites
from gsomia.store.keyed import KeyedReads, KeyedWrites
from gsomia.store.logs import LogReads, LogWrites
from gsomia.store.orders import OrderReads, OrderWrites
from gsomia.store.parcels import ParcelReads, ParcelWrites
from gsomia.store.passages import PassageReads, PassageWrites
from gsomia.store.people import PeopleReads, PeopleWrites
from gsomia.store.prepared import Prepared
from gsomia.store.ranges import RangeReads, RangeWrites
from gsomia.store.refusals import RefusalReads, RefusalWrites
from gsomia.store.requests import RequestReads, RequestWrites
from gsomia.store.statements import found, insert_new, rows_by, upsert

__all__ = ["SqlReader", "SqlWriter"]

_T = TypeVar("_T")


@cache
def _acts(types: int, *, item: bool, start: bool, stop: bool) -> Prepared:
    """Acts in order, between numbers: of so many types (0 is any), parameters `type0` and on, and of an item."""
    query = _ACTS.order_by(schema.act.c.seq)
    if start:
        query = query.where(schema.act.c.seq >= sa.bindparam("start"))
    if stop:
        query = query.where(schema.act.c.seq < sa.bindparam("stop"))
    if types:
        query = query.where(schema.act.c.type.in_([sa.bindparam(f"type{number}") for number in range(types)]))
    if item:
        query = query.where(schema.act.c.item == sa.bindparam("item"))
    return Prepared(query)


_ACTS = sa.select(schema.act)
_NAMED = schema.act.alias("named")
_ACTS_WITH = Prepared(
    sa.select(schema.act)
    .join(_NAMED, (_NAMED.c.item == schema.act.c.item) & (_NAMED.c.batch == schema.act.c.batch))
    .where(_NAMED.c.id == sa.bindparam("act"))
    .order_by(schema.act.c.seq)
)
_LAST = Prepared(sa.select(sa.func.max(schema.act.c.seq)))


@cache
def _touched(but: int) -> Prepared:
    """The items of acts behind a place, the parameter `place`, but for so many types, parameters `type0` and on."""
    others = schema.act.c.type.not_in([sa.bindparam(f"type{number}") for number in range(but)])
    # Not `distinct`: for that SQLite walks through an index of all acts.
    return Prepared(sa.select(schema.act.c.item).where(schema.act.c.seq > sa.bindparam("place"), others))


_OF_ITEM = rows_by(schema.copy, "item", order=("control_number", "id"))


@cache
def _outgoing(*, peer: bool, due: bool, limit: bool) -> Prepared:
    """The outbox in order, of one peer, due by an instant, its first entries after one: parameters of these names."""
    table = schema.outgoing
    query = sa.select(table).where(table.c.id > sa.bindparam("after")).order_by(table.c.id)
    if peer:
        query = query.where(table.c.peer == sa.bindparam("peer"))
    if due:
        query = query.where(table.c.next_at <= sa.bindparam("due"))
    return Prepared(query.limit(sa.bindparam("limit")).offset(sa.literal_column("0")) if limit else query)


_PRESENT = (CopyState.DELIVERED.value, CopyState.RECEIPTED.value, CopyState.OPENED.value)
"""The states of a copy that lies with its holder."""


class SqlReader(
    KeyedReads,
    LogReads,
    DerivedReads,
    ParcelReads,
    PeopleReads,
    RangeReads,
    RefusalReads,
    ConsultationReads,
    RequestReads,
    ContractorReads,
    DisclosureReads,
    OrderReads,
    PassageReads,
):
    """Reads within one transaction; what stands between the Parties is read once."""

    def __init__(self, connection: sa.Connection, kept: dict[Hashable, Any] | None = None) -> None:
        super().__init__(connection)
        # One transaction sees one state, so what was read in it holds to its end, or to its own changes.
        self._kept: dict[Hashable, Any] = {} if kept is None else kept

    def _all(self, query: Prepared | sa.Select[Any], **values: object) -> list[dict[str, Any]]:
        return found(self._connection, query, values)

    def _one(self, query: Prepared, **values: object) -> dict[str, Any] | None:
        return query.row(self._connection, values)

    def once(self, name: Hashable, read: Callable[[], _T]) -> _T:
        if name not in self._kept:
            self._kept[name] = read()
        kept: _T = self._kept[name]
        return kept

    def peers(self) -> Mapping[str, Peer]:
        return self.once("peers", lambda: {row["party"]: rows.peer_of(row) for row in self._all(rows_by(schema.peer))})

    def credentials(self) -> Sequence[Credential]:
        return self.once(
            "credentials", lambda: [rows.credential_of(row) for row in self._all(rows_by(schema.credential))]
        )

    def consents(self, item: str | None = None) -> Sequence[Consent]:
        if item is not None:
            return self._consents_for(item)
        return [rows.consent_of(row) for row in self._all(rows_by(schema.consent, order=("at", "id")))]

    def adopted(self) -> Mapping[str, str]:
        every = rows_by(schema.adopted)
        return self.once("adopted", lambda: {row["instrument"]: row["version"] for row in self._all(every)})

    def record(self) -> Sequence[EnteredAct]:
        every = rows_by(schema.entered, order=("id", "entered_by"))
        return self.once("record", lambda: [rows.entered_of(row) for row in self._all(every)])

    def acts(self, *, types: Sequence[str] = (), item: str = "", start: int = 0, stop: int = 0) -> Iterator[SignedAct]:
        if types and (known := self._prefetched(item, types, start=start, stop=stop)) is not None:
            return iter(known)
        values: dict[str, object] = {f"type{number}": name for number, name in enumerate(types)}
        values |= {"start": start, "stop": stop}
        query = _acts(len(types), item=bool(item), start=start > 0, stop=stop > 0)
        if item:
            return iter([self._act_of(row) for row in self._all(query, **values, item=item)])
        return map(self._act_of, query.each(self._connection, values))

    def acts_with(self, act: str) -> Sequence[SignedAct]:
        return [self._act_of(row) for row in self._all(_ACTS_WITH, act=act)]

    def acts_after(
        self, place: int, *, types: Sequence[str] = (), items: Sequence[str] = (), key: str = "", limit: int = 0
    ) -> Sequence[tuple[int, SignedAct]]:
        query = _ACTS.where(schema.act.c.seq > place).order_by(schema.act.c.seq)
        if types:
            query = query.where(schema.act.c.type.in_(types))
        if items:
            query = query.where(schema.act.c.item.in_(items))
        if key:
            # A statement is the RFC 8785 form of its JSON, so a signer's key stands there in one spelling.
            query = query.where(
                sa.func.instr(schema.act.c.statement, canonical({"key": key})[1:-1]) > sa.literal_column("0")
            )
        if limit:
            query = query.limit(limit)
        return [(row["seq"], self._act_of(row)) for row in self._all(query)]

    def last_place(self) -> int:
        return int(_LAST.scalar(self._connection, {}) or 0)

    def touched_since(self, place: int, but: Sequence[str]) -> frozenset[str]:
        types = {f"type{number}": name for number, name in enumerate(but)}
        return frozenset(row["item"] for row in self._all(_touched(len(but)), place=place, **types))

    def items(self) -> Sequence[Item]:
        return [rows.item_of(row) for row in self._all(rows_by(schema.item, order=("created_at",)))]

    def drawing_on(self, item: str) -> Sequence[Item]:
        found = self._all(sa.select(schema.item).where(schema.item.c.cites.contains(item, autoescape=True)))
        return [one for one in map(rows.item_of, found) if any(source.item == item for source in one.cites)]

    def _copies(self, query: sa.Select[Any]) -> list[Copy]:
        found = self._all(query)
        rungs: dict[str, list[RungEntry]] = {}
        ids = [row["id"] for row in found]
        # Asked for where nothing was found too: what is hidden is to take no more than what is not there.
        for start in range(0, max(1, len(ids)), 500):
            part = schema.rung.c.copy.in_(ids[start : start + 500])
            order = (schema.rung.c.at, schema.rung.c.rung, schema.rung.c.act)
            for row in self._all(sa.select(schema.rung).where(part).order_by(*order)):
                rungs.setdefault(row["copy"], []).append(rows.rung_of(row))
        return [rows.copy_of(row, tuple(rungs.get(row["id"], ()))) for row in found]

    def copies(self, *, item: str = "", states: Sequence[str] = ()) -> Sequence[Copy]:
        if item and not states:
            if (known := self._copies_known(item)) is not None:
                return known
            of_item = self._all(_OF_ITEM, item=item)
            return [rows.copy_of(r, self._rungs(r["id"])) for r in of_item]
        query = sa.select(schema.copy).order_by(schema.copy.c.control_number, schema.copy.c.id)
        if item:
            query = query.where(schema.copy.c.item == item)
        if states:
            query = query.where(schema.copy.c.state.in_(states))
        return self._copies(query)

    def copies_after(self, place: tuple[str, str], *, limit: int) -> Sequence[Copy]:
        key = sa.tuple_(schema.copy.c.control_number, schema.copy.c.id)
        query = sa.select(schema.copy).order_by(schema.copy.c.control_number, schema.copy.c.id)
        return self._copies(query.where(key > place).limit(limit))

    def passing(self, party: str) -> Sequence[Copy]:
        held, given = schema.copy, schema.copy.alias("given")
        handed_on = sa.exists().where(
            given.c.item == held.c.item, given.c.giver == party, given.c.holder == held.c.destination
        )
        here = sa.and_(held.c.holder == party, held.c.destination != party, held.c.state.in_(_PRESENT))
        return self._copies(sa.select(held).where(here, ~handed_on).order_by(held.c.control_number, held.c.id))

    def find(self, reference: str) -> Sequence[Copy]:
        table = schema.copy
        named = sa.or_(table.c.id == reference, table.c.item == reference, table.c.control_number == reference)
        return self._copies(sa.select(table).where(named).order_by(table.c.control_number, table.c.id))

    def renditions(self, *, item: str = "", digest: str = "") -> Sequence[Rendition]:
        names = [name for name, value in (("item", item), ("rendition", digest)) if value]
        found = self._all(rows_by(schema.rendition, *names, order=("copy", "number")), item=item, rendition=digest)
        return [rows.rendition_of(row) for row in found]

    def pending(self) -> Sequence[PendingOpening]:
        query = sa.select(schema.pending).order_by(schema.pending.c.at, schema.pending.c.copy)
        return [rows.pending_of(row) for row in self._all(query)]

    def leftovers(self) -> Sequence[str]:
        return [row["item"] for row in self._all(rows_by(schema.leftover, order=("item",)))]

    def outgoing(
        self, *, peer: str = "", due: datetime | None = None, after: int = 0, limit: int = 0
    ) -> Sequence[Outgoing]:
        query = _outgoing(peer=bool(peer), due=due is not None, limit=bool(limit))
        latest = instant(due) if due is not None else ""
        return [rows.outgoing_of(row) for row in self._all(query, peer=peer, due=latest, after=after, limit=limit)]


class SqlWriter(
    SqlReader,
    KeyedWrites,
    LogWrites,
    ParcelWrites,
    PeopleWrites,
    RangeWrites,
    RefusalWrites,
    ConsultationWrites,
    RequestWrites,
    ContractorWrites,
    DisclosureWrites,
    OrderWrites,
    PassageWrites,
):
    """Reads and changes within one transaction; nobody else writes meanwhile."""

    def __init__(self, connection: sa.Connection) -> None:
        super().__init__(connection)
        self._afterwards: list[Callable[[], None]] = []

    def afterwards(self, work: Callable[[], None]) -> None:
        self._afterwards.append(work)

    def committed(self) -> None:
        """Do what was to be done afterwards; the transaction has ended well."""
        for work in self._afterwards:
            work()

    @contextmanager
    def part(self) -> Iterator[None]:
        # What was to be written before it is written with it, or once more where it is undone.
        self._raw.exec_driver_sql("SAVEPOINT part")
        self._begin_part()
        try:
            yield
        except BaseException:
            self._kept.clear()
            undone = False
            # Where the disk took no more, the whole transaction may be gone already.
            with suppress(sa.exc.DBAPIError, sqlite3.Error):
                self._raw.exec_driver_sql("ROLLBACK TO part")
                self._raw.exec_driver_sql("RELEASE part")
                undone = True
            if undone:
                self._undo_part()
            raise
        self._end_part()
        self._raw.exec_driver_sql("RELEASE part")

    def _put(self, table: sa.Table, row: Mapping[str, Any], *, replace: bool = True) -> int:
        return upsert(table, replace=replace).run(self._connection, row)

    def _put_standing(self, table: sa.Table, row: Mapping[str, Any]) -> None:
        self._put(table, row)
        self._kept.clear()

    def put_setting(self, key: str, value: str) -> None:
        self._put(schema.setting, {"key": key, "value": value})
        self._by_key[schema.setting, key] = value

    def put_peer(self, peer: Peer) -> None:
        self._put_standing(schema.peer, rows.peer_row(peer))

    def put_credential(self, credential: Credential) -> None:
        self._put_standing(schema.credential, rows.plain_row(credential))

    def put_adopted(self, instrument: str, version: str, act: str) -> None:
        self._put_standing(schema.adopted, {"instrument": instrument, "version": version, "act": act})

    def put_entered(self, entered: EnteredAct) -> None:
        self._put_standing(schema.entered, rows.entered_row(entered))

    def put_rendition(self, rendition: Rendition) -> None:
        insert_new(schema.rendition).run(self._connection, rows.plain_row(rendition))

    def put_pending(self, opening: PendingOpening) -> None:
        self._put(schema.pending, rows.plain_row(opening))

    def end_pending(self, copy: str, person: str = "") -> None:
        table = schema.pending
        chosen = sa.delete(table).where(table.c.copy == copy)
        self._connection.execute(chosen.where(table.c.person == person) if person else chosen)

    def put_leftover(self, item: str) -> None:
        self._put(schema.leftover, {"item": item}, replace=False)

    def drop_leftover(self, item: str) -> None:
        self._connection.execute(sa.delete(schema.leftover).where(schema.leftover.c.item == item))

    def hasten(self, peer: str, at: datetime) -> None:
        table = schema.outgoing
        later = (table.c.peer == peer) & (table.c.next_at > instant(at))
        self._connection.execute(sa.update(table).where(later).values(next_at=instant(at)))

    def retry(self, outgoing: int, *, at: datetime, error: str) -> None:
        table = schema.outgoing
        change = {"attempts": table.c.attempts + 1, "next_at": instant(at), "error": error}
        self._connection.execute(sa.update(table).where(table.c.id == outgoing).values(change))
