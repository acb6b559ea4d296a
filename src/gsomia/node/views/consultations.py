"""What is told of a consultation: how it stands, its positions, drafts and views, and what gives it effect."""

from __future__ import annotations

from typing import Any

from gsomia.node.acts.signed import instant
from gsomia.node.acts.types import ACT_TYPES, CONCLUDED
from gsomia.node.comparison.disputes import differences
from gsomia.node.consultations.assessing import views_given
from gsomia.node.node import Node
from gsomia.node.record.consultation_rules import Standing, Step, View
from gsomia.node.record.store_port import Reader
from gsomia.registry import Copy

__all__ = ["standing_row", "standing_view"]


def state_of(standing: Standing) -> str:
    """In a word: open, joint text, closed."""
    words = [] if standing.joint is None else [f"joint text: version {standing.version(standing.joint)}"]
    return ", ".join([*words, "closed" if standing.closed else "open"])


def standing_row(standing: Standing) -> dict[str, Any]:
    """A line for a consultation: what it is about, with whom, how it stands, whose turn it is."""
    said = standing.consultation
    return {
        "consultation": said.id,
        "opened": instant(said.at),
        "about": said.about,
        "title": said.title,
        "under": said.instrument,
        "parties": ", ".join(said.parties),
        "state": state_of(standing),
        "turn": standing.turn,
    }


def standing_view(node: Node, reader: Reader, standing: Standing) -> dict[str, Any]:
    """A consultation whole.

    Args:
        node: whose record it is.
        reader: its store.
        standing: how it stands there.
    """
    said = standing.consultation
    return {
        "id": said.id,
        "about": said.about,
        "reference": said.reference,
        "title": said.title,
        "instrument": said.instrument,
        "subject": said.subject,
        "purpose": said.purpose,
        "parties": list(said.parties),
        "opened_by": said.opened_by,
        "opened_at": instant(said.at),
        "state": state_of(standing),
        "closed": standing.closed,
        "closed_by": [party for party in said.parties if party in standing.ended - standing.withdrawn],
        "withdrawn": [party for party in said.parties if party in standing.withdrawn],
        "turn": standing.turn,
        "drafters": list(standing.drafters),
        "conflict": [standing.version(head) for head in standing.heads] if standing.conflict else [],
        "positions": [
            {"number": one.number + 1, "party": one.party, **_where(node, reader, one.item), "text": one.text,
             "act": one.act, "at": instant(one.at)}
            for one in standing.positions
        ],
        "drafts": [_draft_json(node, reader, standing, draft) for draft in standing.drafts],
        "joint_text": None if standing.joint is None else _draft_json(node, reader, standing, standing.joint),
        "views": [_view_json(node, reader, view) for view in reader.consultation_views(said.id)],
        "given": [_given_json(*view) for view in views_given(node, reader, said)],
        "dispute": _dispute(node, reader, standing),
        "effect_by": list(_effect_by(standing)),
    }  # fmt: skip


def _where(node: Node, reader: Reader, item: str) -> dict[str, str]:
    """An item, and this registry's number of a copy that was received, or else given."""
    own = node.party
    copies = [copy for copy in reader.copies(item=item) if copy.control_number and own in (copy.holder, copy.giver)]
    received = [copy for copy in copies if copy.holder == own]
    return {"item": item, "control_number": next((copy.control_number for copy in (*received, *copies)), "")}


def _draft_json(node: Node, reader: Reader, standing: Standing, draft: Step) -> dict[str, Any]:
    return {
        "version": standing.version(draft),
        "party": draft.party,
        "on": [standing.version(base) for base in standing.drafts if base.act in draft.bases],
        **_where(node, reader, draft.item),
        "text": draft.text,
        "signed_by": [one.party for one in standing.signatures if one.draft == draft.act],
        "act": draft.act,
        "at": instant(draft.at),
    }


def _view_json(node: Node, reader: Reader, view: View) -> dict[str, Any]:
    return {
        **_where(node, reader, view.item),
        "author": view.author,
        "party": view.party,
        "text": view.text,
        "act": view.act,
        "signed": view.signed,
        "at": instant(view.at),
    }


def _given_json(copy: Copy, lies: str, presented: str) -> dict[str, Any]:
    """A view that this Party gave: where it lies while it is on its way, and the act that presented it."""
    return {
        "party": copy.destination,
        "item": copy.item,
        "copy": copy.id,
        "control_number": copy.control_number,
        "to": copy.holder,
        "via": list(copy.via),
        "instrument": copy.instrument,
        "state": copy.state.value,
        "reason": copy.reason,
        "lies": lies,
        "act": presented,
    }


def _dispute(node: Node, reader: Reader, standing: Standing) -> str:
    """Whether what it is about is still in dispute by this record; "" where it is about something else."""
    said = standing.consultation
    if said.about != "dispute":
        return ""
    open_ones = {one.act.id for one in differences(node, reader, said.instrument) if one.state == "disputed"}
    return "disputed" if said.reference in open_ones else "not disputed by this record"


def _effect_by(standing: Standing) -> tuple[str, ...]:
    """What gives effect to a joint text: acts that are entered elsewhere, by whom."""
    if standing.joint is None:
        return ()
    kinds = CONCLUDED[standing.consultation.about]
    return tuple(f"{kind} ({', '.join(ACT_TYPES[kind].roles)} officer)" for kind in kinds)
