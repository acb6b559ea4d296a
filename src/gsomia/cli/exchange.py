"""Commands of the exchange: transmit, release, mark, receipt, open."""

from __future__ import annotations

import mimetypes
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import click

from gsomia.app import Home
from gsomia.cli.options import by_option, home_of, json_option, node_option, plain, print_json
from gsomia.cli.renditions import writing
from gsomia.errors import NodeError, PendingError, RefusedError, UsageError
from gsomia.node import (
    Role,
    Sending,
    instant,
    mark,
    open_item,
    receipt,
    release,
    share,
    transmit,
)
from gsomia.registry import Copy, CopyState, Custody

__all__ = [
    "mark_command",
    "open_command",
    "receipt_command",
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
    by_parcel = copy.holder not in home.wired()
    faults = home.deliver() if wait else []
    settled = (CopyState.REFUSED, CopyState.REJECTED, CopyState.DELIVERED, CopyState.RECEIPTED, CopyState.OPENED)
    while True:
        with home.node.store.reading() as reader:
            now = reader.copy(copy.id)
            waiting = reader.outgoing(peer=copy.holder)
        assert now is not None  # it was registered by this very command
        if now.state in settled or time.monotonic() >= deadline or faults or by_parcel:
            break
        time.sleep(0.05)
    if as_json:
        print_json("copy", _copy_json(now))
    else:
        click.echo(f"{now.control_number}  {now.state}  {now.id}")
    if now.state in (CopyState.REFUSED, CopyState.REJECTED):
        ground = {"effect": "refuse", "instrument": now.instrument, "article": "", "text": now.reason}
        raise RefusedError(f"{now.control_number}: {now.state}", verdict={"outcome": "refuse", "grounds": [ground]})
    if now.state not in settled and by_parcel:
        hint = f"`gsomia parcel export DIR --to {now.holder}` makes one"
        raise PendingError(f"{now.control_number} waits for a parcel to {now.holder}", hint=hint)
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
