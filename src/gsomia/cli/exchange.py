"""Commands of the exchange: transmit, release, inbox, mark, receipt, open, register, consent."""

from __future__ import annotations

import json
import mimetypes
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import click

from gsomia.app import Home
from gsomia.cli.options import by_option, home_of, json_option, node_option, plain, print_json, table
from gsomia.cli.renditions import rendition_json, writing
from gsomia.errors import NodeError, PendingError, RefusedError, UsageError
from gsomia.node import (
    Recalled,
    Role,
    Sending,
    answer_consent,
    ask_consent,
    dead_letter,
    instant,
    mark,
    open_item,
    recalls,
    receipt,
    release,
    share,
    transmit,
)
from gsomia.registry import Copy, CopyState, Custody, Item, Rendition, Rung

__all__ = [
    "consent_command",
    "inbox_command",
    "mark_command",
    "open_command",
    "outbox_command",
    "receipt_command",
    "refused_command",
    "register_command",
    "release_command",
    "transmit_command",
]

_wait_option = click.option(
    "--wait", default=10.0, show_default=True, help="Seconds to wait for the peer's answer; 0 returns at once."
)


@click.command("transmit")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--to", default="", help="The Party for whom it is meant.")
@click.option("--via", multiple=True, help="A Party it passes through.")
@click.option("--level", required=True, help="The national mark, such as 特定秘密.")
@click.option("--subject", required=True, help="Such as dprk-missile.")
@click.option("--purpose", default="defence", show_default=True)
@click.option("--title", default="", help="Shown in both registers; the file's name where it is left out.")
@click.option("--under", default="", help="The agreement; any that could carry it where it is left out.")
@click.option(
    "--custody",
    type=click.Choice([Custody.RECIPIENT.value, Custody.ORIGINATOR.value]),
    default=Custody.RECIPIENT.value,
    show_default=True,
    help="Whose node holds the key: the originator's is asked at each opening.",
)
@click.option("--shares", default="", metavar="A,B,C", help="Three Parties that hold it, and of whom two open it.")
@click.option("--cites", multiple=True, help="A received item that FILE draws on (Article 4.3); more by commas.")
@click.option("--contains", multiple=True, metavar="PARTY", help="Another Party whose information is in FILE uncited.")
@click.option("--as-is", is_flag=True, help="Send it although it is active, encrypted or broken; the act says so.")
@_wait_option
@by_option
@json_option
@node_option
def transmit_command(
    file: Path,
    to: str,
    via: tuple[str, ...],
    level: str,
    subject: str,
    purpose: str,
    title: str,
    under: str,
    custody: str,
    shares: str,
    cites: tuple[str, ...],
    contains: tuple[str, ...],
    as_is: bool,
    wait: float,
    by: str,
    as_json: bool,
    node_dir: str | None,
) -> None:
    """Seal FILE and transmit it, if the agreement permits."""
    if bool(to) == bool(shares):
        raise UsageError("to whom?", hint="name one Party with --to, or three with --shares JPN,KOR,USA")
    if shares and (via or custody != Custody.RECIPIENT.value):
        raise UsageError("shares go straight to their holders and are a custody of their own")
    sending = Sending(
        to=to,
        via=via,
        level=level,
        subject=subject,
        purpose=purpose,
        title=title or file.name,
        mime_type=mimetypes.guess_type(file.name)[0] or "application/octet-stream",
        under=under,
        custody=Custody(custody),
        cites=tuple(name.strip() for text in cites for name in text.split(",") if name.strip()),
        contains=contains,
        as_is=as_is,
    )
    with home_of(node_dir) as home, _document(file) as source:
        acting = home.acting(by, Role.DISCLOSURE)
        if shares:
            copies = share(home.node, source, sending, tuple(shares.split(",")), by=acting)
        else:
            copies = [transmit(home.node, source, sending, by=acting)]
        _tell(home, copies[0])
        _follow_all(home, copies, wait, as_json)


