"""Long lists page by page: how many, behind which, and where the next page begins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

__all__ = ["page_options", "tell_more"]

F = TypeVar("F", bound=Callable[..., Any])


def page_options(function: F) -> F:
    """Which page of a long list."""
    limit = click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 500), help="So many.")
    after = click.option("--after", default="", metavar="ID", help="Those behind ID: the last of the page before.")
    return after(limit(function))


def tell_more(found: Sequence[object], limit: int, last: str) -> str:
    """The id behind which the next page begins, told to people; "" where this is the last page."""
    if len(found) < limit or not last:
        return ""
    click.echo(f"more: --after {last!r}", err=True)
    return last
