"""The item in a bundle: its seal, its label, its provenance, and the register's rows made anew from the acts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from gsomia.errors import VerificationError
from gsomia.node.acts.types import ORDERS
from gsomia.node.bundle.reading import Life
from gsomia.node.bundle.writing import ITEM_FILE, copy_json, item_json
from gsomia.node.check import Check
from gsomia.node.effects.applying import apply
from gsomia.node.node import Node
from gsomia.node.record.store_port import Writer
from gsomia.node.record.succession import author
from gsomia.node.verify.seeing import Seeing
from gsomia.registry import GONE, Rung, read_copy_id
from gsomia.sealed import check_provenance, read, read_provenance

__all__ = ["check_label", "check_provenance_of", "check_rows", "check_rungs", "check_seal"]


def _gone(life: Life, name: str) -> Check | None:
    """Where the writer has the item no more there is nothing to check but the acts, and that is said."""
    states = {copy["state"] for copy in life.value["copies"] if copy["holder"] == life.party}
    if not states or not states <= {*GONE} or ITEM_FILE in life.archive.namelist():
        return None
    ended = " and ".join(sorted(states))
    return Check(name=name, counted=0, remark=f"not shown: `{life.party}` {ended} the item by acts of its officers")


def check_seal(life: Life) -> int | Check:
    """The sealed item: its container, and the two digests that acts and register name."""
    if (gone := _gone(life, "seal")) is not None:
        return gone
    sealed_file = life.archive.open(ITEM_FILE)
    with sealed_file:
        sealed = read(sealed_file)
        if sealed.payload_digest().hex() != life.item["payload_digest"]:
            raise VerificationError("the payload is not the one registered")
        if sealed.core_digest.hex() != life.item["core_digest"]:
            raise VerificationError("the manifest is not the one registered")
    return 1


def check_provenance_of(life: Life) -> int | Check:
    """The originator's statement in the item, by the originator's key."""
    if (gone := _gone(life, "provenance")) is not None:
        return gone
    with life.archive.open(ITEM_FILE) as sealed_file:
        sealed = read(sealed_file)
        envelope, origin = read_provenance(sealed), str(life.item["originator"])
        old = (keys.signing for party, keys in life.retired if party == origin)
        key = author(envelope, life.node_key(origin), old) if envelope is not None else None
        if envelope is None or key is None:
            raise VerificationError("its origin cannot be proven: no statement, or no key of the originator")
        statement = check_provenance(sealed, envelope, key)
    if statement.item != life.item["id"]:
        raise VerificationError("the originator's statement is of another item")
    return 1


def check_label(life: Life) -> int | Check:
    """The label in the item is the one registered, and the one that each officer who gave it signed."""
    if (gone := _gone(life, "label")) is not None:
        return gone
    with life.archive.open(ITEM_FILE) as sealed_file:
        label = read(sealed_file).label
    if label is None or json.dumps(label, ensure_ascii=False, sort_keys=True) != life.item["label"]:
        raise VerificationError("the label in the item is not the one registered")
    given = life.about("transmit", "release")
    for act in given:
        if act.statement.body.get("label") != life.item["label"]:
            raise VerificationError(f"act `{act.id}` gave the item under another label")
    return 1 + len(given)


_OF_RUNGS = frozenset({"state", "custodian", "rungs", "reason", "control_number", "at"})
"""What of a copy its rungs say, and not the officer's act that gave it."""

_RUNG_ACTS = frozenset({*(rung.value for rung in Rung), "rejected", "stop", "destroy", "return"})


