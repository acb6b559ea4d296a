"""What a node needs from outside: a store, sealed items' bytes, a clock, its keys, and a way to its peers."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, Protocol, TypeVar

from gsomia.keys import Envelope, SigningKey, Verifies
from gsomia.marking import Label, Line
from gsomia.node.acts import Officer, SignedAct, Statement
from gsomia.node.consultation_rules import Consultation, Step, View
from gsomia.node.oral import OralDisclosure
from gsomia.node.sites import ContractorCopy, ContractorFacility
from gsomia.node.stored import (
    Briefing,
    Carried,
    Consent,
    Cosigned,
    Credential,
    Discrepancy,
    EnteredAct,
    InformationRequest,
    LogLie,
    LogState,
    Need,
    Outgoing,
    Peer,
    PendingOpening,
    Person,
    Question,
    Refused,
    Reply,
    Rows,
)
from gsomia.registry import Copy, Item, RangeStore, Rendition, RungEntry
from gsomia.sealed import XWingPrivateKey
from gsomia.tlog import LogSigner

__all__ = [
    "Blobs",
    "Clock",
    "Documents",
    "Look",
    "Marked",
    "NodeKeys",
    "PeerAddresses",
    "PeerLink",
    "Reader",
    "Store",
    "Writer",
]

T = TypeVar("T")


class Clock(Protocol):
    """The node's clock; only an EXERCISE node's can be set."""

    def now(self) -> datetime:
        """The instant by this node, aware, UTC: what acts are dated and decided by."""
        ...

    def machine(self) -> datetime:
        """The machine's own time, for schedules alone; nothing is decided by it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeKeys:
    """The node's own secrets: for acts and messages, for items sealed to it, and for its logs."""

    signing: SigningKey
    sealing: XWingPrivateKey
    log: LogSigner
    retired: tuple[SigningKey, ...] = ()
    retired_sealing: tuple[XWingPrivateKey, ...] = ()

    def __reduce__(self) -> str | tuple[Any, ...]:
        raise TypeError("a node's keys are neither copied nor pickled")


