"""Words that clauses share: the acts, and conditions that many of them ask."""

from __future__ import annotations

from dataclasses import Field
from typing import ClassVar, Protocol

from gsomia.agreement.conditions import All, Any, AtLeast, Condition, Duty, Is, Not, Rule

GIVING_ACTS = ("transmit", "disclose-orally")
"""Acts by which a Party gives new CMI to another; a visit for access is the third, `accept` is their other end."""
HELD_ACTS = (
    "mark",
    "open",
    "reproduce",
    "translate",
    "regrade",
    "release",
    "release-to-contractor",
    "use",
    "retain",
    "destroy",
    "return",
    "protect",
)
"""Acts on what a Party already holds."""
DUTY_ACTS = ("report-loss", "notify-regrade", "notify-law-change")
HANDLING_ACTS = (*GIVING_ACTS, "accept", *HELD_ACTS, "visit", "request", *DUTY_ACTS, "warn")
LEGAL_ACTS = (
    "sign",
    "notify-entry",
    "give-notice",
    "suspend-notice",
    "resume-notice",
    "withdraw-notice",
    "amend",
    "designate-authority",
    "settle-dispute",
)
"""Acts between the Parties about the instrument itself, on which the law is asked."""
RECORD_ACTS = (*LEGAL_ACTS, "announce", "take-effect", "leave", "replace", "declare-reading")
"""What may stand in a record of legal acts."""
SUBJECTS = ("dprk-missile", "dprk-nuclear", "launch-indicators", "chn-navy", "chn-air", "other")
"""What items are about."""
ITEM_FORMS = ("document", "electronic", "oral", "equipment", "track")
"""The forms in which CMI comes."""
PURPOSES = ("defence", "missile-defence", "trade", "training")
"""What items are given for."""
NOTICE_ACTS = ("give-notice", "suspend-notice", "resume-notice", "withdraw-notice")
USING_ACTS = ("open", "use", "reproduce", "translate", "retain", "release-to-contractor")


class Clause(Protocol):
    """A standard clause, a dataclass of its settings: what it is for stands in `reason`; `rules` says what it asks."""

    reason: ClassVar[str]
    __dataclass_fields__: ClassVar[dict[str, Field[object]]]

    def __hash__(self) -> int:
        """Equal where the settings are: instruments with the same clause share its rules."""
        ...

    def rules(self) -> tuple[Rule, ...]:
        """The rules of the clause, in the order in which people read them."""
        ...

    def duties(self) -> tuple[Duty, ...]:
        """What the clause makes a Party owe."""
        ...


class Asks:
    """A clause that asks and makes nobody owe anything."""

    __slots__ = ()

    def duties(self) -> tuple[Duty, ...]:
        """Nothing is owed by it."""
        return ()


def yes(name: str) -> Condition:
    """The attribute of that name is true."""
    return Is(name, (True,))


def no(name: str) -> Condition:
    """The attribute of that name is false."""
    return Is(name, (False,))


FIRM_ACTS = ("release-to-contractor", "retain", "release")
FIRM = Any((Is("act", ("release-to-contractor",)), All((Is("act", ("retain", "release")), Is("to", ("contractor",))))))
READING_ACTS = ("open", "release")
READER = Any((Is("act", ("open",)), All((Is("act", ("release",)), Is("to", ("person",))))))
"""A person gets to read it: one who opens it, or one to whom it is released; a firm is another matter."""
ENDED = Is("state", ("terminated",))
ACCESS = Not(Is("visit_for", ("security-check",)))
CLEARED = All((AtLeast("clearance", "rank"), AtLeast("clearance", 1)))
