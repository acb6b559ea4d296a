"""Checking a bundle offline: an item's whole life, each check by name (`gsomia verify BUNDLE`).

Nothing in a bundle vouches for itself: the keys of the node that wrote it come from the one who checks, and everything
else is led back to them by signatures.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, BinaryIO

from gsomia.agreement import Record, law_version, load_agreement, state_at
from gsomia.errors import GsomiaError, LogError, VerificationError
from gsomia.keys import PublicKey, unb64
from gsomia.node.acts import LEGAL_ACTS, Officer, SignedAct, instant, read_instant, unpack, verify_act
from gsomia.node.bundles import BUNDLE_JSON, ITEM_FILE, LAW_FOLDER
from gsomia.node.checks import Check
from gsomia.node.effects import legal_act
from gsomia.node.keyends import KEY_TYPES, OfficersThen
from gsomia.node.succession import RetiredKeys, author, check_successor, retired_by
from gsomia.registry import CopyState, Rung, read_copy_id
from gsomia.sealed import check_provenance, read, read_provenance
from gsomia.tlog import (
    Checkpoint,
    LogProof,
    LogVerifier,
    commitment,
    parse_note,
    verify_cosignatures,
    verify_signed,
)

__all__ = ["TrustedKeys", "check_bundle"]

MAX_JSON = 256 * 2**20
"""The longest `bundle.json` that is read."""

IN_FORCE = frozenset({"in-force", "notice-pending", "notice-suspended"})
"""The states in which an item may be provided under an agreement."""

_STANDING = frozenset({*KEY_TYPES, "enrol-peer", "replace-node-key"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedKeys:
    """The keys of a Party's node that the one who checks holds: from an identity, or as enrolled."""

    signing: PublicKey
    log: LogVerifier


@dataclass
class _Life:
    """A bundle as it is read, and the keys that have been proven so far."""

    value: Mapping[str, Any]
    archive: zipfile.ZipFile
    trusted: Mapping[str, TrustedKeys]
    at: datetime
    unwitnessed: timedelta
    nodes: dict[str, TrustedKeys] = field(default_factory=dict)
    then: OfficersThen = field(default_factory=OfficersThen)
    retired: list[tuple[str, RetiredKeys]] = field(default_factory=list)
    acts: list[tuple[SignedAct, datetime]] = field(default_factory=list)
    by_id: dict[str, SignedAct] = field(default_factory=dict)

    @property
    def party(self) -> str:
        return str(self.value["party"])

    @property
    def exercise(self) -> bool:
        return self.value["exercise"] is True

    @property
    def item(self) -> Mapping[str, Any]:
        value: Mapping[str, Any] = self.value["item"]
        return value

    def node_key(self, party: str) -> PublicKey | None:
        """The key of a Party's node, once proven."""
        known = self.nodes.get(party)
        return None if known is None else known.signing

    def retired_key(self, party: str, fingerprint: str, at: datetime) -> PublicKey | None:
        """A key that a Party's node used at an instant and replaced since, once that was proven."""
        keys = (old.signing for of, old in self.retired if of == party and at <= old.until)
        return next((key for key in keys if key.fingerprint == fingerprint), None)

    def officer(self, party: str, officer: str) -> Officer | None:
        """An officer whose key could sign at this point of the acts."""
        return self.then.officer(party, officer)

    def about(self, *types: str, copy: str = "") -> list[SignedAct]:
        """The acts about the item of these types."""
        return [
            act
            for act, _ in self.acts
            if act.statement.type in types
            and act.statement.item == self.item["id"]
            and (not copy or act.statement.copy == copy)
        ]


def check_bundle(
    file: BinaryIO, trusted: Mapping[str, TrustedKeys], *, at: datetime, unwitnessed: timedelta
) -> list[Check]:
    """Check a bundle: keys, acts, law, agreement's state, seal, label, provenance, register, rungs, logs, witnesses.

    Args:
        file: the bundle.
        trusted: the keys held of each Party's node; that of the bundle's writer must be among them.
        at: the instant of checking.
        unwitnessed: acts that no peer has cosigned for longer fail.

    Returns:
        Every check with what it found; one that cannot be made counts as failed.
    """
    try:
        archive = zipfile.ZipFile(file)
        if archive.getinfo(BUNDLE_JSON).file_size > MAX_JSON:
            raise ValueError(f"`{BUNDLE_JSON}` is longer than {MAX_JSON} bytes")
        value = json.loads(archive.read(BUNDLE_JSON))
        if value["schema"] != "gsomia/bundle/v1" or value["v"] != 1:
            raise ValueError("another schema or version")
        life = _Life(value=value, archive=archive, trusted=trusted, at=at, unwitnessed=unwitnessed)
        life.acts = list(_read_acts(value["acts"]))
        life.by_id = {act.id: act for act, _ in life.acts}
    except (*_BROKEN, zipfile.BadZipFile) as error:
        return [Check(name="bundle", counted=0, fault=f"it cannot be read: {error}")]
    return [_made(name, check, life) for name, check in _CHECKS]


