"""Commands of consultations: open, positions in turn, drafts and their differences, signatures, assessments."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from gsomia.app import Home
from gsomia.cli.consult_showing import show_text, standing_json, state_of
from gsomia.cli.following import outcome, settled, wait_option
from gsomia.cli.options import by_option, home_of, json_option, node_option, plain, print_json, print_rows
from gsomia.cli.transmitting import document
from gsomia.errors import NodeError, PendingError, RefusedError, UsageError
from gsomia.node import (
    CONSULTED,
    Acting,
    Role,
    SignedAct,
    assess,
    circulate_text,
    close_consultation,
    consultation_named,
    differences_of,
    draft_named,
    instant,
    open_consultation,
    present_view,
    propose_draft,
    read_text,
    sign_joint_text,
    sign_view,
    standing_of,
    state_position,
    view_of,
    views_of,
    where_view_lies,
    withdraw_from_consultation,
)
from gsomia.registry import Copy

__all__ = ["consult_command"]

F = TypeVar("F", bound=Callable[..., Any])

_ACTED = {"state-position": "position", "propose-draft": "draft"}


def _text_options(function: F) -> F:
    """The options of a command that gives a text."""
    options = [
        click.argument("consultation"),
        click.argument("file", required=False, type=click.Path(path_type=Path)),
        click.option("--level", default="", help="The national mark, such as 秘."),
        click.option("--title", default="", help="Shown in all registers; the file's name where it is left out."),
        click.option("--cites", multiple=True, help="A received item that FILE draws on (Article 4.3)."),
        click.option("--as-is", is_flag=True, help="Send it although it is active, encrypted or broken."),
        click.option("--text", default="", metavar="ITEM", help="A text that was given before and has arrived."),
        _disclosure_option,
        wait_option,
        by_option,
        json_option,
        node_option,
    ]
    for option in reversed(options):
        function = option(function)
    return function


_disclosure_option = click.option(
    "--disclosure", default="", metavar="OFFICER", help="The officer who gives the text, where several could."
)


def _acting(home: Home, consultation: str, by: str) -> Acting:
    with home.node.store.reading() as reader:
        about = consultation_named(reader, consultation).about
    return home.acting(by, CONSULTED[about])


def _done(home: Home, act: SignedAct, words: str, as_json: bool) -> None:
    if as_json:
        print_json("consultation-act", {"act": act.id, "type": act.statement.type, "item": act.statement.item})
    else:
        click.echo(plain(f"{words} by act {act.id}"))
    home.deliver()


@click.group("consult")
def consult_command() -> None:
    """Consult with other Parties: on a dispute, a regrade, an arrangement, a threat. A joint text is evidence alone."""


@consult_command.command("open")
@click.option("--about", type=click.Choice([*CONSULTED]), required=True, help="What kind of subject.")
@click.option("--reference", required=True, help="The legal act in dispute, the item, the article, or the threat.")
@click.option("--title", required=True, help="For people of all Parties; unclassified.")
@click.option("--under", required=True, help="The agreement, which this node has adopted.")
@click.option("--with", "others", multiple=True, required=True, help="Another Party, in the order in which they speak.")
@click.option("--subject", default="other", show_default=True, help="Of the texts, such as dprk-missile.")
@click.option("--purpose", default="defence", show_default=True, help="What the texts are given for.")
@by_option
@json_option
@node_option
def open_command(
    about: str,
    reference: str,
    title: str,
    under: str,
    others: tuple[str, ...],
    subject: str,
    purpose: str,
    by: str,
    as_json: bool,
    node_dir: str | None,
) -> None:
    """Open a consultation among Parties to an agreement; this one speaks first."""
    with home_of(node_dir) as home:
        act = open_consultation(
            home.node,
            about,
            reference,
            title,
            under,
            others,
            subject=subject,
            purpose=purpose,
            by=home.acting(by, CONSULTED[about]),
        )
        _done(home, act, "consultation opened", as_json)


@consult_command.command("list")
@json_option
@node_option
def list_command(as_json: bool, node_dir: str | None) -> None:
    """List the consultations: what they are about, with whom, how they stand, whose turn it is."""
    with home_of(node_dir) as home, home.node.store.reading() as reader:
        found = [standing_of(reader, consultation) for consultation in reader.consultations()]
    head = ["consultation", "opened", "about", "title", "under", "parties", "state", "turn"]
    rows = [
        [
            one.consultation.id,
            instant(one.consultation.at),
            one.consultation.about,
            one.consultation.title,
            one.consultation.instrument,
            ", ".join(one.consultation.parties),
            state_of(one),
            one.turn,
        ]
        for one in found
    ]
    print_rows(as_json, "consultations", head, rows)


@consult_command.command("show")
@click.argument("consultation")
@json_option
@node_option
def show_command(consultation: str, as_json: bool, node_dir: str | None) -> None:
    """Show CONSULTATION: whose turn it is, versions and their bases, conflicts, signatures, and what gives effect."""
    with home_of(node_dir) as home, home.node.store.reading() as reader:
        standing = standing_of(reader, consultation_named(reader, consultation))
        if as_json:
            print_json("consultation", standing_json(home, reader, standing))
        else:
            show_text(home, reader, standing)


def _given(
    home: Home,
    kind: str,
    consultation: str,
    file: Path | None,
    text: str,
    wait: float,
    disclosure: str,
    **words: Any,
) -> str:
    """Give a text to the other Parties and wait until it has arrived; returns its item."""
    if (file is None) == (not text):
        raise UsageError("which text?", hint="give FILE, or --text ITEM for one that has arrived")
    if file is None:
        return text
    if not words["level"]:
        raise UsageError("which mark?", hint="give --level")
    title = words.pop("title") or file.name
    with document(file) as source:
        copies = circulate_text(
            home.node,
            consultation,
            kind,
            source,
            words.pop("level"),
            title=title,
            mime_type=mimetypes.guess_type(file.name)[0] or "application/octet-stream",
            by=home.acting(disclosure, Role.DISCLOSURE),
            **words,
        )
    _arrived(home, settled(home, copies, wait), f"gsomia consult {_ACTED[kind]} {consultation}")
    return copies[0].item


def _arrived(home: Home, copies: list[Copy], command: str) -> None:
    """Stop where a text has not arrived at all: the act names only what everybody holds."""
    errors = [error for copy in copies if (error := outcome(home, copy)) is not None]
    if errors:
        first = min(errors, key=lambda one: isinstance(one, PendingError))
        if isinstance(first, RefusedError):
            raise RefusedError(str(first), verdict=first.verdict, hint="not every Party takes it: give another text")
        raise PendingError(str(first), hint=f"once it has arrived: `{command} --text {copies[0].item}`")


@consult_command.command("position")
@_text_options
def position_command(
    consultation: str,
    file: Path | None,
    level: str,
    title: str,
    cites: tuple[str, ...],
    as_is: bool,
    text: str,
    disclosure: str,
    wait: float,
    by: str,
    as_json: bool,
    node_dir: str | None,
) -> None:
    """State this Party's position in turn: FILE is given to every Party, and once all hold it an act names it."""
    with home_of(node_dir) as home:
        acting = _acting(home, consultation, by)
        words = {"level": level, "title": title, "cites": cites, "as_is": as_is}
        item = _given(home, "state-position", consultation, file, text, wait, disclosure, **words)
        act = state_position(home.node, consultation, item, by=acting)
        _done(home, act, f"position {act.statement.body['number'] + 1} stated", as_json)


