"""The first tables of a node."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "acceptance",
        sa.Column("copy", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("copy", name=op.f("pk_acceptance")),
        sqlite_with_rowid=True,
    )
    op.create_table(
        "act",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("statement", sa.LargeBinary(), nullable=False),
        sa.Column("batch", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_act")),
        sqlite_with_rowid=True,
    )
    op.create_index("ix_act_item_type", "act", ["item", "type"], unique=False)
    op.create_index(op.f("ix_act_type"), "act", ["type"], unique=False)
    op.create_index("uq_act_id", "act", ["id"], unique=True)
    op.create_table(
        "adopted",
        sa.Column("instrument", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("instrument", name=op.f("pk_adopted")),
        sqlite_with_rowid=True,
    )
    op.create_table(
        "batch",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("envelope", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch")),
        sqlite_with_rowid=True,
    )
    op.create_table(
        "consent",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("originator", sa.Text(), nullable=False),
        sa.Column("asker", sa.Text(), nullable=False),
        sa.Column("receivers", sa.Text(), nullable=False),
        sa.Column("instrument", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("extent", sa.Text(), nullable=False),
        sa.Column("conditions", sa.Text(), nullable=False),
        sa.Column("expires", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
        sqlite_with_rowid=True,
    )
    op.create_index(op.f("ix_consent_item"), "consent", ["item"], unique=False)
    op.create_table(
        "consultation",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("instrument", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("parties", sa.Text(), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consultation")),
        sqlite_with_rowid=True,
    )
    op.create_index("ix_consultation_at_id", "consultation", ["at", "id"], unique=False)
    op.create_table(
        "consultation_step",
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("consultation", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("parties", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("bases", sa.Text(), nullable=False),
        sa.Column("draft", sa.Text(), nullable=False),
        sa.Column("among", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("act", name=op.f("pk_consultation_step")),
        sqlite_with_rowid=True,
    )
    op.create_index(op.f("ix_consultation_step_consultation"), "consultation_step", ["consultation"], unique=False)
    op.create_table(
        "consultation_view",
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("consultation", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("signed", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("item", name=op.f("pk_consultation_view")),
        sqlite_with_rowid=True,
    )
    op.create_index(op.f("ix_consultation_view_consultation"), "consultation_view", ["consultation"], unique=False)
    op.create_table(
        "copy",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("giver", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("via", sa.Text(), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("instrument", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("control_number", sa.Text(), nullable=False),
        sa.Column("custodian", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("own_mark", sa.Text(), nullable=False),
        sa.Column("origin_mark", sa.Text(), nullable=False),
        sa.Column("own_label", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_copy")),
        sqlite_with_rowid=True,
    )
    op.create_index(op.f("ix_copy_control_number"), "copy", ["control_number"], unique=False)
    op.create_index(op.f("ix_copy_item"), "copy", ["item"], unique=False)
    op.create_index(op.f("ix_copy_state"), "copy", ["state"], unique=False)
    op.create_table(
        "cosigned",
        sa.Column("log", sa.Text(), nullable=False),
        sa.Column("witness", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("next_at", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("log", "witness", name=op.f("pk_cosigned")),
        sqlite_with_rowid=True,
    )
    op.create_table(
        "credential",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("instrument", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "party", "instrument", name=op.f("pk_credential")),
        sqlite_with_rowid=True,
    )
    op.create_table(
        "entered",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("entered_by", sa.Text(), nullable=False),
        sa.Column("under", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("note_date", sa.Text(), nullable=False),
        sa.Column("note_digest", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", "entered_by", name=op.f("pk_entered")),
        sqlite_with_rowid=True,
    )
    op.create_index(op.f("ix_entered_under"), "entered", ["under"], unique=False)
    op.create_table(
        "item",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("originator", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("contains", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("mime_type", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("payload_digest", sa.Text(), nullable=False),
        sa.Column("core_digest", sa.Text(), nullable=False),
        sa.Column("plaintext_bytes", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sealed_bytes", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("exercise", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("custody", sa.Text(), nullable=False),
        sa.Column("holders", sa.Text(), nullable=False),
        sa.Column("cites", sa.Text(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item")),
        sqlite_with_rowid=True,
    )
    op.create_table(
        "kept",
        sa.Column("log", sa.Text(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("log", name=op.f("pk_kept")),
        sqlite_with_rowid=True,
    )
    op.create_table(
        "lie",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("log", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("proof", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lie")),
        sqlite_with_rowid=True,
    )
    op.create_table(
        "log",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.Column("checkpoint", sa.LargeBinary(), nullable=False),
        sa.Column("signed_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_log")),
        sqlite_with_rowid=True,
    )
    op.create_table(
        "log_group",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("log", sa.Text(), nullable=False),
        sa.Column("first", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("act", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("acts", sa.LargeBinary(), nullable=False),
        sa.Column("commitments", sa.LargeBinary(), nullable=False),
        sa.Column("salts", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_group")),
        sqlite_with_rowid=True,
    )
    op.create_index("ix_log_group_log_act", "log_group", ["log", "act"], unique=False)
    op.create_index("uq_log_group_log_first", "log_group", ["log", "first"], unique=True)
    op.create_table(
        "log_node",
        sa.Column("log", sa.Text(), nullable=False),
        sa.Column("level", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("log", "level", "position", name=op.f("pk_log_node")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "officer",
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("enrolled_at", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("party", "id", name=op.f("pk_officer")),
        sqlite_with_rowid=True,
    )
    op.create_table(
        "officer_key",
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("enrolled_at", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("party", "id", "number", name=op.f("pk_officer_key")),
        sqlite_with_rowid=True,
    )
    op.create_index("ix_officer_party_person", "officer", ["party", "person"], unique=False)
    op.create_index("ix_officer_party_roles", "officer", ["party", "roles", "id"], unique=False)
    op.create_table(
        "outgoing",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("peer", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("next_at", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("parcel", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outgoing")),
        sqlite_with_rowid=True,
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_outgoing_peer"), "outgoing", ["peer"], unique=False)
    op.create_table(
        "parcel",
        sa.Column("peer", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("made_at", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("parts", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seen", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("peer", "direction", "number", name=op.f("pk_parcel")),
        sqlite_with_rowid=True,
    )
    op.create_table(
        "parcel_question",
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("peer", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("message", name=op.f("pk_parcel_question")),
        sqlite_with_rowid=True,
    )
    op.create_index(op.f("ix_parcel_question_at"), "parcel_question", ["at"], unique=False)
    op.create_table(
        "parcel_reply",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("peer", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("parcel", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parcel_reply")),
        sqlite_with_rowid=True,
    )
    op.create_index(op.f("ix_parcel_reply_at"), "parcel_reply", ["at"], unique=False)
    op.create_index(op.f("ix_parcel_reply_peer"), "parcel_reply", ["peer"], unique=False)
    op.create_table(
        "peer",
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("party", name=op.f("pk_peer")),
        sqlite_with_rowid=True,
    )
    op.create_table(
        "person",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("rank", sa.Text(), nullable=False),
        sa.Column("clearance", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("expires", sa.Text(), nullable=False),
        sa.Column("needs", sa.Text(), nullable=False),
        sa.Column("purposes", sa.Text(), nullable=False),
        sa.Column("rosters", sa.Text(), nullable=False),
        sa.Column("house_roles", sa.Text(), nullable=False),
        sa.Column("accounts", sa.Text(), nullable=False),
        sa.Column("sign_in_keys", sa.Text(), nullable=False),
        sa.Column("left_at", sa.Text(), nullable=False),
        sa.Column("returned", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sqlite_with_rowid=True,
    )
    op.create_index("ix_person_left_at_clearance", "person", ["left_at", "clearance", "expires"], unique=False)
    op.create_index("ix_person_left_at_expires", "person", ["left_at", "expires", "id"], unique=False)
    op.create_table(
        "roster",
        sa.Column("facility", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("facility", "person", name=op.f("pk_roster")),
        sqlite_with_rowid=True,
    )
    op.create_index(op.f("ix_roster_person"), "roster", ["person"], unique=False)
    op.create_table(
        "account",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_account")),
        sqlite_with_rowid=True,
    )
    op.create_index(op.f("ix_account_person"), "account", ["person"], unique=False)
    op.create_table(
        "sign_in_key",
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("ended", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_sign_in_key")),
        sqlite_with_rowid=True,
    )
    op.create_index(op.f("ix_sign_in_key_person"), "sign_in_key", ["person"], unique=False)
    op.create_table(
        "need",
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("need", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("item", "person", name=op.f("pk_need")),
        sqlite_with_rowid=True,
    )
    op.create_index(op.f("ix_need_person"), "need", ["person"], unique=False)
    op.create_table(
        "briefing",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("until", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("person", "act", name=op.f("pk_briefing")),
        sqlite_with_rowid=True,
    )
    op.create_index(op.f("ix_briefing_until"), "briefing", ["until"], unique=False)
    op.create_table(
        "placement",
        sa.Column("copy", sa.Text(), nullable=False),
        sa.Column("facility", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("copy", name=op.f("pk_placement")),
        sqlite_with_rowid=True,
    )
    op.create_index(op.f("ix_placement_facility"), "placement", ["facility"], unique=False)
    op.create_table(
        "refused",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refused")),
        sqlite_with_rowid=True,
    )
    op.create_index("ix_refused_source_at", "refused", ["source", "at"], unique=False)
    op.create_table(
        "rendition",
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("copy", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("total", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("original", sa.Text(), nullable=False),
        sa.Column("rendition", sa.Text(), nullable=False),
        sa.Column("mime_type", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("act", name=op.f("pk_rendition")),
        sqlite_with_rowid=True,
    )
    op.create_index(op.f("ix_rendition_copy"), "rendition", ["copy"], unique=False)
    op.create_index(op.f("ix_rendition_item"), "rendition", ["item"], unique=False)
    op.create_index(op.f("ix_rendition_rendition"), "rendition", ["rendition"], unique=False)
    op.create_table(
        "passage",
        sa.Column("copy", sa.Text(), nullable=False),
        sa.Column("consent", sa.Text(), nullable=False),
        sa.Column("given", sa.Text(), nullable=False),
        sa.Column("receivers", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("payload_digest", sa.Text(), nullable=False),
        sa.Column("certified", sa.Text(), nullable=False),
        sa.Column("authorised", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("copy", "consent", name=op.f("pk_passage")),
        sqlite_with_rowid=True,
    )
    op.create_index(op.f("ix_passage_consent"), "passage", ["consent"], unique=False)
    op.create_table(
        "oral_disclosure",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("giver", sa.Text(), nullable=False),
        sa.Column("receiver", sa.Text(), nullable=False),
        sa.Column("instrument", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("originator", sa.Text(), nullable=False),
        sa.Column("contains", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("present", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oral_disclosure")),
        sqlite_with_rowid=True,
    )
    op.create_table(
        "standing_order",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("giver", sa.Text(), nullable=False),
        sa.Column("instrument", sa.Text(), nullable=False),
        sa.Column("marks", sa.Text(), nullable=False),
        sa.Column("subjects", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("until", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.Text(), nullable=False),
        sa.Column("ended_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standing_order")),
        sqlite_with_rowid=True,
    )
    op.create_index(op.f("ix_standing_order_party"), "standing_order", ["party"], unique=False)
    op.create_table(
        "contractor_facility",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("contractor", sa.Text(), nullable=False),
        sa.Column("part_of", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("inspected", sa.Text(), nullable=False),
        sa.Column("until", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contractor_facility")),
        sqlite_with_rowid=True,
    )
    op.create_table(
        "contractor_copy",
        sa.Column("copy", sa.Text(), nullable=False),
        sa.Column("contractor", sa.Text(), nullable=False),
        sa.Column("facility", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("copy", name=op.f("pk_contractor_copy")),
        sqlite_with_rowid=True,
    )
    op.create_table(
        "request",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("asker", sa.Text(), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("via", sa.Text(), nullable=False),
        sa.Column("instrument", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("due", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("refusal", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request")),
        sqlite_with_rowid=True,
    )
    op.create_table(
        "rung",
        sa.Column("copy", sa.Text(), nullable=False),
        sa.Column("rung", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("copy", "rung", "act", name=op.f("pk_rung")),
        sqlite_with_rowid=True,
    )
    op.create_table(
        "shared",
        sa.Column("peer", sa.Text(), nullable=False),
        sa.Column("position", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("peer", "position", name=op.f("pk_shared")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "shared_range",
        sa.Column("peer", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("parts", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("peer", "prefix", name=op.f("pk_shared_range")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "followed",
        sa.Column("peer", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("peer", "item", name=op.f("pk_followed")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "discrepancy",
        sa.Column("peer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("here", sa.Text(), nullable=False),
        sa.Column("there", sa.Text(), nullable=False),
        sa.Column("repair", sa.Text(), nullable=False),
        sa.Column("since", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("peer", "subject", "kind", name=op.f("pk_discrepancy")),
        sqlite_with_rowid=True,
    )
    op.create_table(
        "seen",
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("peer", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("message", "peer", name=op.f("pk_seen")),
        sqlite_with_rowid=True,
    )
    op.create_index(op.f("ix_seen_at"), "seen", ["at"], unique=False)
    op.create_table(
        "leftover",
        sa.Column("item", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("item", name=op.f("pk_leftover")),
        sqlite_with_rowid=True,
    )
    op.create_table(
        "numbered",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("copy", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_numbered")),
        sqlite_with_rowid=True,
    )
    op.create_table(
        "serial",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("last", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_serial")),
        sqlite_with_rowid=True,
    )
    op.create_table(
        "setting",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_setting")),
        sqlite_with_rowid=True,
    )
    op.create_table(
        "pending",
        sa.Column("copy", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("copy", "person", name=op.f("pk_pending")),
        sqlite_with_rowid=True,
    )
