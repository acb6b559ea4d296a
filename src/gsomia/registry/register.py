"""What a register holds: items, the copies that were given or received, and the evidence of each transmission."""

from __future__ import annotations

import enum
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from gsomia.errors import VerificationError

__all__ = [
    "GONE",
    "LEAVING",
    "Citation",
    "Copy",
    "CopyState",
    "Custody",
    "Direction",
    "Item",
    "Rendition",
    "Rung",
    "RungEntry",
    "advance",
    "control_number",
    "copy_id",
    "gone",
    "read_control_number",
    "read_copy_id",
]


class Rung(enum.StrEnum):
    """A step of evidence of a transmission, in order; an earlier one never claims a later one (protocol 8)."""

    DISPATCHED = "dispatched"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    RECEIPTED = "receipted"
    OPENED = "opened"


class CopyState(enum.StrEnum):
    """Where a copy stands. `offered` and `refused` and `rejected` are its states before and beside the rungs."""

    AUTHORISED = "authorised"
    OFFERED = "offered"
    REFUSED = "refused"
    DISPATCHED = "dispatched"
    REJECTED = "rejected"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    RECEIPTED = "receipted"
    OPENED = "opened"
    RETURNED = "returned"
    DESTROYED = "destroyed"


class Direction(enum.StrEnum):
    """Whether this register gave the copy, got it, or was told of it by the Party that handed it on."""

    SENT = "sent"
    RECEIVED = "received"
    REPORTED = "reported"