def _tell(home: Home, copy: Copy) -> None:
    """Say what people should know of a document that was authorised: its label where it draws on others, remarks."""
    with home.node.store.reading() as reader:
        item = reader.item(copy.item)
        act = next(a for a in reader.acts(types=["transmit"], item=copy.item) if a.statement.copy == copy.id)
    for remark in act.statement.body["remarks"]:
        click.echo(f"note: {remark}", err=True)
    if item is not None and item.cites:
        click.echo(plain(f"label: {item.level}; {item.statement}"), err=True)


@contextmanager
def _document(file: Path) -> Iterator[BinaryIO]:
    """Open a document; what is no ordinary file is named for what it is."""
    if file.is_symlink() and not file.exists():
        raise UsageError(f"`{file}` is a link to nothing")
    if file.is_dir():
        raise UsageError(f"`{file}` is a folder", hint="transmit one document at a time")
    if file.is_char_device() or file.is_block_device() or file.is_socket():
        raise UsageError(f"`{file}` is no ordinary file")
    try:
        source = file.open("rb")
    except FileNotFoundError as error:
        raise UsageError(f"there is no file `{file}`") from error
    except OSError as error:
        raise NodeError(f"cannot read `{file}`: {error.strerror}") from error
    with source:
        yield source


def _follow_all(home: Home, copies: Sequence[Copy], wait: float, as_json: bool) -> None:
    """Follow each copy; what became of one hides nothing of the others, and a refusal counts before a wait."""
    errors: list[PendingError | RefusedError] = []
    for copy in copies:
        try:
            _follow(home, copy, wait, as_json)
        except (PendingError, RefusedError) as error:
            errors.append(error)
    if errors:
        raise min(errors, key=lambda one: isinstance(one, PendingError))


def _follow(home: Home, copy: Copy, wait: float, as_json: bool) -> None:
    """Say what became of a copy: delivered, refused by the peer, or still on its way (exit 6)."""
    deadline = time.monotonic() + wait
    faults = home.deliver() if wait else []
    settled = (CopyState.REFUSED, CopyState.REJECTED, CopyState.DELIVERED, CopyState.RECEIPTED, CopyState.OPENED)
    while True:
        with home.node.store.reading() as reader:
            now = reader.copy(copy.id)
            waiting = reader.outgoing(peer=copy.holder)
        assert now is not None  # it was registered by this very command
        if now.state in settled or time.monotonic() >= deadline or faults:
            break
        time.sleep(0.05)
    if as_json:
        print_json("copy", _copy_json(now))
    else:
        click.echo(f"{now.control_number}  {now.state}  {now.id}")
    if now.state in (CopyState.REFUSED, CopyState.REJECTED):
        ground = {"effect": "refuse", "instrument": now.instrument, "article": "", "text": now.reason}
        raise RefusedError(f"{now.control_number}: {now.state}", verdict={"outcome": "refuse", "grounds": [ground]})
    if now.state not in settled:
        why = next((entry.error for entry in waiting if entry.error), "the peer has not answered yet")
        raise PendingError(f"{now.control_number} waits for {now.holder}: {why}", hint="it is sent again by itself")


def _copy_json(copy: Copy) -> dict[str, Any]:
    return {
        "copy": copy.id,
        "item": copy.item,
        "control_number": copy.control_number,
        "number": copy.number,
        "state": copy.state.value,
        "instrument": copy.instrument,
        "giver": copy.giver,
        "holder": copy.holder,
        "via": list(copy.via),
        "destination": copy.destination,
        "custodian": copy.custodian,
        "own_mark": copy.own_mark,
        "origin_mark": copy.origin_mark,
        "reason": copy.reason,
        "rungs": [{"rung": r.rung.value, "act": r.act, "party": r.party, "at": instant(r.at)} for r in copy.rungs],
    }