def check_rows(life: Life) -> int:
    """Every field of item and copies is what the acts make of it, and every copy that an act made is there."""
    rows = _replayed(life)
    if rows.fault:
        raise VerificationError(rows.fault)
    if not life.value["copies"]:
        raise VerificationError("no copy of the item stands in the register")
    if rows.item is not None:
        _same("the item", life.item, rows.item)
    for copy_id, made in rows.copies.items():
        _same(f"copy `{copy_id}`", _copy(life, copy_id), made, but=_OF_RUNGS)
    for copy in life.value["copies"]:
        if copy["id"] not in rows.copies:
            raise VerificationError(f"copy `{copy['id']}`: no officer's act put it in the register")
    given = sorted(read_copy_id(name)[2] for name in rows.copies if read_copy_id(name)[1] == life.party)
    if given != list(range(1, len(given) + 1)):
        missing = min({*range(1, given[-1])} - {*given})
        raise VerificationError(f"copy {missing} that `{life.party}` gave is missing: its numbers have no gaps")
    return 1 + len(rows.copies)


def check_rungs(life: Life) -> int:
    """Every rung of every copy, with act, Party and instant, is what the acts make of it; so are state and custody."""
    rows = _replayed(life)
    if rows.rung_fault:
        raise VerificationError(rows.rung_fault)
    counted = 0
    for copy_id, made in rows.copies.items():
        said = _copy(life, copy_id)
        _same(f"copy `{copy_id}`", {name: said[name] for name in _OF_RUNGS}, {name: made[name] for name in _OF_RUNGS})
        counted += len(made["rungs"])
    return counted


def _copy(life: Life, copy_id: str) -> Mapping[str, Any]:
    found = [copy for copy in life.value["copies"] if copy["id"] == copy_id]
    if len(found) != 1:
        raise VerificationError(f"copy `{copy_id}` was given by an act, and stands in the register {len(found)} times")
    one: Mapping[str, Any] = found[0]
    return one


def _same(what: str, said: Mapping[str, Any], made: Mapping[str, Any], *, but: frozenset[str] = frozenset()) -> None:
    for name in sorted({*said, *made} - but):
        if name not in said or name not in made or said[name] != made[name]:
            words = f"`{said.get(name)!s:.80}`; by the acts it is `{made.get(name)!s:.80}`"
            raise VerificationError(f"{what}: `{name}` is {words}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """What the acts make of item and copies, and the first act of either kind that does not follow from the others."""

    item: Mapping[str, Any] | None
    copies: Mapping[str, Mapping[str, Any]]
    fault: str
    rung_fault: str


@dataclass(frozen=True, slots=True)
class _Recorder:
    """The node that wrote a bundle, as far as the effects of acts on an item ask for it."""

    party: str
    exercise: bool
    at: datetime

    @property
    def clock(self) -> _Recorder:
        return self

    def machine(self) -> datetime:
        """The instant of checking; nothing that is compared depends on it."""
        return self.at


def _replayed(life: Life) -> _Rows:
    """The acts about the item, and the standing orders, as they were recorded, through the effects as at the node."""
    node = cast(Node, _Recorder(life.party, life.exercise, life.at))
    faults = {False: "", True: ""}
    with life.scratch() as store:
        with store.writing() as tx:
            seeing = Seeing(tx, life.by_id.get, {})
            for act, recorded in life.acts:
                said = act.statement
                if said.item != life.item["id"] and said.type not in ORDERS:
                    continue
                seeing.see(said)
                source = "own" if said.party == life.party else said.party
                try:
                    apply(node, cast(Writer, seeing), said, source=source, at=recorded, delivered=True)
                except VerificationError as error:
                    of_rung = said.type in _RUNG_ACTS
                    faults[of_rung] = faults[of_rung] or f"the acts do not follow from one another: {error}"
        with store.reading() as reader:
            item = reader.item(life.item["id"])
            copies = {copy.id: copy_json(copy) for copy in reader.copies(item=life.item["id"])}
    # What JSON holds, so that lists and tuples are alike.
    plain = json.loads(json.dumps({"item": item_json(item) if item is not None else None, "copies": copies}))
    return _Rows(item=plain["item"], copies=plain["copies"], fault=faults[False], rung_fault=faults[True])
