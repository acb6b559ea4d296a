"""Parties and articles that a case names: one that nobody knows is a slip of the file, not a question."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from gsomia.agreement import Agreement
from gsomia.errors import DataError
from gsomia.verdict.cases import OTHERS, Case
from gsomia.verdict.countries import COUNTRIES, is_country
from gsomia.verdict.law import Law

__all__ = ["check_case", "knows_article"]

_NO_PARTY = (*OTHERS, "the other Party")
"""Words for those who are no Party by a code."""
UNREAD = "unread"
"""The number of an article whose number nobody outside has read."""
_PLACE = re.compile(r"(?P<article>[0-9]+)(?:\.(?P<paragraph>[0-9]+))?(?:\((?P<letter>[a-z])\))?")


def check_case(law: Law, case: Case) -> None:
    """Check that a case names only Parties and articles that there can be.

    Args:
        law: whose Parties and articles, beside the countries.
        case: the case.

    Raises:
        DataError: it names another; the message says file, case, key, value and what is near or allowed.
    """
    _check_parties(law, case)
    _check_articles(law, case)


def _check_parties(law: Law, case: Case) -> None:
    parties = sorted({party for agreement in law.agreements.values() for party in agreement.parties})
    for key, party in _named(case):
        if party and party not in (*_NO_PARTY, *parties) and not is_country(party):
            near = get_close_matches(party, [*parties, *sorted(COUNTRIES)], 5, 0.6)
            known = ", ".join(f"`{one}`" for one in dict.fromkeys([*near, *parties]))
            raise DataError(
                f"{case.file}: {case.id}: {key}: unknown Party `{party}`",
                hint=f"allowed: ISO 3166-1 alpha-3, such as {known}",
            )


def _named(case: Case) -> Iterator[tuple[str, str]]:
    """Whoever a case names, with the key; words for those who are no Party too."""
    q, f = case.request, case.facts
    groups: tuple[tuple[str, Iterable[object]], ...] = (
        ("by", [q.by]),
        ("to", [q.to]),
        ("via", q.via),
        ("item.originator", [q.item.originator] if q.item is not None else []),
        ("item.contains", q.item.contains if q.item is not None else []),
        ("facts.mark.origin", [f.mark.origin]),
        ("facts.consent-of", f.consent_of if isinstance(f.consent_of, frozenset) else []),
        ("facts.consent-to", f.consent_to if isinstance(f.consent_to, frozenset) else []),
        ("facts.authorised-by", [f.authorised_by]),
        ("history.plus.by", (act.by for act in case.plus)),
        ("readings", case.readings or ()),
        ("expect.views", case.views),
    )
    return ((key, party) for key, found in groups for party in found if isinstance(party, str))


def _check_articles(law: Law, case: Case) -> None:
    for instrument, number in case.articles:
        agreement = law.agreements.get(instrument)
        if agreement is None:
            known = ", ".join(f"`{name}`" for name in law.agreements)
            hint = f"allowed: {known}; the cases of an agreement of your own run with `gsomia agreement check FOLDER`"
            raise DataError(f"{case.file}: {case.id}: expect.articles: unknown instrument `{instrument}`", hint=hint)
        if not knows_article(agreement, number):
            known = ", ".join(article.number for article in agreement.articles)
            raise DataError(
                f"{case.file}: {case.id}: expect.articles: `{number}` is no article of `{instrument}`",
                hint=f"allowed: {known}",
            )


def knows_article(agreement: Agreement, number: str) -> bool:
    """Whether a number can be an article of an agreement; in doubt it can.

    The data names the articles that somebody relies on. One between them, a part of one that is not told apart, and any
    of a text whose numbers nobody has read may be there; one after the last, or after the last part told, is not.

    Args:
        agreement: whose.
        number: such as `6(a)` or `21.3`.
    """
    numbers = [article.number for article in agreement.articles]
    if UNREAD in numbers or number in numbers:
        return True
    asked = _PLACE.fullmatch(number)
    known = [found for found in map(_PLACE.fullmatch, numbers) if found is not None]
    if asked is None or not known:
        return False
    if int(asked["article"]) > max(int(one["article"]) for one in known):
        return False
    return _within(asked, known, ("article",), "paragraph") and _within(
        asked, known, ("article", "paragraph"), "letter"
    )


def _within(asked: re.Match[str], known: list[re.Match[str]], whole: tuple[str, ...], part: str) -> bool:
    """Whether a part comes no later than the last that is told of the same whole; true where none is told."""
    told = [one[part] for one in known if one[part] and all(one[group] == asked[group] for group in whole)]
    return not asked[part] or not told or _rank(asked[part]) <= max(map(_rank, told))


def _rank(part: str) -> int:
    return int(part) if part.isdigit() else ord(part)
