"""The commands `person`: who may be given access, what they are cleared for and briefed on, and who has left."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import click

from gsomia.app import Home
from gsomia.cli.address.asked import anywhere_option, asked, done
from gsomia.cli.address.paths import api_path
from gsomia.cli.officerkeys import make_sign_in_key_command, sign_in_pairs
from gsomia.cli.options import Instant, by_option, json_option, plain, print_json, table
from gsomia.cli.pages import page_options, tell_more
from gsomia.errors import UsageError
from gsomia.node import (
    CLEARANCES,
    MAIN_FACILITY,
    PERSON_ROLES,
    PersonDetails,
    Reader,
    Role,
    SignedAct,
    brief,
    change_person,
    enter_need,
    enter_person,
    instant,
    known_person,
    lapse_row,
    lapses,
    person_row,
    person_view,
    strike_person,
)

__all__ = ["person_command"]

F = TypeVar("F", bound=Callable[..., Any])

_DAY = click.DateTime(["%Y-%m-%d"])


def _details(*, needed: bool) -> Callable[[F], F]:
    """The options that say what is entered of a person; left out, a change leaves it as it stands."""
    chosen = None if not needed else ()

    def options(function: F) -> F:
        for option in (
            click.option(
                "--account",
                "accounts",
                multiple=True,
                default=chosen,
                metavar="'ISSUER CLAIM VALUE'",
                help="An account at an OpenID provider by which the person signs in to read, such as"
                " 'https://id.example sub 248289761001'.",
            ),
            click.option(
                "--fingerprint",
                "fingerprints",
                multiple=True,
                help="The fingerprint of each sign-in key, from the person's own mouth.",
            ),
            click.option(
                "--sign-in-key",
                "sign_in_keys",
                multiple=True,
                type=click.Path(path_type=Path, dir_okay=False),
                help="What `gsomia person key` printed: a key by which the person signs in, and signs no act.",
            ),
            click.option("--rank", default="" if needed else None, help="A rank is no ground (Article 7.1)."),
            click.option(
                "--role",
                default="official" if needed else None,
                show_default=needed,
                help=f"For the agreements: {', '.join(PERSON_ROLES)}.",
            ),
            click.option(
                "--as",
                "house_roles",
                multiple=True,
                default=chosen,
                metavar="ROLE",
                help=f"A role of the house: {', '.join(Role.HOUSE)}.",
            ),
            click.option(
                "--roster",
                "rosters",
                multiple=True,
                is_flag=False,
                flag_value=MAIN_FACILITY,
                default=chosen,
                metavar="[FACILITY]",
                help="A place on a facility's roster (Article 6(e)); alone: on that of the node's own facility.",
            ),
            click.option(
                "--purpose",
                "purposes",
                multiple=True,
                default=("defence", "missile-defence") if needed else None,
                help="What the duties are for.",
            ),
            click.option(
                "--need", "needs", multiple=True, default=chosen, help="A subject that the person's duties require."
            ),
            click.option("--expires", type=Instant(), help="When the clearance ends; from then on it is none."),
            click.option("--basis", default="" if needed else None, help="The decision that the clearance rests on."),
            click.option("--clearance", required=needed, help=f"{', '.join(CLEARANCES)}."),
        ):
            function = option(function)
        return function

    return options


@click.group("person")
def person_command() -> None:
    """Say who may be given access: clearance, need, rosters, briefings."""


person_command.add_command(make_sign_in_key_command)


def _said(sign_in_keys: Sequence[Path], fingerprints: Sequence[str], **details: Any) -> dict[str, Any]:
    """The words of the options, the keys read."""
    return details | {"sign_in_keys": sign_in_pairs(sign_in_keys, fingerprints)}


def _wanted(act: str, person: str, details: Mapping[str, Any]) -> dict[str, Any]:
    """What is asked of a node's API: the words of the options, as JSON has them."""
    words = {name: list(value) if isinstance(value, tuple) else value for name, value in details.items()}
    if "sign_in_keys" in words:
        words["sign_in_keys"] = [key.to_json() for key in words["sign_in_keys"]]
    ends = {name: instant(value) for name, value in details.items() if isinstance(value, datetime)}
    return {"act": act, "person": person, **words, **ends}


