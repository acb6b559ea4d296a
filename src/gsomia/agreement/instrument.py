"""An instrument as data: Parties, levels, articles, term."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, time
from functools import cached_property
from typing import Any

from gsomia.agreement.clauses import Clause
from gsomia.agreement.levels import Government, Level, Levels
from gsomia.agreement.timers import Term

__all__ = ["Agreement", "Article", "ClauseUse", "Owing", "day_of", "midnight"]


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


def day_of(agreement: Agreement, at: datetime) -> date:
    """The day of an instant in the zone of the instrument's term, or in UTC where it has none."""
    return at.astimezone(agreement.term.zone if agreement.term else UTC).date()


def midnight(agreement: Agreement, day: date) -> datetime:
    """The instant at which a day begins."""
    return datetime.combine(day, time(), agreement.term.zone if agreement.term else UTC)
