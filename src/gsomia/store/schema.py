"""The tables of a node, in SQLAlchemy Core; instants are text as acts write them, so they sort as they stand."""

from __future__ import annotations

import sqlalchemy as sa

__all__ = ["metadata"]

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _table(
    name: str, *columns: sa.Column[object] | sa.Index, without_rowid: bool = False, numbers_once: bool = False
) -> sa.Table:
    """A table; `numbers_once` where a number is not given again once its row is gone."""
    kept = sa.Table(name, metadata, *columns, sqlite_with_rowid=not without_rowid)
    kept.dialect_options["sqlite"]["autoincrement"] = numbers_once
    return kept


def _text(name: str, *, key: bool = False, index: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Text, primary_key=key, nullable=False, index=index)


def _number(name: str, *, key: bool = False, index: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.BigInteger, primary_key=key, nullable=False, autoincrement=False, index=index)


def _bytes(name: str, *, key: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.LargeBinary, primary_key=key, nullable=False)


def _serial(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True)


setting = _table("setting", _text("key", key=True), _text("value"))
serial = _table("serial", _text("name", key=True), _number("last"))

peer = _table("peer", _text("party", key=True), _text("document"))
officer = _table(
    "officer",
    _text("party", key=True),
    _text("id", key=True),
    _text("roles"),
    _text("key"),
    _text("act"),
    _text("enrolled_at"),
    _text("person"),
    sa.Index("ix_officer_party_person", "party", "person"),
    # With the roles themselves in it, who holds one is found without reading the keys, which are long.
    sa.Index("ix_officer_party_roles", "party", "roles", "id"),
)
officer_key = _table(
    "officer_key",
    _text("party", key=True),
    _text("id", key=True),
    _number("number", key=True),
    _text("roles"),
    _text("key"),
    _text("act"),
    _text("enrolled_at"),
    _text("person"),
)
person = _table(
    "person",
    _text("id", key=True),
    _text("role"),
    _text("rank"),
    _text("clearance"),
    _text("basis"),
    _text("expires"),
    _text("needs"),
    _text("purposes"),
    _text("rosters"),
    _text("house_roles"),
    _text("accounts"),
    _text("sign_in_keys"),
    _text("left_at"),
    _text("returned"),
    _text("act"),
    sa.Index("ix_person_left_at_expires", "left_at", "expires", "id"),
    sa.Index("ix_person_left_at_clearance", "left_at", "clearance", "expires"),
)
roster = _table("roster", _text("facility", key=True), _text("person", key=True, index=True), _text("act"))
account = _table("account", _text("name", key=True), _text("person", index=True), _text("act"))
sign_in_key = _table(
    "sign_in_key",
    _text("fingerprint", key=True),
    _text("person", index=True),
    _text("key"),
    _text("act"),
    _text("ended"),
)
need = _table("need", _text("item", key=True), _text("person", key=True, index=True), _number("need"), _text("act"))
briefing = _table(
    "briefing",
    _text("person", key=True),
    _text("act", key=True),
    _text("what"),
    _text("day"),
    _text("until", index=True),
)
placement = _table("placement", _text("copy", key=True), _text("facility", index=True), _text("act"))
credential = _table(
    "credential",
    _text("kind", key=True),
    _text("party", key=True),
    _text("instrument", key=True),
    _text("level"),
    _text("act"),
    _text("at"),
)
adopted = _table("adopted", _text("instrument", key=True), _text("version"), _text("act"))
entered = _table(
    "entered",
    _text("id", key=True),
    _text("entered_by", key=True),
    _text("under", index=True),
    _text("document"),
    _text("note"),
    _text("note_date"),
    _text("note_digest"),
    _text("act"),
)
consent = _table(
    "consent",
    _text("id", key=True),
    _text("item", index=True),
    _text("originator"),
    _text("asker"),
    _text("receivers"),
    _text("instrument"),
    _text("state"),
    _text("purpose"),
    _text("part"),
    _text("extent"),
    _text("conditions"),
    _text("expires"),
    _text("why"),
    _text("act"),
    _text("at"),
)
passage = _table(
    "passage",
    _text("copy", key=True),
    _text("consent", key=True, index=True),
    _text("given"),
    _text("receivers"),
    _text("purpose"),
    _text("level"),
    _text("payload_digest"),
    _text("certified"),
    _text("authorised"),
    _text("state"),
    _text("act"),
    _text("at"),
)
oral_disclosure = _table(
    "oral_disclosure",
    _text("id", key=True),
    _text("giver"),
    _text("receiver"),
    _text("instrument"),
    _text("item"),
    _text("part"),
    _text("originator"),
    _text("contains"),
    _text("level"),
    _text("mark"),
    _text("subject"),
    _text("purpose"),
    _text("what"),
    _text("place"),
    _text("present"),
    _text("at"),
)
standing_order = _table(
    "standing_order",
    _text("id", key=True),
    _text("party", index=True),
    _text("giver"),
    _text("instrument"),
    _text("marks"),
    _text("subjects"),
    _text("key"),
    _text("at"),
    _text("until"),
    _text("ended_at"),
    _text("ended_by"),
)
contractor_facility = _table(
    "contractor_facility",
    _text("id", key=True),
    _text("contractor"),
    _text("part_of"),
    _text("level"),
    _text("basis"),
    _text("inspected"),
    _text("until"),
    _text("act"),
)
contractor_copy = _table(
    "contractor_copy",
    _text("copy", key=True),
    _text("contractor"),
    _text("facility"),
    _text("act"),
    _text("at"),
)
request = _table(
    "request",
    _text("id", key=True),
    _text("asker"),
    _text("asked"),
    _text("via"),
    _text("instrument"),
    _text("subject"),
    _text("level"),
    _text("purpose"),
    _text("what"),
    _text("due"),
    _text("at"),
    _text("answers"),
    _text("refusal"),
    _text("why"),
)
consultation = _table(
    "consultation",
    _text("id", key=True),
    _text("instrument"),
    _text("about"),
    _text("reference"),
    _text("title"),
    _text("subject"),
    _text("purpose"),
    _text("parties"),
    _text("opened_by"),
    _text("digest"),
    _text("at"),
    sa.Index("ix_consultation_at_id", "at", "id"),
)
consultation_step = _table(
    "consultation_step",
    _text("act", key=True),
    _text("consultation", index=True),
    _text("kind"),
    _text("party"),
    _text("parties"),
    _text("digest"),
    _text("after"),
    _text("item"),
    _text("text"),
    _number("number"),
    _text("bases"),
    _text("draft"),
    _text("among"),
    _text("at"),
)
consultation_view = _table(
    "consultation_view",
    _text("item", key=True),
    _text("consultation", index=True),
    _text("author"),
    _text("party"),
    _text("text"),
    _text("act"),
    _text("signed"),
    _text("at"),
)

