"""Commands about acts: the record of legal acts, and every signed act the node holds."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from gsomia.agreement import FORMS, RECORD_ACTS, LegalAct
from gsomia.app import Home, shipped_acts
from gsomia.cli.address.asked import anywhere_option, asked, done, fetch, is_address, reached
from gsomia.cli.address.paths import api_path
from gsomia.cli.address.signing import signed
from gsomia.cli.handling import record_command
from gsomia.cli.options import (
    Instant,
    by_option,
    exercise_line,
    home_of,
    json_option,
    plain,
    print_json,
    table,
)
from gsomia.errors import NodeError, UsageError, VerificationError
from gsomia.node import (
    ACT_TYPES,
    Note,
    Reader,
    Role,
    SignedAct,
    act_row,
    act_views,
    acts_about,
    enter_legal_acts,
    entered_rows,
    instant,
    send_again,
)

__all__ = ["act_command"]


@click.group("act")
def act_command() -> None:
    """Enter legal acts in the record; record what is done with items; list and show the acts of the node."""


act_command.add_command(record_command)


@act_command.command("enter")
@click.argument("names", nargs=-1, metavar="[ID] ...")
@click.option("--history", is_flag=True, help="Enter acts of the shipped record, or whole agreements.")
@click.option("--under", help="The agreement (without --history).")
@click.option("--type", "kind", help=f"The legal act (without --history): {', '.join(RECORD_ACTS)}.")
@click.option("--party", help="Whose act it is (without --history).")
@click.option("--effective", type=Instant(), help="When the act was done (without --history).")
@click.option("--form", type=click.Choice(FORMS), default="note", show_default=True, help="Its form.")
@click.option("--reading", default="", help="What is declared, for `--type declare-reading`.")
@click.option("--successor", default="", help="The agreement that takes its place, for `--type replace`.")
@click.option("--note", "reference", required=True, help="The reference of the diplomatic note.")
@click.option("--note-date", "dated", required=True, metavar="YYYY-MM-DD", help="The day that the note bears.")
@click.option("--note-file", type=click.Path(path_type=Path, dir_okay=False), help="The note's text, for its SHA-256.")
@click.option("--note-digest", metavar="HEX", help="The SHA-256 of the note's text, where the text is not here.")
@by_option
@anywhere_option
def enter(
    names: tuple[str, ...],
    history: bool,
    under: str | None,
    kind: str | None,
    party: str | None,
    effective: object,
    form: str,
    reading: str,
    successor: str,
    reference: str,
    dated: str,
    note_file: Path | None,
    note_digest: str | None,
    by: str,
    node_dir: str | None,
) -> None:
    """Enter legal acts in this node's record, with the note they rest on: its reference, its date, and its hash.

    ID is the one new act's own name, or with --history the ids of acts of the shipped record, or whole agreements.
    """
    note = _note(reference, dated, note_file, note_digest)
    if history:
        now = datetime.fromisoformat(asked(node_dir, "node", lambda home, _: {"at": instant(home.clock.now())})["at"])
        past = [act for act in _from_history(names) if act.at <= now]
        if not past:
            raise UsageError("none of these acts has happened yet by this node's clock")
    else:
        past = [_one(names, under, kind, party, effective, form, reading or successor, reference)]

    def here(home: Home) -> list[SignedAct]:
        return enter_legal_acts(home.node, past, note, by=home.acting(by, Role.LEGAL))

    words = {"reference": note.reference, "dated": note.dated, "digest": note.digest}
    wanted = {"act": "enter-legal-acts", "acts": [_legal_words(act) for act in past], "note": words}
    for said in done(node_dir, wanted, here):
        click.echo(f"{said.body['id']} of {said.body['effective']} entered by act {said.id}")


def _legal_words(act: LegalAct) -> dict[str, str]:
    """A legal act as a node's API takes it."""
    return {
        "id": act.id,
        "under": act.under,
        "type": act.act,
        "party": act.by,
        "effective": instant(act.at),
        "form": act.form,
        "source": act.source,
        "confidence": act.confidence,
        "word": act.note,
    }


