"""The command that transmits: one document, or many in one go."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from gsomia.app import Home
from gsomia.cli.address.asked import anywhere_option, is_address, reached
from gsomia.cli.address.following import (
    copy_json,
    copy_json_there,
    follow_all,
    follow_there,
    outcome,
    outcome_there,
    settled,
    tell_there,
    wait_option,
)
from gsomia.cli.address.sending import transmit_there
from gsomia.cli.options import by_option, certify_option, home_of, json_option, plain, print_json
from gsomia.errors import GsomiaError, NodeError, PendingError, RefusedError, UsageError
from gsomia.node import Acting, Role, Sending, lawful_ways, share, transmit, transmit_many, way_rows
from gsomia.registry import Copy, Custody

if TYPE_CHECKING:
    from gsomia.cli.address.remote import Remote
    from gsomia.node import Statement

__all__ = ["document", "transmit_command"]


@click.command("transmit")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--to", default="", help="The Party for whom it is meant.")
@click.option("--via", multiple=True, help="A Party it passes through.")
@click.option("--level", required=True, help="The national mark, such as 特定秘密.")
@click.option("--subject", required=True, help="Such as dprk-missile.")
@click.option("--purpose", default="defence", show_default=True, help="What it is given for.")
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
@click.option("--answers", default="", metavar="REQUEST", help="The request for information that FILE answers.")
@certify_option
@wait_option
@by_option
@json_option
@anywhere_option
def transmit_command(
    files: tuple[Path, ...],
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
    answers: str,
    certify: tuple[str, ...],
    wait: float,
    by: str,
    as_json: bool,
    node_dir: str | None,
) -> None:
    """Seal each FILE and transmit it, if the agreement permits.

    Of several files each is judged by itself; one that is refused keeps no other back.
    """
    if bool(to) == bool(shares):
        raise UsageError("to whom?", hint="name one Party with --to, or three with --shares JPN,KOR,USA")
    if shares and answers:
        raise UsageError("shares answer no request", hint="transmit it to the Party that asked")
    if shares and (via or custody != Custody.RECIPIENT.value):
        raise UsageError("shares go straight to their holders and are a custody of their own")
    if len(files) > 1 and (shares or title):
        raise UsageError("shares and a title are for one file at a time", hint="of several, each has its own name")

    def sending(file: Path) -> Sending:
        return Sending(
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
            met=certify,
            answers=answers,
        )

    if is_address(node_dir):
        _transmit_there(node_dir, [(file, sending(file)) for file in files], shares, wait, as_json)
        return
    with home_of(node_dir) as home:
        if len(files) > 1:
            _transmit_files(home, [(file, sending(file)) for file in files], by, wait, as_json)
            return
        with document(files[0]) as source:
            acting = home.acting(by, Role.DISCLOSURE)
            if shares:
                copies = share(home.node, source, sending(files[0]), tuple(shares.split(",")), by=acting)
            else:
                with _offering_ways(home, sending(files[0])):
                    copies = [transmit(home.node, source, sending(files[0]), by=acting)]
            _tell(home, copies[0])
            follow_all(home, copies, wait, as_json)


@contextmanager
def _offering_ways(home: Home, sending: Sending) -> Iterator[None]:
    """Where a document is refused on the way that was asked for, say by which others it could go."""
    try:
        yield
    except RefusedError:
        with home.node.store.reading() as reader:
            _offer(way_rows(lawful_ways(home.node, reader, sending, home.clock.now())), sending)
        raise


def _offer(ways: Sequence[Mapping[str, Any]], sending: Sending) -> None:
    """Say by which other ways a document could go."""
    others = [way for way in ways if tuple(way["via"]) != sending.via or sending.under not in ("", way["instrument"])]
    click.echo("other ways, the most lawful first:" if others else "no other way is lawful now", err=True)
    for way in others:
        options = " ".join(
            (
                *(f"--via {party}" for party in way["via"]),
                *([f"--under {way['instrument']}"] if "+" not in way["instrument"] else []),
            )
        )
        consent = f"; you consent to {', '.join((*way['via'], sending.to))} having it" if way["via"] else ""
        binds = "" if way["binding"] else ", not all of it binding"
        click.echo(plain(f"  {options}: {way['outcome']} by {way['instrument']}{binds}{consent}"), err=True)


def _transmit_there(
    address: str, files: Sequence[tuple[Path, Sending]], shares: str, wait: float, as_json: bool
) -> None:
    """Transmit files by a node's address, each by itself, and say of each what became of it."""
    with reached(address) as remote:
        results: list[list[Statement] | GsomiaError] = []
        for file, sending in files:
            try:
                results.append(_sent_there(remote, file, sending, shares))
            except GsomiaError as error:
                if len(files) == 1:
                    raise
                results.append(error)
        copies = [one.copy for result in results if not isinstance(result, GsomiaError) for one in result]
        rows = follow_there(remote, copies, wait)
    if len(files) == 1:
        tell_there(rows, as_json)
        return
    left = iter(rows)
    told = [
        (file, *((None, result) if isinstance(result, GsomiaError) else (row := next(left), outcome_there(row))))
        for (file, _), result in zip(files, results, strict=True)
    ]
    _tell_files(
        [(file, copy_json_there(row) if row is not None else None, error) for file, row, error in told], as_json
    )


