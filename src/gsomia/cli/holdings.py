"""What a node holds and what waits: inbox, register, outbox, and what was refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from gsomia.app import Home
from gsomia.cli.address.asked import anywhere_option, asked, is_address, reached
from gsomia.cli.grounds import ground_text
from gsomia.cli.options import home_of, json_option, plain, print_json, table
from gsomia.node import (
    Reader,
    check_disputes,
    inbox_lists,
    outgoing_row,
    refused_row,
    register_rows,
    try_now,
)

__all__ = ["inbox_command", "outbox_command", "refused_command", "register_command"]


@click.command("inbox")
@json_option
@anywhere_option
def inbox_command(as_json: bool, node_dir: str | None) -> None:
    """List what was received and waits for a mark, a receipt or an answer, openings that wait, consents taken back."""

    def here(home: Home, reader: Reader) -> dict[str, Any]:
        return {name: [row for _, row in rows] for name, rows in inbox_lists(home.node, reader).items()}

    told = asked(node_dir, "inbox", here)
    if as_json:
        print_json("inbox", told)
        return
    head = ["control number", "from", "mark", "subject", "title", "waits for"]
    keys = ("control_number", "from", "foreign_mark", "subject", "title", "todo")
    table(head, [[row[key] for key in keys] for row in told["items"]])
    for opening in told["openings"]:
        click.echo(plain("{control_number} waits to be opened for {person}: {why}".format(**opening)))
    for one in told["regraded"]:
        click.echo(plain("{control_number} is at {level} of {originator} now and waits to be re-marked".format(**one)))
    for one in told["recalls"]:
        click.echo(plain("{control_number} is asked back by {originator} until {due}: {why}".format(**one)))
    for one in told["withdrawn"]:
        click.echo(
            plain(
                f"{one['control_number']}: {one['originator']} took back its consent to {one['asker']} for "
                f"{', '.join(one['to'])}, nothing is handed on under it: {one['why']}"
            )
        )
    for one in told["information"]:
        click.echo(
            plain(
                f"{one['asker']} asks by {one['request']} for {one['subject']} under {one['instrument']}"
                f"{', wanted by ' + one['due'] if one['due'] else ''}: {one['what']}"
            )
        )
    for one in told["requests"]:
        click.echo(
            plain(
                f"{one['asker']} asks to hand item {one['item']} ({one['extent'] or one['part']}) to "
                f"{', '.join(one['to'])} for {one['purpose']}: {one['why']}"
            )
        )


@click.command("register")
@json_option
@anywhere_option
def register_command(as_json: bool, node_dir: str | None) -> None:
    """The control register: what was given and received, its marks, custodian, key, recall and receipt."""

    def here(home: Home, reader: Reader) -> dict[str, Any]:
        return {"party": home.node.party, "copies": register_rows(reader, reader.copies())}

    told = asked(node_dir, "copies", here)
    if as_json:
        print_json("register", told)
        return
    rows = told["copies"]
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
        if row["contractor"]:
            click.echo(plain(f"{row['control_number'] or row['copy']} lies at a contractor's: {row['contractor']}"))
        if row["cites"]:
            sources = ", ".join(numbers.get(source["item"], source["item"]) for source in row["cites"])
            click.echo(plain(f"{row['control_number']} draws on {sources}: {row['statement']}"))


@click.command("refused")
@json_option
@anywhere_option
def refused_command(as_json: bool, node_dir: str | None) -> None:
    """List what was refused, with the reason: one's own acts and what came from peers; and say what is disputed."""

    def here(home: Home, reader: Reader) -> dict[str, Any]:
        found = [refused_row(one) for one in reader.refused()]
        return {"refused": found, "disputes": check_disputes(home.node, reader).remark}

    told = asked(node_dir, "refused", here)
    disputes = told.pop("disputes")
    if as_json:
        print_json("refused", told)
    else:
        table(
            ["at", "from", "what", "why"],
            [[one["at"], one["from"], _what(one), _grounds(one)] for one in told["refused"]],
        )
    if disputes:
        click.echo(plain(disputes), err=True)


def _what(refused: Mapping[str, Any]) -> str:
    """What was refused, and how often where it is counted."""
    return str(refused["what"]) + (f", {refused['times']} times" if refused["times"] > 1 else "")


def _grounds(refused: Mapping[str, Any]) -> str:
    """All grounds against, each with its place."""
    places = [" ".join(filter(None, (g.get("instrument"), g.get("article")))) for g in refused["grounds"]]
    texts = [ground_text(ground) for ground in refused["grounds"]]
    told = [f"{place}: {text}" if place else text for place, text in zip(places, texts, strict=True)]
    return "; ".join(dict.fromkeys(told)) or str(refused["why"])


@click.command("outbox")
@click.option("--now", "peer", default="", metavar="PEER", help="Try what waits for this peer at once.")
@json_option
@anywhere_option
def outbox_command(peer: str, as_json: bool, node_dir: str | None) -> None:
    """List what waits for a peer, with the reason and the next try; a dead letter is one long tried in vain.

    The next try is by the clock of the node's machine. With --now it is tried at once, in its order: here, or by the
    node that is running.
    """
    if peer:
        _try_now(node_dir, peer)

    def here(home: Home, reader: Reader) -> dict[str, Any]:
        return {"outbox": [outgoing_row(one, home.node.limits) for one in reader.outgoing()]}

    told = asked(node_dir, "outbox", here)
    if as_json:
        print_json("outbox", told)
        return
    keys = ("peer", "kind", "subject", "attempts", "next_at")
    rows = [[*(one[key] for key in keys), "dead letter" if one["dead"] else "", one["why"]] for one in told["outbox"]]
    table(["peer", "kind", "subject", "attempts", "next try", "", "why"], rows)


def _try_now(node_dir: str | None, peer: str) -> None:
    if is_address(node_dir):
        with reached(node_dir) as remote:
            remote.post("sendings", {"to": peer})
        return
    with home_of(node_dir) as home:
        try_now(home.node, peer)
        for fault in home.deliver():
            click.echo(plain(fault), err=True)
