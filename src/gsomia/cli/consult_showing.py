"""How a consultation stands, for people and for programs."""

from __future__ import annotations

from typing import Any

import click

from gsomia.app import Home
from gsomia.cli.options import exercise_line, plain, table
from gsomia.node import ACT_TYPES, CONCLUDED, Reader, Standing, Step, View, differences, instant

__all__ = ["show_text", "standing_json", "state_of"]


def state_of(standing: Standing) -> str:
    """In a word: open, joint text, closed."""
    words = [] if standing.joint is None else [f"joint text: version {standing.version(standing.joint)}"]
    return ", ".join([*words, "closed" if standing.closed else "open"])


def standing_json(home: Home, reader: Reader, standing: Standing) -> dict[str, Any]:
    """A consultation as data."""
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
            {"number": one.number + 1, "party": one.party, **_where(home, reader, one.item), "text": one.text,
             "act": one.act, "at": instant(one.at)}
            for one in standing.positions
        ],
        "drafts": [_draft_json(home, reader, standing, draft) for draft in standing.drafts],
        "joint_text": None if standing.joint is None else _draft_json(home, reader, standing, standing.joint),
        "views": [_view_json(home, reader, view) for view in reader.consultation_views(said.id)],
        "dispute": _dispute(home, reader, standing),
        "next": list(_next(standing)),
    }  # fmt: skip


def _where(home: Home, reader: Reader, item: str) -> dict[str, str]:
    """An item, and this registry's number of a copy that was received, or else given."""
    own = home.node.party
    copies = [copy for copy in reader.copies(item=item) if copy.control_number and own in (copy.holder, copy.giver)]
    received = [copy for copy in copies if copy.holder == own]
    return {"item": item, "control_number": next((copy.control_number for copy in (*received, *copies)), "")}


def _draft_json(home: Home, reader: Reader, standing: Standing, draft: Step) -> dict[str, Any]:
    return {
        "version": standing.version(draft),
        "party": draft.party,
        "on": [standing.version(base) for base in standing.drafts if base.act in draft.bases],
        **_where(home, reader, draft.item),
        "text": draft.text,
        "signed_by": [one.party for one in standing.signatures if one.draft == draft.act],
        "act": draft.act,
        "at": instant(draft.at),
    }


def _view_json(home: Home, reader: Reader, view: View) -> dict[str, Any]:
    return {
        **_where(home, reader, view.item),
        "author": view.author,
        "party": view.party,
        "text": view.text,
        "act": view.act,
        "signed": view.signed,
        "at": instant(view.at),
    }


def _dispute(home: Home, reader: Reader, standing: Standing) -> str:
    """Whether what it is about is still in dispute by this record; "" where it is about something else."""
    said = standing.consultation
    if said.about != "dispute":
        return ""
    open_ones = {one.act.id for one in differences(home.node, reader, said.instrument) if one.state == "disputed"}
    return "disputed" if said.reference in open_ones else "not disputed by this record"


def _next(standing: Standing) -> tuple[str, ...]:
    """What gives effect to a joint text: acts that are entered elsewhere, by whom."""
    if standing.joint is None:
        return ()
    kinds = CONCLUDED[standing.consultation.about]
    return tuple(f"{kind} ({', '.join(ACT_TYPES[kind].roles)} officer)" for kind in kinds)


def show_text(home: Home, reader: Reader, standing: Standing) -> None:
    """A consultation for people."""
    told = standing_json(home, reader, standing)
    exercise_line()
    lines = [
        ("consultation", told["id"]),
        ("about", f"{told['about']}: {told['reference']}" + (f" ({told['dispute']})" if told["dispute"] else "")),
        ("title", told["title"]),
        ("under", told["instrument"]),
        ("Parties", ", ".join(told["parties"])),
        ("opened", f"by {told['opened_by']} at {told['opened_at']}"),
        ("state", told["state"]),
    ]
    if told["turn"]:
        lines.append(("turn", f"{told['turn']} states its position"))
    if told["drafters"]:
        lines.append(("drafts by", ", ".join(told["drafters"])))
    if told["conflict"]:
        named = " ".join(f"--on {version}" for version in told["conflict"])
        lines.append(
            ("conflict", f"versions {', '.join(told['conflict'])} cross: a draft on all comes first ({named})")
        )
    for word, parties in (("closed by", told["closed_by"]), ("withdrawn", told["withdrawn"])):
        if parties:
            lines.append((word, ", ".join(parties)))
    if told["joint_text"]:
        lines.append(("effect", "none by itself: a joint text is evidence that the Parties agree"))
    lines += [("next", f"{word}: each Party's own, with its diplomatic note or order") for word in told["next"]]
    width = max(len(name) for name, _ in lines)
    for name, text in lines:
        click.echo(plain(f"{name:<{width}}  {text}"))
    if told["positions"]:
        click.echo()
        rows = [[one["number"], one["party"], one["at"], one["control_number"]] for one in told["positions"]]
        _columns(["position", "by", "at", "number"], rows)
    if told["drafts"]:
        click.echo()
        rows = [
            [one["version"], one["party"], ", ".join(one["on"]) or "-", ", ".join(one["signed_by"]) or "-",
             one["control_number"], one["text"]]
            for one in told["drafts"]
        ]  # fmt: skip
        _columns(["version", "by", "on", "signed by", "number", "text sha256"], rows)
    if told["views"]:
        click.echo()
        rows = [[one["author"], one["party"], one["signed"] or "-", one["control_number"]] for one in told["views"]]
        _columns(["view by", "for", "signed by act", "number"], rows)


def _columns(head: list[str], rows: list[list[Any]]) -> None:
    table(head, rows, heading=False)