@click.command("release")
@click.argument("item")
@click.option("--to", required=True, help="The Party that would get it.")
@_wait_option
@by_option
@json_option
@node_option
def release_command(item: str, to: str, wait: float, by: str, as_json: bool, node_dir: str | None) -> None:
    """Hand a received ITEM on, with its originator's prior written consent."""
    with home_of(node_dir) as home:
        copy = release(home.node, item, to, by=home.acting(by, Role.DISCLOSURE))
        _follow(home, copy, wait, as_json)


@click.command("inbox")
@json_option
@node_option
def inbox_command(as_json: bool, node_dir: str | None) -> None:
    """List what was received and waits for a mark or a receipt, and openings that wait for a peer."""
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
    if as_json:
        requests = [
            {"request": c.id, "asker": c.asker, "to": list(c.receivers), "item": c.item, "why": c.conditions}
            for c in asked
        ]
        print_json("inbox", {"items": rows, "requests": requests, "openings": openings})
        return
    head = ["control number", "from", "mark", "subject", "title", "waits for"]
    keys = ("control_number", "from", "foreign_mark", "subject", "title", "todo")
    table(head, [[row[key] for key in keys] for row in rows])
    for opening in openings:
        click.echo(plain("{control_number} waits to be opened for {person}: {why}".format(**opening)))
    for request in asked:
        click.echo(
            plain(
                f"{request.asker} asks to hand item {request.item} to {', '.join(request.receivers)}: "
                f"{request.conditions}"
            )
        )


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


@click.command("register")
@json_option
@node_option
def register_command(as_json: bool, node_dir: str | None) -> None:
    """The control register: what was given and received, its marks, custodian, key, recall and receipt."""
    with home_of(node_dir) as home, home.node.store.reading() as reader:
        recalled, made = recalls(reader), reader.renditions()
        rows = [_row(copy, reader.item(copy.item), recalled.get(copy.item), made) for copy in reader.copies()]
        exercise, party = home.node.exercise, home.node.party
    if as_json:
        print_json("register", {"party": party, "exercise": exercise, "copies": rows})
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
            f"{row['originator']} {row['foreign_mark']}",
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


@click.command("mark")
@click.argument("item")
@click.option("--level", required=True, help="One's own mark; the providing Government's name stands beside it.")
@by_option
@node_option
def mark_command(item: str, level: str, by: str, node_dir: str | None) -> None:
    """Re-mark a received ITEM (Article 4.2)."""
    with home_of(node_dir) as home:
        act = mark(home.node, item, level, by=home.acting(by, Role.REGISTRY))
        click.echo(f"marked {act.statement.body['origin']} {act.statement.body['level']} by act {act.id}")
        home.deliver()


@click.command("receipt")
@click.argument("item")
@by_option
@node_option
def receipt_command(item: str, by: str, node_dir: str | None) -> None:
    """Sign the receipt for a received and marked ITEM; custody passes."""
    with home_of(node_dir) as home:
        act = receipt(home.node, item, by=home.acting(by, Role.REGISTRY))
        click.echo(f"receipted by act {act.id}")
        home.deliver()


@click.command("open")
@click.argument("item")
@click.option("--for", "person", default="", help="Who reads; clearance, need and roster come from the register.")
@click.option("--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="Where the plaintext goes.")
@click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="KEY.pem",
    help="Open the FILE with a key (or an HSM's, by its pkcs11: URI).",
)
@node_option
def open_command(item: str, person: str, output: Path | None, keys: tuple[str, ...], node_dir: str | None) -> None:
    """Open a held ITEM for a person: an act, with verdict and log; or, with --key, a FILE without a node."""
    if keys:
        _open_file(Path(item), keys, output)
        return
    if not person:
        raise UsageError("for whom?", hint="name the person with --for; `gsomia person enter` says who they are")
    with home_of(node_dir) as home:
        with writing(output) as sink:
            opening = open_item(home.node, item, person, sink)
        click.echo(f"opened {opening.copy.control_number} for {person}", err=True)
        home.deliver()


