"""Legal acts, and the record of them that each node keeps."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter, itemgetter
from typing import Any

from gsomia.errors import DataError
from gsomia.keys import canonical

__all__ = ["FORMS", "READINGS", "STATES", "LegalAct", "Record", "unlike"]

STATES = ("none", "signed", "in-force", "notice-pending", "notice-suspended", "terminated")
READINGS = ("immediate", "fresh-notice", "clock", "strict")
"""What a Party may hold resuming a suspended notice to mean: the agreement ends at once · nothing · the time that was
left runs on · the suspension never stopped the clock."""

FORMS = ("note", "signature", "email", "speech", "defence-ministry")
"""How an act was done; only a note through the diplomatic channel and a signature bind."""

_AT = attrgetter("at")
_PLACE = itemgetter(1)
MOVING_ACTS = frozenset(
    {
        *("sign", "notify-entry", "take-effect", "give-notice", "suspend-notice", "resume-notice"),
        *("withdraw-notice", "leave", "replace"),
    }
)
"""The acts that can move a state; all others leave it as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalAct:
    """One legal act, as it stands in a record.

    Args:
        id: unique in the record, `<instrument>/<name>`.
        under: the instrument.
        act: the kind of act, such as `give-notice`; an `announce` changes nothing.
        by: the Party whose act it is.
        at: the instant from which it counts (for a note: when it was received).
        form: `note` (in writing through the diplomatic channel), `signature`, `email`, `speech`, `defence-ministry`.
        source: where the act is reported.
        confidence: `A` text read, `B` official or press, `C` sister texts, `I` inferred.
        note: anything else; for `declare-reading` the reading, for `replace` the agreement that takes its place.
        known_at: when this record came to know of the act; by default the instant of the act.
    """

    id: str
    under: str
    act: str
    by: str
    at: datetime
    form: str = "note"
    source: str = ""
    confidence: str = "B"
    note: str = ""
    known_at: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """The act as a JSON object, instants in UTC."""
        return {
            "id": self.id,
            "under": self.under,
            "act": self.act,
            "by": self.by,
            "at": _instant(self.at),
            "form": self.form,
            "source": self.source,
            "confidence": self.confidence,
            "note": self.note,
            "known_at": _instant(self.known_at or self.at),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> LegalAct:
        """Read what `to_json` wrote.

        Raises:
            DataError: something else.
        """
        try:
            told = {name: str(value[name]) for name in _TEXTS}
            at, known_at = (datetime.fromisoformat(str(value[name])) for name in ("at", "known_at"))
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"no legal act: {error}") from error
        return cls(**told, at=at, known_at=known_at)


_TEXTS = ("id", "under", "act", "by", "form", "source", "confidence", "note")


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


class Chain:
    """The acts of one instrument in order of their instants: shared by all records that are prefixes of it.

    It only grows at its end. `heads` and `folds` keep what was computed along it; they are filled by position, so two
    that compute the same at once write the same.
    """

    __slots__ = ("acts", "declared", "folds", "heads", "instants", "moving")

    def __init__(self, acts: list[LegalAct]) -> None:
        self.acts = acts
        self.moving = [(act.at, n) for n, act in enumerate(acts) if act.act in MOVING_ACTS]
        self.instants = [at for at, _ in self.moving]
        self.declared: tuple[int, tuple[tuple[int, LegalAct], ...]] = (0, ())
        self.heads: dict[int, str] = {0: ""}
        self.folds: dict[Any, Any] = {}

    def add(self, act: LegalAct) -> None:
        """Put an act at the end."""
        self.acts.append(act)
        if act.act in MOVING_ACTS:
            self.moving.append((act.at, len(self.acts) - 1))
            self.instants.append(act.at)

    def moved(self, at: datetime, length: int) -> int:
        """How many of the acts that can move the state count at an instant, among the first acts."""
        found = bisect_right(self.instants, at)
        # The acts are in order of time, so their places are too; those beyond the record do not count.
        if found and self.moving[found - 1][1] >= length:
            found = bisect_right(self.moving, length - 1, key=_PLACE)
        return found

    def index(self, at: datetime, length: int) -> int:
        """How many of the first acts count at an instant."""
        return bisect_right(self.acts, at, 0, length, key=_AT)

    def head(self, length: int) -> str:
        """SHA-256 over the first acts: H(previous head, canonical act), in hexadecimal; "" of none."""
        for position in range(min(len(self.heads) - 1, length), length):
            body = self.acts[position].to_json()
            del body["known_at"], body["source"], body["confidence"], body["note"]
            head = self.heads[position].encode() + b"\n" + canonical(body)
            self.heads[position + 1] = hashlib.sha256(head).hexdigest()
        return self.heads[length]


