"""Commands of consultations that give texts: positions in turn, drafts of a joint text, assessments."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from gsomia.app import Home
from gsomia.cli.address.asked import anywhere_option, done, is_address
from gsomia.cli.address.following import outcome, settled, wait_option
from gsomia.cli.consultations.assess_there import assess_there, lying, preview_there
from gsomia.cli.consultations.texts_there import arrived, give_there, say_there
from gsomia.cli.options import by_option, home_of, json_option, plain, print_json, print_rows
from gsomia.cli.transmitting import document
from gsomia.errors import NodeError, PendingError, RefusedError, UsageError
from gsomia.node import (
    CONSULTED,
    Acting,
    Role,
    SignedAct,
    Statement,
    assess,
    circulate_text,
    consultation_named,
    present_view,
    propose_draft,
    state_position,
    view_of,
    views_of,
    where_view_lies,
)

__all__ = ["acting_in", "assess_command", "draft_command", "position_command", "tell_act"]

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
        anywhere_option,
    ]
    for option in reversed(options):
        function = option(function)
    return function


_disclosure_option = click.option(
    "--disclosure",
    default="",
    metavar="OFFICER",
    help="The officer who gives the text, where several could; by address the key lies beside --officer-key.",
)


def acting_in(home: Home, consultation: str, by: str) -> Acting:
    """The officer who acts in a consultation, in the role that its subject needs."""
    with home.node.store.reading() as reader:
        about = consultation_named(reader, consultation).about
    return home.acting(by, CONSULTED[about])


def tell_act(said: Statement, words: str, as_json: bool) -> None:
    """Say what was done, and by which act."""
    if as_json:
        print_json("consultation-act", {"act": said.id, "type": said.type, "item": said.item})
    else:
        click.echo(plain(f"{words} by act {said.id}"))


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
    _which(file, text, words["level"])
    if file is None:
        return text
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
    errors = [error for copy in settled(home, copies, wait) if (error := outcome(home, copy)) is not None]
    arrived(errors, copies[0].item, f"gsomia consult {_ACTED[kind]} {consultation}")
    return copies[0].item


def _there(
    address: str,
    kind: str,
    consultation: str,
    file: Path | None,
    text: str,
    wait: float,
    disclosure: str,
    *,
    on: Sequence[str] = (),
    **words: Any,
) -> Statement:
    """The same by a node's address, and the act that names the text."""
    _which(file, text, words["level"])
    command, sha256 = f"gsomia consult {_ACTED[kind]} {consultation}", ""
    if file is not None:
        wanted = {
            "act": "circulate",
            "consultation": consultation,
            "kind": kind,
            "level": words["level"],
            "title": words["title"] or file.name,
            "mime_type": mimetypes.guess_type(file.name)[0] or "application/octet-stream",
            "on": list(on),
            "cites": list(words["cites"]),
            "as_is": words["as_is"],
        }
        text, sha256 = give_there(address, wanted, file, disclosure, wait, command)
    saying: dict[str, Any] = {"act": kind, "consultation": consultation, "item": text}
    if on:
        saying["on"] = list(on)
    return say_there(address, saying, sha256, command)


def _which(file: Path | None, text: str, level: str) -> None:
    if (file is None) == (not text):
        raise UsageError("which text?", hint="give FILE, or --text ITEM for one that has arrived")
    if file is not None and not level:
        raise UsageError("which mark?", hint="give --level")


@click.command("position")
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
    words: dict[str, Any] = {"level": level, "title": title, "cites": cites, "as_is": as_is}
    if is_address(node_dir):
        said = _there(node_dir, "state-position", consultation, file, text, wait, disclosure, **words)
        tell_act(said, f"position {said.body['number'] + 1} stated", as_json)
        return
    with home_of(node_dir) as home:
        acting = acting_in(home, consultation, by)
        item = _given(home, "state-position", consultation, file, text, wait, disclosure, **words)
        act = state_position(home.node, consultation, item, by=acting)
        tell_act(act.statement, f"position {act.statement.body['number'] + 1} stated", as_json)
        home.deliver()