def _sent_there(remote: Remote, file: Path, sending: Sending, shares: str) -> list[Statement]:
    """What was signed of one file: its transmission, or one for each holder of a share."""
    wanted = {
        "act": "transmit",
        "to": sending.to,
        "shares": [party for party in shares.split(",") if party],
        "via": list(sending.via),
        "level": sending.level,
        "subject": sending.subject,
        "purpose": sending.purpose,
        "title": sending.title,
        "mime_type": sending.mime_type,
        "under": sending.under,
        "custody": sending.custody.value,
        "cites": list(sending.cites),
        "contains": list(sending.contains),
        "as_is": sending.as_is,
        "answers": sending.answers,
        "certify": list(sending.met),
    }
    with document(file) as source:
        try:
            _, made = transmit_there(remote, source, wanted)
        except RefusedError:
            if sending.to:
                known = ("to", "via", "level", "subject", "purpose", "under", "custody", "contains")
                _offer(remote.post("ways", {name: wanted[name] for name in known})["ways"], sending)
            raise
    said = [one for one in made if one.type == "transmit"]
    _tell_act(said[0].body)
    return said


TOGETHER = 64
"""At most so many files are authorised in one transaction, under one signature."""


def _transmit_files(home: Home, files: Sequence[tuple[Path, Sending]], by: str, wait: float, as_json: bool) -> None:
    """Transmit files together, and say of each what became of it."""
    acting = home.acting(by, Role.DISCLOSURE)
    authorised: list[Copy | GsomiaError] = []
    for start in range(0, len(files), TOGETHER):
        authorised += _authorised(home, files[start : start + TOGETHER], acting)
    copies = [one for one in authorised if isinstance(one, Copy)]
    for copy in copies:
        _tell(home, copy)
    stands = {copy.id: copy for copy in settled(home, copies, wait)}
    results = [stands[one.id] if isinstance(one, Copy) else one for one in authorised]
    errors = [one if isinstance(one, GsomiaError) else outcome(home, one) for one in results]
    rows = [copy_json(one) if isinstance(one, Copy) else None for one in results]
    _tell_files(list(zip((file for file, _ in files), rows, errors, strict=True)), as_json)


def _tell_files(told: Sequence[tuple[Path, dict[str, Any] | None, GsomiaError | None]], as_json: bool) -> None:
    """Say of each file which copy was made of it and why it was not delivered, and end with the gravest status."""
    if as_json:
        print_json("transmitted", {"files": [_row(*one) for one in told]})
    for file, copy, error in told:
        if not as_json:
            click.echo(plain(f"{_words(copy, error)}  {file}"))
        if error is not None:
            click.echo(plain(f"gsomia: {file}: {error}{_ground(error)}"), err=True)
    _end([error for _, _, error in told if error is not None], len(told))


