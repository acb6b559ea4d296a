"""What is told of the law without an act: an instrument's state, as one object; and an item that is only thought of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gsomia.agreement import ITEM_FORMS, PURPOSES, RANKS, SUBJECTS, Agreement, Record, state_at
from gsomia.errors import UsageError
from gsomia.verdict.facts import Item
from gsomia.verdict.law import Law
from gsomia.verdict.questions import routes

__all__ = ["known_party", "read_item", "told_routes", "told_state"]

_ORIGINATOR = re.compile(r"[A-Z]{3}")


def told_state(
    a: Agreement,
    record: Record,
    at: datetime,
    readings: Mapping[str, str] | None = None,
    *,
    known: datetime | None = None,
) -> dict[str, Any]:
    """The legal state of an instrument at an instant, with the days to the cut-off and the anniversary.

    Args:
        a: the instrument.
        record: the legal acts.
        at: the instant.
        readings: a Party's reading in place of its own.
        known: what the record held at that earlier instant.
    """
    found = state_at(a, record, at, dict(readings) if readings else None, known=known)
    rests = _resting(a, found.articles)
    left = {"cut_off": found.cut_off, "anniversary": found.anniversary}
    return {
        "instrument": a.name,
        "at": at.isoformat(),
        "state": found.state,
        "views": dict(found.views),
        "readings": dict(found.readings),
        "articles": list(found.articles),
        "rests_on": rests,
        "consultation": a.dispute_article or "unread",
        "confidence": max(rests.values(), key="ABCI".index),
        **{key: value.isoformat() if value else None for key, value in left.items()},
        **{f"days_to_{key}": (value - at).days if value else None for key, value in left.items()},
        "head": record.head(a.name),
        "version": a.version,
    }


def _resting(a: Agreement, articles: tuple[str, ...] | list[str]) -> dict[str, str]:
    """The articles that a state rests on with their tags; where no number was read, that its acts put it in force."""
    known = {number: found.confidence for number in articles if (found := a.article(number)) is not None}
    stated = a.stating("in-force")
    return known or {"unread": stated.confidence if stated is not None else "I"}


def read_item(text: str, by: str, law: Law) -> Item:
    """An item from `level=特定秘密,subject=dprk-missile,form=document`.

    Raises:
        UsageError: a key or a word that is not known; names those that are.
    """
    fields = {"level": "SECRET", "subject": "other", "form": "document", "purpose": "defence", "contains": ""}
    for part in filter(None, text.split(",")):
        key, _, value = part.partition("=")
        if key not in fields:
            raise UsageError(f"unknown key `{key}` of an item", hint="--item: " + ", ".join(fields))
        fields[key] = value
    for key, known in (("subject", SUBJECTS), ("form", ITEM_FORMS), ("purpose", PURPOSES)):
        if fields[key] not in known:
            raise UsageError(f"unknown {key} `{fields[key]}`", hint=f"--item {key}=: {', '.join(known)}")
    marks = [x.mark for a in law.agreements.values() for x in a.levels if x.party == by]
    if fields["level"] and not any(a.level(by, fields["level"]) for a in law.agreements.values()):
        allowed = dict.fromkeys((*marks, *RANKS))
        raise UsageError(f"unknown level `{fields['level']}` of {by}", hint=f"--item level=: {', '.join(allowed)}")
    contains = tuple(filter(None, fields.pop("contains").split("+"))) or (by,)
    for party in contains:
        if not _ORIGINATOR.fullmatch(party):
            hint = "--item contains=: ISO 3166-1 alpha-3 codes joined by `+`, such as JPN+USA"
            raise UsageError(f"unknown originator `{party}`", hint=hint)
    return Item(
        originator=by,
        contains=contains,
        level=fields["level"],
        subject=fields["subject"],
        form=fields["form"],
        purpose=fields["purpose"],
    )


def known_party(party: str, law: Law, option: str) -> None:
    """Check that a Party is one to some agreement.

    Raises:
        UsageError: it is none; names those that are.
    """
    parties = sorted({p for a in law.agreements.values() for p in a.parties})
    if party not in parties:
        hint = f"{option}: " + ", ".join(parties) if parties else "this node has adopted no agreement"
        raise UsageError(f"`{party}` is no Party to any agreement", hint=hint)


def told_routes(law: Law, record: Record, at: datetime, by: str, to: str, item: str) -> list[dict[str, Any]]:
    """All ways by which an item could go from one Party to another.

    Args:
        law, record: the law and the legal acts.
        at: the instant of the question.
        by, to: the Parties.
        item: the item in words, as `read_item` reads them.

    Raises:
        UsageError: a Party or a word that is not known.
    """
    for party, option in ((by, "--from"), (to, "--to")):
        known_party(party, law, option)
    if by == to:
        others = sorted({p for a in law.agreements.values() for p in a.parties} - {by})
        raise UsageError(f"{by} does not give to itself", hint=f"--to: {', '.join(others)}")
    return [route.to_json() for route in routes(law, record, at, by, to, read_item(item, by, law))]
