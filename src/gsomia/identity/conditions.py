"""The conditions that a right may have: each looks at who acts and what it is about, and says why it does not hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gsomia.agreement import RANKS
from gsomia.identity.principals import Principal

__all__ = ["CONDITIONS", "About"]


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What an act is about, as far as it is known; what is None is unknown, and a condition that asks for it fails.

    Args:
        person: the person whom it is for or about.
        askers: the persons who asked for what is to be approved.
        signers: the persons who sign with the one who acts.
        subject: the item's.
        rank: of the item's level, 1 (CONFIDENTIAL) to 3 (TOP SECRET).
        facility: where the copy is held.
        named: what the register says of the one who acts and this very item: a need, or none; "" where it says nothing.
    """

    person: str | None = None
    askers: frozenset[str] | None = None
    signers: frozenset[str] | None = None
    subject: str | None = None
    rank: int | None = None
    facility: str | None = None
    named: str = ""


def _for_oneself(who: Principal, about: About) -> str:
    return "" if about.person == who.person else "it is for oneself alone"


def _for_another(who: Principal, about: About) -> str:
    if about.person is None:
        return "it is not said whom it is about"
    return "nobody does it for themselves" if about.person == who.person else ""


def _not_the_asker(who: Principal, about: About) -> str:
    if about.askers is None:
        return "it is not said who asked"
    return "nobody approves their own request" if who.person in about.askers else ""


def _two_persons(who: Principal, about: About) -> str:
    return "" if (about.signers or frozenset()) - {who.person} else "it needs two persons"


def _cleared(who: Principal, about: About) -> str:
    if about.rank is None:
        return "the level is not said"
    return "" if RANKS.get(who.clearance, 0) >= about.rank else "the clearance does not reach the level"


def _need(who: Principal, about: About) -> str:
    if about.named:
        return "" if about.named == "need" else "for this item there is no need"
    return "" if about.subject in who.needs else "the duties do not require it"


def _on_roster(who: Principal, about: About) -> str:
    return "" if about.facility in who.rosters else "not on the roster of the facility that holds it"


CONDITIONS: Mapping[str, Callable[[Principal, About], str]] = {
    "for-oneself": _for_oneself,
    "for-another": _for_another,
    "not-the-asker": _not_the_asker,
    "two-persons": _two_persons,
    "cleared": _cleared,
    "need": _need,
    "on-roster": _on_roster,
}
"""By its name in the table: "" where it holds, else why not."""
