"""`gsomia agreement export`: an agreement in forms that other tools read."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from gsomia.agreement import day_of, policies
from gsomia.cli.law.shared import asking, at_option, node_option
from gsomia.errors import NodeError, UsageError
from gsomia.verdict import to_cedar

__all__ = ["export"]


@click.command()
@click.argument("name", default="jpn-kor-2016")
@click.option("--cedar", "form", flag_value="cedar", default="cedar", help="The clauses as Cedar policies.")
@click.option("--spif", "form", flag_value="spif", help="The table of levels as SPIF 2.1, one file for each Party.")
@click.option("--party", default="", help="With --spif: whose policy; its marks and what each becomes elsewhere.")
@click.option(
    "--output", "-o", type=click.Path(path_type=Path, file_okay=False), help="With --spif: a folder for all of them."
)
@at_option
@node_option
def export(name: str, form: str, party: str, output: Path | None, at: datetime | None, node_dir: str | None) -> None:
    """NAME as text for another engine: its clauses, or its table of levels with the articles."""
    with asking(node_dir) as asked:
        _, _, a = asked.of(name, text=True)
        instant = asked.now(at)
    if form == "cedar":
        if party or output is not None:
            raise UsageError("--party and --output go with --spif")
        click.echo(to_cedar(a, day_of(a, instant)), nl=False)
        return
    made = policies(a, instant)
    if party and party not in made:
        raise UsageError(f"`{party}` has no marks in {a.name}", hint=f"Parties with marks: {', '.join(made)}")
    if output is not None:
        try:
            output.mkdir(parents=True, exist_ok=True)
            for one in (party,) if party else made:
                (output / f"{a.name}-{one}.xml").write_bytes(made[one])
                click.echo(str(output / f"{a.name}-{one}.xml"))
        except OSError as error:
            raise NodeError(f"cannot write to `{output}`: {error.strerror}") from error
        return
    if not party:
        raise UsageError("whose policy?", hint=f"--party {' or '.join(made)}, or all of them into a folder with -o")
    click.echo(made[party], nl=False)