_BROKEN = (GsomiaError, ValueError, TypeError, KeyError, AttributeError, IndexError, OSError, RecursionError)


def _made(name: str, check: Callable[[_Life], int | Check], life: _Life) -> Check:
    try:
        found = check(life)
    except (*_BROKEN, zipfile.BadZipFile) as error:
        why = str(error) if isinstance(error, GsomiaError) else f"it cannot be read: {type(error).__name__}: {error}"
        return Check(name=name, counted=0, fault=why)
    return found if isinstance(found, Check) else Check(name=name, counted=found)


def _read_acts(values: list[Mapping[str, Any]]) -> Iterator[tuple[SignedAct, datetime]]:
    for value in values:
        (act,) = unpack(value["signed"])
        yield act, read_instant(value["recorded_at"])


def _keys(life: _Life) -> int:
    """The writer's keys are those that the one who checks holds; it vouches for its peers' by its officer's acts."""
    own = TrustedKeys(
        signing=PublicKey.from_json(life.value["keys"]["signing"]),
        log=LogVerifier.from_text(life.value["keys"]["log"]),
    )
    held = life.trusted.get(life.party)
    if held is None:
        raise VerificationError(f"nobody vouches for the keys of `{life.party}`; give its identity, or a node")
    if held != own:
        raise VerificationError(f"the keys in the bundle are not those of `{life.party}` that are held")
    life.nodes[life.party] = own
    key = own.signing
    for act, _ in reversed(life.acts):
        said = act.statement
        if said.type == "replace-node-key" and said.party == life.party:
            # The key that is held says whose place it took, and that one before it.
            replaced = PublicKey.from_json(said.body["replaces"]["signing"])
            signing, _sealing = check_successor(said, replaced)
            if signing != key:
                raise VerificationError(f"act `{act.id}` replaces a key by another than `{life.party}` used after it")
            life.retired.append((life.party, retired_by(said)))
            key = replaced
    return 1


def _enrolments(life: _Life) -> int:
    """Who the peers and officers are: each enrolment is proven by those before it."""
    counted = 0
    for act, _ in life.acts:
        said = act.statement
        if said.type not in _STANDING:
            continue
        if said.type == "enrol-peer":
            if said.party != life.party:
                continue
            verify_act(act, life, exercise=life.exercise)
            identity = said.body["identity"]
            keys = TrustedKeys(
                signing=PublicKey.from_json(identity["signing"]), log=LogVerifier.from_text(identity["log"])
            )
            party = str(identity["party"])
            life.nodes[party] = keys
            life.retired.extend((party, RetiredKeys.from_json(old)) for old in identity["previous"])
        elif said.type == "replace-node-key":
            verify_act(act, life, exercise=life.exercise)
            if said.party != life.party:
                signing, _ = check_successor(said, life.nodes[said.party].signing)
                life.retired.append((said.party, retired_by(said)))
                life.nodes[said.party] = replace(life.nodes[said.party], signing=signing)
        else:
            if said.body.get("first") is True and any(party == said.party for party, _ in life.then.officers):
                raise VerificationError(f"act `{act.id}`: `{said.party}` has officers already; none enrols alone")
            life.then.learn(verify_act(act, life, exercise=life.exercise))
        counted += 1
    for party, keys in life.nodes.items():
        if life.trusted.get(party, keys) != keys:
            raise VerificationError(f"`{party}` was enrolled with other keys than are held of it")
    return counted


def _acts(life: _Life) -> int:
    """Every other act: its signatures, and the signers that its type requires."""
    counted = 0
    life.then = OfficersThen()
    for act, _ in life.acts:
        if act.statement.type in KEY_TYPES:
            life.then.learn(act.statement)  # proven by the check before
        elif act.statement.type not in _STANDING:
            verify_act(act, life, exercise=life.exercise)
            counted += 1
    return counted


def _law_files(life: _Life) -> dict[tuple[str, str], dict[str, bytes]]:
    found: dict[tuple[str, str], dict[str, bytes]] = {}
    for name in life.archive.namelist():
        parts = name.split("/")
        if parts[0] == LAW_FOLDER and len(parts) == 4:
            found.setdefault((parts[1], parts[2]), {})[parts[3]] = life.archive.read(name)
    return found


