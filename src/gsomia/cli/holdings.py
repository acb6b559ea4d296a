"""What a node holds and what waits: inbox, register, outbox, and what was refused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import click

from gsomia.cli.grounds import ground_text
from gsomia.cli.options import home_of, json_option, node_option, plain, print_json, print_rows, table
from gsomia.cli.renditions import rendition_json
from gsomia.node import Outgoing, Recalled, Refused, asked_back, check_disputes, dead_letter, instant, recalls, regraded
from gsomia.registry import Copy, CopyState, Item, Rendition, Rung

__all__ = ["inbox_command", "outbox_command", "refused_command", "register_command"]


@click.command("inbox")
@json_option
@node_option
def inbox_command(as_json: bool, node_dir: str | None) -> None:
    """List what was received and waits for a mark, a receipt or an answer, and openings that wait for a peer."""
    with home_of(node_dir) as home, home.node.store.reading() as reader:
        party = home.node.party
        waiting = [c for c in reader.copies(states=[CopyState.DELIVERED, CopyState.OPENED]) if c.holder == party]
        asked = [c for c in reader.consents() if c.state == "asked" and c.originator == party]
        openings = [
            {"control_number": c.control_number, "person": o.person, "at": instant(o.at), "why": o.why}
            for o in reader.pending()
            if (c := reader.copy(o.copy)) is not None
        ]
        rows = [_row(c, reader.item(c.item)) | {"todo": "receipt" if c.own_mark else "mark"} for c in waiting]
        back = [
            {
                "control_number": one.copy.control_number,
                "originator": one.item.originator,
                "due": instant(one.due),
                "why": str(one.recall.body["why"]),
            }
            for one in asked_back(reader)
            if one.copy.holder == party and one.is_open
        ]
        levels = [
            {"control_number": one.copy.control_number, "originator": one.item.originator, "level": one.level}
            for one in regraded(reader)
            if one.copy.holder == party and one.state == "to follow"
        ]
    if as_json:
        requests = [
            {
                "request": c.id,
                "asker": c.asker,
                "to": list(c.receivers),
                "item": c.item,
                "purpose": c.purpose,
                "part": c.part,
                "extent": c.extent,
                "why": c.why,
            }
            for c in asked
        ]
        waits = {"items": rows, "requests": requests, "openings": openings, "recalls": back, "regraded": levels}
        print_json("inbox", waits)
        return
    head = ["control number", "from", "mark", "subject", "title", "waits for"]
    keys = ("control_number", "from", "foreign_mark", "subject", "title", "todo")
    table(head, [[row[key] for key in keys] for row in rows])
    for opening in openings:
        click.echo(plain("{control_number} waits to be opened for {person}: {why}".format(**opening)))
    for one in levels:
        click.echo(plain("{control_number} is at {level} of {originator} now and waits to be re-marked".format(**one)))
    for one in back:
        click.echo(plain("{control_number} is asked back by {originator} until {due}: {why}".format(**one)))
    for request in asked:
        click.echo(
            plain(
                f"{request.asker} asks to hand item {request.item} ({request.extent or request.part}) to "
                f"{', '.join(request.receivers)} for {request.purpose}: {request.why}"
            )
        )


@click.command("register")
@json_option
@node_option
def register_command(as_json: bool, node_dir: str | None) -> None:
    """The control register: what was given and received, its marks, custodian, key, recall and receipt."""
    with home_of(node_dir) as home, home.node.store.reading() as reader:
        recalled, made = recalls(reader), reader.renditions()
        rows = [_row(copy, reader.item(copy.item), recalled.get(copy.item), made) for copy in reader.copies()]
        notified = {one.item.id: one.level for one in regraded(reader)}
        rows = [row | {"level": notified.get(row["item"], row["foreign_mark"])} for row in rows]
        party = home.node.party
    if as_json:
        print_json("register", {"party": party, "copies": rows})
        return
    head = [
        "control number",
        "copy",
        "",
        "from",
        "to",
        "originator's mark",
        "holder's mark",
        "custodian",
        "key held by",
        "state",
        "renditions",
        "title",
    ]
    arrows = {"sent": "out", "received": "in", "reported": "told"}
    cells = [
        [
            row["control_number"] or "-",
            row["number"],
            arrows[row["direction"]],
            row["from"],
            row["to"],
            f"{row['originator']} {row['foreign_mark']}"
            + (f", now {row['level']}" if row["level"] != row["foreign_mark"] else ""),
            f"{row['own_mark']} ({row['origin_mark']})" if row["own_mark"] else "-",
            row["custodian"],
            "+".join(row["holders"]) or row["to"],
            row["state"] + (f", recalled: {row['recall']}" if row["recall"] else ""),
            f"{len(row['renditions'])} of {max(made['total'] for made in row['renditions'])}"
            if row["renditions"]
            else "-",
            row["title"],
        ]
        for row in rows
    ]
    table(head, cells)
    numbers = {row["item"]: row["control_number"] for row in rows}
    for row in rows:
        if row["cites"]:
            sources = ", ".join(numbers.get(source["item"], source["item"]) for source in row["cites"])
            click.echo(plain(f"{row['control_number']} draws on {sources}: {row['statement']}"))


def _row(
    copy: Copy, item: Item | None, recalled: Recalled | None = None, renditions: Sequence[Rendition] = ()
) -> dict[str, Any]:
    receipted = copy.rung(Rung.RECEIPTED)
    return {
        "control_number": copy.control_number,
        "item": copy.item,
        "copy": copy.id,
        "number": copy.number,
        "direction": copy.direction.value,
        "from": copy.giver,
        "to": copy.holder,
        "originator": item.originator if item else "",
        "foreign_mark": item.level if item else "",
        "own_mark": copy.own_mark,
        "origin_mark": copy.origin_mark,
        "subject": item.subject if item else "",
        "title": item.title if item else "",
        "state": copy.state.value,
        "custodian": copy.custodian,
        "custody": item.custody.value if item else "",
        "holders": list(item.holders) if item else [],
        "recall": recalled.standing(item, copy) if recalled and item else "",
        "instrument": copy.instrument,
        "receipt": receipted.act if receipted else "",
        "payload_digest": item.payload_digest if item else "",
        "rungs": [entry.rung.value for entry in copy.rungs],
        "label": json.loads(item.label) if item else None,
        "own_label": json.loads(copy.own_label) if copy.own_label else None,
        "contains": list(item.contains) if item else [],
        "cites": [source.to_json() for source in item.cites] if item else [],
        "statement": item.statement if item else "",
        "renditions": [rendition_json(made) for made in renditions if made.copy == copy.id],
    }


@click.command("refused")
@json_option
@node_option
def refused_command(as_json: bool, node_dir: str | None) -> None:
    """List what was refused, with the reason: one's own acts and what came from peers; and say what is disputed."""
    with home_of(node_dir) as home, home.node.store.reading() as reader:
        found = reader.refused()
        disputes = check_disputes(home.node, reader).remark
    head = ["at", "from", "what", "why"]
    if as_json:
        rows = [[instant(r.at), r.source, r.what, r.why, _against(r)] for r in found]
        print_rows(as_json, "refused", [*head, "grounds"], rows)
    else:
        table(head, [[instant(r.at), r.source, r.what, _grounds(r)] for r in found])
    if disputes:
        click.echo(plain(disputes), err=True)