class Reader(Protocol):
    """Reading one consistent state of the store."""

    def once(self, name: Hashable, read: Callable[[], T]) -> T:
        """What `read` makes of what stands (peers, officers, law, record, credentials), made once while that stands."""
        ...

    def setting(self, key: str) -> str | None: ...
    def peers(self) -> Mapping[str, Peer]: ...
    def officers(self, party: str | None = None, *, after: str = "", limit: int = 0) -> Sequence[Officer]:
        """Officers by Party and id, at most so many (0: all): behind an id, or without a Party behind `PARTY/ID`."""
        ...

    def officer(self, party: str, officer: str) -> Officer | None: ...
    def officers_of(self, party: str, *, person: str = "", role: str = "", limit: int = 0) -> Sequence[Officer]:
        """The officers whose keys a person holds, or who hold a role."""
        ...

    def sharing(self, party: str, key: Verifies) -> Sequence[Officer]:
        """The officers of a Party who have, or ever had, a key that shares a half with this one."""
        ...

    def keys_of(self, party: str, officer: str) -> Sequence[Officer]:
        """Every key with which an officer was ever enrolled, in that order."""
        ...

    def had_officers(self, party: str) -> bool:
        """Whether an officer of a Party was ever enrolled."""
        ...

    def persons(self, *, facility: str = "", after: str = "", limit: int = 0) -> Sequence[Person]:
        """Persons by id, or those on a facility's roster: behind an id, at most so many (0: all)."""
        ...

    def person(self, person: str) -> Person | None: ...
    def holder_of(self, account: str) -> str:
        """The person to whom an account at a provider of identities is bound; "" for one that is bound to nobody."""
        ...

    def person_statements(self, person: str) -> Sequence[Statement]:
        """What the acts say that entered or struck a person, in the order of recording."""
        ...

    def expiring(
        self, since: datetime | None, until: datetime, *, after: Person | None = None, limit: int = 0
    ) -> Sequence[Person]:
        """Persons who are here and whose clearance ends after one instant and up to another, the earliest first."""
        ...

    def leavers(
        self, since: datetime | None, until: datetime, *, after: Person | None = None, limit: int = 0
    ) -> Sequence[Person]:
        """Persons who left after one instant and up to another, the earliest first."""
        ...

    def anybody_cleared(self, clearance: str, at: datetime) -> bool:
        """Whether somebody who stands on a roster holds this clearance at an instant."""
        ...

    def facilities(self, *, after: str = "", limit: int = 0) -> Sequence[tuple[str, int]]:
        """The facilities that have a roster, and how many persons stand on it."""
        ...

    def briefings(self, person: str) -> Sequence[Briefing]: ...
    def briefings_ending(self, since: str, until: str, *, limit: int = 0) -> Sequence[Briefing]:
        """The briefings whose last day is one of these, the earliest first."""
        ...

    def need(self, item: str, person: str) -> Need | None: ...
    def needs(self, *, item: str = "", person: str = "") -> Sequence[Need]: ...
    def placement(self, copy: str) -> str | None:
        """The facility at which an act placed a copy."""
        ...

    def credentials(self) -> Sequence[Credential]: ...
    def consents(self, item: str | None = None) -> Sequence[Consent]: ...
    def consent(self, consent: str) -> Consent | None: ...
    def contractor_facilities(self) -> Sequence[ContractorFacility]: ...
    def contractor_facility(self, facility: str) -> ContractorFacility | None: ...
    def contractor_copies(self) -> Sequence[ContractorCopy]: ...
    def contractor_copy(self, copy: str) -> ContractorCopy | None: ...
    def kept_at(self, facility: str) -> Sequence[str]:
        """The copies that an act placed at a facility and that are still there."""
        ...

    def disclosures(self) -> Sequence[OralDisclosure]:
        """The oral disclosures, the earliest first."""
        ...

    def disclosure(self, disclosure: str) -> OralDisclosure | None: ...
    def requests(self) -> Sequence[InformationRequest]:
        """The requests for information, the earliest first."""
        ...

    def request(self, request: str) -> InformationRequest | None: ...
    def adopted(self) -> Mapping[str, str]: ...
    def record(self) -> Sequence[EnteredAct]: ...
    def prefetch(
        self,
        *,
        acts: Iterable[str] = (),
        copies: Iterable[str] = (),
        items: Iterable[str] = (),
        numbers: Iterable[str] = (),
        types: Sequence[str] = (),
    ) -> None:
        """Read together what will be asked for one by one; it changes no answer.

        Args:
            acts, copies, items: their ids, known or not; with a copy its rungs and its acceptance, with an item its
                consents and its acts of these types.
            numbers: control numbers, and the copies that have them.
            types: of acts.
        """
        ...

    def act(self, act: str) -> SignedAct | None: ...
    def acts(self, *, types: Sequence[str] = (), item: str = "", start: int = 0, stop: int = 0) -> Iterator[SignedAct]:
        """Acts in the order of their recording; `start` and `stop` are numbers in it, and 0 is no bound."""
        ...

    def act_ends(self, parts: int) -> Sequence[tuple[int, str]]:
        """The acts, by number and id, with which all parts but the last of so many end; fewer where there are few."""
        ...

    def acts_after(
        self, place: int, *, types: Sequence[str] = (), items: Sequence[str] = (), key: str = "", limit: int = 0
    ) -> Sequence[tuple[int, SignedAct]]:
        """Acts in the order of their recording after a place in it, each with its own place; 0 is before the first.

        With a key those alone that name it, as a signer's or otherwise.
        """
        ...

    def last_place(self) -> int:
        """The place of the act recorded last; 0 where there is none."""
        ...

    def touched_since(self, place: int, but: Sequence[str]) -> frozenset[str]:
        """The items of the acts recorded after a place, "" for those about none; acts of some types do not count."""
        ...

    def items(self) -> Sequence[Item]: ...
    def item(self, item: str) -> Item | None: ...
    def drawing_on(self, item: str) -> Sequence[Item]:
        """The items that cite an item as their source."""
        ...

    def copies(self, *, item: str = "", states: Sequence[str] = ()) -> Sequence[Copy]: ...
    def copies_after(self, place: tuple[str, str], *, limit: int) -> Sequence[Copy]:
        """Copies in the order of their control numbers and ids after such a place, at most so many."""
        ...

    def copy(self, copy: str) -> Copy | None: ...
    def passing(self, party: str) -> Sequence[Copy]:
        """The copies that a Party holds on their way to another, and has not handed on to that one."""
        ...

    def find(self, reference: str) -> Sequence[Copy]: ...
    def renditions(self, *, item: str = "", digest: str = "") -> Sequence[Rendition]: ...
    def acceptance(self, copy: str) -> str | None: ...
    def numbered(self, number: str) -> str | None:
        """The copy to which a registry, this node's or a peer's, gave a control number."""
        ...

    def pending(self) -> Sequence[PendingOpening]: ...
    def leftovers(self) -> Sequence[str]:
        """The items whose sealed files are to be removed: this Party has no copy of them any more."""
        ...

    def outgoing(
        self, *, peer: str = "", due: datetime | None = None, after: int = 0, limit: int = 0
    ) -> Sequence[Outgoing]:
        """The outbox in order: of one peer, due by an instant, behind an entry, the first so many."""
        ...

    def parcels(self, peer: str = "") -> Sequence[Carried]: ...
    def question(self, message: str) -> Question | None: ...
    def replies(self, peer: str) -> Sequence[Reply]: ...
    def refused(self) -> Sequence[Refused]: ...
    def refusals(self, source: str, since: datetime, until: datetime) -> int:
        """How many things of one source were refused and kept between two instants."""
        ...

    def log(self, name: str) -> LogState | None: ...
    def logs(self) -> Sequence[LogState]: ...
    def log_entries(self, name: str, start: int, stop: int) -> Sequence[tuple[bytes, str, bytes]]: ...
    def log_leaves(self, name: str, size: int) -> Iterator[tuple[int, bytes, str, bytes, bytes | None]]:
        """The entries of a log below `size` in order: number, commitment, act, salt, and the act's statement; "" and
        None where the act is missing."""
        ...

    def log_node(self, name: str, level: int, index: int) -> bytes:
        """Any node of the tree, for proofs; made from what is stored beneath it."""
        ...

    def log_nodes(self, name: str, level: int, start: int, stop: int) -> Sequence[tuple[int, bytes]]:
        """The stored nodes on a level of the tree, from `start` and below `stop`: index and hash, in order."""
        ...

    def log_hashes(self, name: str, tile_level: int, start: int, stop: int) -> Sequence[bytes]:
        """The hashes that tiles of a level hold, from `start` and below `stop`."""
        ...

    def log_places(self, act: str) -> Sequence[tuple[str, int, bytes]]:
        """Where an act stands: each log, the entry's number in it, and its salt."""
        ...

    def rows(self, table: str) -> Rows:
        """One of the tables that acts make, as it stands, unread."""
        ...

    def recorded(self) -> Iterator[tuple[Statement, str, datetime]]:
        """Every act in the order of recording: "own" or the Party it came from, and when it was recorded."""
        ...

    def unlogged(self) -> str:
        """An act that stands in no log, or before one that its log has before it; "" where there is none."""
        ...

    def arrival(self, act: str) -> tuple[str, datetime] | None:
        """How an act came: "own" or the Party it came from, and when it was recorded."""
        ...

    def ranges(self, peer: str) -> RangeStore:
        """The entries shared with a peer, and the fingerprints over them."""
        ...

    def shared(self, peer: str) -> Iterator[tuple[bytes, str, str, bytes]]:
        """Every entry shared with a peer, in order: position, kind, id, digest."""
        ...

    def shared_name(self, peer: str, position: bytes) -> tuple[str, str] | None:
        """What stands at a position of what is shared with a peer: kind and id."""
        ...

    def parted(self, peer: str) -> Mapping[str, bytes]:
        """The ranges shared with a peer that are parted, and the sixteen fingerprints of each."""
        ...

    def filed(self, act: str) -> tuple[str, bytes] | None:
        """The item that an act is about, and its statement as it was signed; None where there is no such act."""
        ...

    def statements(self, item: str) -> Sequence[tuple[str, bytes]]:
        """The acts about an item in the order of recording: id, and statement as it was signed."""
        ...

    def followed(self, peer: str, most: int) -> Sequence[str]:
        """Items of a peer's of which something was passed on to it since the entries were made last."""
        ...

    def discrepancies(self, peer: str = "") -> Sequence[Discrepancy]: ...
    def cosigned(self) -> Sequence[Cosigned]: ...
    def kept(self, log: str) -> bytes | None:
        """The checkpoint of a peer's log that this node cosigned last."""
        ...

    def lies(self) -> Sequence[LogLie]: ...
    def consultations(
        self, *, after: tuple[datetime, str] | None = None, beginning: str = "", limit: int = 0
    ) -> Sequence[Consultation]:
        """Consultations in the order of their opening, behind an instant and an id; those whose ids begin so."""
        ...

    def consultation(self, consultation: str) -> Consultation | None: ...
    def consultation_steps(self, consultations: Sequence[str]) -> Mapping[str, Sequence[Step]]:
        """The steps of each consultation, in the order of their instants."""
        ...

    def consultation_views(self, consultation: str) -> Sequence[View]: ...


