"""Whether a consent on file lets an item pass: to whom, for what, how much of it, until when, on what terms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from gsomia.node.acts.signed import instant
from gsomia.node.record.stored import Consent

__all__ = [
    "GRANTED",
    "PARTS",
    "REVOKED",
    "WHOLE",
    "WRITTEN",
    "Passing",
    "certified_words",
    "conditions_met",
    "objection",
    "objections",
]

WHOLE = "whole"
"""A consent to the item itself, and to what draws on it."""

PARTS = (WHOLE, "portion", "rendition", "derivative")
"""What of an item a consent may be for. All but the whole goes in a document that draws on the item, and never else."""

WRITTEN = "written"
"""The one form of an approval that is a consent (Article 6(a))."""

GRANTED, REVOKED = "granted", "revoked"
"""The states of a consent that was given, and of one that its originator took back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passing:
    """An item about to be handed on.

    Args:
        giver: the Party that hands it on.
        receivers: every Party that would get it, those on the way too.
        purpose: for which it goes.
        met: the consents, by id, whose conditions the releasing officer certifies to have met.
        drawn: whether it goes as part of a document that draws on it, and not by itself.
    """

    giver: str
    receivers: tuple[str, ...]
    purpose: str
    met: frozenset[str] = frozenset()
    drawn: bool = False


def objection(consent: Consent, passing: Passing, at: datetime, known_by: datetime) -> str:
    """Why a consent does not let an item pass; "" where it does.

    Args:
        consent: as it stands on file.
        passing: what is about to pass.
        at: the instant, by which it must not have expired.
        known_by: the instant by which it must have been given: a peer's clock may be ahead of this node's.
    """
    unnamed = [party for party in passing.receivers if party not in consent.receivers]
    if consent.state != GRANTED:
        why = f"it is {consent.state}"
    elif consent.asker not in (passing.giver, consent.originator):
        why = f"it was given to `{consent.asker}`"
    elif unnamed:
        why = f"it names {', '.join(consent.receivers)} and not `{', '.join(unnamed)}`"
    elif consent.at > known_by:
        why = f"it was given {instant(consent.at)}, after this"
    elif consent.expires is not None and at >= consent.expires:
        why = f"it expired {instant(consent.expires)}"
    elif consent.purpose != passing.purpose:
        why = f"it is for the purpose `{consent.purpose}`, not `{passing.purpose}`"
    elif consent.part != WHOLE and not passing.drawn:
        why = f"it is for a {_part(consent)} alone, which goes in a document that draws on the item"
    elif consent.id not in passing.met and (consent.conditions or consent.part != WHOLE):
        why = f"nobody certified its conditions: {'; '.join(certified_words(consent))}"
    else:
        why = ""
    return why


def certified_words(consent: Consent) -> tuple[str, ...]:
    """What the officer who hands an item on certifies of a consent: its conditions, and that only its part goes."""
    only = () if consent.part == WHOLE else (f"nothing goes but the {_part(consent)}",)
    return (*consent.conditions, *only)


def _part(consent: Consent) -> str:
    return f"{consent.part} ({consent.extent})" if consent.extent else consent.part


def objections(consents: Iterable[Consent], passing: Passing, at: datetime, known_by: datetime) -> str:
    """Why none of some consents lets an item pass, for people; "" where there are none."""
    return "; ".join(
        f"consent {consent.id} of {consent.originator}: {objection(consent, passing, at, known_by)}"
        for consent in consents
    )


def conditions_met(consents: Iterable[Consent], met: Iterable[str]) -> Mapping[str, list[str]]:
    """What an act of release says that its officer certifies: by consent, in the consent's own words."""
    named = {*met}
    return {one.id: list(certified_words(one)) for one in consents if one.id in named}