class Record:
    """An immutable collection of legal acts.

    Adding acts in the order of their instants costs the same however long the record is.

    Args:
        acts: the acts, in any order.

    Raises:
        DataError: two acts have one id, or an instant has no zone.
    """

    __slots__ = ("_ids", "_parts", "_size")

    def __init__(self, acts: Iterable[LegalAct] = ()) -> None:
        by_name: dict[str, list[LegalAct]] = {}
        seen: set[str] = set()
        for act in acts:
            _check(act)
            if act.id in seen:
                raise DataError(f"two acts have the id `{act.id}`")
            seen.add(act.id)
            by_name.setdefault(act.under, []).append(act)
        self._parts: dict[str, tuple[Chain, int]] = {
            name: (Chain(sorted(part, key=_order)), len(part)) for name, part in sorted(by_name.items())
        }
        self._size = len(seen)
        self._ids = seen

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[LegalAct]:
        for chain, length in self._parts.values():
            yield from chain.acts[:length]

    def under(self, name: str) -> tuple[LegalAct, ...]:
        """The acts of one instrument, in the order of their instants."""
        chain, length = self.chain(name)
        return tuple(chain.acts[:length])

    def chain(self, name: str) -> tuple[Chain, int]:
        """The shared chain of one instrument, and how many of its acts belong to this record."""
        part = self._parts.get(name)
        return part if part is not None else (Chain([]), 0)

    def head(self, name: str) -> str:
        """A hash over the acts of one instrument (id, act, Party, instant, form); "" where there is none.

        Two nodes whose heads agree hold the same acts of the instrument, whatever each says about sources.
        """
        chain, length = self.chain(name)
        return chain.head(length)

    def without(self, ids: Iterable[str]) -> Record:
        """The record without these acts.

        Raises:
            DataError: an id is not in the record.
        """
        out = set(ids)
        acts = list(self)
        missing = out - {act.id for act in acts}
        if missing:
            known = ", ".join(sorted(act.id for act in acts))
            raise DataError(f"no such act in the record: `{min(missing)}`", hint=f"known: {known}")
        return Record(act for act in acts if act.id not in out)

    def plus(self, acts: Iterable[LegalAct]) -> Record:
        """The record with these acts added.

        Raises:
            DataError: an id is already there, or an instant has no zone.
        """
        new = Record.__new__(Record)
        new._parts = dict(self._parts)
        new._size = self._size
        ids = self._ids
        for act in acts:
            _check(act)
            if act.id in ids and any(known.id == act.id for known in new):
                raise DataError(f"two acts have the id `{act.id}`")
            ids.add(act.id)
            chain, length = new._parts.get(act.under, (Chain([]), 0))
            at_tip = length == len(chain.acts) and (not length or _order(chain.acts[-1]) <= _order(act))
            if at_tip:
                chain.add(act)
            if not at_tip or chain.acts[length] is not act:
                chain = Chain(sorted([*chain.acts[:length], act], key=_order))
            new._parts[act.under] = (chain, length + 1)
            new._size += 1
        # The ids of all records that grew from one another are one set; a hit in it is looked up for certain.
        new._ids = ids
        return new

    def known(self, at: datetime) -> Record:
        """The record as it was known at an instant."""
        return Record(act for act in self if (act.known_at or act.at) <= at)

    @staticmethod
    def _declared(chain: Chain, length: int) -> tuple[tuple[int, LegalAct], ...]:
        """The acts by which readings were declared, with their places; perhaps some beyond the record too."""
        done, declared = chain.declared
        if done < length:
            fresh = enumerate(chain.acts[done:length], done)
            declared = (*declared, *((n, act) for n, act in fresh if act.act == "declare-reading"))
            chain.declared = (length, declared)
        return declared

    def declares(self, name: str) -> bool:
        """Whether any Party has declared a reading under the instrument by an act."""
        part = self._parts.get(name)
        return part is not None and bool(self._declared(*part))

    def reading(self, name: str, party: str, at: datetime) -> str | None:
        """The reading that a Party had declared by an act under the instrument, or None."""
        chain, length = self.chain(name)
        declared = self._declared(chain, length)
        if not declared:
            return None
        length = chain.index(at, length)
        for position, act in reversed(declared):
            if position < length and act.by == party:
                return str(act.note)
        return None


def _order(act: LegalAct) -> tuple[datetime, str]:
    return act.at, act.id


def _check(act: LegalAct) -> None:
    if act.at.tzinfo is None or (act.known_at is not None and act.known_at.tzinfo is None):
        raise DataError(f"act `{act.id}`: an instant without a zone", hint="write an offset, such as +09:00")


def unlike(own: Record, theirs: Record, name: str) -> list[tuple[LegalAct | None, LegalAct | None]]:
    """Where two Parties' records of one instrument differ (protocol 4).

    Args:
        own: this Party's entries, of which the peer was told.
        theirs: what the peer has reported. In both, `known_at` is when the entry was made by its own Party's clock.
        name: the instrument.

    Returns:
        (own, theirs) for each act that one side lacks (None) or has otherwise: another act, Party, instant or form.
        With one side, the other has not entered it yet; with two, they contradict. Readings are never compared.
        What both Parties had entered when they settled it, by the same `settle-dispute` in both records, is closed
        (Article 20); what either enters later is open again.
    """
    # A reading is its own Party's alone to declare: there is no other entry to compare it with.
    mine = {act.id: act for act in own.under(name) if act.act != "declare-reading"}
    reported = {act.id: act for act in theirs.under(name) if act.act != "declare-reading"}
    settled = [
        act.at
        for key, act in mine.items()
        if act.act == "settle-dispute" and key in reported and _said(act) == _said(reported[key])
    ]
    closed = max(settled, default=None)
    found: list[tuple[LegalAct | None, LegalAct | None]] = []
    for key in sorted({*mine, *reported}):
        one, other = mine.get(key), reported.get(key)
        entries = [act for act in (one, other) if act is not None]
        if closed is not None and all(act.at <= closed and (act.known_at or act.at) <= closed for act in entries):
            continue
        if one is None or other is None or _said(one) != _said(other):
            found.append((one, other))
    return found


def _said(act: LegalAct) -> tuple[str, str, datetime, str]:
    return act.act, act.by, act.at, act.form
