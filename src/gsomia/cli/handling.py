"""The commands `destroy` and `act record`: what is done with a held item, or told to the other Parties, as an act."""

from __future__ import annotations

import click

from gsomia.app import Home
from gsomia.cli.address.asked import anywhere_option, done
from gsomia.cli.options import by_option
from gsomia.errors import UsageError
from gsomia.node import ACT_TYPES, CERTIFIED, HANDLING, TOLD, TOLD_CERTIFIED, Role, SignedAct, destroy, handle, tell

__all__ = ["destroy_command", "record_command"]


@click.command("destroy")
@click.argument("item")
@click.option("--method", required=True, help="How it is destroyed, for the record.")
@click.option("--by", required=True, metavar="OFFICER", help="The registry officer.")
@click.option("--with", "witness", required=True, metavar="OFFICER", help="The security officer, another person.")
@anywhere_option
def destroy_command(item: str, method: str, by: str, witness: str, node_dir: str | None) -> None:
    """Destroy a held ITEM: two different officers sign, the sealed item is removed, giver and originator are told."""

    def here(home: Home) -> list[SignedAct]:
        officers = home.acting(by, Role.REGISTRY), home.acting(witness, Role.SECURITY)
        return [destroy(home.node, item, method, by=officers)]

    wanted = {"act": "destroy", "item": item, "method": method, "registry": by, "security": witness}
    (said,) = done(node_dir, wanted, here)
    click.echo(f"destroyed by act {said.id}")


@click.command(
    "record",
    epilog=f"TYPE with ITEM: {', '.join(HANDLING)}. TYPE with --under: {', '.join(TOLD)}. "
    f"FACT: {', '.join((*CERTIFIED, *TOLD_CERTIFIED))}.",
)
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
@anywhere_option
def record_command(
    kind: str, item: str, what: str, under: str, certify: tuple[str, ...], by: str, node_dir: str | None
) -> None:
    """Record an act of this TYPE: the verdict first, then the act, the log and the peers (`appoint`: no verdict)."""
    if kind in HANDLING and not item:
        raise UsageError("which item?", hint="name it by control number, item id or copy id")

    def here(home: Home) -> list[SignedAct]:
        acting = home.acting(by, ACT_TYPES[kind].roles[0])
        if kind in HANDLING:
            return [handle(home.node, kind, item, what, certified=certify, by=acting)]
        return [tell(home.node, kind, under, what, reference=item, certified=certify, by=acting)]

    wanted = {"act": kind, "item": item, "what": what, "certify": list(certify)}
    (said,) = done(node_dir, wanted if kind in HANDLING else {**wanted, "under": under}, here)
    click.echo(f"{kind} recorded by act {said.id}")
