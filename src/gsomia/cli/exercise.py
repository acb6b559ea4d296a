"""Whether a command's answer comes from an EXERCISE node, said to people and to programs; light to import."""

from __future__ import annotations

import click

__all__ = ["exercise", "exercise_line", "note_exercise"]

_EXERCISE = "gsomia.exercise"


def note_exercise(is_exercise: bool) -> None:
    """Note that the command opened a node, and whether it is an EXERCISE one."""
    click.get_current_context().meta[_EXERCISE] = is_exercise


def exercise() -> dict[str, bool]:
    """Whether what is told comes from an EXERCISE node, as a field of its JSON; nothing where no node was opened."""
    context = click.get_current_context(silent=True)
    known = context.meta.get(_EXERCISE) if context is not None else None
    return {} if known is None else {"exercise": bool(known)}


def exercise_line() -> None:
    """The line that heads or ends what people read of an EXERCISE node."""
    if exercise().get("exercise"):
        click.echo("EXERCISE")
