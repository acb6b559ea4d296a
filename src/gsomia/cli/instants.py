"""Instants as commands read them, and the option `--json`; light to import."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

__all__ = ["Instant", "json_option", "now"]


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