batch = _table("batch", _text("id", key=True), _text("envelope"))
act = _table(
    "act",
    _serial("seq"),
    _text("id"),
    _text("type", index=True),
    _text("party"),
    _text("item"),
    _bytes("statement"),
    _text("batch"),
    _number("position"),
    _number("size"),
    _bytes("path"),
    _text("source"),
    _text("recorded_at"),
    sa.Index("uq_act_id", "id", unique=True),
    sa.Index("ix_act_item_type", "item", "type"),
)

item = _table(
    "item",
    _text("id", key=True),
    _text("originator"),
    _text("level"),
    _text("subject"),
    _text("form"),
    _text("purpose"),
    _text("contains"),
    _text("title"),
    _text("mime_type"),
    _text("label"),
    _text("payload_digest"),
    _text("core_digest"),
    _number("plaintext_bytes"),
    _number("sealed_bytes"),
    _text("created_at"),
    _number("exercise"),
    _text("custody"),
    _text("holders"),
    _text("cites"),
    _text("statement"),
)
copy = _table(
    "copy",
    _text("id", key=True),
    _text("item", index=True),
    _number("number"),
    _text("direction"),
    _text("act"),
    _text("giver"),
    _text("holder"),
    _text("via"),
    _text("destination"),
    _text("instrument"),
    _text("state", index=True),
    _text("control_number", index=True),
    _text("custodian"),
    _text("at"),
    _text("own_mark"),
    _text("origin_mark"),
    _text("own_label"),
    _text("reason"),
)
rung = _table(
    "rung",
    _text("copy", key=True),
    _text("rung", key=True),
    _text("act", key=True),
    _text("party"),
    _text("at"),
)
pending = _table("pending", _text("copy", key=True), _text("person", key=True), _text("at"), _text("why"))
rendition = _table(
    "rendition",
    _text("act", key=True),
    _text("copy", index=True),
    _text("item", index=True),
    _text("person"),
    _number("number"),
    _number("total"),
    _text("original"),
    _text("rendition", index=True),
    _text("mime_type"),
    _text("at"),
)
numbered = _table("numbered", _text("number", key=True), _text("copy"))
acceptance = _table("acceptance", _text("copy", key=True), _text("act"))
leftover = _table("leftover", _text("item", key=True))

