"""What every command may read and print by, light to import: instants, and output for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import click

__all__ = ["EXERCISE", "Instant", "exercise", "json_option", "now", "print_json"]


class Instant(click.ParamType[datetime]):
    """A date-time with its offset, such as 2019-11-22T18:00+09:00; UTC from then on."""

    name = "instant"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read ISO 8601 with an offset."""
        if isinstance(value, datetime):
            return value
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"`{value}` is not a date-time such as 2019-11-22T18:00+09:00", param, ctx)
        if at.tzinfo is None:
            timed = value if len(value) > len("2019-11-22") else f"{at:%Y-%m-%d}T00:00"
            self.fail(f"`{value}` needs its offset, such as {timed}+09:00 or {timed}Z", param, ctx)
        return at.astimezone(UTC)


def now(at: datetime | None = None) -> datetime:
    """The instant given, or now by this machine's clock, where no node is asked whose clock would count."""
    return at if at is not None else datetime.now(UTC)  # noqa: TID251  # the one place where a command reads the clock


json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")

EXERCISE = "gsomia.exercise"
"""Where a command keeps whether what it tells comes from an EXERCISE node."""


def exercise() -> dict[str, bool]:
    """Whether what is told comes from an EXERCISE node, as a field of its JSON; nothing where no node was opened."""
    context = click.get_current_context(silent=True)
    known = context.meta.get(EXERCISE) if context is not None else None
    return {} if known is None else {"exercise": bool(known)}


def print_json(schema: str, value: Mapping[str, Any], *, indent: int | None = 2) -> None:
    """One JSON object with its schema and whether its node is an EXERCISE one, keys as given."""
    told = {"schema": f"gsomia/{schema}/v1", **exercise(), **value}
    click.echo(json.dumps(told, ensure_ascii=False, indent=indent))
