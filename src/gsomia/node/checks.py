"""`verify`: everything a node holds, checked again from its own records, each check by name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gsomia.errors import GsomiaError, LogError, VerificationError
from gsomia.node.acts import verify_act
from gsomia.node.node import KnownKeys, Node
from gsomia.node.ports import LogState, Reader
from gsomia.registry import Copy, CopyState, Direction, Rung
from gsomia.sealed import check_provenance, read, read_provenance
from gsomia.tlog import Frontier, commitment, leaf_hash, verify_checkpoint

__all__ = ["Check", "audit"]

_PAGE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check and what it found: `fault` is "" where it holds."""

    name: str
    counted: int
    fault: str = ""

    @property
    def holds(self) -> bool:
        """Whether it holds."""
        return not self.fault


def audit(node: Node) -> Iterator[Check]:
    """Check the node's logs, acts, register and sealed items; each check is yielded as it ends.

    Args:
        node: whose records.
    """
    with node.store.reading() as reader:
        for state in reader.logs():
            yield _check_log(node, reader, state)
        yield _check_acts(node, reader)
        yield _check_receipts(node, reader)
        yield from _check_items(node, reader)


def _check_log(node: Node, reader: Reader, state: LogState) -> Check:
    """Entries against acts, the tree against its entries, the signed checkpoint against the tree."""
    name = f"log {state.name}"
    frontier = Frontier()
    try:
        while frontier.size < state.size:
            start = frontier.size
            entries = reader.log_entries(state.name, start, min(start + _PAGE, state.size))
            if not entries:
                raise LogError(f"entry {start} is missing")
            hashes: list[bytes] = []
            for index, (entry, act_id, salt) in enumerate(entries, start):
                act = reader.act(act_id)
                if act is None:
                    raise LogError(f"entry {index} stands for act `{act_id}`, which is missing")
                if commitment(salt, act.data) != entry:
                    raise LogError(f"entry {index} is not the commitment to act `{act_id}`")
                digest = leaf_hash(entry)
                if reader.log_node(state.name, 0, index) != digest:
                    raise LogError(f"entry {index} is not what the tree holds")
                hashes.append(digest)
            frontier, _ = frontier.append(hashes)
        checkpoint = verify_checkpoint(state.checkpoint, node.keys.log.public.named(state.name))
        if (checkpoint.size, checkpoint.root) != (frontier.size, frontier.root()):
            raise LogError(f"the signed checkpoint of {checkpoint.size} entries is not over these entries")
    except GsomiaError as error:
        return Check(name=name, counted=frontier.size, fault=str(error))
    return Check(name=name, counted=frontier.size)


def _check_acts(node: Node, reader: Reader) -> Check:
    """Every act's signatures, by the keys that are enrolled."""
    keyring = KnownKeys(reader, node.party, node.keys.signing.public)
    counted = 0
    last = ""
    try:
        for act in reader.acts():
            verify_act(act, keyring, exercise=node.exercise)
            counted, last = counted + 1, act.id
    except VerificationError as error:
        # An act that cannot even be read has no id to name; the one before it does.
        fault = f"{error}; the last that holds is `{last}`"
        return Check(name="signatures of acts", counted=counted, fault=fault)
    return Check(name="signatures of acts", counted=counted)


def _check_receipts(node: Node, reader: Reader) -> Check:
    """Each rung in the register has its act; a receipted copy has a receipt by its holder for its very payload."""
    counted = 0
    for copy in reader.copies():
        try:
            fault = _rung_fault(reader, copy)
        except VerificationError as error:
            fault = str(error)
        if fault:
            return Check(name="register and receipts", counted=counted, fault=f"copy `{copy.id}`: {fault}")
        counted += 1
    return Check(name="register and receipts", counted=counted)


def _rung_fault(reader: Reader, copy: Copy) -> str:
    item = reader.item(copy.item)
    if item is None:
        return "its item is missing"
    for entry in copy.rungs:
        act = reader.act(entry.act)
        if act is None or (act.statement.type, act.statement.copy) != (entry.rung.value, copy.id):
            return f"the rung `{entry.rung}` has no act"
        if act.statement.body.get("payload_digest") != item.payload_digest:
            return f"the rung `{entry.rung}` is for another payload"
    if copy.state is CopyState.RECEIPTED and copy.rung(Rung.RECEIPTED) is None:
        return "it is said to be receipted and there is no receipt"
    return ""


def _check_items(node: Node, reader: Reader) -> Iterator[Check]:
    """Each sealed item held: its seal, its digests, and its originator's statement."""
    counted = 0
    keyring = KnownKeys(reader, node.party, node.keys.signing.public)
    held = {copy.item for copy in reader.copies() if copy.direction is not Direction.REPORTED}
    for item in reader.items():
        if item.id not in held:
            continue
        try:
            with node.blobs.reading(item.id) as file:
                sealed = read(file)
                if sealed.payload_digest().hex() != item.payload_digest:
                    raise VerificationError("the payload is not the one registered")
                envelope, key = read_provenance(sealed), keyring.node_key(item.originator)
                if envelope is None or key is None:
                    raise VerificationError("its origin cannot be proven")
                check_provenance(sealed, envelope, key)
        except GsomiaError as error:
            yield Check(name="sealed items", counted=counted, fault=f"item `{item.id}`: {error}")
            return
        counted += 1
    yield Check(name="sealed items", counted=counted)
