"""Rows about parcels: those made and taken in, the questions that went with them, and the answers that are to go."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from gsomia.node import Carried, Question, Reply, instant, read_instant
from gsomia.store import schema
from gsomia.store.connected import Connected
from gsomia.store.statements import found

__all__ = ["ParcelReads", "ParcelWrites"]


class ParcelReads(Connected):
    """Reads about parcels within one transaction."""

    def parcels(self, peer: str = "") -> Sequence[Carried]:
        table = schema.parcel
        query = sa.select(table).order_by(table.c.peer, table.c.direction, table.c.number)
        rows = found(self._connection, query.where(table.c.peer == peer) if peer else query, {})
        return [
            Carried(**row | {"made_at": read_instant(row["made_at"]), "at": read_instant(row["at"])}) for row in rows
        ]

    def question(self, message: str) -> Question | None:
        table = schema.parcel_question
        rows = found(self._connection, sa.select(table).where(table.c.message == message), {})
        return Question(**_told(rows[0])) if rows else None

    def replies(self, peer: str) -> Sequence[Reply]:
        table = schema.parcel_reply
        rows = found(self._connection, sa.select(table).where(table.c.peer == peer).order_by(table.c.id), {})
        return [Reply(**_told(row)) for row in rows]


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    return dict(row) | {"at": read_instant(row["at"]), "body": json.loads(row["body"])}


class ParcelWrites(ParcelReads):
    """Changes about parcels within one transaction."""

    def carried(self, outgoing: Sequence[int], replies: Sequence[int], parcel: int) -> None:
        entry, reply = schema.outgoing, schema.parcel_reply
        for one in outgoing:
            self._connection.execute(sa.update(entry).where(entry.c.id == one).values(parcel=parcel))
        for one in replies:
            first = sa.update(reply).where(reply.c.id == one, reply.c.parcel == 0)
            self._connection.execute(first.values(parcel=parcel))

    def put_parcel(self, parcel: Carried) -> None:
        row = {name: getattr(parcel, name) for name in schema.parcel.columns.keys()}  # noqa: SIM118 - a table's columns iterate as columns, not as names
        row |= {"made_at": instant(parcel.made_at), "at": instant(parcel.at)}
        self._connection.execute(insert(schema.parcel).values(row))

    def put_question(self, question: Question) -> None:
        row = {"message": question.message, "peer": question.peer, "kind": question.kind}
        row |= {"at": instant(question.at), "body": json.dumps(dict(question.body))}
        self._connection.execute(insert(schema.parcel_question).values(row))

    def put_reply(self, reply: Reply) -> None:
        row: dict[str, object] = {"peer": reply.peer, "kind": reply.kind, "answers": reply.answers, "parcel": 0}
        row |= {"at": instant(reply.at), "body": json.dumps(dict(reply.body))}
        self._connection.execute(insert(schema.parcel_reply).values(row))

    def end_replies(self, peer: str, seen: int) -> None:
        table = schema.parcel_reply
        gone = sa.delete(table).where(table.c.peer == peer, table.c.parcel > 0, table.c.parcel <= seen)
        self._connection.execute(gone)

    def forget_parcels(self, before: datetime) -> None:
        for table in (schema.parcel_question, schema.parcel_reply):
            self._connection.execute(sa.delete(table).where(table.c.at < instant(before)))