@person_command.command("enter")
@click.argument("person")
@_details(needed=True)
@by_option
@anywhere_option
def enter(person: str, by: str, node_dir: str | None, **details: Any) -> None:
    """Enter PERSON, or enter them anew, by an act of a security officer: what is left out counts no longer."""

    words = _said(**details)

    def here(home: Home) -> list[SignedAct]:
        entered = PersonDetails(id=person, **words)
        return [enter_person(home.node, entered, by=home.acting(by, Role.SECURITY))]

    (said,) = done(node_dir, _wanted("enter-person", person, words), here)
    click.echo(f"{person} entered by act {said.id}")


@person_command.command("change")
@click.argument("person")
@click.option("--no-sign-in-key", "unbound", is_flag=True, help="No key signs the person in any more.")
@_details(needed=False)
@by_option
@anywhere_option
def change(person: str, unbound: bool, by: str, node_dir: str | None, **details: Any) -> None:
    """Change what is named of PERSON and leave the rest as it stands; a list that is named takes the other's place."""
    named = {name: value for name, value in _said(**details).items() if value not in (None, ())}
    if unbound and "sign_in_keys" in named:
        raise UsageError("a sign-in key and none", hint="give --sign-in-key or --no-sign-in-key")
    named |= {"sign_in_keys": ()} if unbound else {}
    if not named:
        raise UsageError("nothing to change was named", hint="such as --clearance SECRET --expires 2030-01-01T00:00Z")

    def here(home: Home) -> list[SignedAct]:
        return [change_person(home.node, person, by=home.acting(by, Role.SECURITY), **named)]

    (said,) = done(node_dir, _wanted("change-person", person, named), here)
    click.echo(f"{person} changed by act {said.id}")


@person_command.command("leave")
@click.argument("person")
@click.option("--why", required=True, help="For the record.")
@click.option(
    "--key", "keys", multiple=True, metavar="OFFICER", help="Whose key ends with it: each of theirs, or none."
)
@by_option
@anywhere_option
def leave(person: str, why: str, keys: tuple[str, ...], by: str, node_dir: str | None) -> None:
    """Strike PERSON, who leaves: at once no roster, need or role is left, and no officer's key.

    Where keys are named nothing is done unless they are all of PERSON's, and no others; by address --as-shown ends none
    that is not named.
    """

    def here(home: Home) -> list[SignedAct]:
        with home.node.store.reading() as reader:
            theirs = [officer.id for officer in reader.officers_of(home.node.party, person=person)]
        if keys and {*keys} != {*theirs}:
            raise UsageError(f"the keys of `{person}` are others", hint=f"known: {', '.join(theirs) or 'none'}")
        return strike_person(home.node, person, why, by=home.acting(by, Role.SECURITY))

    wanted = {"act": "strike-person", "person": person, "why": why}
    struck, *ended = done(node_dir, wanted, here, known={"keys": list(keys)})
    click.echo(f"{person} struck by act {struck.id}; keys retired: {len(ended)}")


@person_command.command("brief")
@click.argument("person")
@click.option("--what", required=True, help="What the briefing is for.")
@click.option("--on", "day", required=True, type=_DAY, help="The day on which it was given.")
@click.option("--until", type=_DAY, help="The last day on which it counts.")
@by_option
@anywhere_option
def brief_command(person: str, what: str, day: datetime, until: datetime | None, by: str, node_dir: str | None) -> None:
    """Record that PERSON was briefed, by an act of a security officer."""
    given, last = f"{day:%Y-%m-%d}", f"{until:%Y-%m-%d}" if until is not None else ""

    def here(home: Home) -> list[SignedAct]:
        return [brief(home.node, person, what, given, until=last, by=home.acting(by, Role.SECURITY))]

    wanted = {"act": "brief", "person": person, "what": what, "day": given, "until": last}
    (said,) = done(node_dir, wanted, here)
    click.echo(f"{person} briefed by act {said.id}")