class Custody(enum.StrEnum):
    """Who holds an item's key once it is delivered (protocol 11).

    `recipient`: the recipient's node, which answers for it. `originator`: the originator's node, which is asked at each
    opening. `shares`: three Parties' nodes hold two of three shares each, so that each needs one of the others.
    """

    RECIPIENT = "recipient"
    ORIGINATOR = "originator"
    SHARES = "shares"


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A source of a new document: an item that it draws on, and the originators of that item's parts (Article 4.3)."""

    item: str
    contains: tuple[str, ...]

    def to_json(self) -> dict[str, object]:
        """The citation as acts and offers carry it."""
        return {"item": self.item, "contains": list(self.contains)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Classified military information under one id, given by its originator for ever (protocol 6).

    Sizes are in bytes; digests are hexadecimal SHA-256; `label` is the originator's label as a JSON text, for ever.
    `holders` are the Parties whose nodes hold the key, or a share of it: none where each recipient's own does.
    `cites` are the items that it draws on, and `statement` says whose information it holds beside its originator's;
    both are empty for an item of the originator's own.
    """

    id: str
    originator: str
    level: str
    subject: str
    form: str
    purpose: str
    contains: tuple[str, ...]
    title: str
    mime_type: str
    label: str
    payload_digest: str
    core_digest: str
    plaintext_bytes: int
    sealed_bytes: int
    created_at: datetime
    exercise: bool
    custody: Custody = Custody.RECIPIENT
    holders: tuple[str, ...] = ()
    cites: tuple[Citation, ...] = ()
    statement: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One copy of an item on its way from one Party to another, as this register sees it.

    `control_number` is this registry's own; `own_mark` is the holder's mark put on under Article 4.2, with
    `origin_mark` the Government named beside it, and `own_label` the whole equivalent label as a JSON text, which
    stands beside the originator's and never in its place; `reason` says why where the copy was refused or rejected.
    """

    id: str
    item: str
    number: int
    direction: Direction
    act: str
    giver: str
    holder: str
    via: tuple[str, ...]
    destination: str
    instrument: str
    state: CopyState
    control_number: str
    custodian: str
    at: datetime
    own_mark: str = ""
    origin_mark: str = ""
    own_label: str = ""
    reason: str = ""
    rungs: tuple[RungEntry, ...] = field(default=())

    def rung(self, rung: Rung) -> RungEntry | None:
        """The entry for this rung, or None where it has not been reached."""
        return next((entry for entry in self.rungs if entry.rung == rung), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class RungEntry:
    """One rung reached: the act that proves it, the Party that signed it, and when."""

    copy: str
    rung: Rung
    act: str
    party: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendition:
    """A marked copy of a held document for one person: what the sealed original was, and what was handed out.

    Args:
        act: the officer's act that made it.
        copy, item: what it was made from.
        person: whom it is for.
        number, total: copy `number` of `total`.
        original, rendition: SHA-256 of the document as sealed and of the rendition, hexadecimal.
        mime_type: of the rendition.
        at: when.
    """

    act: str
    copy: str
    item: str
    person: str
    number: int
    total: int
    original: str
    rendition: str
    mime_type: str
    at: datetime


# Which states a copy may be in when a rung arrives. `opened` may come before the receipt: opening proves no comparison.
_BEFORE: dict[Rung, frozenset[CopyState]] = {
    Rung.DISPATCHED: frozenset({CopyState.OFFERED, CopyState.AUTHORISED}),
    Rung.ACCEPTED: frozenset({CopyState.DISPATCHED}),
    Rung.DELIVERED: frozenset({CopyState.ACCEPTED}),
    Rung.RECEIPTED: frozenset({CopyState.DELIVERED, CopyState.OPENED}),
    Rung.OPENED: frozenset({CopyState.DELIVERED, CopyState.RECEIPTED, CopyState.OPENED}),
}


def advance(copy: Copy, rung: Rung) -> CopyState:
    """The state of a copy after a rung.

    Args:
        copy: the copy with the rungs it has.
        rung: the rung that is now proven.

    Returns:
        The new state; a repeated rung leaves it as it is.

    Raises:
        VerificationError: the rung cannot follow, such as a receipt for a copy that was never delivered (protocol 8).
    """
    if copy.rung(rung) is not None:
        return copy.state
    state = copy.state
    if state is CopyState.REFUSED and copy.rung(Rung.DISPATCHED) is not None:
        # The giver stopped it when it had left already; the holder's signed evidence that it arrived prevails.
        state = CopyState.DISPATCHED
    if state not in _BEFORE[rung]:
        raise VerificationError(f"copy `{copy.id}` is {copy.state}: a rung `{rung}` cannot follow")
    if rung is Rung.OPENED and copy.rung(Rung.RECEIPTED):
        return CopyState.RECEIPTED
    if rung is Rung.RECEIPTED:
        return CopyState.RECEIPTED
    return CopyState(rung.value)


GONE = (CopyState.RETURNED, CopyState.DESTROYED)
"""The states of a copy that its holder has no more."""


LEAVING = (CopyState.AUTHORISED, CopyState.OFFERED, CopyState.DISPATCHED, CopyState.ACCEPTED)
"""The states of a copy that is on its way."""


def gone(party: str, copies: Sequence[Copy]) -> bool:
    """Whether a Party has an item no more: it gave back or destroyed every copy, and none is on its way from it.

    Args:
        party: which.
        copies: of the one item, as its register shows them.
    """
    held = [copy.state for copy in copies if copy.holder == party]
    going = any(copy.giver == party and copy.state in LEAVING for copy in copies)
    return bool(held) and not going and all(state in GONE for state in held)


def control_number(party: str, year: int, serial: int) -> str:
    """A registry's own number for a copy it gives or gets: Party, year, serial within the year."""
    return f"{party}-{year:04d}-{serial:06d}"


_CONTROL_NUMBER = re.compile(r"([A-Z]{3})-([0-9]{4})-([0-9]{6,12})")


def read_control_number(text: str) -> tuple[str, int, int]:
    """Party, year and serial of a control number.

    Raises:
        VerificationError: not such a number.
    """
    match = _CONTROL_NUMBER.fullmatch(text)
    if match is None or control_number(match[1], int(match[2]), int(match[3])) != text:
        raise VerificationError(f"not a control number: `{text}`")
    return match[1], int(match[2]), int(match[3])


_COPY_ID = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})-([A-Z]{3})-([1-9][0-9]{0,8})")


def copy_id(item: str, giver: str, number: int) -> str:
    """The id of a copy beneath its item: who gave it, and that giver's number for it."""
    return f"{item}-{giver}-{number}"


def read_copy_id(text: str) -> tuple[str, str, int]:
    """Item, giver and number of a copy id.

    Raises:
        VerificationError: not such an id.
    """
    match = _COPY_ID.fullmatch(text)
    if match is None:
        raise VerificationError(f"not the id of a copy: `{text}`")
    return match[1], match[2], int(match[3])
