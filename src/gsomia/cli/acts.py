"""Commands about acts: the record of legal acts, and every signed act the node holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from pathlib import Path
from typing import Any

import click

from gsomia.agreement import FORMS, RECORD_ACTS, LegalAct
from gsomia.app import Home, shipped_acts
from gsomia.cli.handling import record_command
from gsomia.cli.options import (
    Instant,
    by_option,
    exercise_line,
    home_of,
    json_option,
    node_option,
    plain,
    print_json,
    table,
)
from gsomia.errors import NodeError, UsageError
from gsomia.node import (
    ACT_TYPES,
    Note,
    Reader,
    Role,
    SignedAct,
    differences,
    enter_legal_acts,
    instant,
    pack,
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
@click.option("--type", "kind", help="The legal act, such as give-notice (without --history).")
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
@node_option
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
    with home_of(node_dir) as home:
        now = home.clock.now()
        if history:
            chosen = _from_history(names)
            past = [act for act in chosen if act.at <= now]
            if not past:
                raise UsageError("none of these acts has happened yet by this node's clock")
        else:
            past = [_one(names, under, kind, party, effective, form, reading or successor, reference)]
        for act in enter_legal_acts(home.node, past, note, by=home.acting(by, Role.LEGAL)):
            click.echo(f"{act.statement.body['id']} of {act.statement.body['effective']} entered by act {act.id}")
        home.deliver()


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
    from datetime import datetime

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


@act_command.command("list")
@click.option("--all", "every", is_flag=True, help="Every signed act, not the record of legal acts alone.")
@click.option("--type", "kind", default="", help="Acts of this type alone.")
@click.option("--item", default="", help="Acts about this item alone (control number, item id or copy id).")
@json_option
@node_option
def list_acts(every: bool, kind: str, item: str, as_json: bool, node_dir: str | None) -> None:
    """List the record of legal acts, one's own entries and what peers report; with --all, every act."""
    if kind and kind not in ACT_TYPES:
        raise UsageError(f"unknown type of act `{kind}`", hint=f"known: {', '.join(ACT_TYPES)}")
    with home_of(node_dir) as home, home.node.store.reading() as reader:
        if every or kind or item:
            _list_all(home, reader, kind, item, as_json)
        else:
            _list_record(home, reader, as_json)


def _list_record(home: Home, reader: Reader, as_json: bool) -> None:
    entered = sorted(reader.record(), key=lambda e: (e.legal.at, e.legal.id, e.entered_by))
    own = home.node.party
    states = {one.act.id: one.state for one in differences(home.node, reader)}
    head = ["at", "act", "by", "entry", "state", "note", "dated", "note digest"]
    rows = [
        [
            instant(e.legal.at),
            e.legal.id,
            e.legal.by,
            "own" if e.entered_by == own else f"reported by {e.entered_by}",
            states.get(e.legal.id, "entered"),
            e.note,
            e.note_date,
            e.note_digest if as_json else e.note_digest[:12],
        ]
        for e in entered
    ]
    _print(as_json, "record", [word.replace(" ", "_") for word in head] if as_json else head, rows)


def _list_all(home: Home, reader: Reader, kind: str, item: str, as_json: bool) -> None:
    items = [""]
    if item:
        items = sorted({copy.item for copy in reader.find(item)}) or [item]
    head = ["at", "act", "type", "party", "instrument", "item", "officers"]
    acts = [act for one in items for act in reader.acts(types=[kind] if kind else (), item=one)]
    if item and not acts:
        raise UsageError(f"no act is about `{item}`", hint="`gsomia register` lists what there is")
    rows = []
    for act in acts:
        said = act.statement
        officers = ", ".join(signer.officer for signer in said.signers if signer.officer)
        rows.append([instant(said.at), said.id, said.type, said.party, said.instrument, said.item, officers])
    _print(as_json, "acts", head, rows)


def _print(as_json: bool, schema: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    if as_json:
        print_json(schema, {"acts": [dict(zip(head, row, strict=True)) for row in rows]})
    else:
        table(head, rows)


@act_command.command("show")
@click.argument("act")
@json_option
@node_option
def show_act(act: str, as_json: bool, node_dir: str | None) -> None:
    """Show ACT: what it says, who signed it, how it came, and where it stands in the logs."""
    with home_of(node_dir) as home, home.node.store.reading() as reader:
        found = _named(reader, act)
        values = [_act_json(reader, one) for one in found]
        states = [one.state for one in differences(home.node, reader) if one.act.id == act]
    if not as_json:
        exercise_line()
    if len(found) > 1:
        state = "disputed" if "disputed" in states else "entered"
        if as_json:
            print_json("act-views", {"id": act, "state": state, "views": values})
        else:
            _beside(act, state, values)
    elif as_json:
        print_json("act", values[0])
    else:
        _tell(found[0], values[0])


@act_command.command("send")
@click.argument("act")
@click.option("--to", required=True, metavar="PEER", help="The peer that lacks it.")
@node_option
def send_act(act: str, to: str, node_dir: str | None) -> None:
    """Send ACT once more to a peer that lacks it, as `gsomia reconcile` names it; no new act is made."""
    with home_of(node_dir) as home:
        send_again(home.node, act, to)
        for fault in home.deliver():
            click.echo(plain(fault), err=True)
        with home.node.store.reading() as reader:
            waits = act in {one.subject for one in reader.outgoing(peer=to)}
    click.echo(f"act {act} {'waits for' if waits else 'was sent to'} {to}")


def _tell(act: SignedAct, value: dict[str, Any]) -> None:
    said = act.statement
    lines = [(name, value[name]) for name in ("id", "type", "at", "party", "instrument", "item", "copy") if value[name]]
    lines.append(("parties", ", ".join(said.parties) or "-"))
    for signer in value["signers"]:
        who = f"officer {signer['officer']} as {signer['role']}" if signer["officer"] else f"node of {said.party}"
        lines.append(("signed by", f"{who} with key {signer['key'][:16]}"))
    lines.append(("batch", f"{value['batch']['index'] + 1} of {value['batch']['size']}"))
    lines.append(("came", f"{value['source']}, recorded {value['recorded_at']}"))
    lines += [("log", f"{place['log']} entry {place['index']}") for place in value["logs"]]
    lines += [(key, _words(word)) for key, word in said.body.items()]
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


def _named(reader: Reader, act: str) -> list[SignedAct]:
    """The act with this id, or the entries in the record of legal acts under it.

    Raises:
        UsageError: there is none.
    """
    found = reader.act(act)
    if found is not None:
        return [found]
    entries = [reader.act(entry.act) for entry in reader.record() if entry.legal.id == act]
    if not entries:
        raise UsageError(f"no act `{act}` is here", hint="`gsomia act list --all` lists them")
    return [entry for entry in entries if entry is not None]


def _act_json(reader: Reader, act: SignedAct) -> dict[str, Any]:
    said = act.statement
    source, recorded = reader.arrival(act.id) or ("", said.at)
    return {
        "id": said.id,
        "type": said.type,
        "at": instant(said.at),
        "party": said.party,
        "instrument": said.instrument,
        "parties": list(said.parties),
        "item": said.item,
        "copy": said.copy,
        "signers": [{"role": s.role, "officer": s.officer, "key": s.key} for s in said.signers],
        "body": dict(said.body),
        "source": source,
        "recorded_at": instant(recorded),
        "batch": {"index": act.index, "size": act.size},
        "logs": [{"log": log, "index": index, "salt": salt.hex()} for log, index, salt in reader.log_places(act.id)],
        "signed": pack([act]),
    }