class Writer(Reader, Protocol):
    """Changing the store in one transaction: all of it, or nothing."""

    def part(self) -> AbstractContextManager[None]:
        """A part of the transaction that is undone by itself when its block fails."""
        ...

    def put_setting(self, key: str, value: str) -> None: ...
    def put_peer(self, peer: Peer) -> None: ...
    def put_officer(self, officer: Officer) -> None:
        """Put an officer's key in the place of the one before, which stays among those that they had."""
        ...

    def end_officer(self, party: str, officer: str) -> None: ...
    def put_person(self, person: Person) -> None: ...
    def put_need(self, need: Need) -> None: ...
    def end_needs(self, person: str) -> None: ...
    def put_briefing(self, briefing: Briefing) -> None: ...
    def put_placement(self, copy: str, facility: str, act: str) -> None: ...
    def end_pending_of(self, person: str) -> None: ...
    def put_credential(self, credential: Credential) -> None: ...
    def put_consent(self, consent: Consent) -> None: ...
    def put_contractor_facility(self, facility: ContractorFacility) -> None: ...
    def put_contractor_copy(self, copy: ContractorCopy) -> None: ...
    def end_contractor_copy(self, copy: str) -> None: ...
    def put_disclosure(self, disclosure: OralDisclosure) -> None: ...
    def put_request(self, request: InformationRequest) -> None: ...
    def put_adopted(self, instrument: str, version: str, act: str) -> None: ...
    def put_entered(self, entered: EnteredAct) -> None: ...
    def put_act(self, act: SignedAct, source: str, at: datetime) -> None: ...
    def put_item(self, item: Item) -> None: ...
    def put_copy(self, copy: Copy) -> None: ...
    def put_rung(self, rung: RungEntry) -> None: ...
    def put_rendition(self, rendition: Rendition) -> None: ...
    def put_acceptance(self, copy: str, act: str) -> None: ...
    def put_numbered(self, number: str, copy: str) -> None: ...
    def put_pending(self, opening: PendingOpening) -> None: ...
    def end_pending(self, copy: str, person: str = "") -> None: ...
    def put_leftover(self, item: str) -> None: ...
    def drop_leftover(self, item: str) -> None: ...
    def put_outgoing(self, peer: str, kind: str, subject: str, at: datetime) -> None: ...
    def put_refused(self, refused: Refused) -> None: ...
    def count_refused(self, refused: Refused, since: datetime) -> None:
        """Count one more refusal that is not kept, in the one entry like this that was begun since."""
        ...

    def thin_refused(self, source: str, most: int) -> None:
        """Let go of the oldest refusals of one source, so that so many stay."""
        ...

    def forget_messages(self, before: datetime) -> None:
        """Forget that messages were seen: their time is over, and they are refused for that."""
        ...

    def retry(self, outgoing: int, *, at: datetime, error: str) -> None: ...
    def done(self, outgoing: int) -> None: ...
    def carried(self, outgoing: Sequence[int], replies: Sequence[int], parcel: int) -> None:
        """Note in which parcel entries of the outbox went, and answers that had not gone before."""
        ...

    def put_parcel(self, parcel: Carried) -> None: ...
    def put_question(self, question: Question) -> None: ...
    def put_reply(self, reply: Reply) -> None: ...
    def end_replies(self, peer: str, seen: int) -> None:
        """Forget the answers that a peer has taken in with its parcels up to this number."""
        ...

    def forget_parcels(self, before: datetime) -> None:
        """Forget the questions and answers of parcels that are older than this."""
        ...

    def put_shared(self, peer: str, kind: str, subject: str, position: bytes, digest: bytes | None) -> None:
        """Put an entry of what is shared with a peer, or end it where its digest is None."""
        ...

    def follow(self, peer: str, item: str) -> None:
        """Note that something about its item is passed on to a peer."""
        ...

    def end_followed(self, peer: str, items: Iterable[str]) -> None: ...
    def put_discrepancies(self, peer: str, found: Sequence[Discrepancy]) -> None:
        """Put what was found to differ in the place of what was found before."""
        ...

    def put_cosigned(self, cosigned: Cosigned) -> None: ...
    def put_kept(self, log: str, note: bytes, at: datetime) -> None: ...
    def forget_witness(self, witness: str, kept: Sequence[str]) -> None: ...
    def put_lie(self, lie: LogLie) -> None: ...
    def put_consultation(self, consultation: Consultation) -> None: ...
    def put_consultation_step(self, step: Step) -> None: ...
    def put_consultation_view(self, view: View) -> None: ...
    def next_serial(self, name: str) -> int: ...
    def raise_serial(self, name: str, last: int) -> None:
        """Let a serial's last number be at least this one."""
        ...

    def see_message(self, message: str, peer: str, at: datetime) -> bool: ...
    def append_log(
        self,
        state: LogState,
        first: int,
        entries: Sequence[tuple[bytes, str, bytes]],
        nodes: Iterable[tuple[int, int, bytes]],
    ) -> None: ...


