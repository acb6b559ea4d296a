"""The command `recall`: an originator takes its item back out of use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click

from gsomia.cli.addresses import anywhere_option, done, fetch, is_address
from gsomia.cli.options import by_option, home_of, json_option, plain, print_json
from gsomia.node import Role, Statement, recall, recalls

__all__ = ["recall_command"]


@click.command("recall")
@click.argument("item")
@click.option("--why", required=True, help="For the holders' officers.")
@by_option
@json_option
@anywhere_option
def recall_command(item: str, why: str, by: str, as_json: bool, node_dir: str | None) -> None:
    """Recall an ITEM of one's own: no copy is opened again once its holder's node, or who holds its key, knows."""
    if is_address(node_dir):
        (said,) = done(node_dir, {"act": "recall", "item": item, "why": why}, lambda _: [])
        rows = fetch(node_dir, f"copies/{said.item}", {})["copies"]
        found = [
            {"copy": row["copy"], "holder": row["to"], "standing": row["recall"]}
            for row in rows
            if row["from"] != row["to"]
        ]
        _tell(said, found, as_json)
        return
    with home_of(node_dir) as home:
        act = recall(home.node, item, why, by=home.acting(by, Role.DISCLOSURE))
        home.deliver()
        with home.node.store.reading() as reader:
            entry, recalled = reader.item(act.statement.item), recalls(reader)[act.statement.item]
            copies = [copy for copy in reader.copies(item=act.statement.item) if copy.giver != copy.holder]
        assert entry is not None  # its recall was just entered
        found = [
            {"copy": copy.id, "holder": copy.holder, "standing": recalled.standing(entry, copy)} for copy in copies
        ]
    _tell(act.statement, found, as_json)


def _tell(said: Statement, found: Sequence[Mapping[str, str]], as_json: bool) -> None:
    if as_json:
        print_json("recall", {"act": said.id, "item": said.item, "copies": found})
        return
    click.echo(f"recalled by act {said.id}")
    for row in found:
        click.echo(plain(f"{row['holder']}  {row['copy']}: {row['standing']}"))
