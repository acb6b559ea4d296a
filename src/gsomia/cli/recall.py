"""The command `recall`: an originator takes its item back out of use."""

from __future__ import annotations

import click

from gsomia.cli.options import by_option, home_of, json_option, node_option, plain, print_json
from gsomia.node import Role, recall, recalls

__all__ = ["recall_command"]


@click.command("recall")
@click.argument("item")
@click.option("--why", required=True, help="For the holders' officers.")
@by_option
@json_option
@node_option
def recall_command(item: str, why: str, by: str, as_json: bool, node_dir: str | None) -> None:
    """Recall an ITEM of one's own: no copy is opened again once its holder's node, or who holds its key, knows."""
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
    if as_json:
        print_json("recall", {"act": act.id, "item": act.statement.item, "copies": found})
        return
    click.echo(f"recalled by act {act.id}")
    for row in found:
        click.echo(plain(f"{row['holder']}  {row['copy']}: {row['standing']}"))
