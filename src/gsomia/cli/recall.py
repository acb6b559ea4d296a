"""The commands `recall`, `recalls` and `answer-recall`: an item is asked back, and what its holders say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import click

from gsomia.app import Home
from gsomia.cli.address.asked import anywhere_option, asked, done, fetch, is_address
from gsomia.cli.instants import Instant
from gsomia.cli.options import by_option, home_of, json_option, plain, print_json, table
from gsomia.node import (
    ANSWERS,
    WHAT_WAS_MADE,
    Reader,
    Role,
    SignedAct,
    Statement,
    answer_recall,
    instant,
    recall,
    recalled_rows,
    recalls,
)

__all__ = ["answer_recall_command", "recall_command", "recalls_command"]


@click.command("recall")
@click.argument("item")
@click.option("--why", required=True, help="For the holders' officers.")
@click.option("--due", type=Instant(), help="By when they are to answer; by default the days that node.toml names.")
@by_option
@json_option
@anywhere_option
def recall_command(item: str, why: str, due: datetime | None, by: str, as_json: bool, node_dir: str | None) -> None:
    """Recall an ITEM of one's own: no copy is opened again once its holder's node, or who holds its key, knows."""
    if is_address(node_dir):
        wanted = {"act": "recall", "item": item, "why": why, "due": instant(due) if due is not None else None}
        (said,) = done(node_dir, wanted, lambda _: [])
        rows = fetch(node_dir, f"copies/{said.item}", {})["copies"]
        found = [
            {"copy": row["copy"], "holder": row["to"], "standing": row["recall"]}
            for row in rows
            if row["from"] != row["to"]
        ]
        _tell(said, found, as_json)
        return
    with home_of(node_dir) as home:
        act = recall(home.node, item, why, due=due, by=home.acting(by, Role.DISCLOSURE))
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
    until = str(said.body["due"])
    if as_json:
        print_json("recall", {"act": said.id, "item": said.item, "due": until, "copies": found})
        return
    click.echo(f"recalled by act {said.id}; answers are due {until}")
    for row in found:
        click.echo(plain(f"{row['holder']}  {row['copy']}: {row['standing']}"))


@click.command("recalls")
@click.option("--item", default="", help="Of this item alone (control number, item id or copy id).")
@json_option
@anywhere_option
def recalls_command(item: str, as_json: bool, node_dir: str | None) -> None:
    """List what was asked back, copy by copy: by when, whether it is closed there, and what its holder answered."""

    def here(home: Home, reader: Reader) -> dict[str, Any]:
        return {"copies": recalled_rows(reader, item, home.clock.now())}

    rows = asked(node_dir, "recalls", here, item=item)["copies"]
    if as_json:
        print_json("recalls", {"copies": rows})
        return
    head = ("control_number", "originator", "holder", "asked", "due", "closed", "state", "why")
    table([word.replace("_", " ") for word in head], [[row[key] or "-" for key in head] for row in rows])


@click.command("answer-recall")
@click.argument("item")
@click.option("--as", "answer", required=True, type=click.Choice([*ANSWERS]), help="What became of it.")
@click.option("--why", default="", help="For the originator's officer; who cannot says it.")
@click.option(
    "--certify",
    multiple=True,
    metavar="FACT",
    type=click.Choice([WHAT_WAS_MADE]),
    help="What was made from it (copies, translations, renditions) went the same way.",
)
@by_option
@json_option
@anywhere_option
def answer_recall_command(
    item: str, answer: str, why: str, certify: tuple[str, ...], by: str, as_json: bool, node_dir: str | None
) -> None:
    """Answer the recall of a held ITEM: for one copy, or, by its item id, for all that were not answered for."""

    def here(home: Home) -> list[SignedAct]:
        officer = home.acting(by, Role.REGISTRY)
        return answer_recall(home.node, item, answer, why=why, certified=certify, by=officer)

    wanted = {"act": "answer-recall", "item": item, "answer": answer, "why": why, "certify": list(certify)}
    entered = done(node_dir, wanted, here)
    if as_json:
        print_json("answers", {"answers": [{"act": said.id, "copy": said.copy} for said in entered]})
    for said in () if as_json else entered:
        click.echo(f"{said.copy}: {answer}, by act {said.id}")
