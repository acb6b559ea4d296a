"""Every command against a written list: which work by a node's address, and which never will and why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from gsomia.cli.main import cli
from gsomia.cli.on_host import ON_HOST

BY_ADDRESS = frozenset({
    "accredit", "act enter", "act list", "act record", "act send", "act show", "act sign", "agreement adopt",
    "agreement export", "agreement path", "agreement show", "agreement state", "agreement timeline",
    "agreement what-if", "answer-recall", "assure", "bundle", "clock set", "clock show", "consent ask", "consent give",
    "consent list", "consent refuse", "consent revoke", "consent show", "consult assess", "consult close",
    "consult diff", "consult draft", "consult list", "consult open", "consult position", "consult show",
    "consult sign", "contractor clear", "contractor list", "contractor release", "contractor return", "destroy",
    "disclosure list", "disclosure record", "disclosure show", "duties", "inbox", "key list", "key rotate",
    "log export",
    "log fsck", "log prove", "log show", "log stamp", "log tail", "log verify", "log witnesses", "mark", "matrix",
    "node fingerprint", "node identity", "officer compromised", "officer enrol", "officer first", "officer list",
    "officer replace", "officer retire",
    "open", "order end", "order give", "order list", "outbox", "parcel export", "parcel import", "parcel list",
    "peer compromised", "peer enrol",
    "peer list", "person brief", "person change",
    "person enter", "person leave", "person list", "person need", "person show", "place", "recall", "recalls",
    "receipt", "reconcile", "refused", "register", "regrade follow", "regrade list", "regrade notify", "release",
    "rendition list", "rendition make", "rendition trace", "request ask", "request list", "request refuse",
    "request show", "rights ask", "roster list", "roster show", "routes", "session end", "session list", "tracer list",
    "tracer send", "transmit", "verdict open", "verdict release", "verdict transmit", "verify",
})  # fmt: skip

LOCAL_BY_NATURE = {
    **ON_HOST,
    "with it a person gets the session by which other commands reach an address": ("sign-in",),
    "they touch no node": (
        "agreement check", "agreement diff", "agreement prove", "cases run", "demo", "inspect", "keygen",
        "officer key", "person key",
        "marking bind", "marking check", "marking convert", "marking decide", "marking inspect", "marking policy",
        "marking read", "marking rollup", "marking stamp", "marking translate", "marking verify", "node openapi",
        "rights list", "seal",
    ),
}  # fmt: skip
"""Each reason, and the commands for which it holds."""


def commands(group: click.Group, context: click.Context, *above: str) -> Iterator[tuple[str, click.Command]]:
    """Each command with its words."""
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        if isinstance(found, click.Group):
            yield from commands(found, context, *above, name)
        elif found is not None:
            yield " ".join((*above, name)), found


def test_each_command_is_on_one_list() -> None:
    local = [name for names in LOCAL_BY_NATURE.values() for name in names]
    listed = sorted([*BY_ADDRESS, *local])
    assert listed == sorted(name for name, _ in commands(cli, click.Context(cli)))


def test_the_commands_that_take_an_address_are_those_listed() -> None:
    """One that takes an address takes the officer's key that signs in there."""
    taking = {
        name
        for name, command in commands(cli, click.Context(cli))
        if any("--officer-key" in parameter.opts for parameter in command.params)
    }
    assert taking == BY_ADDRESS


def test_no_argument_of_a_command_goes_by_the_name_of_another_word() -> None:
    for name, command in commands(cli, click.Context(cli)):
        names = [one.name for one in command.params]
        arguments = [one.name for one in command.params if isinstance(one, click.Argument)]
        assert [one for one in arguments if names.count(one) > 1] == [], name


def test_the_page_of_the_api_says_which_stay_on_the_host_and_why() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "api.md").read_text(encoding="utf-8")
    for why, names in ON_HOST.items():
        (line,) = [line for line in page.splitlines() if line.endswith(f"| {why} |")]
        assert set(line.split("`")[1::2]) == {*names}