@click.command("draft")
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
    words: dict[str, Any] = {"level": level, "title": title, "cites": cites, "as_is": as_is, "on": on}
    if is_address(node_dir):
        said = _there(node_dir, "propose-draft", consultation, file, text, wait, disclosure, **words)
        tell_act(said, f"version {said.body['number']} proposed", as_json)
        return
    with home_of(node_dir) as home:
        acting = acting_in(home, consultation, by)
        item = _given(home, "propose-draft", consultation, file, text, wait, disclosure, **words)
        act = propose_draft(home.node, consultation, item, on=on, by=acting)
        tell_act(act.statement, f"version {act.statement.body['number']} proposed", as_json)
        home.deliver()


@click.command("assess")
@click.argument("consultation")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--preview", default="", metavar="PARTY", help="Print the view that PARTY would get; nothing is sent.")
@click.option("--text", default="", metavar="ITEM", help="A view that was given before and has arrived: present it.")
@click.option(
    "--disclosure",
    default="",
    metavar="OFFICER",
    help="The officer who gives the views, where several could; by address the key lies beside --officer-key, or the "
    "officer signs elsewhere with `act sign`.",
)
@wait_option
@by_option
@json_option
@anywhere_option
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
    words = ["party", "through", "item", "state", "act"]
    if file is None:
        said = _present(node_dir, consultation, text, by)
        tell_act(said, f"presented to {said.parties[0]}", as_json)
        return
    try:
        data = file.read_bytes()
    except OSError as error:
        raise NodeError(f"cannot read `{file}`: {error.strerror}") from error
    if preview:
        _preview(node_dir, consultation, data, preview)
        return
    if is_address(node_dir):
        rows, errors = assess_there(node_dir, consultation, data, disclosure, wait)
    else:
        with home_of(node_dir) as home:
            rows, errors = _assess_here(home, consultation, data, disclosure, wait, by)
    print_rows(as_json, "views", words, rows)
    if errors:
        raise min(errors, key=lambda one: isinstance(one, PendingError))


def _present(node_dir: str | None, consultation: str, item: str, by: str) -> Statement:
    def here(home: Home) -> list[SignedAct]:
        return [present_view(home.node, consultation, item, by=acting_in(home, consultation, by))]

    (said,) = done(node_dir, {"act": "present-view", "consultation": consultation, "item": item}, here)
    return said


def _assess_here(
    home: Home, consultation: str, data: bytes, disclosure: str, wait: float, by: str
) -> tuple[list[list[str]], list[PendingError | RefusedError]]:
    """Give each other Party its view, present those that have arrived, and tell what keeps the others."""
    acting = acting_in(home, consultation, by)
    copies = assess(home.node, consultation, data, by=acting, disclosure=home.acting(disclosure, Role.DISCLOSURE))
    rows: list[list[str]] = []
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
            errors.append(lying(consultation, party, copy.item, lies))
            rows.append([party, through, copy.item, f"at {lies}", ""])
            continue
        presented = before.act if before else present_view(home.node, consultation, copy.item, by=acting).id
        rows.append([party, through, copy.item, "presented", presented])
    home.deliver()
    return rows, errors


def _preview(node_dir: str | None, consultation: str, data: bytes, party: str) -> None:
    """Print the view that a Party would get."""
    if is_address(node_dir):
        views = [(one.party, one.via, one.unnamed, one.text) for one in preview_there(node_dir, consultation, data)]
    else:
        with home_of(node_dir) as home, home.node.store.reading() as reader:
            said = consultation_named(reader, consultation)
            drafts = views_of(home.node, reader, said, data, home.clock.now())
            views = [(one.party, one.sending.via, one.unnamed, one.text) for one in drafts]
    found = next((view for view in views if view[0] == party), None)
    if found is None:
        raise UsageError(f"`{party}` gets no view", hint=f"known: {', '.join(view[0] for view in views)}")
    _, via, unnamed, text = found
    if via:
        # Beside the view, not in it: who reads it on the way, and what it therefore lacks.
        click.echo(f"It goes through {', '.join(via)}, which reads all of it.", err=True)
        if unnamed:
            places = ", ".join(map(str, unnamed))
            click.echo(f"Not in it, for they do not name {', '.join(via)}: portions {places}.", err=True)
    for line in text.decode().splitlines():
        click.echo(plain(line))