def _note(reference: str, dated: str, file: Path | None, digest: str | None) -> Note:
    if (file is None) == (digest is None):
        raise UsageError(
            "a legal act is entered with the hash of its note", hint="give --note-file FILE, or --note-digest HEX"
        )
    if digest is not None:
        return Note(reference=reference, dated=dated, digest=digest)
    assert file is not None  # one of the two was given
    try:
        return Note.of_text(reference, file.read_bytes(), dated=dated)
    except OSError as error:
        raise NodeError(f"cannot read `{file}`: {error.strerror}") from error


def _from_history(names: tuple[str, ...]) -> list[LegalAct]:
    record = list(shipped_acts())
    chosen = [act for act in record if act.id in names or act.under in names]
    unknown = set(names) - {act.id for act in chosen} - {act.under for act in chosen}
    if unknown or not names:
        known = ", ".join(sorted({act.id for act in record}))
        raise UsageError(f"no such act in the shipped record: `{'`, `'.join(sorted(unknown))}`", hint=f"known: {known}")
    return chosen


def _one(
    names: tuple[str, ...],
    under: str | None,
    kind: str | None,
    party: str | None,
    effective: object,
    form: str,
    word: str,
    reference: str,
) -> LegalAct:
    if len(names) != 1 or not under or not kind or not party or not isinstance(effective, datetime):
        raise UsageError(
            "an act needs an id, --under, --type, --party and --effective", hint="or name shipped acts with --history"
        )
    if kind not in RECORD_ACTS:
        raise UsageError(f"unknown legal act `{kind}`", hint=f"known: {', '.join(RECORD_ACTS)}")
    at = effective.astimezone(UTC)
    return LegalAct(
        id=f"{under}/{names[0]}",
        under=under,
        act=kind,
        by=party,
        at=at,
        form=form,
        source=reference,
        confidence="A",
        note=word,
        known_at=at,
    )


@act_command.command("sign")
@click.argument("preparation")
@click.option("--yes", is_flag=True, help="Sign without being asked; without a terminal nothing is signed otherwise.")
@anywhere_option
def sign_act(preparation: str, yes: bool, node_dir: str | None) -> None:
    """Sign what another officer prepared at a node's address: it is shown, and signed once that is confirmed."""
    if not is_address(node_dir):
        raise UsageError("at which node?", hint="give its address: --node https://host:port")
    if not yes and not sys.stdin.isatty():
        raise UsageError("nobody is there to read what is signed", hint="run it in a terminal, or give --yes")
    with reached(node_dir) as remote:
        told = remote.get(api_path("preparations", preparation))
        exercise_line()
        for text in told["statements"]:
            for name, word in json.loads(text).items():
                click.echo(plain(f"{name:<10}  {_words(word)}").rstrip())
        kind = str(told["act"])
        if kind != "assess" and (kind not in ACT_TYPES or len(ACT_TYPES[kind].roles) < 2):
            raise VerificationError(f"`{plain(kind)}` is no act that a second officer signs")
        if not yes and not click.confirm("sign this?", err=True):
            raise click.Abort
        for said in signed(remote, told, {"act": told["act"]}, shown=True):
            click.echo(f"{said.type} done by act {said.id}")


@act_command.command("list")
@click.option("--all", "every", is_flag=True, help="Every signed act, not the record of legal acts alone.")
@click.option("--type", "kind", default="", help="Acts of this type alone.")
@click.option("--item", default="", help="Acts about this item alone (control number, item id or copy id).")
@json_option
@anywhere_option
def list_acts(every: bool, kind: str, item: str, as_json: bool, node_dir: str | None) -> None:
    """List the record of legal acts, one's own entries and what peers report; with --all, every act."""
    if kind and kind not in ACT_TYPES:
        raise UsageError(f"unknown type of act `{kind}`", hint=f"known: {', '.join(ACT_TYPES)}")
    if every or kind or item:
        _list_all(kind, item, as_json, node_dir)
    else:
        _list_record(as_json, node_dir)


def _list_record(as_json: bool, node_dir: str | None) -> None:
    def here(home: Home, reader: Reader) -> dict[str, Any]:
        return {"acts": entered_rows(home.node, reader, reader.record())}

    told = asked(node_dir, "record", here)
    if as_json:
        print_json("record", told)
        return
    keys = ("at", "act", "by", "entry", "state", "note", "dated")
    rows = [[*(row[key] for key in keys), row["note_digest"][:12]] for row in told["acts"]]
    table([*keys, "note digest"], rows)


