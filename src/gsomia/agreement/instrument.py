"""An instrument as data: Parties, levels, articles, term; read from its folder."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Any

from gsomia.agreement.acts import READINGS
from gsomia.agreement.clauses import CLAUSES, HANDLING_ACTS, SETTINGS, Clause
from gsomia.agreement.levels import RANKS, Government, Level, Levels
from gsomia.agreement.tables import Table, fixed_zone, read_toml
from gsomia.agreement.timers import Term
from gsomia.errors import DataError

__all__ = ["LAW_FILES", "Agreement", "Article", "ClauseUse", "Owing", "check_legs", "load_agreement"]

LAW_FILES = ("agreement.toml",)
"""The files of a folder that decide; the record (`acts.toml`), cases and words for people do not."""
OBLIGATIONS = ("mark", "receipt", "record", "certificate")
"""What a permitted act may oblige to, in a word."""
CONFIDENCES = ("A", "B", "C", "I")
KINDS = ("agreement", "arrangement", "mechanism", "memorandum")
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_PARTY = re.compile(r"[A-Z]{3}")
_ARTICLE = re.compile(r"[1-9][0-9]?(\.[1-9][0-9]?)?(\([a-z]\))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClauseUse:
    """An article's clause with its settings, from a day on.

    Args:
        name: the clause's name in `CLAUSES`.
        clause: the clause with its settings.
        since: the day from which it is so; None for the day of the instrument itself, which a clause inherits that
            names none (`Agreement.begins`).
    """

    name: str
    clause: Clause
    since: date | None

    @property
    def settings(self) -> dict[str, Any]:
        """The clause's parameters, by name."""
        settings: Any = self.clause
        return {setting.name: getattr(settings, setting.name) for setting in fields(settings)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One article (or part of one).

    Args:
        number: as cited, such as `6(a)`; `unread` where nobody has read under which number it stands.
        text: what it says, in our words.
        clauses: which standard clauses it is; none where it is kept by hand.
        by_hand: why no clause decides it; "" where one does.
        source: where it was read.
        confidence: `A` text read, `B` official or press, `C` sister texts, `I` inferred.
    """

    number: str
    text: str
    clauses: tuple[ClauseUse, ...]
    by_hand: str
    source: str
    confidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Owing:
    """What a permitted act obliges somebody to do.

    Args:
        acts: the acts that oblige.
        what: a short word for it: `mark`, `receipt`, `record`.
        by: `giver`, `receiver` or `actor`.
        article, text, source, confidence: as for an article.
    """

    acts: tuple[str, ...]
    what: str
    by: str
    article: str
    text: str
    source: str
    confidence: str


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """One instrument, in one version of its law.

    Args:
        name: the folder's name.
        version: SHA-256 in hexadecimal over the folder's law files (`LAW_FILES`), in the order of their names: for
            each the name in UTF-8, a zero byte, the length in bytes as decimal digits, a zero byte, and the bytes.
            What a verdict can depend on is in those files, save the record and the clauses' own code.
        title, kind, binding, parties, languages, authentic: as in `agreement.toml`.
        since: the day of the text, and of every article whose clauses name no later day of their own.
        levels_table: the table of levels.
        governments: how each Party's Government is named, by Party.
        articles: the articles in the order of the text.
        obligations: what permitted acts oblige to.
        term: how it runs; None where that was not read.
        readings: each Party's reading where it has declared none.
        hub, legs: for an arrangement that rests on others: the Party in the middle, and the agreements of the legs.
        considered: False for an instrument that carries nothing unless it is asked by name.
        entry_article, end_article, survival_article, dispute_article: for citing the state.
    """

    name: str
    version: str
    title: str
    kind: str
    binding: bool
    parties: tuple[str, ...]
    languages: tuple[str, ...]
    authentic: str
    since: date
    levels_table: Levels
    governments: dict[str, Government]
    articles: tuple[Article, ...]
    obligations: tuple[Owing, ...]
    term: Term | None
    readings: dict[str, str]
    hub: str
    legs: tuple[str, ...]
    considered: bool
    authorities: dict[str, str]
    entry_article: str
    end_article: str
    survival_article: str
    dispute_article: str
    compiled: dict[Any, Any] = field(default_factory=dict, init=False, compare=False, repr=False)

    def __hash__(self) -> int:
        return hash((self.name, self.version))

    @cached_property
    def party_set(self) -> frozenset[str]:
        """The Parties, as a set."""
        return frozenset(self.parties)

    @cached_property
    def text_not_held(self) -> bool:
        """Whether nobody outside has read the text."""
        return any(use.name == "text-not-held" for article in self.articles for use in article.clauses)

    @property
    def levels(self) -> tuple[Level, ...]:
        """Every national mark of the table, covered or not."""
        return self.levels_table.levels

    def level(self, party: str, typed_mark: str) -> Level | None:
        """The level that a typed mark names among a Party's marks, by the fold of `gsomia.marking`; None: no such."""
        return self.levels_table.find(party, typed_mark)

    def equivalents(self, mark: str, from_: str, to: str) -> tuple[str, ...]:
        """The native marks that a mark becomes in one direction; with more than one the recipient chooses."""
        return self.levels_table.equivalents(mark, from_, to)

    def uses(self, day: date) -> list[tuple[Article, ClauseUse]]:
        """The clauses in force on a day: of each article and clause the latest that has begun.

        A clause that is as old as the instrument is there on every day before too: whether the instrument binds then
        is asked of its state, and a prohibition never lapses for want of a date.
        """
        found: list[tuple[Article, ClauseUse]] = []
        for article in self.articles:
            latest: dict[str, ClauseUse] = {}
            for use in article.clauses:
                if use.since is None or use.since <= day:
                    latest[use.name] = use
            found += [(article, use) for use in latest.values()]
        return found

    def begins(self, use: ClauseUse) -> date:
        """The day from which a clause is so: its own, or the instrument's, which it inherits."""
        return self.since if use.since is None else use.since

    @cached_property
    def days(self) -> tuple[date, ...]:
        """The days on which some clause changes, in order."""
        found = {use.since for article in self.articles for use in article.clauses if use.since is not None}
        return tuple(sorted(found))

    def stating(self, clause: str) -> Article | None:
        """The first article that is a standard clause, or None."""
        return next((a for a in self.articles if any(use.name == clause for use in a.clauses)), None)

    def article(self, number: str) -> Article | None:
        """The article of that number, or None."""
        return next((article for article in self.articles if article.number == number), None)


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


def day_of(agreement: Agreement, at: datetime) -> date:
    """The day of an instant in the zone of the instrument's term, or in UTC where it has none."""
    return at.astimezone(agreement.term.zone if agreement.term else UTC).date()


def midnight(agreement: Agreement, day: date) -> datetime:
    """The instant at which a day begins."""
    return datetime.combine(day, time(), agreement.term.zone if agreement.term else UTC)
