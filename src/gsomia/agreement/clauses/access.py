"""Who may read, visit, or hold it at a firm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gsomia.agreement.clauses.terms import (
    ACCESS,
    CLEARED,
    ENDED,
    FIRM,
    FIRM_ACTS,
    GIVING_ACTS,
    READER,
    READING_ACTS,
    Asks,
    yes,
)
from gsomia.agreement.conditions import All, AtLeast, Is, Not, Rule

__all__ = [
    "Assured",
    "AssuredLevel",
    "FirmCleared",
    "FirmInspected",
    "FirmNeed",
    "FirmRoster",
    "HostAuthorisesVisits",
    "KeptOnRoster",
    "NoAccessByRank",
    "OfficialsWithNeedAndClearance",
    "SecurityRepresentatives",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptOnRoster(Asks):
    """A facility keeps a register of the persons authorised for the CMI it holds."""

    reason: ClassVar[str] = "no register, no holding"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=READING_ACTS,
                applies=READER,
                requires=yes("roster"),
                text="the person is not on the facility's register",
                fact="person.roster",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAccessByRank(Asks):
    """Nobody has access by rank, post or clearance alone."""

    reason: ClassVar[str] = "need is never presumed"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=READING_ACTS,
                applies=READER,
                requires=yes("need"),
                text="rank, post or clearance alone gives no access",
                fact="person.need",
            ),
            Rule(
                acts=READING_ACTS,
                applies=All((READER, yes("rank_put_forward"))),
                requires=CLEARED,
                text="a rank takes the place of no clearance",
                fact="person.rank",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficialsWithNeedAndClearance(Asks):
    """Access is for government officials whose duties require it and who hold the clearance."""

    reason: ClassVar[str] = "office, need and clearance, all three"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=READING_ACTS,
                applies=READER,
                requires=Is("role", ("official",)),
                text="the person is not a government official",
                fact="person.role",
            ),
            Rule(
                acts=READING_ACTS,
                applies=READER,
                requires=yes("need"),
                text="the person's duties do not require it",
                fact="person.need",
            ),
            Rule(
                acts=READING_ACTS,
                applies=READER,
                requires=CLEARED,
                text="the person's clearance does not reach the level",
                fact="person.clearance",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AssuredLevel(Asks):
    """Before CMI is provided the recipient assures that whoever receives it is cleared to the needed level."""

    reason: ClassVar[str] = "the giver relies on the recipient's word for the recipient's people"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=GIVING_ACTS,
                requires=yes("assurance"),
                text="the recipient has not assured the clearance of those who receive it",
                fact="assurance",
            ),
            Rule(
                acts=("open",),
                requires=AtLeast("clearance", "rank"),
                text="the person's clearance is below the needed level",
                fact="person.clearance",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Assured(Asks):
    """Before CMI is provided the recipient assures its purpose and its protection."""

    reason: ClassVar[str] = "the giver relies on the recipient's word"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=GIVING_ACTS,
                requires=yes("assurance"),
                text="the recipient's assurance is not on file",
                fact="assurance",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class HostAuthorisesVisits(Asks):
    """The Party on whose territory the facility lies authorises, within the level it sets."""

    reason: ClassVar[str] = "nobody opens a facility on another's territory"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=("visit",),
                requires=All((yes("host_authorised"), yes("authorised_by_host"))),
                text="the host has not authorised the visit",
                fact="host-authorised",
            ),
            Rule(
                acts=("visit",),
                requires=yes("authority_notified"),
                text="the request does not come from a notified authority",
                fact="authority-notified",
            ),
            Rule(
                acts=("visit",),
                applies=Not(Is("shown_rank", (0,))),
                requires=AtLeast("ceiling_rank", "shown_rank"),
                text="more would be shown than the host's ceiling allows",
                fact="ceiling",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityRepresentatives(Asks):
    """Security representatives visit to see procedures applied, after consultation."""

    reason: ClassVar[str] = "trust is checked on the spot"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=("visit",),
                applies=Not(ACCESS),
                requires=Not(ENDED),
                otherwise="uncertain",
                text="whether check visits go on after the end is not settled",
                fact="state",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmNeed(Asks):
    """Nobody at a firm has access by rank, post or clearance alone."""

    reason: ClassVar[str] = "need is never presumed, at a firm least of all"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=FIRM_ACTS,
                applies=FIRM,
                requires=yes("need"),
                text="the firm's staff have no need",
                fact="person.need",
            ),
            Rule(
                acts=FIRM_ACTS,
                applies=All((FIRM, yes("rank_put_forward"))),
                requires=CLEARED,
                text="a rank takes the place of no clearance",
                fact="person.rank",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmInspected(Asks):
    """The firm, its subcontractors and each of their sites can protect what they get, and were inspected."""

    reason: ClassVar[str] = "a promise to protect is worth what the site is worth"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=FIRM_ACTS,
                applies=FIRM,
                requires=yes("inspected"),
                text="a site of the firm or of a subcontractor was not inspected",
                fact="inspected",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmCleared(Asks):
    """Everyone at the firm whose duties need access holds the clearance."""

    reason: ClassVar[str] = "a firm's staff are cleared as officials are"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=FIRM_ACTS,
                applies=FIRM,
                requires=CLEARED,
                text="the firm's staff are not cleared to the level",
                fact="person.clearance",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmRoster(Asks):
    """The firm's facility keeps a register of the persons authorised."""

    reason: ClassVar[str] = "no register, no holding"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=FIRM_ACTS,
                applies=FIRM,
                requires=yes("roster"),
                text="the firm's staff are not on its register",
                fact="person.roster",
            ),
        )
