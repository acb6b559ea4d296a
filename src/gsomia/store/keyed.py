"""Rows that a document's way asks for and changes by their keys: acts, items, copies with their rungs, numbers.

Within a transaction each is read once, many of them together where it is known what will be asked for, and what is
changed is written with the others: when anybody asks the database what these rows do not tell, or at the end.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from operator import itemgetter
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from gsomia.errors import NodeError
from gsomia.keys import Envelope
from gsomia.node import Consent, SignedAct, Statement, instant
from gsomia.registry import Copy, Item, RungEntry
from gsomia.store import rows, schema
from gsomia.store.connected import Connected
from gsomia.store.pending import Pending
from gsomia.store.prepared import Prepared, in_transaction
from gsomia.store.statements import rows_by, upsert

__all__ = ["KeyedReads", "KeyedWrites"]

_T = TypeVar("_T")

KEPT_ENVELOPES = 256
"""So many batches' envelopes, 5 to 10 KiB each, are kept while acts are read."""

KEPT_ROWS = 2048
"""So many values that were read by their keys, a few KiB each, are kept within a transaction."""

_TOGETHER = 256
"""At most so many rows are asked for by one statement."""

_ENVELOPE = Prepared(sa.select(schema.batch.c.envelope).where(schema.batch.c.id == sa.bindparam("batch")))
_RUNGS = rows_by(schema.rung, "copy", order=("at", "rung", "act"))
_CONSENTS = rows_by(schema.consent, "item", order=("at", "id"))
_LAST = Prepared(sa.select(sa.func.max(schema.act.c.seq)))

_NEW_ACT = Prepared(sa.insert(schema.act), [column.name for column in schema.act.columns])
_NEW_BATCH = upsert(schema.batch, replace=False)
_NEW_RUNG = upsert(schema.rung, replace=False)
_NEW_OUTGOING = Prepared(
    sa.insert(schema.outgoing), ["peer", "kind", "subject", "attempts", "next_at", "error", "parcel"]
)
_DONE = Prepared(sa.delete(schema.outgoing).where(schema.outgoing.c.id == sa.bindparam("outgoing")), ["outgoing"])
_RAISE = Prepared(
    insert(schema.serial)
    .values(name=sa.bindparam("name"), last=sa.bindparam("last"))
    .on_conflict_do_update(
        index_elements=["name"],
        set_={"last": sa.func.max(schema.serial.c.last, insert(schema.serial).excluded.last)},
    ),
    ["name", "last"],
)


@cache
def _among(table: sa.Table, column: str, count: int, types: int = 0) -> Prepared:
    """The rows with one of so many values, parameters `key0` and on; acts of types also, `type0` and on, in order."""
    query = sa.select(table).where(table.c[column].in_([sa.bindparam(f"key{number}") for number in range(count)]))
    if types:
        chosen: list[sa.BindParameter[str]] = [sa.bindparam(f"type{number}") for number in range(types)]
        query = query.where(table.c.type.in_(chosen)).order_by(table.c.seq)
    return Prepared(query)


def _in_order(consents: Iterable[Consent]) -> tuple[Consent, ...]:
    return tuple(sorted(consents, key=lambda consent: (consent.at, consent.id)))


@cache
def _columns(table: sa.Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.columns)


