"""The commands `destroy` and `act record`: what is done with a held item, or told to the other Parties, as an act."""

from __future__ import annotations

import click

from gsomia.cli.options import by_option, home_of, node_option
from gsomia.errors import UsageError
from gsomia.node import ACT_TYPES, CERTIFIED, HANDLING, TOLD, TOLD_CERTIFIED, Role, destroy, handle, tell

__all__ = ["destroy_command", "record_command"]


@click.command("destroy")
@click.argument("item")
@click.option("--method", required=True, help="How it is destroyed, for the record.")
@click.option("--by", required=True, metavar="OFFICER", help="The registry officer.")
@click.option("--with", "witness", required=True, metavar="OFFICER", help="The security officer, another person.")
@node_option
def destroy_command(item: str, method: str, by: str, witness: str, node_dir: str | None) -> None:
    """Destroy a held ITEM: two different officers sign, the sealed item is removed, giver and originator are told."""
    with home_of(node_dir) as home:
        officers = home.acting(by, Role.REGISTRY), home.acting(witness, Role.SECURITY)
        act = destroy(home.node, item, method, by=officers)
        click.echo(f"destroyed by act {act.id}")
        home.deliver()


@click.command("record")
@click.argument("kind", metavar="TYPE", type=click.Choice((*HANDLING, *TOLD)))
@click.argument("item", default="")
@click.option("--what", required=True, help="What is done or told.")
@click.option("--under", default="", help="The agreement, for what is told.")
@click.option(
    "--certify",
    multiple=True,
    metavar="FACT",
    type=click.Choice((*CERTIFIED, *TOLD_CERTIFIED)),
    help="A fact that the officer certifies.",
)
@by_option
@node_option
def record_command(
    kind: str, item: str, what: str, under: str, certify: tuple[str, ...], by: str, node_dir: str | None
) -> None:
    """Record an act of this TYPE: the verdict first, then the act, the log and the peers (`appoint`: no verdict)."""
    with home_of(node_dir) as home:
        acting = home.acting(by, ACT_TYPES[kind].roles[0])
        if kind in HANDLING:
            if not item:
                raise UsageError("which item?", hint="name it by control number, item id or copy id")
            act = handle(home.node, kind, item, what, certified=certify, by=acting)
        else:
            act = tell(home.node, kind, under, what, reference=item, certified=certify, by=acting)
        click.echo(f"{kind} recorded by act {act.id}")
        home.deliver()
