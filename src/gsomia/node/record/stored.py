"""What a node's store holds beside acts, items and copies: peers and people, the outbox, parcels, refusals, logs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from gsomia.agreement import LegalAct
from gsomia.keys import PublicKey
from gsomia.sealed import XWingPublicKey
from gsomia.tlog import LogVerifier

__all__ = [
    "Binding",
    "Briefing",
    "Carried",
    "Consent",
    "Cosigned",
    "Credential",
    "Discrepancy",
    "EnteredAct",
    "InformationRequest",
    "LogLie",
    "LogState",
    "Need",
    "Outgoing",
    "Passage",
    "Peer",
    "PendingOpening",
    "Person",
    "Question",
    "Refused",
    "Reply",
    "Rows",
    "SignInKey",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """An enrolled peer: its Party, its keys, its TLS certificate, and the act of the officer who enrolled it."""

    party: str
    signing: PublicKey
    sealing: XWingPublicKey
    log: LogVerifier
    certificate: str
    fingerprint: str
    act: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Someone of this Party who may be given access: clearance, need by subject and purpose, places on rosters.

    Args:
        role: `official`, `legislator`, `contractor`: what the agreements ask for (7.2).
        clearance: as it was decided; `cleared` says what it is at an instant.
        basis: the decision on which the clearance rests, under the Party's own law (7.2); "" where none was named.
        expires: when the clearance ends; None where no end was named.
        rosters: the facilities on whose rosters the person stands (6(e)).
        house_roles: of `Role.HOUSE`.
        accounts: at providers of identities, by which the person signs in to read: `ISSUER CLAIM VALUE`.
        sign_in_keys: by which the person signs in, and signs no act.
        left_at: when the person left; None for one who is here.
        returned: the act that entered the person anew after they had left last; "" for one who never had.
        act: the act that says so.
    """

    id: str
    role: str
    rank: str
    clearance: str
    basis: str
    expires: datetime | None
    needs: tuple[str, ...]
    purposes: tuple[str, ...]
    rosters: tuple[str, ...]
    house_roles: tuple[str, ...]
    accounts: tuple[str, ...]
    sign_in_keys: tuple[PublicKey, ...]
    left_at: datetime | None
    returned: str
    act: str

    def cleared(self, at: datetime) -> str:
        """The clearance that counts at an instant: `none` once it has expired, or once the person has left."""
        return "none" if self.left_at is not None or self.expired(at) else self.clearance

    def struck(self, at: datetime, act: str) -> Person:
        """The person as somebody who has left: on no roster, in no role of the house, with no account and no key."""
        return replace(self, rosters=(), house_roles=(), accounts=(), sign_in_keys=(), left_at=at, act=act)

    def expired(self, at: datetime) -> bool:
        """Whether the clearance has come to its end."""
        return self.expires is not None and self.expires <= at


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInKey:
    """A key by which a person signs in at the API, and which signs no act; and the act since which it is theirs."""

    person: str
    key: PublicKey
    act: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """An account at a provider of identities, the person to whom it is bound, and the act since which it is."""

    name: str
    person: str
    act: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Briefing:
    """A briefing that a person was given: of what, on which day, and until which day it counts; "" for no end."""

    person: str
    act: str
    what: str
    day: str
    until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What the register says of one person and one item by name: a need to know it, or none."""

    item: str
    person: str
    need: bool
    act: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A Party's standing statement: an assurance under Article 7.5, or the accreditation of its system."""

    kind: str
    party: str
    instrument: str
    level: str
    act: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """An originator's prior written consent that its item pass to the receivers, or the request, or the refusal.

    Args:
        id: the request's, or the consent's own where nobody asked.
        state: `asked`, `granted`, `refused` or `revoked`.
        purpose: for which the receivers would get it.
        part: `whole`, or what of the item it is for; `extent` says which in words, or is "".
        conditions: what the officer who hands it on certifies to have met.
        expires: from this instant on nothing passes under it; None where it has no end.
        why: the asker's reason, then the originator's for a refusal or a withdrawal.
        act: the newest act that it rests on; `at` is that act's instant.
    """

    id: str
    item: str
    originator: str
    asker: str
    receivers: tuple[str, ...]
    instrument: str
    state: str
    purpose: str
    part: str
    extent: str
    conditions: tuple[str, ...]
    expires: datetime | None
    why: str
    act: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """What an originator was told of a copy that passes under its consent and is not its item by itself.

    Args:
        consent: the consent's id.
        copy: its giver's, of a document that draws on the item, or of an item that holds a part of it.
        given: the act by which the consent was given.
        receivers: the Parties that get the copy by this consent.
        purpose: for which they get it.
        level: of the copy's item, by the mark of its originator.
        payload_digest: of the copy's item.
        certified: what the officer certified of this consent.
        authorised: the instant of the officer's act.
        state: `authorised`, `delivered`, `refused` or `rejected`, as the copy's.
        act: the act that said so; `at` is its instant.
    """

    consent: str
    copy: str
    given: str
    receivers: tuple[str, ...]
    purpose: str
    level: str
    payload_digest: str
    certified: tuple[str, ...]
    authorised: datetime
    state: str
    act: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InformationRequest:
    """A Party's request to another for information, and what came of it.

    Args:
        id: the act's that asked.
        asker, asked: Parties.
        via: the Parties through which the information would pass.
        instrument: the agreement under which it is asked.
        subject, purpose: as the agreement names them.
        level: the highest mark of the asked Party that would serve, or "" where none is named.
        what: what is asked for, in words.
        due: by when it is wanted, or None: a wish, for no agreement sets a day.
        at: when it was asked.
        answers: the copies that were transmitted in answer.
        refusal: the act that refused it, or "".
        why: the reason for the refusal.
    """

    id: str
    asker: str
    asked: str
    via: tuple[str, ...]
    instrument: str
    subject: str
    level: str
    purpose: str
    what: str
    due: datetime | None
    at: datetime
    answers: tuple[str, ...] = ()
    refusal: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnteredAct:
    """A legal act in this node's record: entered by its own legal officer, or reported by a peer."""

    legal: LegalAct
    entered_by: str
    note: str
    note_date: str
    note_digest: str
    act: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingOpening:
    """An opening that waits for a peer's node to answer for a key: of which copy, for whom, since when, and why."""

    copy: str
    person: str
    at: datetime
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """Something on its way to a peer: a transmission (a copy) or acts; `parcel` is the newest that carried it, or 0."""

    id: int
    peer: str
    kind: str
    subject: str
    attempts: int
    next_at: datetime
    error: str
    parcel: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """A parcel that was made for a peer (`out`) or taken in from one (`in`).

    Args:
        made_at: by its maker's clock.
        at: when this node made it, or had taken in all of it.
        parts: how many messages and sealed items it held.
        seen: the number of the reader's newest parcel that its maker had taken in.
    """

    peer: str
    direction: str
    number: int
    id: str
    made_at: datetime
    at: datetime
    parts: int
    seen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A message that went to a peer in a parcel, and whose answer comes in another.

    Args:
        body: what is needed to understand the answer; of checkpoints, the requests.
    """

    message: str
    peer: str
    kind: str
    at: datetime
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer that goes to a peer by parcel; it goes again until the peer has taken in one that held it.

    Args:
        id: given by the store; 0 before.
        answers: the id of the message that it answers.
        parcel: the first that held it, or 0.
    """

    id: int
    peer: str
    kind: str
    answers: str
    at: datetime
    body: Mapping[str, Any]
    parcel: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Something refused and kept for people to see: what, from whom, why, when."""

    at: datetime
    source: str
    what: str
    why: str
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Discrepancy:
    """Something that this register or act record and a peer's say otherwise, as a reconciliation found it.

    Args:
        peer: with whom.
        subject: the copy, item, act or instrument.
        kind: in what they differ.
        about: the item that it is of, or "".
        here, there: what each of the two says, for people.
        repair: what would repair it, and at which node, a line each.
        since: when it was found first; what is found again keeps it.
    """

    peer: str
    subject: str
    kind: str
    about: str
    here: str
    there: str
    repair: tuple[str, ...]
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LogState:
    """The head of one log: its size, its frontier, the last signed checkpoint (a note), and when it was signed."""

    name: str
    size: int
    frontier: bytes
    checkpoint: bytes
    signed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosigned:
    """What a peer last cosigned of one of this node's logs, and when it is asked again.

    Args:
        log: the log's origin.
        witness: the peer.
        size: entries in the newest checkpoint that the peer is known to keep; 0 for none.
        note: that checkpoint with the peer's cosignatures, or without where the answer was lost; b"" for none.
        attempts: how often it was asked in vain since.
        next_at: by the node's clock; an EXERCISE clock that is set back far makes it due.
        error: why it did not cosign; "" where it did.
    """

    log: str
    witness: str
    size: int
    note: bytes
    attempts: int
    next_at: datetime
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLie:
    """Proof that a Party's log forked or was rolled back: both signed checkpoints (`tlog.Equivocation`)."""

    log: str
    party: str
    kind: str
    proof: bytes
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """A table as it stands, row by row in the order of its keys; the first `keys` columns are the key."""

    columns: tuple[str, ...]
    keys: int
    rows: Iterator[tuple[object, ...]]