outgoing = _table(
    "outgoing",
    _serial("id"),
    _text("peer", index=True),
    _text("kind"),
    _text("subject"),
    _number("attempts"),
    _text("next_at"),
    _text("error"),
    _number("parcel"),
    numbers_once=True,
)
parcel = _table(
    "parcel",
    _text("peer", key=True),
    _text("direction", key=True),
    _number("number", key=True),
    _text("id"),
    _text("made_at"),
    _text("at"),
    _number("parts"),
    _number("seen"),
)
parcel_question = _table(
    "parcel_question",
    _text("message", key=True),
    _text("peer"),
    _text("kind"),
    _text("at", index=True),
    _text("body"),
)
parcel_reply = _table(
    "parcel_reply",
    _serial("id"),
    _text("peer", index=True),
    _text("kind"),
    _text("answers"),
    _text("at", index=True),
    _text("body"),
    _number("parcel"),
)
seen = _table("seen", _text("message", key=True), _text("peer", key=True), _text("at", index=True))
refused = _table(
    "refused",
    _serial("id"),
    _text("at"),
    _text("source"),
    _text("what"),
    _text("why"),
    _text("detail"),
    sa.Index("ix_refused_source_at", "source", "at"),
)

log = _table(
    "log", _text("name", key=True), _number("size"), _bytes("frontier"), _bytes("checkpoint"), _text("signed_at")
)
# A row holds the entries that one transaction appended. Acts are named by their numbers, which grow: an index over
# their ids would be touched in another place with every act, and slow as the log grows.
log_group = _table(
    "log_group",
    _serial("id"),
    _text("log"),
    _number("first"),
    _number("act"),
    _bytes("acts"),
    _bytes("commitments"),
    _bytes("salts"),
    sa.Index("uq_log_group_log_first", "log", "first", unique=True),
    sa.Index("ix_log_group_log_act", "log", "act"),
)
log_node = _table(
    "log_node",
    _text("log", key=True),
    _number("level", key=True),
    _number("position", key=True),
    _bytes("hash"),
    without_rowid=True,
)

cosigned = _table(
    "cosigned",
    _text("log", key=True),
    _text("witness", key=True),
    _number("size"),
    _bytes("note"),
    _number("attempts"),
    _text("next_at"),
    _text("error"),
)
kept = _table("kept", _text("log", key=True), _bytes("note"), _text("at"))
lie = _table("lie", _text("id", key=True), _text("log"), _text("party"), _text("kind"), _bytes("proof"), _text("at"))

shared = _table(
    "shared",
    _text("peer", key=True),
    _bytes("position", key=True),
    _text("kind"),
    _text("subject"),
    _bytes("digest"),
    without_rowid=True,
)
shared_range = _table(
    "shared_range", _text("peer", key=True), _text("prefix", key=True), _bytes("parts"), without_rowid=True
)
followed = _table("followed", _text("peer", key=True), _text("item", key=True), without_rowid=True)
discrepancy = _table(
    "discrepancy",
    _text("peer", key=True),
    _text("subject", key=True),
    _text("kind", key=True),
    _text("about"),
    _text("here"),
    _text("there"),
    _text("repair"),
    _text("since"),
)
