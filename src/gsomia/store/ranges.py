"""Rows about what is shared with each peer: its entries, the fingerprints over them, and what was found to differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from gsomia.node import Discrepancy
from gsomia.registry import bounds_of
from gsomia.store import rows, schema
from gsomia.store.connected import Connected
from gsomia.store.prepared import Prepared
from gsomia.store.statements import upsert

__all__ = ["RangeReads", "RangeWrites"]

_SHARED, _PARTED = schema.shared, schema.shared_range
_NONE: sa.ColumnElement[int] = sa.literal_column("0")
_OF_PEER = _SHARED.c.peer == sa.bindparam("peer")
_AT = sa.and_(_OF_PEER, _SHARED.c.position == sa.bindparam("position"))
_FROM = sa.and_(_OF_PEER, _SHARED.c.position >= sa.bindparam("first"))
_PAIR = sa.select(_SHARED.c.position, _SHARED.c.digest)
_TO_END = Prepared(_PAIR.where(_FROM).order_by(_SHARED.c.position).limit(sa.bindparam("most")).offset(_NONE))
_BETWEEN = Prepared(
    _PAIR.where(_FROM, _SHARED.c.position < sa.bindparam("behind"))
    .order_by(_SHARED.c.position)
    .limit(sa.bindparam("most"))
    .offset(_NONE)
)
_NAMED = Prepared(sa.select(_SHARED.c.kind, _SHARED.c.subject).where(_AT))
_EVERY = Prepared(
    sa.select(_SHARED.c.position, _SHARED.c.kind, _SHARED.c.subject, _SHARED.c.digest)
    .where(_OF_PEER)
    .order_by(_SHARED.c.position)
)
_END = Prepared(sa.delete(_SHARED).where(_AT))
_RANGES = Prepared(sa.select(_PARTED.c.prefix, _PARTED.c.parts).where(_PARTED.c.peer == sa.bindparam("peer")))
_PARTS = Prepared(
    sa.select(_PARTED.c.parts).where(_PARTED.c.peer == sa.bindparam("peer"), _PARTED.c.prefix == sa.bindparam("prefix"))
)
_JOIN = Prepared(
    sa.delete(_PARTED).where(_PARTED.c.peer == sa.bindparam("peer"), _PARTED.c.prefix == sa.bindparam("prefix"))
)
_STATEMENTS = Prepared(
    sa.select(schema.act.c.id, schema.act.c.statement)
    .where(schema.act.c.item == sa.bindparam("item"))
    .order_by(schema.act.c.seq)
)
_FILED = Prepared(sa.select(schema.act.c.item, schema.act.c.statement).where(schema.act.c.id == sa.bindparam("act")))
_FOLLOWED = Prepared(
    sa.select(schema.followed.c.item)
    .where(schema.followed.c.peer == sa.bindparam("peer"))
    .order_by(schema.followed.c.item)
    .limit(sa.bindparam("most"))
    .offset(_NONE)
)
_UNFOLLOW = Prepared(
    sa.delete(schema.followed).where(
        schema.followed.c.peer == sa.bindparam("peer"), schema.followed.c.item == sa.bindparam("item")
    )
)
_FOUND = Prepared(
    sa.select(schema.discrepancy).order_by(
        schema.discrepancy.c.peer, schema.discrepancy.c.since, schema.discrepancy.c.subject, schema.discrepancy.c.kind
    )
)
_CLEAR = Prepared(sa.delete(schema.discrepancy).where(schema.discrepancy.c.peer == sa.bindparam("peer")))


@dataclass(frozen=True, slots=True)
class _Ranges:
    """The entries shared with one peer, in the order of their positions, and the parted ranges over them."""

    connection: sa.Connection
    peer: str

    def parts(self, prefix: str) -> bytes | None:
        found = _PARTS.scalar(self.connection, {"peer": self.peer, "prefix": prefix})
        return None if found is None else bytes(found)

    def put_parts(self, prefix: str, parts: bytes | None) -> None:
        if parts is None:
            _JOIN.run(self.connection, {"peer": self.peer, "prefix": prefix})
        else:
            row = {"peer": self.peer, "prefix": prefix, "parts": parts}
            upsert(_PARTED, replace=True).run(self.connection, row)

    def entries(self, prefix: str, most: int) -> Sequence[tuple[bytes, bytes]]:
        first, behind = bounds_of(prefix)
        values: dict[str, object] = {"peer": self.peer, "first": first, "most": most}
        if behind is None:
            return list(_TO_END.tuples(self.connection, values))
        return list(_BETWEEN.tuples(self.connection, {**values, "behind": behind}))


class RangeReads(Connected):
    """Reads of what is shared with each peer, within one transaction."""

    def ranges(self, peer: str) -> _Ranges:
        return _Ranges(self._connection, peer)

    def shared_name(self, peer: str, position: bytes) -> tuple[str, str] | None:
        row = _NAMED.row(self._connection, {"peer": peer, "position": position})
        return None if row is None else (row["kind"], row["subject"])

    def shared(self, peer: str) -> Iterator[tuple[bytes, str, str, bytes]]:
        return iter(_EVERY.tuples(self._connection, {"peer": peer}))

    def parted(self, peer: str) -> Mapping[str, bytes]:
        return dict(_RANGES.tuples(self._connection, {"peer": peer}))

    def statements(self, item: str) -> Sequence[tuple[str, bytes]]:
        return list(_STATEMENTS.tuples(self._connection, {"item": item}))

    def filed(self, act: str) -> tuple[str, bytes] | None:
        row = _FILED.row(self._connection, {"act": act})
        return None if row is None else (row["item"], row["statement"])

    def followed(self, peer: str, most: int) -> Sequence[str]:
        return [item for (item,) in _FOLLOWED.tuples(self._connection, {"peer": peer, "most": most})]

    def discrepancies(self, peer: str = "") -> Sequence[Discrepancy]:
        found = [rows.discrepancy_of(row) for row in _FOUND.rows(self._connection, {})]
        return [one for one in found if peer in ("", one.peer)]


class RangeWrites(RangeReads):
    """Changes to what is shared with each peer, within one transaction."""

    def put_shared(self, peer: str, kind: str, subject: str, position: bytes, digest: bytes | None) -> None:
        if digest is None:
            _END.run(self._connection, {"peer": peer, "position": position})
            return
        row = {"peer": peer, "position": position, "kind": kind, "subject": subject, "digest": digest}
        upsert(_SHARED, replace=True).run(self._connection, row)

    def end_followed(self, peer: str, items: Iterable[str]) -> None:
        for item in items:
            _UNFOLLOW.run(self._connection, {"peer": peer, "item": item})

    def put_discrepancies(self, peer: str, found: Sequence[Discrepancy]) -> None:
        _CLEAR.run(self._connection, {"peer": peer})
        for one in found:
            upsert(schema.discrepancy, replace=True).run(self._connection, rows.discrepancy_row(one))
