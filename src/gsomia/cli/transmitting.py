"""The command that transmits: one document, or many in one go."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import click

from gsomia.app import Home
from gsomia.cli.following import copy_json, follow_all, outcome, settled, wait_option
from gsomia.cli.options import by_option, certify_option, home_of, json_option, node_option, plain, print_json
from gsomia.errors import GsomiaError, NodeError, PendingError, RefusedError, UsageError
from gsomia.node import Acting, Role, Sending, lawful_ways, share, transmit, transmit_many
from gsomia.registry import Copy, Custody

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
@node_option
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
            found = lawful_ways(home.node, reader, sending, home.clock.now())
        others = [way for way in found if way.via != sending.via or sending.under not in ("", way.instrument)]
        click.echo("other ways, the most lawful first:" if others else "no other way is lawful now", err=True)
        for way in others:
            options = " ".join(
                (
                    *(f"--via {party}" for party in way.via),
                    *([f"--under {way.instrument}"] if "+" not in way.instrument else []),
                )
            )
            consent = f"; you consent to {', '.join((*way.via, sending.to))} having it" if way.via else ""
            binds = "" if way.binding else ", not all of it binding"
            click.echo(f"  {options}: {way.verdict.outcome} by {way.instrument}{binds}{consent}", err=True)
        raise


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
    told = list(zip((file for file, _ in files), results, errors, strict=True))
    if as_json:
        print_json("transmitted", {"files": [_row(*one) for one in told]})
    for file, result, error in told:
        if not as_json:
            click.echo(plain(f"{_words(result)}  {file}"))
        if error is not None:
            click.echo(plain(f"gsomia: {file}: {error}{_ground(error)}"), err=True)
    _end([error for error in errors if error is not None], len(files))


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


def _words(result: Copy | GsomiaError) -> str:
    if isinstance(result, Copy):
        return f"{result.control_number}  {result.state}  {result.id}"
    return f"-  {_kind(result)}  -"


def _kind(error: GsomiaError) -> str:
    return "refused" if isinstance(error, RefusedError) else "failed"


def _ground(error: GsomiaError) -> str:
    """The first ground of a refusal, for people."""
    grounds = error.verdict.get("grounds", []) if isinstance(error, RefusedError) else []
    return next((f": {g.get('text')}" for g in grounds if g.get("effect") != "permit"), "")


def _row(file: Path, result: Copy | GsomiaError, error: GsomiaError | None) -> dict[str, Any]:
    return {
        "file": str(file),
        "state": result.state.value if isinstance(result, Copy) else _kind(result),
        "copy": copy_json(result) if isinstance(result, Copy) else None,
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
        item = reader.item(copy.item)
        act = next(a for a in reader.acts(types=["transmit"], item=copy.item) if a.statement.copy == copy.id)
    for remark in act.statement.body["remarks"]:
        click.echo(f"note: {remark}", err=True)
    if item is not None and item.cites:
        click.echo(plain(f"label: {item.level}; {item.statement}"), err=True)


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
