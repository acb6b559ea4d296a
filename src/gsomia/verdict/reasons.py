"""Reasons that no single clause gives: who is a Party, readings that differ, originators to be asked, what follows."""

from __future__ import annotations

from collections.abc import Mapping

from gsomia.agreement import GIVING_ACTS, HELD_ACTS, LEGAL_ACTS, Agreement
from gsomia.verdict.answer import REFUSE, UNCERTAIN, Ground, Obligation
from gsomia.verdict.attributes import giver, receiver
from gsomia.verdict.facts import Facts, Item, Request
from gsomia.verdict.law import Law, Sheet

__all__ = [
    "PASSING_ACTS",
    "between_others",
    "consulting",
    "differing",
    "no_instrument",
    "obligations",
    "party_fault",
    "passed_on",
    "with_originators",
]

PASSING_ACTS = (*GIVING_ACTS, "accept", "request", "warn")


def party_fault(sheet: Sheet, q: Request) -> str:
    """Why a request is not between Parties of the instrument; "" where it is."""
    agreement, parties = sheet.agreement, sheet.tables.parties
    if q.by not in parties:
        return f"{q.by} is not a Party to {agreement.name}"
    if q.act in PASSING_ACTS or q.act in ("visit", "return"):
        one, other = giver(q), receiver(q)
        if q.act == "accept" and agreement.hub and q.item is not None:
            one = q.item.originator
        if other not in parties or one not in parties:
            return f"{other if one in parties else one} is not a Party to {agreement.name}"
        if one == other:
            return "a Party does not give to itself"
        # Whether a text that nobody has read lets it pass through another of its Parties is not known.
        between = agreement.party_set - {one, other} if agreement.text_not_held else frozenset[str]()
        if not between.issuperset(q.via) and not agreement.hub and q.act != "accept":
            return f"{agreement.name} carries straight from one Party to the other"
    elif q.act == "release" and q.to == q.by:
        return "a Party does not release to itself"
    elif q.act == "release-to-contractor" and q.to not in (None, "contractor"):
        return f"{q.to} is no firm: what goes to anybody else is released, and asked as that"
    elif q.act in LEGAL_ACTS and q.to is not None and q.to not in parties:
        return f"{q.to} is not a Party to {agreement.name}"
    elif q.item is not None and q.act in HELD_ACTS and not parties.intersection(q.item.contains):
        return f"nothing in the item comes from a Party to {agreement.name}"
    return ""


def between_others(agreement: Agreement, text: str, effect: str = REFUSE) -> Ground:
    """The ground of a request that is not between Parties: the article that says whose the instrument is."""
    article = agreement.stating("parties")
    return Ground(
        effect=effect,
        instrument=agreement.name,
        article=article.number if article else "unread",
        clause="parties",
        text=text,
        source=article.source if article else "the Parties that the file of the instrument names",
        confidence=article.confidence if article else "I",
        binding=agreement.binding,
    )


def no_instrument(law: Law, text: str, under: str = "") -> Ground:
    """The ground where no instrument speaks: which were asked."""
    return Ground(
        effect=REFUSE,
        instrument=under,
        article="unread",
        clause="no-instrument",
        text=text,
        source="none of the instruments applied here: " + ", ".join(law.agreements),
        confidence="I",
    )


def passed_on(first: Agreement, *, missing: bool) -> Ground:
    """The ground of a chain without its originator's consent: the rule of the agreement under which it is given.

    Args:
        first: the agreement of the first leg.
        missing: whether the consent is unknown, and not known to be absent.
    """
    article = first.stating("no-third-party-without-consent")
    text = "it passes through another Party, and the originator has not consented to that before, in writing"
    return Ground(
        effect=REFUSE,
        instrument=first.name,
        article=article.number if article else "unread",
        clause="fact-not-established" if missing else "no-third-party-without-consent",
        text="`consent` is not established" if missing else text,
        fact="consent",
        source=article.source if article else "no article that was read",
        confidence=article.confidence if article else "I",
        binding=first.binding,
    )


def differing(
    sheet: Sheet, views: tuple[tuple[str, str], ...], readings: Mapping[str, str], answers: Mapping[str, str]
) -> Ground:
    agreement = sheet.agreement
    told = "; ".join(f"{party} ({readings[party]}): {state}, so {answers[party]}" for party, state in views)
    article = agreement.article(agreement.dispute_article)
    return Ground(
        effect=UNCERTAIN,
        instrument=agreement.name,
        article=article.number if article else "unread",
        clause="readings",
        text=f"the Parties read it differently, and only their consultation settles it: {told}",
        fact="readings",
        source=article.source if article else "no article that was read",
        confidence=article.confidence if article else "I",
        binding=agreement.binding,
    )


def consulting(agreement: Agreement) -> tuple[Ground, ...]:
    """By which article what the text leaves open is settled; () where no such article was read."""
    article = agreement.article(agreement.dispute_article)
    if article is None:
        return ()
    ground = Ground(
        effect=UNCERTAIN,
        instrument=agreement.name,
        article=article.number,
        clause="consultation",
        text="what the text leaves open only consultation between the Parties settles",
        source=article.source,
        confidence=article.confidence,
        binding=agreement.binding,
    )
    return (ground,)


def with_originators(
    law: Law, sheet: Sheet, q: Request, item: Item, f: Facts, grounds: tuple[Ground, ...]
) -> tuple[Ground, ...]:
    """Where consent is missing for a part of another's, the agreement with that originator is cited too."""
    if not any(g.clause in ("no-third-party-without-consent", "standing-consent") for g in grounds):
        return grounds
    more: list[Ground] = []
    for originator in item.contains:
        if originator in (q.by, receiver(q)) or originator in sheet.tables.parties:
            continue
        for other in law.between(q.by, originator):
            for article in other.agreement.articles:
                if any(use.name == "no-third-party-without-consent" for use in article.clauses):
                    more.append(
                        Ground(
                            effect=REFUSE,
                            instrument=other.agreement.name,
                            article=article.number,
                            clause="no-third-party-without-consent",
                            text=f"a part comes from {originator}, whose prior written approval is needed",
                            fact="consent",
                            source=article.source,
                            confidence=article.confidence,
                            binding=other.agreement.binding,
                        )
                    )
    return (*grounds, *more)


def obligations(sheet: Sheet, q: Request) -> tuple[Obligation, ...]:
    agreement = sheet.agreement
    who = {"giver": giver(q), "receiver": receiver(q), "actor": q.by}
    return tuple(
        Obligation(
            what=owing.what,
            by=who[owing.by],
            instrument=agreement.name,
            article=owing.article,
            text=owing.text,
            confidence=owing.confidence,
        )
        for owing in agreement.obligations
        if q.act in owing.acts
    )
