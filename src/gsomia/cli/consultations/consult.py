"""Commands of consultations: open, list and show, differences of drafts, signatures, the end."""

from __future__ import annotations

from typing import Any

import click

from gsomia.app import Home
from gsomia.cli.address.asked import anywhere_option, asked, done, is_address, reached
from gsomia.cli.address.paths import api_path
from gsomia.cli.consultations.showing import show_text
from gsomia.cli.consultations.texts import acting_in, assess_command, draft_command, position_command, tell_act
from gsomia.cli.options import by_option, home_of, json_option, plain, print_json, print_rows
from gsomia.errors import UsageError
from gsomia.node import (
    CONSULTED,
    Reader,
    SignedAct,
    close_consultation,
    consultation_named,
    differences_of,
    open_consultation,
    read_text,
    sign_joint_text,
    sign_view,
    standing_of,
    standing_row,
    standing_view,
    version_text,
    withdraw_from_consultation,
)

__all__ = ["consult_command"]


@click.group("consult")
def consult_command() -> None:
    """Consult with other Parties: on a dispute, a regrade, an arrangement, a threat. A joint text is evidence alone."""


@consult_command.command("open")
@click.option("--about", type=click.Choice([*CONSULTED]), required=True, help="What kind of subject.")
@click.option("--reference", required=True, help="The legal act in dispute, the item, the article, or the threat.")
@click.option("--title", required=True, help="For people of all Parties; unclassified.")
@click.option("--under", required=True, help="The agreement, which this node has adopted.")
@click.option("--with", "others", multiple=True, required=True, help="Another Party, in the order in which they speak.")
@click.option("--subject", default="other", show_default=True, help="Of the texts, such as dprk-missile.")
@click.option("--purpose", default="defence", show_default=True, help="What the texts are given for.")
@by_option
@json_option
@anywhere_option
def open_command(
    about: str,
    reference: str,
    title: str,
    under: str,
    others: tuple[str, ...],
    subject: str,
    purpose: str,
    by: str,
    as_json: bool,
    node_dir: str | None,
) -> None:
    """Open a consultation among Parties to an agreement; this one speaks first."""

    def here(home: Home) -> list[SignedAct]:
        act = open_consultation(
            home.node,
            about,
            reference,
            title,
            under,
            others,
            subject=subject,
            purpose=purpose,
            by=home.acting(by, CONSULTED[about]),
        )
        return [act]

    wanted: dict[str, Any] = {"act": "open-consultation", "about": about, "reference": reference, "title": title}
    wanted |= {"under": under, "others": list(others), "subject": subject, "purpose": purpose}
    (said,) = done(node_dir, wanted, here)
    tell_act(said, "consultation opened", as_json)


@consult_command.command("list")
@json_option
@anywhere_option
def list_command(as_json: bool, node_dir: str | None) -> None:
    """List the consultations: what they are about, with whom, how they stand, whose turn it is."""

    def here(_: Home, reader: Reader) -> dict[str, Any]:
        return {"consultations": [standing_row(standing_of(reader, one)) for one in reader.consultations()]}

    rows = asked(node_dir, "consultations", here)["consultations"]
    head = ["consultation", "opened", "about", "title", "under", "parties", "state", "turn"]
    print_rows(as_json, "consultations", head, [[row[name] for name in head] for row in rows])


@consult_command.command("show")
@click.argument("consultation")
@json_option
@anywhere_option
def show_command(consultation: str, as_json: bool, node_dir: str | None) -> None:
    """Show CONSULTATION: whose turn it is, versions and their bases, conflicts, signatures, and what gives effect."""

    def here(home: Home, reader: Reader) -> dict[str, Any]:
        return standing_view(home.node, reader, standing_of(reader, consultation_named(reader, consultation)))

    told = asked(node_dir, api_path("consultations", consultation), here)
    if as_json:
        print_json("consultation", told)
    else:
        show_text(told)


@consult_command.command("diff")
@click.argument("consultation")
@click.argument("old")
@click.argument("new")
@click.option("--for", "person", default="", help="Who reads; another Party's text is opened for them, by an act.")
@json_option
@anywhere_option
def diff_command(consultation: str, old: str, new: str, person: str, as_json: bool, node_dir: str | None) -> None:
    """Show by words how version OLD became version NEW: [-removed-] and {+added+}."""
    if is_address(node_dir):
        with reached(node_dir) as remote:
            words = {"old": old, "new": new, "person": person}
            told = remote.post(api_path("consultations", consultation, "differences"), words)
    else:
        told = _differences(node_dir, consultation, old, new, person)
    if as_json:
        print_json("differences", told)
        return
    frames = {"same": ("", ""), "removed": ("[-", "-]"), "added": ("{+", "+}")}
    shown = "".join(f"{frames[one['kind']][0]}{one['text']}{frames[one['kind']][1]}" for one in told["changes"])
    for line in shown.splitlines():
        click.echo(plain(line))


def _differences(node_dir: str | None, consultation: str, old: str, new: str, person: str) -> dict[str, Any]:
    with home_of(node_dir) as home:
        with home.node.store.reading() as reader:
            standing = standing_of(reader, consultation_named(reader, consultation))
            items = [version_text(reader, standing, version) for version in (old, new)]
        texts = [read_text(home.node, item, person) for item in items]
        home.deliver()
    changes = [{"kind": one.kind, "text": one.text} for one in differences_of(*texts)]
    return {"old": old, "new": new, "changes": changes}


@consult_command.command("sign")
@click.argument("consultation")
@click.argument("version", required=False)
@click.option("--sha256", default="", metavar="HEX", help="The SHA-256 of the text that was read, to be held to it.")
@click.option("--view", default="", metavar="ITEM", help="The view of an assessment, in the place of VERSION.")
@by_option
@json_option
@anywhere_option
def sign_command(
    consultation: str, version: str | None, sha256: str, view: str, by: str, as_json: bool, node_dir: str | None
) -> None:
    """Sign VERSION, the newest draft: it is the joint text once every Party has signed exactly this text."""
    if bool(version) == bool(view):
        raise UsageError("what is signed?", hint="give VERSION, or --view ITEM")

    def here(home: Home) -> list[SignedAct]:
        acting = acting_in(home, consultation, by)
        if version:
            return [sign_joint_text(home.node, consultation, version, text=sha256, by=acting)]
        return [sign_view(home.node, consultation, view, by=acting)]

    wanted = {"act": "sign-joint-text", "consultation": consultation, "version": version, "sha256": sha256}
    if view:
        wanted = {"act": "sign-view", "consultation": consultation, "item": view}
    (said,) = done(node_dir, wanted, here)
    tell_act(said, f"signed sha256:{said.body['text']}", as_json)


@consult_command.command("close")
@click.argument("consultation")
@click.option("--withdraw", is_flag=True, help="Leave it: the others go on without this Party.")
@by_option
@json_option
@anywhere_option
def close_command(consultation: str, withdraw: bool, by: str, as_json: bool, node_dir: str | None) -> None:
    """Say nothing more in CONSULTATION; it is closed once every Party has said so."""

    def here(home: Home) -> list[SignedAct]:
        acting = acting_in(home, consultation, by)
        return [(withdraw_from_consultation if withdraw else close_consultation)(home.node, consultation, by=acting)]

    kind = "withdraw-from-consultation" if withdraw else "close-consultation"
    (said,) = done(node_dir, {"act": kind, "consultation": consultation}, here)
    tell_act(said, "left" if withdraw else "closed for this Party", as_json)


for _command in (position_command, draft_command, assess_command):
    consult_command.add_command(_command)
