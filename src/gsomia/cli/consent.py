"""Commands of consent to release to a third Party: ask, give, refuse, revoke, list."""

from __future__ import annotations

from collections.abc import Sequence

import click

from gsomia.app import Home
from gsomia.cli.addresses import anywhere_option, done
from gsomia.cli.options import by_option, home_of, json_option, node_option, print_rows
from gsomia.node import Role, SignedAct, answer_consent, ask_consent, revoke_consent

__all__ = ["consent_command"]


@click.group("consent")
def consent_command() -> None:
    """Ask for and give the originator's prior written consent (Article 6(a))."""


@consent_command.command("ask")
@click.argument("item")
@click.option("--to", required=True, help="The Party that would get it.")
@click.option("--why", required=True, help="For the originator's officer.")
@by_option
@anywhere_option
def ask(item: str, to: str, why: str, by: str, node_dir: str | None) -> None:
    """Ask the originator of a held ITEM whether it may be handed on."""

    def here(home: Home) -> Sequence[SignedAct]:
        return ask_consent(home.node, item, to, why, by=home.acting(by, Role.DISCLOSURE))

    for said in done(node_dir, {"act": "request-consent", "item": item, "to": to, "why": why}, here):
        click.echo(f"{said.body['originator']} asked by act {said.id}")


def _answer(request: str, by: str, node_dir: str | None, *, grant: bool, text: str) -> None:
    def here(home: Home) -> list[SignedAct]:
        acting = home.acting(by, Role.DISCLOSURE)
        return [answer_consent(home.node, request, grant=grant, conditions=text, by=acting)]

    act = "consent" if grant else "refuse-consent"
    (said,) = done(node_dir, {"act": act, "request": request, "text": text}, here)
    click.echo(f"{said.type} for item {said.item} to {', '.join(said.body['receivers'])} by act {said.id}")


@consent_command.command("give")
@click.argument("request")
@click.option("--conditions", default="", help="Under which it is given.")
@by_option
@anywhere_option
def give(request: str, conditions: str, by: str, node_dir: str | None) -> None:
    """Consent in writing to REQUEST: for this item, this asker and this recipient."""
    _answer(request, by, node_dir, grant=True, text=conditions)


@consent_command.command("refuse")
@click.argument("request")
@click.option("--why", default="", help="For the asker.")
@by_option
@anywhere_option
def refuse(request: str, why: str, by: str, node_dir: str | None) -> None:
    """Refuse REQUEST in writing."""
    _answer(request, by, node_dir, grant=False, text=why)


@consent_command.command("revoke")
@click.argument("consent")
@click.option("--why", required=True, help="For the asker.")
@by_option
@anywhere_option
def revoke(consent: str, why: str, by: str, node_dir: str | None) -> None:
    """Take a CONSENT back: nothing is handed on under it any more."""

    def here(home: Home) -> list[SignedAct]:
        return [revoke_consent(home.node, consent, why, by=home.acting(by, Role.DISCLOSURE))]

    (said,) = done(node_dir, {"act": "revoke-consent", "consent": consent, "why": why}, here)
    click.echo(f"consent to {said.body['asker']} revoked by act {said.id}")


@consent_command.command("list")
@json_option
@node_option
def consents(as_json: bool, node_dir: str | None) -> None:
    """List requests, consents, refusals and what was revoked."""
    with home_of(node_dir) as home, home.node.store.reading() as reader:
        found = reader.consents()
    head = ["request", "item", "originator", "asker", "to", "state", "conditions"]
    rows = [[c.id, c.item, c.originator, c.asker, ", ".join(c.receivers), c.state, c.conditions] for c in found]
    print_rows(as_json, "consents", head, rows)
