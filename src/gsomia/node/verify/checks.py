"""Everything a node holds, checked again from its own records, each check by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from gsomia.errors import GsomiaError, LogError, VerificationError
from gsomia.node.check import Check, done
from gsomia.node.node import KnownKeys, Node
from gsomia.node.record.store_port import Reader
from gsomia.node.record.stored import LogState
from gsomia.node.verify.actchecks import check_acts
from gsomia.node.verify.counters import COUNTERS, check_counters
from gsomia.node.verify.keychecks import check_keys
from gsomia.node.verify.replay import compare_register
from gsomia.node.verify.treenodes import wrong_nodes
from gsomia.registry import Direction, Rung, gone
from gsomia.sealed import check_provenance, read, read_provenance
from gsomia.tlog import TILE_LEVELS, Frontier, commitment, leaf_hash, verify_checkpoint

__all__ = ["audit_logs", "audit_records", "check_register"]

_PAGE = 1000


def audit_records(node: Node, elsewhere: Callable[[], Sequence[Check]] | None = None) -> Iterator[Check]:
    """Check the node's logs, acts, register and sealed items; each check is yielded as it ends.

    Args:
        node: whose records.
        elsewhere: gives what `audit_logs`, `check_acts` and `check_register` find where those are done in another way,
            such as by two processes; or None.
    """
    if elsewhere is None:
        yield from audit_logs(node)
        yield check_acts(node)
        yield check_register(node)
    else:
        yield from elsewhere()
    with node.store.reading() as reader:
        yield done("receipts", partial(_check_receipts, reader))
        yield done(COUNTERS, partial(check_counters, node, reader))
        yield done("keys released", partial(_check_keys, node, reader))
        yield done("sealed items", partial(_check_items, node, reader))


def audit_logs(node: Node) -> Iterator[Check]:
    """Check the node's logs alone; each check is yielded as it ends.

    Args:
        node: whose records.
    """
    with node.store.reading() as reader:
        for state in reader.logs():
            yield done(f"log {state.name}", partial(_check_log, node, reader, state))


def _check_log(node: Node, reader: Reader, state: LogState) -> Check:
    """Entries against acts, the tree against its entries, the signed checkpoint against the tree."""
    name = f"log {state.name}"
    frontier = Frontier()
    index = 0
    try:
        hashes: list[bytes] = []
        for position, entry, act_id, salt, statement in reader.log_leaves(state.name, state.size):
            if position != index:
                raise LogError(f"entry {index} is missing")
            if statement is None:
                raise LogError(f"entry {index} stands for an act that is missing")
            if commitment(salt, statement) != entry:
                raise LogError(f"entry {index} is not the commitment to act `{act_id}`")
            hashes.append(leaf_hash(entry))
            index += 1
            if len(hashes) == _PAGE:
                frontier = _grown(reader, state.name, frontier, hashes)
                hashes = []
        frontier = _grown(reader, state.name, frontier, hashes)
        if index != state.size:
            raise LogError(f"entry {index} is missing")
        checkpoint = verify_checkpoint(state.checkpoint, node.keys.log.public.named(state.name))
        if (checkpoint.size, checkpoint.root) != (frontier.size, frontier.root()):
            raise LogError(f"the signed checkpoint of {checkpoint.size} entries is not over these entries")
        if state.frontier != frontier.to_bytes():
            raise LogError("the tree's edge, from which the log grows, is not what the entries give")
    except GsomiaError as error:
        return Check(name=name, counted=frontier.size, fault=str(error))
    except (TypeError, ValueError, AttributeError):
        place = f"entry {index}" if index < state.size else "its head"
        return Check(
            name=name, counted=frontier.size, fault=f"{place} holds a value of another type or form than a node writes"
        )
    return Check(name=name, counted=frontier.size)


def _grown(reader: Reader, log: str, frontier: Frontier, hashes: list[bytes]) -> Frontier:
    """The tree's edge after more leaves, once every node that they complete is stored as it must be."""
    frontier, completed = frontier.append(hashes, levels=TILE_LEVELS)
    for level, index in wrong_nodes(reader, log, completed):
        raise LogError(f"the tree's node at level {level}, index {index} is not what the entries give")
    return frontier


def _check_receipts(reader: Reader) -> Check:
    """Each receipt in the register: signed by the holder, for this copy and for the payload that was registered."""
    counted = 0
    for copy in reader.copies():
        signed = copy.rung(Rung.RECEIPTED)
        if signed is None:
            continue
        act, item = reader.act(signed.act), reader.item(copy.item)
        said = act.statement if act is not None else None
        if said is None or (said.type, said.party, said.copy) != ("receipted", copy.holder, copy.id):
            fault = (
                f"copy `{copy.id}` has a receipt by act `{signed.act}`, which is no receipt of `{copy.holder}` for it"
            )
            return Check(name="receipts", counted=counted, fault=fault)
        if item is not None and said.body.get("payload_digest") != item.payload_digest:
            fault = f"the receipt of copy `{copy.id}` is for other contents than those registered"
            return Check(name="receipts", counted=counted, fault=fault)
        counted += 1
    return Check(name="receipts", counted=counted)


def _check_keys(node: Node, reader: Reader) -> Check:
    """Keys released for openings, where a recipient's node does not hold them itself."""
    counted, fault = check_keys(node, reader)
    return Check(name="keys released", counted=counted, fault=fault)


def check_register(node: Node) -> Check:
    """Every table that acts make, against the acts replayed.

    Args:
        node: whose records.
    """

    def compared() -> Check:
        with node.store.reading() as reader:
            counted, fault, remark = compare_register(node, reader)
        return Check(name="register rows", counted=counted, fault=fault, remark=remark)

    return done("register rows", compared)


def _check_items(node: Node, reader: Reader) -> Check:
    """Each sealed item held: its seal, its digests, and its originator's statement."""
    counted = 0
    keyring = KnownKeys(reader, node.party, node.keys.signing.public)
    held = {copy.item for copy in reader.copies() if copy.direction is not Direction.REPORTED}
    for item in reader.items():
        if item.id not in held:
            continue
        if gone(node.party, reader.copies(item=item.id)):
            if node.blobs.exists(item.id):
                fault = f"item `{item.id}` was destroyed or given back by an act, and still lies here"
                return Check(name="sealed items", counted=counted, fault=fault)
            continue
        try:
            with node.blobs.reading(item.id) as file:
                sealed = read(file)
                if sealed.payload_digest().hex() != item.payload_digest:
                    raise VerificationError("the payload is not the one registered")
                envelope = read_provenance(sealed)
                key = keyring.author(item.originator, envelope) if envelope is not None else None
                if envelope is None or key is None:
                    raise VerificationError("its origin cannot be proven")
                check_provenance(sealed, envelope, key)
        except GsomiaError as error:
            return Check(name="sealed items", counted=counted, fault=f"item `{item.id}`: {error}")
        counted += 1
    return Check(name="sealed items", counted=counted)
