"""Whether a command's answer comes from an EXERCISE node, said to people and to programs."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

import click

from gsomia.marking import visible_json

__all__ = ["exercise", "exercise_line", "json_text", "note_exercise", "print_json", "say_exercise"]

_EXERCISE = "gsomia.exercise"
_SAID = "gsomia.exercise.said"


def note_exercise(is_exercise: bool) -> None:
    """Note that the command opened a node, and whether it is an EXERCISE one."""
    click.get_current_context().meta[_EXERCISE] = is_exercise


def exercise() -> dict[str, bool]:
    """Whether what is told comes from an EXERCISE node, as a field of its JSON; nothing where no node was opened."""
    context = click.get_current_context(silent=True)
    known = context.meta.get(_EXERCISE) if context is not None else None
    return {} if known is None else {"exercise": bool(known)}


def say_exercise() -> None:
    """Say once on standard error that the command's node is an EXERCISE one: every command does, one that fails too."""
    meta = click.get_current_context().meta
    if meta.get(_EXERCISE) and not meta.get(_SAID):
        meta[_SAID] = True
        click.echo("EXERCISE", err=True)


def exercise_line() -> None:
    """The line that heads or ends what people read of an EXERCISE node, wherever it goes.

    A terminal that shows standard error too has the line of `say_exercise` above already.
    """
    said = click.get_current_context(silent=True)
    if exercise().get("exercise") and not (said is not None and said.meta.get(_SAID) and _one_terminal()):
        click.echo("EXERCISE")


def _one_terminal() -> bool:
    """Whether standard output and standard error are shown by one terminal."""
    try:
        return os.ttyname(sys.stdout.fileno()) == os.ttyname(sys.stderr.fileno())
    except OSError:
        return False


def print_json(schema: str, value: Mapping[str, Any], *, indent: int | None = 2) -> None:
    """Print one JSON object with its schema and whether its node is an EXERCISE one, keys as given."""
    click.echo(json_text(schema, value, indent=indent))


def json_text(schema: str, value: Mapping[str, Any], *, indent: int | None = 2) -> str:
    """One JSON object with its schema and whether its node is an EXERCISE one, keys as given."""
    return visible_json({"schema": f"gsomia/{schema}/v1", **exercise(), **value}, indent=indent)
