"""The types of acts and who must sign each beside the node: officers by their roles (protocol 3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gsomia.agreement import RECORD_ACTS

__all__ = [
    "ACT_TYPES",
    "CONCLUDED",
    "CONSULTED",
    "CONSULTING",
    "CONTRACTED",
    "DONE",
    "HANDLING",
    "ORDERS",
    "TOLD",
    "ActType",
    "Role",
]


class Role:
    """The roles, as words: those in which officers sign acts, and those of the house, in which nobody signs.

    In those of `CLEARED` an officer handles items, and signs no more once the clearance has come to its end.
    """

    DISCLOSURE = "disclosure"
    REGISTRY = "registry"
    SECURITY = "security"
    LEGAL = "legal"

    ALL = (DISCLOSURE, REGISTRY, SECURITY, LEGAL)
    CLEARED = (DISCLOSURE, REGISTRY)

    CUSTODIAN = "custodian"
    READER = "reader"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"

    HOUSE = (CUSTODIAN, READER, AUDITOR, ADMINISTRATOR)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActType:
    """Who must sign acts of a type beside the node: one officer of each role listed, each a different person.

    Args:
        name: the type.
        roles: those that sign every act of it.
        by_subject: the role that signs beside them, by what the act's body says under `about`.
        by_order: a node signs it alone where its body names the standing order on which it rests (protocol 8).
    """

    name: str
    roles: tuple[str, ...] = ()
    by_subject: Mapping[str, str] = field(default_factory=dict)
    by_order: bool = False

    def signing(self, body: Mapping[str, Any]) -> tuple[str, ...]:
        """The roles that sign an act with this body; of a subject that is not known, all that there are."""
        if self.by_order and "order" in body:
            return ()
        if not self.by_subject:
            return self.roles
        about = body.get("about")
        role = self.by_subject.get(about) if isinstance(about, str) else None
        return (*self.roles, role) if role is not None else Role.ALL


HANDLING = ("reproduce", "translate", "return", "use", "retain", "protect", "report-loss")
"""What the holder of a copy does with it and records; `destroy` is apart, for two officers sign it."""

CONTRACTED = ("release-to-contractor", "return-from-contractor")
"""What brings a held copy to a contractor's facility, and back from there."""

DONE = frozenset({"destroy", "regrade", *HANDLING, *CONTRACTED} - {"report-loss"})
"""What is told back along the way that the copy came, so that nobody hears of it before it knows the copy; a loss goes
to giver and originator at once."""


ORDERS = ("standing-order", "end-standing-order")
"""By which an officer orders beforehand what a node then signs alone."""

TOLD = ("appoint", "notify-law-change", "visit", "warn")
"""What one Party tells another by an act, under an agreement."""


CONSULTED: Mapping[str, str] = {
    "dispute": Role.LEGAL,
    "arrangement": Role.LEGAL,
    "regrade": Role.DISCLOSURE,
    "threat": Role.DISCLOSURE,
}
"""What Parties consult on, and which of their officers signs each act of it."""

CONCLUDED: Mapping[str, tuple[str, ...]] = {
    "dispute": ("settle-dispute",),
    "arrangement": ("sign", "take-effect"),
    "regrade": ("notify-regrade", "regrade"),
    "threat": (),
}
"""By which acts what was agreed takes effect: a joint text itself is evidence alone (protocol 4)."""

CONSULTING = (
    "open-consultation", "state-position", "propose-draft", "sign-joint-text", "close-consultation",
    "withdraw-from-consultation", "assess", "present-view", "sign-view",
)  # fmt: skip
"""The acts of a consultation."""