def _law(life: _Life) -> int:
    """Each verdict was given by a version that the writer had adopted by then, and that version is here."""
    files = _law_files(life)
    for (name, version), folder in files.items():
        if law_version(folder) != version:
            raise VerificationError(f"the folder of `{name}` is not the version {version[:12]} that it is said to be")
    adopted: dict[str, str] = {}
    counted = 0
    for act, _ in life.acts:
        said = act.statement
        if said.type == "adopt-law" and said.party == life.party:
            adopted[said.instrument] = str(said.body["version"])
        law = said.body.get("law", {})
        for name, version in law.items() if said.item == life.item["id"] else ():
            if said.party == life.party and adopted.get(name) != version:
                raise VerificationError(f"act `{act.id}` applies `{name}` in a version that was not adopted by then")
            if name in adopted and (name, version) not in files:
                raise VerificationError(
                    f"`{name}` in the version {version[:12]}, applied by act `{act.id}`, is missing"
                )
            counted += 1
    return counted


def _states(life: _Life) -> Check:
    """The state of the agreement, by the writer's own record, when each copy was given."""
    files = _law_files(life)
    agreements = {(name, version): load_agreement(name, folder) for (name, version), folder in files.items()}
    entered = [
        legal_act(act.statement, recorded)
        for act, recorded in life.acts
        if act.statement.type in LEGAL_ACTS and act.statement.party == life.party
    ]
    record = Record(entered)
    told = []
    for act in life.about("transmit", "release", "acceptance", "dispatched"):
        said = act.statement
        law = said.body.get("law", {})
        for name, version in law.items():
            agreement = agreements.get((name, version))
            if agreement is None or not _carries(said.instrument, str(said.body.get("under", "")), name):
                continue
            state = state_at(agreement, record, said.at).state
            if state not in IN_FORCE:
                raise VerificationError(
                    f"`{name}` was {state} at {instant(said.at)}, when `{said.party}` did `{said.type}`"
                )
            told.append(f"{name} {state} at {instant(said.at)}")
    if not told:
        raise VerificationError("no act names an agreement under which the item was given")
    return Check(name=STATE, counted=len(told), remark="; ".join(dict.fromkeys(told)))


STATE = "state of the agreement"


def _carries(instrument: str, under: str, name: str) -> bool:
    """Whether an agreement is the one that carries the copy; a chain names each of its legs."""
    return name in (under or instrument).split("+")


def _seal(life: _Life) -> int:
    """The sealed item: its container, and the two digests that acts and register name."""
    sealed_file = life.archive.open(ITEM_FILE)
    with sealed_file:
        sealed = read(sealed_file)
        if sealed.payload_digest().hex() != life.item["payload_digest"]:
            raise VerificationError("the payload is not the one registered")
        if sealed.core_digest.hex() != life.item["core_digest"]:
            raise VerificationError("the manifest is not the one registered")
    return 1


def _provenance(life: _Life) -> int:
    """The originator's statement in the item, by the originator's key."""
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


def _label(life: _Life) -> int:
    """The label in the item is the one registered, and the one that each officer who gave it signed."""
    with life.archive.open(ITEM_FILE) as sealed_file:
        label = read(sealed_file).label
    if label is None or json.dumps(label, ensure_ascii=False, sort_keys=True) != life.item["label"]:
        raise VerificationError("the label in the item is not the one registered")
    given = life.about("transmit", "release")
    for act in given:
        if act.statement.body.get("label") != life.item["label"]:
            raise VerificationError(f"act `{act.id}` gave the item under another label")
    return 1 + len(given)


_ITEM_WORDS = ("level", "subject", "purpose", "contains", "payload_digest", "core_digest")
_COPY_WORDS = ("holder", "destination", "via")


def _register(life: _Life) -> int:
    """What the register says of item and copies is what officers signed."""
    copies = life.value["copies"]
    if not copies:
        raise VerificationError("no copy of the item stands in the register")
    for copy in copies:
        of_item, giver, _ = read_copy_id(copy["id"])
        if (of_item, giver) != (life.item["id"], copy["giver"]):
            raise VerificationError(f"copy `{copy['id']}` is not `{copy['giver']}`'s of this item")
        authority = [a.statement.body for a in life.about(copy["act"], copy=copy["id"]) if a.statement.party == giver]
        if not authority:
            raise VerificationError(f"no `{copy['act']}` of an officer of `{giver}` stands behind copy `{copy['id']}`")
        said = {name: life.item[name] for name in _ITEM_WORDS} | {name: copy[name] for name in _COPY_WORDS}
        differing = [name for name, word in said.items() if authority[0].get(name) != word]
        if differing:
            raise VerificationError(f"copy `{copy['id']}`: `{differing[0]}` is not what the officer's act says")
        marks = [act.statement.body for act in life.about("mark", copy=copy["id"])]
        marked = (marks[-1]["level"], marks[-1]["origin"]) if marks else ("", "")
        if (copy["own_mark"], copy["origin_mark"]) != marked:
            raise VerificationError(f"copy `{copy['id']}` bears a mark that no officer put there")
    return len(copies)


