"""The words that may be typed: Parties, marks, subjects, purposes; an unknown one is named with the known."""

from __future__ import annotations

from collections.abc import Sequence

from gsomia.errors import UsageError
from gsomia.node.facts import Case

__all__ = ["PURPOSES", "SUBJECTS", "check_subject", "check_words", "treaty_mark"]

SUBJECTS = ("dprk-missile", "dprk-nuclear", "launch-indicators", "chn-navy", "chn-air", "other")
"""What items are about, as the cases and the agreements name it."""

PURPOSES = ("defence", "missile-defence", "trade", "training")
"""What items are given for."""


def check_words(case: Case, *, parties: Sequence[str], subject: str, purpose: str, under: str, title: str) -> None:
    """Fail on a word that is not known, before anything is asked.

    Args:
        case: the agreements as adopted.
        parties: who would get it, those on the way too.
        subject, purpose, title: of the item.
        under: the agreement that was named, or "".

    Raises:
        UsageError: the first word that is not known, with those that are.
    """
    agreements = case.law.agreements
    known = sorted({party for agreement in agreements.values() for party in agreement.parties})
    for party in parties:
        if party not in known:
            raise UsageError(f"unknown Party `{party}`", hint=f"known: {', '.join(known) or _NONE}")
    check_subject(subject)
    if purpose not in PURPOSES:
        raise UsageError(f"unknown purpose `{purpose}`", hint=f"known: {', '.join(PURPOSES)}")
    if under and under not in agreements:
        raise UsageError(f"unknown agreement `{under}`", hint=f"adopted: {', '.join(sorted(agreements)) or 'none'}")
    if not title.isprintable() or len(title) > 200:
        raise UsageError("a title is at most 200 printable characters", hint="name another with --title")


def check_subject(subject: str) -> None:
    """Fail on a subject that is not known.

    Raises:
        UsageError: it names those that are.
    """
    if subject not in SUBJECTS:
        raise UsageError(f"unknown subject `{subject}`", hint=f"known: {', '.join(SUBJECTS)}")


_NONE = "none: no agreement is adopted"


def treaty_mark(case: Case, party: str, typed: str) -> str:
    """A mark in the form the agreements print, matched on what was typed.

    Raises:
        UsageError: no adopted agreement knows it; names the allowed marks.
    """
    if not typed.strip():
        return ""
    allowed: dict[str, None] = {}
    for agreement in case.law.agreements.values():
        if party not in agreement.parties:
            continue
        level = agreement.level(party, typed)
        if level is not None:
            return level.mark
        allowed |= {known.mark: None for known in agreement.levels if known.party == party}
    raise UsageError(f"unknown level `{typed}` of `{party}`", hint=f"known: {', '.join(allowed) or _NONE}")