def _authorised(home: Home, files: Sequence[tuple[Path, Sending]], acting: Acting) -> list[Copy | GsomiaError]:
    """Authorise some files in one transaction; for each its copy, or why there is none."""
    outcomes: list[Copy | GsomiaError | None] = []
    sources: list[tuple[BinaryIO, Sending]] = []
    with ExitStack() as stack:
        for file, sending in files:
            try:
                sources.append((stack.enter_context(document(file)), sending))
                outcomes.append(None)
            except (UsageError, NodeError) as error:
                outcomes.append(error)
        try:
            answers = iter(transmit_many(home.node, sources, by=acting) if sources else [])
        except NodeError as error:
            # The disk took none of these; what was authorised before stands, and is told.
            answers = iter([error] * len(sources))
        return [next(answers) if one is None else one for one in outcomes]


def _words(copy: Mapping[str, Any] | None, error: GsomiaError | None) -> str:
    if copy is not None:
        return f"{copy['control_number']}  {copy['state']}  {copy['copy']}"
    return f"-  {_kind(error)}  -"


def _kind(error: GsomiaError | None) -> str:
    return "refused" if isinstance(error, RefusedError) else "failed"


def _ground(error: GsomiaError) -> str:
    """The first ground of a refusal, for people."""
    grounds = error.verdict.get("grounds", []) if isinstance(error, RefusedError) else []
    return next((f": {g.get('text')}" for g in grounds if g.get("effect") != "permit"), "")


def _row(file: Path, copy: dict[str, Any] | None, error: GsomiaError | None) -> dict[str, Any]:
    return {
        "file": str(file),
        "state": copy["state"] if copy is not None else _kind(error),
        "copy": copy,
        "why": str(error) if error is not None else "",
        "verdict": error.verdict if isinstance(error, RefusedError) else None,
    }


def _end(errors: Sequence[GsomiaError], count: int) -> None:
    """End with the status of the gravest: a refusal, then what could not be done, then a wait."""
    for kind in (RefusedError, UsageError, GsomiaError, PendingError):
        found = [error for error in errors if isinstance(error, kind)]
        if kind is GsomiaError:
            found = [error for error in found if not isinstance(error, PendingError)]
        if found:
            first, said = found[0], f"{len(errors)} of {count} files were not delivered"
            if isinstance(first, RefusedError):
                raise RefusedError(said, verdict={"outcome": first.verdict.get("outcome"), "grounds": []})
            raise type(first)(said)


def _tell(home: Home, copy: Copy) -> None:
    """Say what people should know of a document that was authorised: its label where it draws on others, remarks."""
    with home.node.store.reading() as reader:
        act = next(a for a in reader.acts(types=["transmit"], item=copy.item) if a.statement.copy == copy.id)
    _tell_act(act.statement.body)


def _tell_act(body: Mapping[str, Any]) -> None:
    for remark in body["remarks"]:
        click.echo(plain(f"note: {remark}"), err=True)
    if body["cites"]:
        click.echo(plain(f"label: {body['level']}; {body['statement']}"), err=True)


@contextmanager
def document(file: Path) -> Iterator[BinaryIO]:
    """Open a document; what is no ordinary file is named for what it is."""
    if file.is_symlink() and not file.exists():
        raise UsageError(f"`{file}` is a link to nothing")
    if file.is_dir():
        raise UsageError(f"`{file}` is a folder", hint="transmit one document at a time")
    if file.exists() and not file.is_file():
        raise UsageError(f"`{file}` is no ordinary file", hint="write it to one first")
    try:
        source = file.open("rb")
    except FileNotFoundError as error:
        raise UsageError(f"there is no file `{file}`") from error
    except OSError as error:
        raise NodeError(f"cannot read `{file}`: {error.strerror}") from error
    with source:
        yield source
