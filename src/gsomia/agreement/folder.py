"""An instrument read from its folder (`agreement.toml`), strictly; and the version that its text gives it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import fields
from datetime import date, timedelta
from typing import Any

from gsomia.agreement.acts import READINGS
from gsomia.agreement.clauses import CLAUSES, HANDLING_ACTS, SETTINGS
from gsomia.agreement.instrument import Agreement, Article, ClauseUse, Owing
from gsomia.agreement.levels import RANKS, Government, Level, Levels
from gsomia.agreement.tables import Table, fixed_zone, read_toml
from gsomia.agreement.timers import Term
from gsomia.errors import DataError

__all__ = ["LAW_FILES", "check_legs", "law_version", "load_agreement"]

LAW_FILES = ("agreement.toml",)
"""The files of a folder that decide; the record (`acts.toml`), cases and words for people do not."""
OBLIGATIONS = ("mark", "receipt", "record", "certificate")
"""What a permitted act may oblige to, in a word."""
CONFIDENCES = ("A", "B", "C", "I")
KINDS = ("agreement", "arrangement", "mechanism", "memorandum")
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_PARTY = re.compile(r"[A-Z]{3}")
_ARTICLE = re.compile(r"[1-9][0-9]?(\.[1-9][0-9]?)?(\([a-z]\))?")


def check_legs(agreement: Agreement, known: Mapping[str, Agreement]) -> None:
    """Fail on a leg that is no agreement between the hub and another Party.

    Args:
        agreement: the instrument.
        known: name to instrument of all that may be a leg.

    Raises:
        DataError: the message names file, key and the allowed values.
    """
    others = set(agreement.parties) - {agreement.hub}
    fit = [
        name
        for name, leg in known.items()
        if agreement.hub and agreement.hub in leg.parties and others & set(leg.parties) and leg.kind == "agreement"
    ]
    for leg in agreement.legs:
        if leg not in fit:
            allowed = ", ".join(f"`{name}`" for name in fit) or "none"
            fault = (
                f"`{leg}` is no agreement between the hub and another Party"
                if leg in known
                else f"unknown value `{leg}`"
            )
            raise DataError(f"{agreement.name}/agreement.toml: legs: {fault}", hint=f"allowed: {allowed}")


def law_version(files: Mapping[str, bytes]) -> str:
    """The version of a folder: see `Agreement.version`."""
    digest = hashlib.sha256()
    for name in sorted(LAW_FILES):
        data = files[name]
        digest.update(name.encode() + b"\0" + str(len(data)).encode() + b"\0" + data)
    return digest.hexdigest()


def load_agreement(name: str, files: Mapping[str, bytes]) -> Agreement:
    """Read an instrument from the files of its folder.

    Args:
        name: the folder's name.
        files: file name to bytes: at least `agreement.toml`.

    Raises:
        DataError: a file is missing or malformed; the message names file, key and the allowed values.
    """
    if "agreement.toml" not in files:
        raise DataError(f"{name}: the folder holds no `agreement.toml`")
    top = read_toml(files["agreement.toml"], f"{name}/agreement.toml")
    top.only(
        *("name", "title", "kind", "binding", "parties", "languages", "authentic", "since", "zone", "term", "readings"),
        *("authorities", "cite", "government", "level", "equivalence", "article", "obligation"),
        *("hub", "legs", "considered"),
    )
    if top.text("name") != name:
        raise top.fault("name", f"must be the name of the folder, `{name}`")
    if not _NAME.fullmatch(name):
        raise top.fault("name", f"`{name}` is not lower-case words joined by hyphens")
    parties = top.texts("parties")
    if len(parties) < 2 or len(set(parties)) != len(parties) or not all(map(_PARTY.fullmatch, parties)):
        raise top.fault("parties", f"must be two or more different ISO 3166-1 alpha-3 codes, not `{parties}`")
    since = top.day("since")
    zone = fixed_zone(top.text("zone"))
    if zone is None:
        raise top.fault("zone", "must be an offset such as `+09:00`")
    term = None
    if "term" in top:
        table = top.table("term")
        table.only("years", "notice_days", "article")
        term = Term(
            years=table.count("years"),
            notice=timedelta(hours=24) * table.count("notice_days"),
            zone=zone,
            article=table.text("article"),
        )
        table.done()
        if not term.years:
            raise table.fault("years", "must be at least 1")
    readings = _readings(top, parties)
    levels = _levels(top, parties)
    articles = _articles(top, since)
    cite = top.table("cite")
    cite.only("entry", "end", "survival", "dispute")
    numbers = {article.number for article in articles}
    citations = {key: cite.text(key, "") for key in ("entry", "end", "survival", "dispute")}
    for key, value in citations.items():
        if value and value not in numbers:
            raise cite.fault(key, f"`{value}` is not an article of this file", sorted(numbers))
    cite.done()
    if term is not None and term.article not in numbers:
        raise top.fault("term.article", f"`{term.article}` is not an article of this file", sorted(numbers))
    hub = top.text("hub", "", among=parties)
    authorities = top.table("authorities", optional=True)
    agreement = Agreement(
        name=name,
        version=law_version(files),
        title=top.text("title"),
        kind=top.text("kind", among=KINDS),
        binding=top.flag("binding"),
        parties=parties,
        languages=top.texts("languages"),
        authentic=top.text("authentic"),
        since=since,
        levels_table=levels,
        governments=_governments(top, parties),
        articles=articles,
        obligations=_obligations(top, numbers),
        term=term,
        readings=readings,
        hub=hub,
        legs=top.texts("legs", ()),
        considered=top.flag("considered", True),
        authorities={party: authorities.text(party) for party in parties if party in authorities},
        entry_article=citations["entry"],
        end_article=citations["end"],
        survival_article=citations["survival"],
        dispute_article=citations["dispute"],
    )
    authorities.done(more=parties)
    top.done()
    return agreement


def _readings(top: Table, parties: tuple[str, ...]) -> dict[str, str]:
    table = top.table("readings", optional=True)
    found = {party: table.text(party, among=READINGS) for party in parties if party in table}
    table.done(more=parties)
    return found


def _governments(top: Table, parties: tuple[str, ...]) -> dict[str, Government]:
    found: dict[str, Government] = {}
    for table in top.tables("government"):
        table.only("party", "language", "names", "source", "confidence")
        party, language = table.text("party", among=parties), table.text("language")
        names = table.table("names")
        government = Government(
            party=party,
            language=language,
            names={name: names.text(name) for name in names.names()},
            source=table.text("source"),
            confidence=table.text("confidence", among=CONFIDENCES),
        )
        table.done()
        if party in found:
            raise table.fault("party", f"`{party}` is there twice")
        if language not in government.names:
            raise table.fault("names", f"lacks the name in `{language}`, the Government's own language")
        found[party] = government
    return found


def _levels(top: Table, parties: tuple[str, ...]) -> Levels:
    levels: list[Level] = []
    for table in top.tables("level"):
        table.only("party", "mark", "romanised", "english", "covered", "source", "confidence")
        english = table.text("english", "", among=("", *RANKS), empty=True)
        level = Level(
            party=table.text("party", among=parties),
            mark=table.text("mark"),
            romanised=table.text("romanised", "", empty=True),
            english=english,
            rank=RANKS.get(english, 0),
            covered=table.flag("covered"),
            source=table.text("source"),
            confidence=table.text("confidence", among=CONFIDENCES),
        )
        table.done()
        if not english and level.covered:
            raise table.fault("english", "is left out only where the instrument does not cover the mark")
        if any(known.party == level.party and known.mark == level.mark for known in levels):
            raise table.fault("mark", f"`{level.mark}` of {level.party} is there twice")
        levels.append(level)
    equivalences: dict[tuple[str, str, str], tuple[str, ...]] = {}
    for table in top.tables("equivalence"):
        table.only("from", "to", "mark", "gives")
        from_, to = table.text("from", among=parties), table.text("to", among=parties)
        mark = table.text("mark", among=[row.mark for row in levels if row.party == from_])
        gives = table.texts("gives", among=[row.mark for row in levels if row.party == to])
        table.done()
        if from_ == to or not gives:
            raise table.fault("gives", "must name marks of another Party")
        if (mark, from_, to) in equivalences:
            raise table.fault("mark", f"`{mark}` from {from_} to {to} is there twice")
        equivalences[(mark, from_, to)] = gives
    return Levels(tuple(levels), equivalences)


def _articles(top: Table, since: date) -> tuple[Article, ...]:
    found: list[Article] = []
    places: dict[str, str] = {}
    for table in top.tables("article", optional=False):
        table.only("number", "text", "clause", "by_hand", "source", "confidence")
        number = table.text("number")
        if number != "unread" and not _ARTICLE.fullmatch(number):
            raise table.fault(
                "number", f"`{number}` is not an article number", ("6", "21.3", "6(a)", "7.5(a)", "unread")
            )
        if number in places and number != "unread":
            raise table.fault("number", f"two articles claim `{number}`: here and at {places[number]}")
        places[number] = table.place
        by_hand = table.text("by_hand", "")
        uses = tuple(_clause(entry, since) for entry in table.tables("clause"))
        if bool(by_hand) == bool(uses):
            raise table.fault("", "an article has a `clause`, or a reason `by_hand` why no clause decides it")
        days = [(use.name, use.since) for use in uses]
        if len(set(days)) != len(days):
            raise table.fault("clause", "two settings of one clause begin on the same day")
        article = Article(
            number=number,
            text=table.text("text"),
            clauses=tuple(sorted(uses, key=lambda use: use.since or date.min)),
            by_hand=by_hand,
            source=table.text("source"),
            confidence=table.text("confidence", among=CONFIDENCES),
        )
        table.done()
        found.append(article)
    return tuple(found)


def _clause(table: Table, since: date) -> ClauseUse:
    if "is" not in table:
        table.only("is", "since", *SETTINGS)
    name = table.text("is", among=CLAUSES)
    kind = CLAUSES[name]
    table.only("is", "since", *(setting.name for setting in fields(kind)))
    start = table.day("since", None)
    settings: dict[str, Any] = {}
    for setting in fields(kind):
        allowed: Any = SETTINGS[setting.name]
        if setting.type == "int":
            settings[setting.name] = table.count(setting.name, among=allowed)
        else:
            settings[setting.name] = table.texts(setting.name, among=allowed)
            if not settings[setting.name]:
                raise table.fault(setting.name, "must name one at least: of none, the clause bars nothing", allowed)
    table.done()
    return ClauseUse(name=name, clause=kind(**settings), since=None if start is None or start <= since else start)


def _obligations(top: Table, numbers: set[str]) -> tuple[Owing, ...]:
    found = []
    for table in top.tables("obligation"):
        table.only("acts", "what", "by", "article", "text", "source", "confidence")
        owing = Owing(
            acts=table.texts("acts", among=HANDLING_ACTS),
            what=table.text("what", among=OBLIGATIONS),
            by=table.text("by", among=("giver", "receiver", "actor")),
            article=table.text("article", among=sorted(numbers)),
            text=table.text("text"),
            source=table.text("source"),
            confidence=table.text("confidence", among=CONFIDENCES),
        )
        table.done()
        found.append(owing)
    return tuple(found)
