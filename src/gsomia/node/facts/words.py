"""The words that may be typed: Parties, marks, subjects, purposes; an unknown one is named with the known."""

from __future__ import annotations

from collections.abc import Sequence

from gsomia.agreement import PURPOSES, SUBJECTS
from gsomia.errors import UsageError
from gsomia.node.facts.asserted import Case

__all__ = ["check_parties", "check_subject", "check_words", "treaty_mark"]


def check_words(
    case: Case,
    *,
    to: str,
    via: Sequence[str],
    contains: Sequence[str],
    subject: str,
    purpose: str,
    under: str,
    title: str,
) -> None:
    """Fail on a word that is not known, before anything is asked.

    Args:
        case: the agreements as adopted.
        to, via: who would get it, and those on the way.
        contains: whose information is in it beside the writer's own.
        subject, purpose, title: of the item.
        under: the agreement that was named, or "".

    Raises:
        UsageError: the first word that is not known, with those that are.
    """
    agreements = case.law.agreements
    for parties, option in (((to,), "--to"), (via, "--via"), (contains, "--contains")):
        check_parties(case, parties, option)
    check_subject(subject)
    if purpose not in PURPOSES:
        raise UsageError(f"unknown purpose `{purpose}`", hint=f"known: {', '.join(PURPOSES)}; named with --purpose")
    if under and under not in agreements:
        raise UsageError(
            f"unknown agreement `{under}`",
            hint=f"adopted: {', '.join(sorted(agreements)) or 'none'}; named with --under",
        )
    if not title.isprintable() or len(title) > 200:
        raise UsageError("a title is at most 200 printable characters", hint="name another with --title")


def check_parties(case: Case, parties: Sequence[str], option: str) -> None:
    """Fail on a Party that no adopted agreement has.

    Args:
        case: the agreements as adopted.
        parties: the Parties.
        option: where they were typed.

    Raises:
        UsageError: it names those that are.
    """
    known = sorted({party for agreement in case.law.agreements.values() for party in agreement.parties})
    for party in parties:
        if party not in known:
            raise UsageError(
                f"unknown Party `{party}`", hint=f"known: {', '.join(known) or _NONE}; named with {option}"
            )


def check_subject(subject: str, option: str = "--subject") -> None:
    """Fail on a subject that is not known.

    Args:
        subject: the subject.
        option: where it was typed.

    Raises:
        UsageError: it names those that are.
    """
    if subject not in SUBJECTS:
        raise UsageError(f"unknown subject `{subject}`", hint=f"known: {', '.join(SUBJECTS)}; named with {option}")


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
