"""Commands of consent to release to a third Party: ask, give, refuse, revoke, show, list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import click

from gsomia.app import Home
from gsomia.cli.address.asked import anywhere_option, asked, done
from gsomia.cli.address.paths import api_path
from gsomia.cli.options import Instant, by_option, json_option, plain, print_json, print_rows
from gsomia.errors import UsageError
from gsomia.node import (
    PARTS,
    Reader,
    Role,
    SignedAct,
    Terms,
    ask_consent,
    consent_row,
    consent_views,
    give_consent,
    instant,
    refuse_consent,
    revoke_consent,
)

__all__ = ["consent_command"]


@click.group("consent")
def consent_command() -> None:
    """Ask for and give the originator's prior written consent (Article 6(a))."""


@consent_command.command("ask")
@click.argument("item")
@click.option("--to", required=True, help="The Party that would get it.")
@click.option("--why", required=True, help="For the originator's officer.")
@click.option("--purpose", default="", help="For which it would get it; that of the item where it is left out.")
@click.option("--part", type=click.Choice(PARTS), default="whole", show_default=True, help="What of the item.")
@click.option("--extent", default="", help="Which part, in words: `paragraphs 2 to 4`.")
@by_option
@anywhere_option
def ask(item: str, to: str, why: str, purpose: str, part: str, extent: str, by: str, node_dir: str | None) -> None:
    """Ask each originator of a held ITEM whether it, or a part of it, may be handed on."""

    def here(home: Home) -> Sequence[SignedAct]:
        acting = home.acting(by, Role.DISCLOSURE)
        return ask_consent(home.node, item, to, why, purpose=purpose, part=part, extent=extent, by=acting)

    wanted = {"act": "request-consent", "item": item, "to": to, "why": why}
    wanted |= {"purpose": purpose, "part": part, "extent": extent}
    for said in done(node_dir, wanted, here):
        click.echo(f"{said.body['originator']} asked by act {said.id}")


@consent_command.command("give")
@click.argument("request")
@click.option("--condition", "conditions", multiple=True, help="To be met, and certified, before it is handed on.")
@click.option("--purpose", default="", help="For which; that of the request where it is left out.")
@click.option("--expires", type=Instant(), help="The instant from which nothing passes under it any more.")
@click.option("--part", type=click.Choice(PARTS), help="What of the item; that of the request where it is left out.")
@click.option("--extent", default="", help="Which part, in words.")
@click.option(
    "--form",
    type=click.Choice(["written", "oral"]),
    default="written",
    show_default=True,
    help="Of the approval: one by telephone is no consent, and is refused.",
)
@by_option
@anywhere_option
def give(
    request: str,
    conditions: tuple[str, ...],
    purpose: str,
    expires: datetime | None,
    part: str | None,
    extent: str,
    form: str,
    by: str,
    node_dir: str | None,
) -> None:
    """Consent in writing to REQUEST: for this item, this asker, this recipient, on these terms."""
    terms = Terms(conditions=conditions, purpose=purpose, expires=expires, part=part or "", extent=extent, form=form)

    def here(home: Home) -> list[SignedAct]:
        return [give_consent(home.node, request, terms, by=home.acting(by, Role.DISCLOSURE))]

    wanted: dict[str, Any] = {"act": "consent", "request": request, "conditions": list(conditions), "purpose": purpose}
    wanted |= {"expires": instant(expires) if expires is not None else None, "part": part or "", "extent": extent}
    (said,) = done(node_dir, wanted | {"form": form}, here)
    _tell(said.item, said.body, f"consent by act {said.id}")


@consent_command.command("refuse")
@click.argument("request")
@click.option("--why", default="", help="For the asker.")
@by_option
@anywhere_option
def refuse(request: str, why: str, by: str, node_dir: str | None) -> None:
    """Refuse REQUEST in writing."""

    def here(home: Home) -> list[SignedAct]:
        return [refuse_consent(home.node, request, why, by=home.acting(by, Role.DISCLOSURE))]

    (said,) = done(node_dir, {"act": "refuse-consent", "request": request, "why": why}, here)
    _tell(said.item, said.body, f"refused by act {said.id}")


def _tell(item: str, body: Mapping[str, Any], what: str) -> None:
    click.echo(plain(f"item {item} by {body['asker']} to {', '.join(body['receivers'])}: {what}"))


@consent_command.command("revoke")
@click.argument("consent")
@click.option("--why", required=True, help="For the asker.")
@by_option
@anywhere_option
def revoke(consent: str, why: str, by: str, node_dir: str | None) -> None:
    """Take a CONSENT back: nothing is handed on under it any more, and its holders are told."""

    def here(home: Home) -> list[SignedAct]:
        return [revoke_consent(home.node, consent, why, by=home.acting(by, Role.DISCLOSURE))]

    (said,) = done(node_dir, {"act": "revoke-consent", "consent": consent, "why": why}, here)
    told = ", ".join(said.parties) or "nobody: no Party named is a peer"
    click.echo(f"consent to {said.body['asker']} revoked by act {said.id}; told: {told}")


@consent_command.command("show")
@click.argument("consent")
@json_option
@anywhere_option
def show(consent: str, as_json: bool, node_dir: str | None) -> None:
    """Show CONSENT, or all of an item: its terms, what passed or was disclosed, who does not know its newest act."""

    def here(_: Home, reader: Reader) -> dict[str, Any]:
        found = consent_views(reader, consent)
        if not found:
            raise UsageError(f"no one consent or request `{consent}`", hint="`gsomia consent list` has them")
        return {"consents": found}

    told = asked(node_dir, api_path("consents", consent), here)
    if as_json:
        print_json("consent", told)
        return
    for number, one in enumerate(told["consents"]):
        if number:
            click.echo()
        _show(one)


def _show(one: Mapping[str, Any]) -> None:
    for name, value in one.items():
        if name not in ("passed", "disclosed", "not_told_yet"):
            click.echo(plain(f"{name:<11} {', '.join(value) if isinstance(value, list) else value or '-'}"))
    for copy in one["passed"]:
        words = "" if copy["item"] == one["item"] else ", a document that draws on it, {level}".format(**copy)
        click.echo(plain("passed      {copy} {from} to {to}: {state}".format(**copy) + words))
    for told in one["disclosed"]:
        part = f", {told['part']}" if told["part"] else ""
        words = "" if told["item"] == one["item"] else ", of a document that draws on it, {level}".format(**told)
        click.echo(plain("disclosed   {disclosure} {from} to {to}, {at}".format(**told) + part + words))
    if one["not_told_yet"]:
        click.echo(plain(f"not told yet: {', '.join(one['not_told_yet'])}"))


@consent_command.command("list")
@json_option
@anywhere_option
def consents(as_json: bool, node_dir: str | None) -> None:
    """List requests, consents, refusals and what was revoked."""

    def here(_: Home, reader: Reader) -> dict[str, Any]:
        return {"consents": [consent_row(one) for one in reader.consents()]}

    found = asked(node_dir, "consents", here)["consents"]
    head = ["request", "item", "originator", "asker", "to", "state", "purpose", "part", "expires", "conditions"]
    if as_json:
        print_json("consents", {"consents": found})
        return
    rows = [[", ".join(v) if isinstance(v := row[name], list) else v for name in head] for row in found]
    print_rows(as_json, "consents", head, rows)