def _against(refused: Refused) -> list[dict[str, Any]]:
    """The grounds against, where a verdict was kept."""
    grounds = refused.detail.get("grounds")
    found = [ground for ground in grounds if isinstance(ground, dict)] if isinstance(grounds, list) else []
    return [ground for ground in found if ground.get("effect") != "permit"]


def _grounds(refused: Refused) -> str:
    """All grounds against, each with its place."""
    places = [" ".join(filter(None, (g.get("instrument"), g.get("article")))) for g in _against(refused)]
    texts = [ground_text(ground) for ground in _against(refused)]
    told = [f"{place}: {text}" if place else text for place, text in zip(places, texts, strict=True)]
    return "; ".join(dict.fromkeys(told)) or refused.why


def _why(entry: Outgoing) -> str:
    """Why an entry of the outbox waits."""
    if entry.error or not entry.parcel:
        return entry.error
    return f"in parcel {entry.parcel}, not answered yet"


@click.command("outbox")
@json_option
@node_option
def outbox_command(as_json: bool, node_dir: str | None) -> None:
    """List what waits for a peer, with the reason and the next try; a dead letter is one long tried in vain."""
    with home_of(node_dir) as home, home.node.store.reading() as reader:
        found = reader.outgoing()
        limits = home.node.limits
    rows = [
        [o.peer, o.kind, o.subject, o.attempts, instant(o.next_at), dead_letter(o, limits), o.parcel, _why(o)]
        for o in found
    ]
    head = ["peer", "kind", "subject", "attempts", "next_at", "dead", "parcel", "why"]
    if as_json:
        print_rows(as_json, "outbox", head, rows)
        return
    told = [[*row[:5], "dead letter" if row[5] else "", row[7]] for row in rows]
    table(["peer", "kind", "subject", "attempts", "next try", "", "why"], told)