@consult_command.command("draft")
@click.option("--on", multiple=True, metavar="VERSION", help="What it builds on; the newest. Name all that cross.")
@_text_options
def draft_command(
    on: tuple[str, ...],
    consultation: str,
    file: Path | None,
    level: str,
    title: str,
    cites: tuple[str, ...],
    as_is: bool,
    text: str,
    disclosure: str,
    wait: float,
    by: str,
    as_json: bool,
    node_dir: str | None,
) -> None:
    """Propose FILE as a draft of the joint text, on the newest version of another Party or on all that cross."""
    with home_of(node_dir) as home:
        acting = _acting(home, consultation, by)
        words = {"level": level, "title": title, "cites": cites, "as_is": as_is, "on": on}
        item = _given(home, "propose-draft", consultation, file, text, wait, disclosure, **words)
        act = propose_draft(home.node, consultation, item, on=on, by=acting)
        _done(home, act, f"version {act.statement.body['number']} proposed", as_json)


@consult_command.command("diff")
@click.argument("consultation")
@click.argument("old")
@click.argument("new")
@click.option("--for", "person", default="", help="Who reads; another Party's text is opened for them, by an act.")
@json_option
@node_option
def diff_command(consultation: str, old: str, new: str, person: str, as_json: bool, node_dir: str | None) -> None:
    """Show by words how version OLD became version NEW: [-removed-] and {+added+}."""
    with home_of(node_dir) as home:
        with home.node.store.reading() as reader:
            standing = standing_of(reader, consultation_named(reader, consultation))
            drafts = [draft_named(standing, version) for version in (old, new)]
            items = [reader.item(draft.item) for draft in drafts]
        texts = [read_text(home.node, item, person) for item in items if item is not None]
        home.deliver()
    changes = differences_of(*texts)
    if as_json:
        told = {"old": old, "new": new, "changes": [{"kind": one.kind, "text": one.text} for one in changes]}
        print_json("differences", told)
        return
    frames = {"same": ("", ""), "removed": ("[-", "-]"), "added": ("{+", "+}")}
    shown = "".join(f"{frames[one.kind][0]}{one.text}{frames[one.kind][1]}" for one in changes)
    for line in shown.splitlines():
        click.echo(plain(line))


