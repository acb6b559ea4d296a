"""`gsomia marking read|rollup`: one mark, and the marks of a whole text."""

from __future__ import annotations

from pathlib import Path

import click

from gsomia.cli.marking.group import file_text, marking, told
from gsomia.marking import (
    parse_banner,
    parse_portion,
    read_paragraphs,
    render_banner,
    render_portion,
    visible_json,
)

__all__ = ["read", "rollup"]


@marking.command()
@click.argument("text")
@click.option("--nickname", multiple=True, help="An ACCM nickname that may stand in the mark.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def read(context: click.Context, text: str, nickname: tuple[str, ...], as_json: bool) -> None:
    """Read a United States banner, or a portion mark in parentheses, and show what it says.

    Exits 0 if the mark is right, 1 if it is not; then the error names the column and the nearest right one.
    """
    portion = text.startswith("(")
    names = frozenset(nickname)
    with told(context):
        found = parse_portion(text, nicknames=names) if portion else parse_banner(text, nicknames=names)
    shown = {
        "schema": "gsomia.marking.read/v1",
        "ism": found.to_attributes(),
        "banner": render_banner(found),
        "portion": render_portion(found),
    }
    if as_json:
        click.echo(visible_json(shown))
        return
    for name, value in found.to_attributes().items():
        click.echo(f"{name:22} {value}")
    click.echo(f"{'banner':22} {shown['banner']}")
    click.echo(f"{'portion':22} {shown['portion']}")


@marking.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--nickname", multiple=True, help="An ACCM nickname that may stand in the marks.")
@click.pass_context
def rollup(context: click.Context, file: Path, nickname: tuple[str, ...]) -> None:
    """Print the banner of a text from its portion marks.

    A paragraph of FILE begins with its mark; the lines that follow belong to it until an empty line or the next mark. A
    banner line in FILE must be the one that the portions give.
    """
    with told(context):
        click.echo(render_banner(read_paragraphs(file_text(file), nicknames=frozenset(nickname)).banner))