def _open_file(file: Path, keys: tuple[str, ...], output: Path | None) -> None:
    from gsomia.cli.seal import open_file

    open_file(str(file), keys=keys, output=str(output) if output is not None else "-")


@click.group("consent")
def consent_command() -> None:
    """Ask for and give the originator's prior written consent (Article 6(a))."""


@consent_command.command("ask")
@click.argument("item")
@click.option("--to", required=True, help="The Party that would get it.")
@click.option("--why", required=True, help="For the originator's officer.")
@by_option
@node_option
def ask(item: str, to: str, why: str, by: str, node_dir: str | None) -> None:
    """Ask the originator of a held ITEM whether it may be handed on."""
    with home_of(node_dir) as home:
        for act in ask_consent(home.node, item, to, why, by=home.acting(by, Role.DISCLOSURE)):
            click.echo(f"{act.statement.body['originator']} asked by act {act.id}")
        home.deliver()


def _answer(request: str, by: str, node_dir: str | None, *, grant: bool, text: str) -> None:
    with home_of(node_dir) as home:
        acting = home.acting(by, Role.DISCLOSURE)
        act = answer_consent(home.node, request, grant=grant, conditions=text, by=acting)
        receivers = ", ".join(act.statement.body["receivers"])
        click.echo(f"{act.statement.type} for item {act.statement.item} to {receivers} by act {act.id}")
        home.deliver()


@consent_command.command("give")
@click.argument("request")
@click.option("--conditions", default="", help="Under which it is given.")
@by_option
@node_option
def give(request: str, conditions: str, by: str, node_dir: str | None) -> None:
    """Consent in writing to REQUEST: for this item, this asker and this recipient."""
    _answer(request, by, node_dir, grant=True, text=conditions)


@consent_command.command("refuse")
@click.argument("request")
@click.option("--why", default="", help="For the asker.")
@by_option
@node_option
def refuse(request: str, why: str, by: str, node_dir: str | None) -> None:
    """Refuse REQUEST in writing."""
    _answer(request, by, node_dir, grant=False, text=why)


@consent_command.command("list")
@json_option
@node_option
def consents(as_json: bool, node_dir: str | None) -> None:
    """List requests, consents and refusals."""
    with home_of(node_dir) as home, home.node.store.reading() as reader:
        found = reader.consents()
    head = ["request", "item", "originator", "asker", "to", "state", "conditions"]
    rows = [[c.id, c.item, c.originator, c.asker, ", ".join(c.receivers), c.state, c.conditions] for c in found]
    _print(as_json, "consents", head, rows)


@click.command("refused")
@json_option
@node_option
def refused_command(as_json: bool, node_dir: str | None) -> None:
    """List what was refused, with the reason: one's own acts and what came from peers."""
    with home_of(node_dir) as home, home.node.store.reading() as reader:
        found = reader.refused()
    rows = [[instant(r.at), r.source, r.what, r.why] for r in found]
    _print(as_json, "refused", ["at", "from", "what", "why"], rows)


@click.command("outbox")
@json_option
@node_option
def outbox_command(as_json: bool, node_dir: str | None) -> None:
    """List what waits for a peer, with the reason and the next try; a dead letter is one long tried in vain."""
    with home_of(node_dir) as home, home.node.store.reading() as reader:
        found = reader.outgoing()
        limits = home.node.limits
    rows = [[o.peer, o.kind, o.subject, o.attempts, instant(o.next_at), dead_letter(o, limits), o.error] for o in found]
    head = ["peer", "kind", "subject", "attempts", "next_at", "dead", "why"]
    if as_json:
        _print(as_json, "outbox", head, rows)
        return
    told = [[*row[:5], "dead letter" if row[5] else "", row[6]] for row in rows]
    table(["peer", "kind", "subject", "attempts", "next try", "", "why"], told)


def _print(as_json: bool, schema: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    if as_json:
        print_json(schema, {schema: [dict(zip(head, row, strict=True)) for row in rows]})
    else:
        table(head, rows)