@person_command.command("need")
@click.argument("person")
@click.argument("item")
@click.option("--yes/--no", "need", default=True, help="There is a need to know this item, or there is none.")
@click.option("--why", required=True, help="For the record.")
@by_option
@anywhere_option
def need_command(person: str, item: str, need: bool, why: str, by: str, node_dir: str | None) -> None:
    """Enter that PERSON has a need to know a held ITEM, or none, whatever subjects the duties have."""

    def here(home: Home) -> list[SignedAct]:
        return [enter_need(home.node, person, item, need=need, why=why, by=home.acting(by, Role.REGISTRY))]

    wanted = {"act": "enter-need", "person": person, "item": item, "need": need, "why": why}
    (said,) = done(node_dir, wanted, here)
    click.echo(f"{'need' if need else 'no need'} of {person} entered by act {said.id}")


_HEAD = ("person", "role", "rank", "clearance", "expires", "need", "rosters", "house roles")


@person_command.command("list")
@click.option("--facility", default="", help="Those on this facility's roster alone.")
@click.option("--lapsed", is_flag=True, help="What has lapsed: clearances, briefings, who left; what follows from it.")
@click.option("--due", "days", type=click.IntRange(1, 3650), help="What will lapse within so many days.")
@page_options
@json_option
@anywhere_option
def list_command(
    facility: str, lapsed: bool, days: int | None, after: str, limit: int, as_json: bool, node_dir: str | None
) -> None:
    """List the persons entered, page by page; or what of them has lapsed or is due, with the consequences."""
    if lapsed or days is not None:
        _list_lapses(lapsed, days or 0, limit, as_json, node_dir)
        return

    def here(home: Home, reader: Reader) -> dict[str, Any]:
        at = home.clock.now()
        found = reader.persons(facility=facility, after=after, limit=limit)
        return {"persons": [person_row(person, at) for person in found]}

    told = asked(node_dir, "persons", here, whole=False, facility=facility, after=after, limit=limit)
    rows = told["persons"]
    following = tell_more(rows, limit, rows[-1]["person"] if rows else "")
    if as_json:
        print_json("persons", {"persons": rows, "next": following})
    else:
        table(_HEAD, [[*row.values()] for row in rows])


def _list_lapses(lapsed: bool, days: int, limit: int, as_json: bool, node_dir: str | None) -> None:
    def here(home: Home, reader: Reader) -> dict[str, Any]:
        now = home.clock.now()
        since = None if lapsed else now
        found = lapses(home.node, reader, since=since, until=now + timedelta(days=days), limit=limit)
        return {"lapses": [lapse_row(one) for one in found]}

    rows = asked(node_dir, "lapses", here, whole=False, lapsed=lapsed, due=days, limit=limit)["lapses"]
    kinds = [row["what"] for row in rows]
    if full := sorted(kind for kind in {*kinds} if kinds.count(kind) == limit):
        click.echo(f"the first {limit} alone are listed of: {', '.join(full)}; --limit lists more", err=True)
    if as_json:
        print_json("lapses", {"lapses": rows})
        return
    table(
        ["person", "what", "at", "detail", "what follows"],
        [[r["person"], r["what"], r["at"], r["detail"], "; ".join(r["consequences"])] for r in rows],
    )


@person_command.command("show")
@click.argument("person")
@json_option
@anywhere_option
def show(person: str, as_json: bool, node_dir: str | None) -> None:
    """Show all that is entered of PERSON: clearance and basis, rosters, roles, keys, needs by name, briefings."""

    def here(home: Home, reader: Reader) -> dict[str, Any]:
        return person_view(reader, home.node.party, known_person(reader, person), home.clock.now())

    told = asked(node_dir, api_path("persons", person), here)
    if as_json:
        print_json("person", told)
        return
    table(["", ""], [[name, value] for name, value in told.items() if not isinstance(value, list)])
    for key in told["officers"]:
        click.echo(plain(f"signs as {key['officer']}: {', '.join(key['roles'])}"))
    for need in told["needs"]:
        click.echo(plain(f"{'need' if need['need'] else 'no need'} for item {need['item']} by act {need['act']}"))
    for held in told["briefings"]:
        until = f" (until {held['until']})" if held["until"] else ""
        click.echo(plain(f"briefed on {held['on']}: {held['what']}{until}"))
