"""What is asked: a request, the item it is about, and the facts that somebody established.

No fact has a default. A fact that nobody established is `UNKNOWN`, and an unknown fact that a clause needs refuses.
`None` says that a fact is established not to be in question, such as a visit at which nothing is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

__all__ = ["UNKNOWN", "Facts", "Item", "Mark", "Person", "Request", "Unknown"]


class Unknown:
    """A fact that nobody established; there is one, `UNKNOWN`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __bool__(self) -> bool:
        raise TypeError("an unknown fact is neither true nor false")

    def __reduce__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who is to have access.

    Args:
        role: `official`, `legislator`, `contractor`.
        clearance: `none`, `CONFIDENTIAL`, `SECRET`, `TOP SECRET`.
        need: whether the duties require it.
        roster: whether the facility's register names the person.
        rank: "" or such as `general`; a rank is no ground.
    """

    role: str | Unknown = UNKNOWN
    clearance: str | Unknown = UNKNOWN
    need: bool | Unknown = UNKNOWN
    roster: bool | Unknown = UNKNOWN
    rank: str | Unknown = UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What a recipient marks: its own level, and the origin (`""`: left out)."""

    level: str | Unknown | None = UNKNOWN
    origin: str | Unknown | None = UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One field for each fact of the case files' README; see there for the values.

    `consent` holds for every originator in `consent_of` and every receiver in `consent_to`: a node puts an
    originator there only if its own written consent names every receiver of the request.

    Args:
        established_by: fact name, as in the case files, to the id of the act or register entry that establishes it.
    """

    assurance: bool | Unknown = UNKNOWN
    channel: str | Unknown = UNKNOWN
    encrypted: bool | Unknown = UNKNOWN
    accredited: bool | Unknown = UNKNOWN
    envelopes: int | Unknown = UNKNOWN
    outer_mark: bool | Unknown = UNKNOWN
    covered: bool | Unknown = UNKNOWN
    consent: str | Unknown = UNKNOWN
    consent_before: bool | Unknown = UNKNOWN
    consent_of: frozenset[str] | Unknown = UNKNOWN
    consent_to: frozenset[str] | Unknown = UNKNOWN
    person: Person = Person()
    mark: Mark = Mark()
    translation_note: bool | Unknown = UNKNOWN
    translator_cleared: bool | Unknown = UNKNOWN
    copies_numbered: bool | Unknown = UNKNOWN
    marks_reproduced: bool | Unknown = UNKNOWN
    witnesses: int | Unknown = UNKNOWN
    regrade_notice: bool | Unknown = UNKNOWN
    regrade_to: str | Unknown | None = UNKNOWN
    purpose: str | Unknown = UNKNOWN
    purpose_ended: bool | Unknown = UNKNOWN
    inspected: bool | Unknown = UNKNOWN
    host_authorised: bool | Unknown = UNKNOWN
    authorised_by: str | Unknown = UNKNOWN
    shown_level: str | Unknown | None = UNKNOWN
    ceiling: str | Unknown | None = UNKNOWN
    visit_for: str | Unknown = UNKNOWN
    form_of_act: str | Unknown = UNKNOWN
    ends: datetime | Unknown | None = UNKNOWN
    note_received: datetime | Unknown | None = UNKNOWN
    record_made: bool | Unknown = UNKNOWN
    stage: str | Unknown = UNKNOWN
    in_transit: bool | Unknown = UNKNOWN
    dispatched: datetime | Unknown | None = UNKNOWN
    lateness_only: bool | Unknown = UNKNOWN
    receipt_returned: bool | Unknown = UNKNOWN
    tracer_unanswered: bool | Unknown = UNKNOWN
    loss: str | Unknown = UNKNOWN
    asked: bool | Unknown = UNKNOWN
    law_change: str | Unknown = UNKNOWN
    combined_staff: bool | Unknown = UNKNOWN
    authority_notified: bool | Unknown = UNKNOWN
    dispute_open: bool | Unknown = UNKNOWN
    settled_by: str | Unknown = UNKNOWN
    established_by: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """The item asked about.

    Args:
        originator: the Party that made it.
        level: its mark, as typed; "" for an unmarked item.
        subject: such as `dprk-missile`.
        form: `document`, `electronic`, `oral`, `equipment`, `track`.
        contains: the originators of all its parts; by default the originator alone.
        received: when the holder got it, or None.
        purpose: why it was given; "" where that is not said.
    """

    originator: str
    level: str
    subject: str
    form: str
    contains: tuple[str, ...] = ()
    received: datetime | None = None
    purpose: str = ""

    def __post_init__(self) -> None:
        if self.originator not in self.contains:
            object.__setattr__(self, "contains", (self.originator, *self.contains))


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked to be done.

    Args:
        act: a handling act or a legal act.
        by: the Party that acts.
        to: who gets; None where nobody gets anything.
        via: the Parties it passes through, in order.
        item: what is handled; None where the act handles nothing.
        under: the instrument to which the question is restricted; None for any that could carry it.
    """

    act: str
    by: str
    to: str | None = None
    via: tuple[str, ...] = ()
    item: Item | None = None
    under: str | None = None
