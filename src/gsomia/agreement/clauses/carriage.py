"""Between whom, what may be given, and how it travels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gsomia.agreement.clauses.terms import GIVING_ACTS, HELD_ACTS, Asks, no, yes
from gsomia.agreement.conditions import ALWAYS, AtLeast, Is, Not, Rule

__all__ = [
    "AccreditedEncryption",
    "AfterLaunchOnly",
    "BetweenParties",
    "CoveredEquipment",
    "DoubleEnvelope",
    "GovernmentChannel",
    "IsMarkedInformation",
    "ListedLevelsOnly",
    "OnlyForms",
    "OnlySubjects",
    "ThroughHub",
    "TopLevelUnsettled",
    "UnderTheLegs",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class BetweenParties(Asks):
    """The instrument says whose it is: the engine asks who acts, gives and gets before any rule, and cites this."""

    reason: ClassVar[str] = "an instrument speaks of its Parties and of nobody else"

    def rules(self) -> tuple[Rule, ...]:
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IsMarkedInformation(Asks):
    """Only information that bears a classification comes under the instrument."""

    reason: ClassVar[str] = "an unmarked item cannot enter"

    def rules(self) -> tuple[Rule, ...]:
        acts = (*GIVING_ACTS, "accept", "open", "mark", "warn")
        text = "the item bears no classification"
        return (Rule(gate=True, acts=acts, requires=yes("marked"), text=text, fact="level"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedLevelsOnly(Asks):
    """Only the levels of the table are covered, each with the originator's own mark."""

    reason: ClassVar[str] = "what the table leaves out may not be given"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=(*GIVING_ACTS, "accept"),
                requires=yes("covered"),
                text="the mark is not one of the originator's marks in the table",
                fact="level",
            ),
            Rule(
                acts=("visit",),
                applies=Not(Is("shown_rank", (0,))),
                requires=yes("shown_covered"),
                text="the level to be shown is not in the table",
                fact="shown-level",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TopLevelUnsettled(Asks):
    """Above a level, the instrument neither allows nor bars.

    Args:
        above: the highest rank that is settled: 1 CONFIDENTIAL, 2 SECRET, 3 TOP SECRET.
    """

    reason: ClassVar[str] = "the text has no level and officials spoke of fewer than the legs reach"
    above: int

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=(*GIVING_ACTS, "accept", "release"),
                requires=Not(AtLeast("rank", self.above + 1)),
                otherwise="uncertain",
                text="whether this level may go by this route is not settled",
                fact="level",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GovernmentChannel(Asks):
    """CMI moves through government-to-government channels."""

    reason: ClassVar[str] = "custody passes from one government to the other and to nobody between"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=(*GIVING_ACTS, "return"),
                requires=Is("channel", ("government",)),
                text="it does not go by a government-to-government channel",
                fact="channel",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubleEnvelope(Asks):
    """Documents and media travel in two sealed envelopes; the outer one bears no mark."""

    reason: ClassVar[str] = "whoever carries it learns nothing, and opening shows"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=("transmit", "return"),
                applies=Is("form", ("document",)),
                requires=AtLeast("envelopes", 2),
                text="fewer than two sealed envelopes",
                fact="envelopes",
            ),
            Rule(
                acts=("transmit", "return"),
                applies=Is("form", ("document",)),
                requires=no("outer_mark"),
                text="the outer envelope bears a mark",
                fact="outer-mark",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CoveredEquipment(Asks):
    """Equipment travels closed or packed so that it cannot be recognised, and watched."""

    reason: ClassVar[str] = "what can be seen has been disclosed"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=("transmit", "return"),
                applies=Is("form", ("equipment",)),
                requires=yes("covered_load"),
                text="the equipment can be recognised or is not watched on the way",
                fact="covered",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AccreditedEncryption(Asks):
    """Electronic transmission is encrypted, between systems that their owners' authorities accredited."""

    reason: ClassVar[str] = "a line is read by others unless it is closed to them"

    def rules(self) -> tuple[Rule, ...]:
        electronic = Is("form", ("electronic", "track"))
        return (
            Rule(
                acts=("transmit", "return"),
                applies=electronic,
                requires=yes("encrypted"),
                text="it is not encrypted",
                fact="encrypted",
            ),
            Rule(
                acts=("transmit", "return"),
                applies=electronic,
                requires=yes("accredited"),
                text="the systems are not accredited",
                fact="accredited",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlySubjects(Asks):
    """The instrument carries nothing but the listed subjects.

    Args:
        subjects: the subjects.
        acts: the acts that it carries.
    """

    reason: ClassVar[str] = "the Parties agreed on a topic, not on sharing at large"
    subjects: tuple[str, ...]
    acts: tuple[str, ...]

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                gate=True,
                acts=self.acts,
                requires=Is("subject", self.subjects),
                text="the subject is outside the topic of the instrument",
                fact="subject",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlyForms(Asks):
    """The instrument carries nothing but the listed forms.

    Args:
        forms: the forms.
        acts: the acts that it carries.
    """

    reason: ClassVar[str] = "the definition names the forms"
    forms: tuple[str, ...]
    acts: tuple[str, ...]

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                gate=True,
                acts=self.acts,
                requires=Is("form", self.forms),
                text="the form is not one that the instrument names",
                fact="form",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ThroughHub(Asks):
    """Each gives to the hub, which marks it as its own equivalent and passes it to the other with approval.

    Args:
        acts: the acts that go through the hub.
    """

    reason: ClassVar[str] = "the arrangement links two agreements that meet in one Party"
    acts: tuple[str, ...]

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=tuple(act for act in self.acts if act != "release"),
                requires=yes("through_hub"),
                text="the arrangement provides no route but through the hub",
                fact="via",
            ),
            Rule(
                acts=tuple(act for act in self.acts if act == "release"),
                requires=yes("hub_releases"),
                text="only the hub passes on, and only to the other Party",
                fact="by",
            ),
            Rule(
                gate=True,
                acts=tuple(act for act in self.acts if act in GIVING_ACTS),
                requires=Not(yes("from_hub")),
                otherwise="uncertain",
                text="what the hub gives of its own is not spoken of",
                fact="by",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderTheLegs(Asks):
    """Each leg, and every handling, is judged by the leg's own agreement."""

    reason: ClassVar[str] = "the arrangement binds nobody; the agreements that it rests on do"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(acts=(*HELD_ACTS, "report-loss", "notify-regrade"), requires=ALWAYS, text=""),
            Rule(acts=(*GIVING_ACTS, "accept", "request"), requires=ALWAYS, text="", gate=True),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterLaunchOnly(Asks):
    """Warning data is what is seen of a launch once it has begun."""

    reason: ClassVar[str] = "signs that come before a launch are another matter"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=("warn",),
                requires=Is("stage", ("launched",)),
                text="warning data begins with the launch",
                fact="stage",
            ),
        )
