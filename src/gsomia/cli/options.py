"""What the commands share: which node, which officer, instants, and output for people or for programs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from unicodedata import east_asian_width

import click

from gsomia.app import Home
from gsomia.cli.exercise import exercise_line, note_exercise, print_json, say_exercise
from gsomia.cli.instants import Instant, json_option
from gsomia.cli.on_host import why_on_host
from gsomia.errors import UsageError
from gsomia.keystore import credential
from gsomia.marking import escaped

__all__ = [
    "Instant",
    "by_option",
    "certify_option",
    "exercise_line",
    "force_option",
    "home_of",
    "json_option",
    "node_option",
    "plain",
    "print_json",
    "print_rows",
    "table",
]

F = TypeVar("F", bound=Callable[..., Any])


def node_option(function: F) -> F:
    """The node to work with."""
    return click.option(
        "--node", "node_dir", envvar="GSOMIA_NODE", metavar="DIR", help="The node's folder (or GSOMIA_NODE)."
    )(function)


force_option = click.option("--force", "-f", is_flag=True, help="Replace a file that is there already.")


def by_option(function: F) -> F:
    """The officer who acts."""
    return click.option("--by", default="", metavar="OFFICER", help="The officer who acts, where several could.")(
        function
    )


certify_option = click.option(
    "--certify", multiple=True, metavar="CONSENT", help="A consent whose conditions have been met, as you certify."
)


@contextmanager
def home_of(node_dir: str | None) -> Iterator[Home]:
    """Open the node a command was given.

    Raises:
        UsageError: none was given, or an address: a node is reached by its folder.
    """
    if not node_dir:
        raise UsageError("which node?", hint="give --node DIR, or set GSOMIA_NODE")
    if node_dir.startswith(("http://", "https://")):
        command = _command(click.get_current_context())
        why = why_on_host(command) or "it reads what lies in the node's folder"
        raise UsageError(f"`{command}` is for the node's own host: {why}", hint="give --node DIR there")
    home = Home(Path(node_dir), passphrase=credential("passphrase"))
    note_exercise(home.node.exercise)
    say_exercise()
    try:
        yield home
    finally:
        home.close()


def _command(context: click.Context) -> str:
    """The words of a command, without the program's name."""
    above = _command(context.parent) if context.parent is not None else ""
    return f"{above} {context.info_name}".strip() if context.parent is not None else ""


def table(head: Sequence[str], rows: Iterable[Sequence[object]], *, heading: bool = True) -> None:
    """A table in columns that fit Korean and Japanese text.

    Args:
        head: the columns.
        rows: a cell for each.
        heading: headed by EXERCISE where its node is such a one; not so where that was said before.
    """
    if heading:
        exercise_line()
    cells = [[*head], *[[plain(str(cell)) for cell in row] for row in rows]]
    widths = [max(_width(row[column]) for row in cells) for column in range(len(head))]
    for row in cells:
        line = "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True))
        click.echo(line.rstrip())


def plain(text: str) -> str:
    """Text for a terminal: what cannot be printed stands as its escape, for a peer's words must command nothing."""
    return escaped(text)


def _width(text: str) -> int:
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def print_rows(as_json: bool, schema: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table for people, or one object under the schema's name for programs.

    Args:
        as_json: for programs.
        schema: what the rows are.
        head: the columns.
        rows: a cell for each column.
    """
    if as_json:
        print_json(schema, {schema: [dict(zip(head, row, strict=True)) for row in rows]})
    else:
        table(head, rows)