def _rungs(life: _Life) -> int:
    """Each rung has its act, by whom it is to be, for this payload, and none claims what came before it did not."""
    counted = 0
    for copy in life.value["copies"]:
        named = {entry["rung"]: entry["act"] for entry in copy["rungs"]}
        acts = {act.id: act.statement for act in life.about(*(rung.value for rung in Rung), copy=copy["id"])}
        if {*acts} != {*named.values()}:
            raise VerificationError(f"copy `{copy['id']}`: its rungs are not those that acts prove")
        for rung, act_id in named.items():
            said = acts[act_id]
            signer = copy["giver"] if rung == Rung.DISPATCHED else copy["holder"]
            if (said.type, said.party) != (rung, signer):
                raise VerificationError(f"copy `{copy['id']}`: the rung `{rung}` has no act of `{signer}`")
            if said.body.get("payload_digest") != life.item["payload_digest"]:
                raise VerificationError(f"copy `{copy['id']}`: the rung `{rung}` is for another payload")
            counted += 1
        order = [Rung.DISPATCHED, Rung.ACCEPTED, Rung.DELIVERED]
        later = [*order, *(rung for rung in (Rung.RECEIPTED, Rung.OPENED) if rung in named)]
        reached = [rung for rung in later if rung in named]
        if reached != later[: len(reached)]:
            raise VerificationError(f"copy `{copy['id']}` stands on a rung without the one beneath it")
        state = copy["state"]
        if state in {rung.value for rung in Rung} and state not in named:
            raise VerificationError(f"copy `{copy['id']}` is said to be {state} and no act says so")
        custodian = copy["holder"] if Rung.RECEIPTED in named else copy["giver"]
        if copy["custodian"] != custodian or (Rung.RECEIPTED in named) != (state == CopyState.RECEIPTED):
            raise VerificationError(f"copy `{copy['id']}`: custody is not what the receipts say")
    return counted


def _inclusion(life: _Life) -> int:
    """Every act is in a log of the writer's, up to a checkpoint that the writer signed."""
    own = life.nodes[life.party].log
    heads = [verify_signed(one["note"].encode(), own.named(one["log"])).checkpoint for one in life.value["checkpoints"]]
    shown = set()
    for one in life.value["proofs"]:
        act = life.by_id[one["act"]]
        proof = LogProof(index=one["index"], hashes=tuple(unb64(text) for text in one["hashes"]), note=b"")
        try:
            proof.verify_under(commitment(unb64(one["salt"]), act.data), heads[one["checkpoint"]])
        except LogError as error:
            raise VerificationError(f"act `{act.id}` is not in `{heads[one['checkpoint']].origin}`: {error}") from error
        shown.add(act.id)
    missing = [act.id for act, _ in life.acts if act.id not in shown]
    if missing:
        raise VerificationError(f"act `{missing[0]}` is not shown to be in a log")
    return len(shown)


def _cosignatures(life: _Life) -> Check:
    """Peers cosigned the checkpoints; what none has cosigned yet may not be old."""
    witnesses = {party: keys.log for party, keys in life.nodes.items() if party != life.party}
    counted = 0
    waiting = []
    for number, one in enumerate(life.value["checkpoints"]):
        if verify_cosignatures(one["note"].encode(), witnesses.values()):
            counted += 1
            continue
        acts = {proof["act"] for proof in life.value["proofs"] if proof["checkpoint"] == number}
        oldest = min(recorded for act, recorded in life.acts if act.id in acts)
        origin = Checkpoint.from_text(parse_note(one["note"].encode()).text).origin
        words = f"not yet witnessed: {len(acts)} acts in `{origin}`, the oldest of {instant(oldest)}"
        if life.at - oldest > life.unwitnessed:
            raise VerificationError(words)
        waiting.append(words)
    return Check(name=WITNESSES, counted=counted, remark="; ".join(waiting))


WITNESSES = "cosignatures"

_CHECKS: tuple[tuple[str, Callable[[_Life], int | Check]], ...] = (
    ("keys of the writer", _keys),
    ("peers and officers", _enrolments),
    ("signatures and signers of acts", _acts),
    ("law adopted", _law),
    (STATE, _states),
    ("seal", _seal),
    ("provenance", _provenance),
    ("label", _label),
    ("register", _register),
    ("rungs", _rungs),
    ("inclusion in logs", _inclusion),
    (WITNESSES, _cosignatures),
)