@cache
def _cells(names: tuple[str, ...]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """Takes the cells of these names from a row."""
    if len(names) > 1:
        return itemgetter(*names)
    (name,) = names
    return lambda row: (row[name],)


class KeyedReads(Connected):
    """Reads by keys within one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        super().__init__(connection)
        self._envelopes: dict[str, Envelope] = {}
        self._by_key: dict[tuple[sa.Table, str], Any] = {}
        self._consents_of: dict[str, tuple[Consent, ...]] = {}
        self._copies_of: dict[str, set[str]] = {}
        self._acts_of: dict[str, tuple[frozenset[str], list[SignedAct]]] = {}

    def _known(self, table: sa.Table, key: str, read: Callable[[str], _T]) -> _T:
        """What stands under a key, or that nothing does, read once; a writer keeps up with its own changes."""
        place = (table, key)
        if place not in self._by_key:
            found = read(key)
            if len(self._by_key) >= KEPT_ROWS:
                self._forget()
            self._by_key[place] = found
        known: _T = self._by_key[place]
        return known

    def _forget(self) -> None:
        """Let go of what was read."""
        for kept in (self._by_key, self._envelopes, self._consents_of, self._copies_of, self._acts_of):
            kept.clear()

    def _row(self, table: sa.Table, column: str, key: str) -> dict[str, Any] | None:
        # What was changed of these tables and is not written yet stands among what is known.
        return rows_by(table, column).row(self._raw, {column: key})

    def _rows_among(
        self, table: sa.Table, column: str, keys: Sequence[str], connection: sa.Connection | None = None
    ) -> dict[str, list[dict[str, Any]]]:
        """The rows under each of many keys; from the connection as it is, where what waits is known by these keys."""
        found: dict[str, list[dict[str, Any]]] = {key: [] for key in keys}
        for start in range(0, len(keys), _TOGETHER):
            part = keys[start : start + _TOGETHER]
            # Few statements are made for many numbers of keys.
            count = 1 << (len(part) - 1).bit_length()
            values = {f"key{number}": part[min(number, len(part) - 1)] for number in range(count)}
            for row in _among(table, column, count).rows(connection or self._raw, values):
                found[row[column]].append(row)
        return found

    def prefetch(
        self,
        *,
        acts: Iterable[str] = (),
        copies: Iterable[str] = (),
        items: Iterable[str] = (),
        numbers: Iterable[str] = (),
        types: Sequence[str] = (),
    ) -> None:
        for act, found in self._unknown(schema.act, "id", acts):
            self._by_key[schema.act, act] = self._act_of(found[0]) if found else None
        copies, items = list(dict.fromkeys(copies)), [item for item in dict.fromkeys(items) if item]
        unknown = self._unknown(schema.copy, "id", copies)
        for copy, found in self._unknown(schema.rung, "copy", copies):
            self._by_key[schema.rung, copy] = rows.in_order(map(rows.rung_of, found))
        for copy, found in unknown:
            self._by_key[schema.copy, copy] = rows.copy_of(found[0], self._rungs(copy)) if found else None
        for copy, found in self._unknown(schema.acceptance, "copy", copies):
            self._by_key[schema.acceptance, copy] = str(found[0]["act"]) if found else None
        for item, found in self._unknown(schema.item, "id", items):
            self._by_key[schema.item, item] = rows.item_of(found[0]) if found else None
        for number, found in self._unknown(schema.numbered, "number", numbers):
            self._by_key[schema.numbered, number] = str(found[0]["copy"]) if found else None
        lacking = [item for item in items if item not in self._consents_of]
        consents = self._rows_among(schema.consent, "item", lacking, connection=self._connection)
        for item, found in consents.items():
            self._consents_of[item] = _in_order(map(rows.consent_of, found))
        self._prefetch_copies([item for item in items if item not in self._copies_of])
        self._prefetch_acts([item for item in items if item not in self._acts_of], types)

    def _unknown(self, table: sa.Table, column: str, keys: Iterable[str]) -> list[tuple[str, list[dict[str, Any]]]]:
        """Those keys of which nothing is known yet, each with its rows."""
        wanted = [key for key in dict.fromkeys(keys) if key and (table, key) not in self._by_key]
        # What is beyond the bound is read when it is asked for.
        wanted = wanted[: max(0, KEPT_ROWS - len(self._by_key))]
        return list(self._rows_among(table, column, wanted).items())

    def _prefetch_copies(self, items: Sequence[str]) -> None:
        of_items = self._rows_among(schema.copy, "item", items, connection=self._connection)
        for copy, found in self._unknown(schema.rung, "copy", [row["id"] for own in of_items.values() for row in own]):
            self._by_key[schema.rung, copy] = rows.in_order(map(rows.rung_of, found))
        for item, own in of_items.items():
            if len(self._by_key) + 2 * len(own) > KEPT_ROWS:
                break
            for row in own:
                if (schema.copy, row["id"]) not in self._by_key:
                    self._by_key[schema.copy, row["id"]] = rows.copy_of(row, self._rungs(row["id"]))
            self._copies_of[item] = {row["id"] for row in own}

    def _copies_known(self, item: str) -> list[Copy] | None:
        """The copies of an item where they were read before, in the order of their control numbers and ids."""
        if (ids := self._copies_of.get(item)) is None:
            return None
        known = [self._by_key.get((schema.copy, copy)) for copy in ids]
        return sorted((copy for copy in known if copy is not None), key=lambda copy: (copy.control_number, copy.id))

    def _prefetch_acts(self, items: Sequence[str], types: Sequence[str]) -> None:
        if not types:
            return
        chosen: dict[str, object] = {f"type{number}": name for number, name in enumerate(types)}
        for start in range(0, len(items), _TOGETHER):
            part = items[start : start + _TOGETHER]
            count = 1 << (len(part) - 1).bit_length()
            values = {f"key{number}": part[min(number, len(part) - 1)] for number in range(count)}
            found: dict[str, list[SignedAct]] = {item: [] for item in part}
            for row in _among(schema.act, "item", count, len(types)).rows(self._connection, values | chosen):
                found[row["item"]].append(self._act_of(row))
            self._acts_of |= {item: (frozenset(types), acts) for item, acts in found.items()}

    def _prefetched(self, item: str, types: Sequence[str], *, start: int, stop: int) -> list[SignedAct] | None:
        """The acts of an item of these types where they were read before."""
        known = self._acts_of.get(item)
        if known is None or not known[0].issuperset(types) or start or stop:
            return None
        return [act for act in known[1] if act.statement.type in types]

    def _consents_for(self, item: str) -> tuple[Consent, ...]:
        if item not in self._consents_of:
            found = _CONSENTS.rows(self._connection, {"item": item})
            self._consents_of[item] = tuple(rows.consent_of(row) for row in found)
        return self._consents_of[item]

    def setting(self, key: str) -> str | None:
        return self._known(schema.setting, key, self._setting)

    def _setting(self, key: str) -> str | None:
        row = self._row(schema.setting, "key", key)
        return None if row is None else str(row["value"])

    def act(self, act: str) -> SignedAct | None:
        return self._known(schema.act, act, self._act) if act else None

    def _act(self, act: str) -> SignedAct | None:
        row = self._row(schema.act, "id", act)
        return None if row is None else self._act_of(row)

    def _act_of(self, row: Mapping[str, Any]) -> SignedAct:
        """An act from its row; the envelopes of the batches met last are kept, for acts of a batch come together."""
        batch = row["batch"]
        envelope = self._envelopes.get(batch)
        if envelope is None:
            text = _ENVELOPE.scalar(self._raw, {"batch": batch})
            if text is None:
                raise NodeError(f"act `{row['id']}` lacks the envelope of its batch")
            if len(self._envelopes) >= KEPT_ENVELOPES:
                self._envelopes.clear()
            envelope = self._envelopes[batch] = rows.envelope_of(text)
        return rows.act_of(row, envelope)

    def item(self, item: str) -> Item | None:
        return self._known(schema.item, item, self._item)

    def _item(self, item: str) -> Item | None:
        row = self._row(schema.item, "id", item)
        return None if row is None else rows.item_of(row)

    def copy(self, copy: str) -> Copy | None:
        return self._known(schema.copy, copy, self._copy)

    def _copy(self, copy: str) -> Copy | None:
        row = self._row(schema.copy, "id", copy)
        return None if row is None else rows.copy_of(row, self._rungs(copy))

    def _rungs(self, copy: str) -> tuple[RungEntry, ...]:
        return self._known(schema.rung, copy, self._read_rungs)

    def _read_rungs(self, copy: str) -> tuple[RungEntry, ...]:
        return rows.in_order(rows.rung_of(rung) for rung in _RUNGS.rows(self._raw, {"copy": copy}))

    def consent(self, consent: str) -> Consent | None:
        return self._known(schema.consent, consent, self._consent)

    def _consent(self, consent: str) -> Consent | None:
        row = self._row(schema.consent, "id", consent)
        return None if row is None else rows.consent_of(row)

    def acceptance(self, copy: str) -> str | None:
        return self._known(schema.acceptance, copy, self._acceptance)

    def _acceptance(self, copy: str) -> str | None:
        row = self._row(schema.acceptance, "copy", copy)
        return None if row is None else str(row["act"])

    def numbered(self, number: str) -> str | None:
        return self._known(schema.numbered, number, self._numbered)

    def _numbered(self, number: str) -> str | None:
        row = self._row(schema.numbered, "number", number)
        return None if row is None else str(row["copy"])


class KeyedWrites(KeyedReads):
    """Changes by keys within one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        super().__init__(connection)
        self._pending = Pending()
        self._batches_put: set[str] = set()
        self._act_numbers: dict[str, int] = {}
        self._last_number: list[int | None] = [None]
        self._outgoing_put = 0

    @property
    def _connection(self) -> sa.Connection:
        self._write()
        return self._raw

    def _write(self) -> None:
        # A full disk ends a transaction of SQLite's; what was written after that would each stand by itself.
        if not in_transaction(self._raw):
            raise NodeError("the register took back what was being written", hint="is the disk full?")
        self._pending.write(self._raw)

    def _forget(self) -> None:
        # What is not written yet is known here alone.
        self._write()
        super()._forget()

    def end(self) -> None:
        """Write what is not written yet; the transaction is about to end."""
        self._write()

    def _begin_part(self) -> None:
        self._pending.begin_part()
        self._last_number.append(self._last_number[-1])

    def _end_part(self) -> None:
        self._pending.end_part()
        self._last_number[-2:] = self._last_number[-1:]

    def _undo_part(self) -> None:
        """The part was rolled back: what was to be written before it is, and what was read since may not hold."""
        self._pending.undo_part()
        self._last_number.pop()
        self._act_numbers.clear()
        self._batches_put.clear()
        self._forget()

    def _put_soon(self, statement: Prepared, table: sa.Table, row: Mapping[str, Any], *keys: str) -> None:
        """Have a row of all a table's columns written with the others."""
        self._pending.put(statement, _cells(keys)(row), _cells(_columns(table))(row))

    def put_act(self, act: SignedAct, source: str, at: datetime) -> None:
        row = rows.act_row(act, source, at)
        # Nobody else writes meanwhile, so the next number is free.
        last = self._last_number[-1]
        row["seq"] = (int(_LAST.scalar(self._connection, {}) or 0) if last is None else last) + 1
        if row["batch"] not in self._batches_put:
            self._put_soon(_NEW_BATCH, schema.batch, rows.batch_row(act.envelope), "id")
            self._batches_put.add(row["batch"])
        self._put_soon(_NEW_ACT, schema.act, row, "seq")
        self._act_numbers[act.id] = self._last_number[-1] = row["seq"]
        # As it is read back: what a draft holds as a tuple is a list then.
        statement = Statement.from_bytes(act.data)
        if statement is not act.statement:
            act = dataclasses.replace(act, statement=statement)
        self._by_key[schema.act, act.id] = act
        types, known = self._acts_of.get(statement.item, (frozenset(), []))
        if statement.type in types:
            known.append(act)

    def put_item(self, item: Item) -> None:
        self._put_soon(upsert(schema.item, replace=True), schema.item, rows.item_row(item), "id")
        self._by_key[schema.item, item.id] = item

    def put_copy(self, copy: Copy) -> None:
        self._put_soon(upsert(schema.copy, replace=True), schema.copy, rows.copy_row(copy), "id")
        # The rungs stand in a table of their own, which this does not change.
        rungs = self._rungs(copy.id)
        kept = copy if copy.rungs == rungs else dataclasses.replace(copy, rungs=rungs)
        self._by_key[schema.copy, copy.id] = kept
        if copy.item in self._copies_of:
            self._copies_of[copy.item].add(copy.id)

    def put_rung(self, rung: RungEntry) -> None:
        known = self._rungs(rung.copy)
        if any((one.rung, one.act) == (rung.rung, rung.act) for one in known):
            return
        row = rows.plain_row(rung) | {"rung": rung.rung.value}
        self._put_soon(_NEW_RUNG, schema.rung, row, "copy", "rung", "act")
        self._by_key[schema.rung, rung.copy] = rungs = rows.in_order((*known, rung))
        kept = self.copy(rung.copy)
        if kept is not None:
            self._by_key[schema.copy, rung.copy] = dataclasses.replace(kept, rungs=rungs)

    def put_consent(self, consent: Consent) -> None:
        before = self.consent(consent.id)
        for item in {consent.item, before.item if before is not None else consent.item} & self._consents_of.keys():
            others = [one for one in self._consents_of[item] if one.id != consent.id]
            put = [*others, consent] if item == consent.item else others
            self._consents_of[item] = _in_order(put)
        self._put_soon(upsert(schema.consent, replace=True), schema.consent, rows.consent_row(consent), "id")
        self._by_key[schema.consent, consent.id] = consent

    def follow(self, peer: str, item: str) -> None:
        row = {"peer": peer, "item": item}
        self._put_soon(upsert(schema.followed, replace=False), schema.followed, row, "peer", "item")

    def put_acceptance(self, copy: str, act: str) -> None:
        row = {"copy": copy, "act": act}
        self._put_soon(upsert(schema.acceptance, replace=True), schema.acceptance, row, "copy")
        self._by_key[schema.acceptance, copy] = act

    def put_numbered(self, number: str, copy: str) -> None:
        row = {"number": number, "copy": copy}
        self._put_soon(upsert(schema.numbered, replace=True), schema.numbered, row, "number")
        self._by_key[schema.numbered, number] = copy

    def put_outgoing(self, peer: str, kind: str, subject: str, at: datetime) -> None:
        self._outgoing_put += 1
        self._pending.put(_NEW_OUTGOING, self._outgoing_put, (peer, kind, subject, 0, instant(at), "", 0))

    def done(self, outgoing: int) -> None:
        self._pending.put(_DONE, outgoing, (outgoing,))

    def next_serial(self, name: str) -> int:
        number = self._serial(name) + 1
        self.raise_serial(name, number)
        return number

    def raise_serial(self, name: str, last: int) -> None:
        if last <= self._serial(name):
            return
        self._pending.put(_RAISE, name, (name, last))
        self._by_key[schema.serial, name] = last

    def _serial(self, name: str) -> int:
        return self._known(schema.serial, name, self._read_serial)

    def _read_serial(self, name: str) -> int:
        row = self._row(schema.serial, "name", name)
        return 0 if row is None else int(row["last"])