def _list_all(kind: str, item: str, as_json: bool, node_dir: str | None) -> None:
    def here(home: Home, reader: Reader) -> dict[str, Any]:
        return {"acts": [act_row(act) for act in acts_about(reader, kind, item)]}

    told = asked(node_dir, "acts", here, type=kind, item=item)
    if as_json:
        print_json("acts", told)
        return
    head = ["at", "act", "type", "party", "instrument", "item", "officers"]
    table(head, [[row[key] for key in head] for row in told["acts"]])


@act_command.command("show")
@click.argument("act")
@json_option
@anywhere_option
def show_act(act: str, as_json: bool, node_dir: str | None) -> None:
    """Show ACT: what it says, who signed it, how it came, and where it stands in the logs."""

    def here(home: Home, reader: Reader) -> dict[str, Any]:
        return act_views(home.node, reader, act)

    told = asked(node_dir, api_path("acts", act), here)
    values = told["views"]
    if not as_json:
        exercise_line()
    if len(values) > 1:
        if as_json:
            print_json("act-views", told)
        else:
            _beside(str(told["id"]), told["state"], values)
    elif as_json:
        print_json("act", values[0])
    else:
        _tell(values[0])


@act_command.command("send")
@click.argument("act")
@click.option("--to", required=True, metavar="PEER", help="The peer that lacks it.")
@anywhere_option
def send_act(act: str, to: str, node_dir: str | None) -> None:
    """Send ACT once more to a peer that lacks it, as `gsomia reconcile` names it; no new act is made."""
    if is_address(node_dir):
        with reached(node_dir) as remote:
            remote.post("sendings", {"act": act, "to": to})
        waits = any((one["subject"], one["peer"]) == (act, to) for one in fetch(node_dir, "outbox", {})["outbox"])
    else:
        with home_of(node_dir) as home:
            send_again(home.node, act, to)
            for fault in home.deliver():
                click.echo(plain(fault), err=True)
            with home.node.store.reading() as reader:
                waits = act in {one.subject for one in reader.outgoing(peer=to)}
    click.echo(f"act {act} {'waits for' if waits else 'was sent to'} {to}")


def _tell(value: dict[str, Any]) -> None:
    lines = [(name, value[name]) for name in ("id", "type", "at", "party", "instrument", "item", "copy") if value[name]]
    lines.append(("parties", ", ".join(value["parties"]) or "-"))
    for signer in value["signers"]:
        who = f"officer {signer['officer']} as {signer['role']}" if signer["officer"] else f"node of {value['party']}"
        lines.append(("signed by", f"{who} with key {signer['key'][:16]}"))
    lines.append(("batch", f"{value['batch']['index'] + 1} of {value['batch']['size']}"))
    lines.append(("came", f"{value['source']}, recorded {value['recorded_at']}"))
    lines += [("log", f"{place['log']} entry {place['index']}") for place in value["logs"]]
    lines += [(key, _words(word)) for key, word in value["body"].items()]
    width = max(len(name) for name, _ in lines)
    for name, text in lines:
        click.echo(f"{name:<{width}}  {plain(text)}".rstrip())


def _words(value: object) -> str:
    """A word of an act for people: yes and no, lists by commas, what has parts by name."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(_words, value)) or "-"
    if isinstance(value, dict):
        return "; ".join(f"{name} {_words(part)}" for name, part in value.items()) or "-"
    return "-" if value is None else str(value)


def _beside(legal: str, state: str, values: Sequence[dict[str, Any]]) -> None:
    """The entries of one legal act side by side, each Party's in a column; `*` marks where they differ."""
    click.echo(f"{plain(legal)}: {state}")
    names = ["act", "at", *(name for name in values[0]["body"] if name != "id")]
    rows = []
    for name in names:
        words = [_words({"act": v["id"], "at": v["at"]}.get(name, v["body"].get(name, ""))) for v in values]
        decides = name in ("by", "effective", "form") and len({*words}) > 1
        rows.append([f"{name} *" if decides else name, *words])
    rows.insert(0, ["type" + (" *" if len({v["type"] for v in values}) > 1 else ""), *(v["type"] for v in values)])
    table(["", *(v["party"] for v in values)], rows)