@consult_command.command("sign")
@click.argument("consultation")
@click.argument("version", required=False)
@click.option("--sha256", default="", metavar="HEX", help="The SHA-256 of the text that was read, to be held to it.")
@click.option("--view", default="", metavar="ITEM", help="The view of an assessment, in the place of VERSION.")
@by_option
@json_option
@node_option
def sign_command(
    consultation: str, version: str | None, sha256: str, view: str, by: str, as_json: bool, node_dir: str | None
) -> None:
    """Sign VERSION, the newest draft: it is the joint text once every Party has signed exactly this text."""
    if bool(version) == bool(view):
        raise UsageError("what is signed?", hint="give VERSION, or --view ITEM")
    with home_of(node_dir) as home:
        acting = _acting(home, consultation, by)
        if version:
            act = sign_joint_text(home.node, consultation, version, text=sha256, by=acting)
        else:
            act = sign_view(home.node, consultation, view, by=acting)
        _done(home, act, f"signed sha256:{act.statement.body['text']}", as_json)


@consult_command.command("close")
@click.argument("consultation")
@click.option("--withdraw", is_flag=True, help="Leave it: the others go on without this Party.")
@by_option
@json_option
@node_option
def close_command(consultation: str, withdraw: bool, by: str, as_json: bool, node_dir: str | None) -> None:
    """Say nothing more in CONSULTATION; it is closed once every Party has said so."""
    with home_of(node_dir) as home:
        acting = _acting(home, consultation, by)
        act = (withdraw_from_consultation if withdraw else close_consultation)(home.node, consultation, by=acting)
        _done(home, act, "left" if withdraw else "closed for this Party", as_json)


@consult_command.command("assess")
@click.argument("consultation")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--preview", default="", metavar="PARTY", help="Print the view that PARTY would get; nothing is sent.")
@click.option("--text", default="", metavar="ITEM", help="A view that was given before and has arrived: present it.")
@_disclosure_option
@wait_option
@by_option
@json_option
@node_option
def assess_command(
    consultation: str,
    file: Path | None,
    preview: str,
    text: str,
    disclosure: str,
    wait: float,
    by: str,
    as_json: bool,
    node_dir: str | None,
) -> None:
    """Give each other Party the view of the assessment FILE (TOML, in portions) that it may have, and present it."""
    if (file is None) == (not text):
        raise UsageError("which assessment?", hint="give FILE, or --text ITEM for a view that has arrived")
    with home_of(node_dir) as home:
        if file is None:
            act = present_view(home.node, consultation, text, by=_acting(home, consultation, by))
            _done(home, act, f"presented to {act.statement.parties[0]}", as_json)
            return
        try:
            data = file.read_bytes()
        except OSError as error:
            raise NodeError(f"cannot read `{file}`: {error.strerror}") from error
        if preview:
            _preview(home, consultation, data, preview)
            return
        acting = _acting(home, consultation, by)
        copies = assess(home.node, consultation, data, by=acting, disclosure=home.acting(disclosure, Role.DISCLOSURE))
        rows = []
        errors: list[PendingError | RefusedError] = []
        for copy in settled(home, copies, wait):
            party, through = copy.destination, ", ".join(copy.via)
            if (against := outcome(home, copy)) is not None:
                errors.append(against)
                rows.append([party, through, copy.item, copy.state.value, ""])
                continue
            with home.node.store.reading() as reader:
                lies = where_view_lies(home.node, reader, copy.item, party)
                before = view_of(reader, consultation_named(reader, consultation), copy.item)
            if lies:
                hint = f"once it has arrived, `gsomia consult assess {consultation} --text {copy.item}` presents it"
                errors.append(PendingError(f"the view of {party} lies at {lies}, which hands it on", hint=hint))
                rows.append([party, through, copy.item, f"at {lies}", ""])
                continue
            presented = before.act if before else present_view(home.node, consultation, copy.item, by=acting).id
            rows.append([party, through, copy.item, "presented", presented])
        print_rows(as_json, "views", ["party", "through", "item", "state", "act"], rows)
        home.deliver()
        if errors:
            raise min(errors, key=lambda one: isinstance(one, PendingError))


def _preview(home: Home, consultation: str, data: bytes, party: str) -> None:
    with home.node.store.reading() as reader:
        said = consultation_named(reader, consultation)
        views = views_of(home.node, reader, said, data, home.clock.now())
    found = next((view for view in views if view.party == party), None)
    if found is None:
        raise UsageError(f"`{party}` gets no view", hint=f"known: {', '.join(view.party for view in views)}")
    if via := found.sending.via:
        # Beside the view, not in it: who reads it on the way, and what it therefore lacks.
        click.echo(f"It goes through {', '.join(via)}, which reads all of it.", err=True)
        if found.unnamed:
            places = ", ".join(map(str, found.unnamed))
            click.echo(f"Not in it, for they do not name {', '.join(via)}: portions {places}.", err=True)
    for line in found.text.decode().splitlines():
        click.echo(plain(line))