# A node's signature alone never satisfies a type that names a role (protocol 3), but for what names a standing order
# that an officer of its Party signed (protocol 8): whoever takes such an act in holds it against that order.
# `enrol-key` needs a security officer but for the first one of all, which nobody is there to sign: `verify_act` knows
# that case by `body.first`.
ACT_TYPES: Mapping[str, ActType] = {
    kind.name: kind
    for kind in (
        *(ActType(name=name, roles=(Role.LEGAL,)) for name in RECORD_ACTS),
        ActType(name="adopt-law", roles=(Role.LEGAL,)),
        ActType(name="enrol-key", roles=(Role.SECURITY,)),
        ActType(name="retire-key", roles=(Role.SECURITY,)),
        ActType(name="declare-key-compromised", roles=(Role.SECURITY,)),
        ActType(name="enrol-peer", roles=(Role.SECURITY,)),
        ActType(name="replace-node-key", roles=(Role.SECURITY,)),
        ActType(name="assure", roles=(Role.SECURITY,)),
        ActType(name="accredit", roles=(Role.SECURITY,)),
        ActType(name="recover-log", roles=(Role.SECURITY,)),
        ActType(name="enter-person", roles=(Role.SECURITY,)),
        ActType(name="strike-person", roles=(Role.SECURITY,)),
        ActType(name="brief", roles=(Role.SECURITY,)),
        ActType(name="enter-need", roles=(Role.REGISTRY,)),
        ActType(name="place", roles=(Role.REGISTRY,)),
        ActType(name="transmit", roles=(Role.DISCLOSURE,)),
        ActType(name="release", roles=(Role.DISCLOSURE,)),
        ActType(name="disclose-orally", roles=(Role.DISCLOSURE,)),
        ActType(name="clear-facility", roles=(Role.SECURITY,)),
        ActType(name="release-to-contractor", roles=(Role.DISCLOSURE,)),
        ActType(name="return-from-contractor", roles=(Role.REGISTRY,)),
        ActType(name="request", roles=(Role.DISCLOSURE,)),
        ActType(name="refuse-request", roles=(Role.DISCLOSURE,)),
        ActType(name="request-consent", roles=(Role.DISCLOSURE,)),
        ActType(name="consent", roles=(Role.DISCLOSURE,)),
        ActType(name="refuse-consent", roles=(Role.DISCLOSURE,)),
        ActType(name="revoke-consent", roles=(Role.DISCLOSURE,)),
        ActType(name="appoint", roles=(Role.LEGAL,)),
        ActType(name="notify-regrade", roles=(Role.DISCLOSURE,)),
        ActType(name="notify-law-change", roles=(Role.LEGAL,)),
        ActType(name="visit", roles=(Role.SECURITY,)),
        ActType(name="warn", roles=(Role.DISCLOSURE,)),
        ActType(name="reproduce", roles=(Role.REGISTRY,)),
        ActType(name="translate", roles=(Role.REGISTRY,)),
        ActType(name="regrade", roles=(Role.REGISTRY,)),
        ActType(name="return", roles=(Role.REGISTRY,)),
        ActType(name="use", roles=(Role.REGISTRY,)),
        ActType(name="retain", roles=(Role.REGISTRY,)),
        ActType(name="protect", roles=(Role.SECURITY,)),
        ActType(name="report-loss", roles=(Role.SECURITY,)),
        ActType(name="destroy", roles=(Role.REGISTRY, Role.SECURITY)),
        ActType(name="mark", roles=(Role.REGISTRY,), by_order=True),
        ActType(name="rendition", roles=(Role.REGISTRY,)),
        ActType(name="receipted", roles=(Role.REGISTRY,), by_order=True),
        *(ActType(name=name, roles=(Role.REGISTRY,)) for name in ORDERS),
        ActType(name="recall", roles=(Role.DISCLOSURE,)),
        *(ActType(name=name, by_subject=CONSULTED) for name in CONSULTING),
        ActType(name="confirm-recall"),
        ActType(name="answer-recall", roles=(Role.REGISTRY,)),
        ActType(name="release-key"),
        ActType(name="refuse-key"),
        ActType(name="reconcile"),
        ActType(name="passage"),
        ActType(name="tracer"),
        ActType(name="possible-loss"),
        ActType(name="acceptance"),
        ActType(name="refusal"),
        ActType(name="stop"),
        ActType(name="dispatched"),
        ActType(name="accepted"),
        ActType(name="delivered"),
        ActType(name="rejected"),
        ActType(name="opened"),
        ActType(name="access"),
        ActType(name="end-access"),
    )
}