class Store(Protocol):
    """Where a node keeps its acts, logs and register."""

    def reading(self) -> AbstractContextManager[Reader]:
        """One consistent state to read from."""
        ...

    def standing(self) -> AbstractContextManager[Reader]:
        """One consistent state to read from, which knows what was read `once` since anything was last committed.

        It is for questions that come often; what is read once must hang on the state alone.
        """
        ...

    def writing(self, *, durable: bool = True) -> AbstractContextManager[Writer]:
        """One transaction; it is durable when the block ends well and never happened when it does not.

        Args:
            durable: False where it need not be so before the next one that is; a power cut may undo both, or this one.
        """
        ...

    def state(self) -> Hashable:
        """What changes with every commit, by whichever process; it costs less than a look at what stands."""
        ...


class Blobs(Protocol):
    """The bytes of sealed items, written whole under their name or not at all."""

    def writing(self, name: str) -> AbstractContextManager[BinaryIO]:
        """Write a blob, durable under its name when the block ends well."""
        ...

    def together(self) -> AbstractContextManager[Callable[[str], AbstractContextManager[BinaryIO]]]:
        """Write blobs that are all durable under their names when the block ends well; each is begun as by `writing`.

        One whose own block fails is left out; where the whole block fails, none gets its name.
        """
        ...

    def held(self, name: str) -> int:
        """How many bytes are durable of a blob that is written in parts."""
        ...

    def partials(self) -> Mapping[str, int]:
        """The blobs that are written in parts and are not whole, with the bytes that are here."""
        ...

    def continuing(self, name: str, offset: int) -> AbstractContextManager[BinaryIO]:
        """Write on at a blob that is written in parts; what was written stays, however the block ends."""
        ...

    def complete(self, name: str) -> None:
        """Give a blob that was written in parts its name."""
        ...

    def reading(self, name: str) -> AbstractContextManager[BinaryIO]: ...
    def exists(self, name: str) -> bool: ...
    def size(self, name: str) -> int: ...
    def stamp(self, name: str) -> Hashable:
        """What changes when the blob is replaced or changed."""
        ...

    def rename(self, names: Sequence[tuple[str, str]]) -> None:
        """Give blobs other names, (old, new), durably."""
        ...

    def remove(self, name: str) -> None: ...
    def erase(self, names: Sequence[str]) -> None:
        """Remove blobs durably: after a crash they do not come back; a missing one is no fault."""
        ...

    def names(self) -> list[str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a look at a document found.

    Args:
        kind: `pdf`, `docx`, `odf`, `image`, `text`, or "" where no format is known whose marks could be read.
        fault: why it must not be passed on as it is: active, encrypted, broken, too long; "" where there is nothing.
        remarks: what a person should know, such as that its marks could not be read.
    """

    kind: str
    fault: str = ""
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A rendition as it was made: its bytes, how many pages, sections or pictures were marked, and remarks."""

    data: bytes
    mime_type: str
    parts: int
    remarks: tuple[str, ...] = ()


class Documents(Protocol):
    """Documents of the formats that are known: looked over, and marked."""

    def known(self, head: bytes, mime_type: str) -> bool:
        """Whether a document that begins so is of a format whose marks can be read."""
        ...

    def look_over(
        self, data: bytes, mime_type: str, label: Label, marks: Sequence[str], alike: Sequence[str] = ()
    ) -> Look:
        """Look a document over and hold the marks that it shows to its label.

        Raises:
            DataError: a visible mark contradicts the label; the message names both.
        """
        ...

    def mark_document(
        self, data: bytes, mime_type: str, *, top: Sequence[Line], bottom: Sequence[Line], properties: Mapping[str, str]
    ) -> Marked:
        """A rendition with lines above and below; what was given is not changed.

        Raises:
            DataError: a format that cannot be marked, or what `look_over` calls a fault.
        """
        ...


class PeerAddresses(Protocol):
    """Where the peers are reached: in the settings of the node's own host, beside the keys that acts enrol."""

    def check(self, identity: Mapping[str, Any], address: str) -> None:
        """Check that a peer could be named so, before anything is signed.

        Raises:
            UsageError: no address, no certificate, or the peer is named already.
        """
        ...

    def put(self, party: str, address: str, fingerprint: str) -> None:
        """Name an enrolled peer, in the place of what stood of it."""
        ...


class PeerLink(Protocol):
    """The way to one peer; every call may raise PeerError."""

    def exchange(self, message: Envelope) -> Envelope:
        """Send a signed message and return the signed answer."""
        ...

    def shared_digest(self) -> bytes:
        """The digest of all that the peer shares with this node, as the channel alone vouches for it (32 bytes)."""
        ...

    def upload(self, copy: str, chunks: Iterable[bytes], size: int, same: int) -> None:
        """Send a sealed item's bytes for a copy whose offer was accepted, from where an earlier attempt was cut.

        Args:
            copy: its id.
            chunks: its bytes, from the first on.
            size: how many they are.
            same: so many of them, from the first on, are the same at every attempt.
        """
        ...
