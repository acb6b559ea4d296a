"""The node as its use cases see it: a Party, its keys, and the ports to the outside."""

from __future__ import annotations

import secrets
import threading
import uuid
import zlib
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import BinaryIO, Generic, TypeVar

from gsomia.errors import NodeError, RefusedError, UsageError
from gsomia.keys import Envelope, PublicKey, Signs
from gsomia.node.acts.signed import Officer, Signer
from gsomia.node.acts.types import Role
from gsomia.node.ports import Blobs, Clock, Documents, KeysInUse, NodeKeys, PeerAddresses, PeerLink
from gsomia.node.record.lognames import current_log
from gsomia.node.record.store_port import Reader, Store
from gsomia.node.record.succession import author, distrusted, retired_keys
from gsomia.registry import Custody
from gsomia.sealed import BatchedStatement, Identity, WrappedKey
from gsomia.verdict import Law

_T = TypeVar("_T")

__all__ = ["Acting", "Asked", "KnownKeys", "Limits", "Node", "new_act_id", "new_id"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """An officer at work: who, and the key that signs."""

    officer: str
    key: Signs = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The bounds of an exchange (protocol 2) and of witnessing (protocol 9).

    Args:
        custody: the custodies that this Party takes part in (protocol 11).
        refusals: so many refusals of one peer's are kept in an hour; beyond them they are counted, and it waits.
        parcel_acceptance: how long what is accepted by parcel stays so, for a courier's way takes days.
        parcel_age: an older parcel is not taken in.
        travel: how long what is read now has been on its way, where it came by parcel; None by wire.
        witness_pause: between two checkpoints of one common log that its peer is asked to cosign.
        witness_interval: the same for the internal log.
        witness_again: a peer is asked what it keeps after so long, though nothing is new to cosign: only so does a
            node learn that its store was restored from a backup.
        unwitnessed: entries that no peer has cosigned for longer make `verify` fail.
        standing_orders: so many of one peer's are taken that stand at one time.
        late: `verify` tells of a peer's acts on items that were recorded so long after the instant that they name.
        reconcile_rounds, reconcile_bytes: so many questions and bytes at most has one reconciliation; and so many of
            one peer's are answered within an hour.
        reconcile_time: it takes no longer.
        reconcile_patience: what a peer says is under way for longer is a difference.
    """

    max_skew: timedelta = timedelta(seconds=60)
    acceptance: timedelta = timedelta(seconds=60)
    max_item_bytes: int = 64 * 2**30
    retry: timedelta = timedelta(seconds=1)
    retry_limit: timedelta = timedelta(minutes=5)
    custody: frozenset[Custody] = frozenset(Custody)
    refusals: int = 1000
    standing_orders: int = 100
    recall_answer: timedelta = timedelta(days=30)
    parcel_acceptance: timedelta = timedelta(days=30)
    parcel_age: timedelta = timedelta(days=30)
    travel: timedelta | None = None
    witness_pause: timedelta = timedelta(seconds=1)
    witness_interval: timedelta = timedelta(hours=1)
    witness_again: timedelta = timedelta(hours=1)
    unwitnessed: timedelta = timedelta(hours=24)
    late: timedelta = timedelta(hours=24)
    reconcile_rounds: int = 1000
    reconcile_bytes: int = 128 * 2**20
    reconcile_time: timedelta = timedelta(minutes=10)
    reconcile_patience: timedelta = timedelta(days=1)

    def backoff(self, attempts: int) -> timedelta:
        """How long to wait after so many failed attempts: doubling from `retry` to `retry_limit`."""
        return min(self.retry * int(2 ** min(attempts, 20)), self.retry_limit)


class Locks:
    """One at a time for each name: a copy that arrives twice at once is taken in once, and the other waits for that."""

    def __init__(self) -> None:
        self._locks = tuple(threading.Lock() for _ in range(64))

    @contextmanager
    def of_all(self, names: Iterable[str]) -> Iterator[None]:
        """Hold the locks of all these names; some names share one."""
        # Always in one order, so that no two ever wait for each other.
        with ExitStack() as held:
            for number in sorted({zlib.crc32(name.encode()) % len(self._locks) for name in names}):
                held.enter_context(self._locks[number])
            yield


class Kept(Generic[_T]):
    """What was read from blobs lately, each as long as its blob is the same one; nothing secret is kept so.

    Args:
        size: how many.
    """

    def __init__(self, size: int = 1024) -> None:
        self._size = size
        self._found: OrderedDict[str, tuple[Hashable, _T]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, blobs: Blobs, name: str, look: Callable[[BinaryIO], _T]) -> _T:
        """What stands in a blob.

        Args:
            blobs: where it lies.
            name: its name.
            look: reads it, where it was not read before or changed since.

        Raises:
            NodeError: there is none of this name.
        """
        stamp = blobs.stamp(name)
        with self._lock:
            before = self._found.get(name)
            if before is not None and before[0] == stamp:
                self._found.move_to_end(name)
                return before[1]
        with blobs.reading(name) as file:
            found = look(file)
        with self._lock:
            # Kept under the stamp from before the reading: if it was changed meanwhile, it is read again.
            self._found[name] = (stamp, found)
            while len(self._found) > self._size:
                self._found.popitem(last=False)
        return found


@dataclass(slots=True)
class Asked:
    """What a peer's questions about ranges have cost: since when, how many, and how many bytes were given."""

    since: datetime
    rounds: int = 0
    given: int = 0


class Unasked:
    """The peers that have not told yet, since this process began, which checkpoints of this node they keep.

    One thread may be told while another still fails to ask: who was told of is never put back.
    """

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._next: dict[str, datetime] = {}
        self._failed: dict[str, int] = {}

    def __contains__(self, party: str) -> bool:
        return party in self._next

    def __bool__(self) -> bool:
        return bool(self._next)

    def add(self, parties: Iterable[str], at: datetime) -> None:
        """Peers that are to be asked from a time on."""
        with self._turn:
            self._next.update(dict.fromkeys(parties, at))

    def due(self, party: str, at: datetime) -> bool:
        """Whether a peer is to be asked now."""
        with self._turn:
            return party in self._next and self._next[party] <= at

    def put_off(self, party: str, at: datetime) -> None:
        """When a peer is asked next, where it has not told meanwhile."""
        with self._turn:
            if party in self._next:
                self._next[party] = at

    def failed(self, party: str, at: datetime, limits: Limits) -> None:
        """A peer was asked in vain: it is asked again after a wait that doubles each time.

        Args:
            party: the peer.
            at: now, by the machine's clock.
            limits: of the waits.
        """
        with self._turn:
            if party in self._next:
                attempts = self._failed.get(party, 0)
                self._failed[party] = attempts + 1
                self._next[party] = at + limits.backoff(attempts)

    def told(self, party: str) -> None:
        """A peer told which checkpoints it keeps."""
        with self._turn:
            self._next.pop(party, None)
            self._failed.pop(party, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One Party's node.

    Args:
        party: ISO 3166-1 alpha-3.
        exercise: fixed at `init`; real and EXERCISE nodes refuse each other.
        in_use: the node's own keys.
        law: gives the agreements in the versions adopted, from instrument to version.
        documents: reads and marks documents.
        scratch: makes an empty register that lasts as long as its block, for checks.
        link: the way to a peer, by Party; raises PeerError where the settings name none.
        addresses: where the peers are reached; None where the node has no settings of its own.
        unasked: the peers that have not told yet which checkpoints of this node they keep; until then nothing else is
            taken from them or sent to them.
        asked: what each peer's questions about ranges have cost within the hour.
    """

    party: str
    exercise: bool
    in_use: KeysInUse = field(repr=False, compare=False)
    store: Store
    blobs: Blobs
    clock: Clock
    law: Callable[[Mapping[str, str]], Law]
    scratch: Callable[[], AbstractContextManager[Store]]
    link: Callable[[str], PeerLink]
    documents: Documents
    addresses: PeerAddresses | None = field(default=None, repr=False, compare=False)
    limits: Limits = Limits()
    locks: Locks = field(default_factory=Locks, repr=False, compare=False)
    wrapped_keys: Kept[WrappedKey] = field(default_factory=Kept, repr=False, compare=False)
    unasked: Unasked = field(default_factory=Unasked, repr=False, compare=False)
    asked: dict[str, Asked] = field(default_factory=dict, repr=False, compare=False)

    @property
    def keys(self) -> NodeKeys:
        """The node's keys at this moment; whoever needs two of them that belong together asks once."""
        return self.in_use.now

    @property
    def identities(self) -> tuple[Identity, ...]:
        """What opens items that are sealed to this node: its sealing key, and those it used before."""
        keys = self.keys
        return tuple(Identity(kid=key.kid, key=key) for key in (keys.sealing, *keys.retired_sealing))

    def log_name(self, reader: Reader, peer: str) -> str:
        """The origin of the log shared with a peer, or of the internal one where `peer` is ""."""
        return current_log(reader, self.party, peer, exercise=self.exercise)

    def node_signer(self) -> Signer:
        """The node itself among an act's signers."""
        return Signer(role="node", key=self.keys.signing.public.fingerprint)

    def officer(self, reader: Reader, acting: Acting, role: str) -> Officer:
        """The officer who acts, once it is sure that the role and the key are theirs.

        Raises:
            RefusedError: not enrolled, another key, the role is not held, or the person's access has ended.
        """
        officer = reader.officer(self.party, acting.officer)
        if officer is None or officer.key != acting.key.public:
            raise refused("no-such-officer", f"officer `{acting.officer}` is not enrolled with this key")
        if role not in officer.roles:
            raise refused(
                "role-missing",
                f"officer `{acting.officer}` does not hold the role `{role}`",
                hint=f"held: {', '.join(officer.roles)}",
            )
        self._still_here(reader, officer, role)
        return officer

    def _still_here(self, reader: Reader, officer: Officer, role: str) -> None:
        """Check that the person behind a key may still sign, as the register has them now.

        Raises:
            RefusedError: the access has ended, or the clearance for a role in which items are handled.
        """
        person = reader.person(officer.person)
        if person is None:
            return
        if person.left_at is not None and not self._last_security(reader, officer, role):
            text = f"`{officer.person}` has left, by act `{person.act}`; `{officer.id}` signs nothing more"
            raise refused("left", text, hint="`gsomia person enter` enters who comes back")
        if role in Role.CLEARED and person.expired(self.clock.now()):
            assert person.expires is not None  # it is by that that it has expired
            text = f"the clearance of `{officer.person}` ended on {person.expires:%Y-%m-%d}: no signature as `{role}`"
            raise refused("clearance-ended", text, hint="`gsomia person enter` enters a new clearance")

    def _last_security(self, reader: Reader, officer: Officer, role: str) -> bool:
        """Whether nobody who is here could sign as security officer instead: then whose access ended still does, for
        otherwise nobody could ever enrol another."""
        if role != Role.SECURITY:
            return False
        persons = {one.person for one in reader.officers_of(self.party, role=role)}
        others = [reader.person(name) for name in persons - {officer.person}]
        return all(one is not None and one.left_at is not None for one in others)

    def peer_parties(self, reader: Reader) -> tuple[str, ...]:
        """The enrolled peers, sorted."""
        return tuple(sorted(reader.peers()))


def refused(rule: str, text: str, *, hint: str = "") -> RefusedError:
    """A refusal by the node's own rule, in the shape of a verdict."""
    ground = {"effect": "refuse", "instrument": "", "article": "", "clause": rule, "text": text}
    return RefusedError(text, verdict={"outcome": "refuse", "grounds": [ground]}, hint=hint)


def new_id() -> str:
    """A new id for an item or a message: a random UUID (RFC 9562, version 4)."""
    return str(uuid.uuid4())


_UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def new_act_id(at: datetime) -> str:
    """A new id for an act: a UUID of its instant and of chance (RFC 9562, version 7).

    An act names its instant beside its id, so this tells nothing more; and ids that follow one another stand at the end
    of every index over acts, which random ones would touch in another place each time.

    Args:
        at: the act's instant.
    """
    milliseconds = (at - _UNIX_EPOCH) // timedelta(milliseconds=1)
    chance = secrets.randbits(74)
    high = (milliseconds & (1 << 48) - 1) << 16 | 7 << 12 | chance >> 62
    return str(uuid.UUID(int=high << 64 | 2 << 62 | chance & (1 << 62) - 1))


@dataclass(frozen=True, slots=True)
class KnownKeys:
    """The keyring of a node: its own key, its peers', and every enrolled officer's.

    Args:
        reader: where peers and officers stand.
        party: this node's Party.
        own: its own public key.
    """

    reader: Reader
    party: str
    own: PublicKey

    def node_key(self, party: str) -> PublicKey | None:
        """The enrolled key of a Party's node, or None."""
        if party == self.party:
            return self.own
        peer = self.reader.peers().get(party)
        return None if peer is None else peer.signing

    def retired_key(self, party: str, fingerprint: str, at: datetime) -> PublicKey | None:
        """A key of a Party's node that was replaced since, where it was still in use at an instant; or None."""
        keys = (old.signing for old in retired_keys(self.reader, party) if at <= old.until)
        return next((key for key in keys if key.fingerprint == fingerprint), None)

    def author(self, party: str, stated: Envelope | BatchedStatement) -> PublicKey | None:
        """The key by which a Party's node stated an item: its own now, or the one it used when the item was made."""
        return author(stated, self.node_key(party), self._retired(party))

    def _retired(self, party: str) -> Iterator[PublicKey]:
        # Read when the first is asked for: most items are stated by the key that is in use.
        for old in retired_keys(self.reader, party):
            yield old.signing

    def officer(self, party: str, officer: str) -> Officer | None:
        """An officer by Party and id, or None."""
        return self.reader.officer(party, officer)


def known_peer(reader: Reader, party: str) -> None:
    """Check that a Party is an enrolled peer whose node is trusted.

    Raises:
        UsageError: it is not enrolled.
        NodeError: its node's key was declared compromised.
    """
    peers = reader.peers()
    if party not in peers:
        raise UsageError(
            f"`{party}` is not an enrolled peer; enrolled: {', '.join(sorted(peers)) or 'none'}",
            hint="enrol it with `gsomia peer enrol`",
        )
    if (act := distrusted(reader, peers[party].signing)) is not None:
        raise NodeError(
            f"the key of `{party}` was declared compromised by act `{act}`", hint="it needs a fresh enrolment"
        )
