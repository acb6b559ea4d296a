"""Commands for what stands between the Parties: law adopted, assurances, accreditation."""

from __future__ import annotations

import click

from gsomia.app import Home
from gsomia.cli.address.asked import anywhere_option, done
from gsomia.cli.options import by_option
from gsomia.node import Role, SignedAct, accredit, assure

__all__ = ["accredit_command", "adopt", "assure_command"]


@click.command("adopt")
@click.argument("names", nargs=-1, required=True)
@by_option
@anywhere_option
def adopt(names: tuple[str, ...], by: str, node_dir: str | None) -> None:
    """Adopt agreements in the version on offer, by an act of the legal officer; a node applies no other.

    By a node's address, what this release ships is signed in no other version than it has here.
    """

    def here(home: Home) -> list[SignedAct]:
        return home.adopt(names, by=home.acting(by, Role.LEGAL))

    for said in done(node_dir, {"act": "adopt-law", "names": list(names)}, here):
        click.echo(f"{said.instrument} {said.body['version']} adopted by act {said.id}")


@click.command("assure")
@click.option("--to", required=True, help="The providing Party.")
@click.option("--under", required=True, help="The agreement between the two.")
@click.option("--level", required=True, help="The highest level that the receiving representatives are cleared for.")
@by_option
@anywhere_option
def assure_command(to: str, under: str, level: str, by: str, node_dir: str | None) -> None:
    """Assure a providing Party as Article 7.5 asks."""

    def here(home: Home) -> list[SignedAct]:
        return [assure(home.node, to, under, level, by=home.acting(by, Role.SECURITY))]

    (said,) = done(node_dir, {"act": "assure", "to": to, "under": under, "level": level}, here)
    click.echo(f"{to} assured by act {said.id}")


@click.command("accredit")
@click.option("--system", required=True, help="What the accreditation calls this system.")
@click.option("--level", required=True, help="The highest level it is accredited for.")
@by_option
@anywhere_option
def accredit_command(system: str, level: str, by: str, node_dir: str | None) -> None:
    """State that this node's system is accredited (Article 12(c))."""

    def here(home: Home) -> list[SignedAct]:
        return [accredit(home.node, system, level, by=home.acting(by, Role.SECURITY))]

    (said,) = done(node_dir, {"act": "accredit", "system": system, "level": level}, here)
    click.echo(f"{system} accredited by act {said.id}")
