"""What a recipient may do with what it holds, and what it owes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gsomia.agreement.clauses.terms import GIVING_ACTS, USING_ACTS, Asks, no, yes
from gsomia.agreement.conditions import ALWAYS, All, Any, AtLeast, Duty, Is, Not, Rule, Same

__all__ = [
    "ClearedTranslator",
    "ControlledCopies",
    "DestroyedBeyondRepair",
    "FollowsRegrade",
    "KeptNoLongerThanNeeded",
    "LossReported",
    "NoThirdPartyWithoutConsent",
    "PurposeBound",
    "Recorded",
    "Remark",
    "StandingConsent",
    "SubstantiallyEqualProtection",
    "TranslationNote",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """The recipient puts its own corresponding mark on all CMI received, and names the origin."""

    reason: ClassVar[str] = "a foreign item is told from a national one, and handled at no less"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=("mark",),
                requires=yes("mark_corresponds"),
                text="the mark is not the one that corresponds in the table",
                fact="mark",
            ),
            Rule(
                acts=("mark", "regrade"),
                applies=Any((Is("act", ("mark",)), yes("mark_given"))),
                requires=yes("mark_names_origin"),
                text="the mark does not name the providing Party",
                fact="mark",
            ),
        )

    def duties(self) -> tuple[Duty, ...]:
        """What is owed under the clause."""
        return (Duty(act="mark", owed=ALWAYS, by="recipient", text="re-mark all CMI received, naming the origin"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoThirdPartyWithoutConsent(Asks):
    """No Party or third country receives another's CMI without its prior written approval."""

    reason: ClassVar[str] = "the originator alone decides who else may know"

    def rules(self) -> tuple[Rule, ...]:
        text = "prior written approval of every originator concerned, naming the receiver, is not there"
        acts = (*GIVING_ACTS, "accept", "release", "return")
        combined = All((Is("act", ("release",)), yes("combined_staff")))
        concerned = Any((Is("act", ("release",)), yes("third_party")))
        return (
            Rule(
                acts=acts,
                applies=concerned,
                requires=Any((yes("consented"), combined)),
                text=text,
                fact="consent",
            ),
            Rule(
                acts=("release",),
                applies=yes("combined_staff"),
                requires=yes("consented"),
                otherwise="uncertain",
                text="whether an officer of a third country inside a combined staff needs approval is not settled",
                fact="combined-staff",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingConsent(Asks):
    """Linking the systems consented once for all to what the Parties give; a part of anybody else's was not linked."""

    reason: ClassVar[str] = "who linked its system said yes to all of it, and only for its own"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                gate=True,
                acts=("warn",),
                requires=yes("outsiders_consented"),
                text="a part comes from one that linked no system, and has not consented before, in writing",
                fact="consent",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SubstantiallyEqualProtection:
    """What was given stays protected as its originator protects it."""

    reason: ClassVar[str] = "information is given on the strength of this promise"

    def rules(self) -> tuple[Rule, ...]:
        return (Rule(acts=("protect",), requires=ALWAYS, text=""),)

    def duties(self) -> tuple[Duty, ...]:
        """What is owed under the clause."""
        return (Duty(act="protect", owed=ALWAYS, by="recipient", text="protect it as its originator does"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class PurposeBound(Asks):
    """Used only for the purpose for which it was given, unless the originator approved another in writing."""

    reason: ClassVar[str] = "the decision to give rested on the purpose"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=USING_ACTS,
                requires=Any((Same("purpose", "item_purpose"), yes("purpose_consented"))),
                text="the use differs from the purpose for which it was given, without prior written approval",
                fact="purpose",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded(Asks):
    """Identification, location, inventory and control: what is given or made leaves a record."""

    reason: ClassVar[str] = "what has no record cannot be controlled"

    def rules(self) -> tuple[Rule, ...]:
        oral = Any((Is("act", ("disclose-orally",)), Is("form", ("oral",))))
        return (
            Rule(
                acts=GIVING_ACTS,
                applies=oral,
                requires=yes("record_made"),
                text="no record was made of the oral disclosure",
                fact="record-made",
            ),
            Rule(
                acts=("reproduce", "destroy"),
                requires=yes("record_made"),
                text="no record was made",
                fact="record-made",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowsRegrade:
    """The originator notifies a change of classification in writing; the recipient follows it, and no other."""

    reason: ClassVar[str] = "only the originator changes the classification of its CMI"

    def rules(self) -> tuple[Rule, ...]:
        own = yes("by_originator")
        return (
            Rule(
                acts=("regrade",),
                requires=Any((own, yes("regrade_notice"))),
                text="the originator has not notified another level in writing",
                fact="regrade-notice",
            ),
            Rule(
                acts=("regrade",),
                applies=All((Not(own), yes("mark_given"), yes("regrade_notice"))),
                requires=yes("regrade_corresponds"),
                text="the new mark is not the one that corresponds to the level notified",
                fact="regrade-to",
            ),
            Rule(
                acts=("notify-regrade",),
                applies=yes("item_named"),
                requires=own,
                text="only the originator notifies a change of its classification",
                fact="by",
            ),
            Rule(
                acts=("notify-regrade",),
                requires=Not(Is("form_of_act", ("speech",))),
                text="a change of classification is notified in writing",
                fact="form-of-act",
            ),
        )

    def duties(self) -> tuple[Duty, ...]:
        """What is owed under the clause."""
        return (
            Duty(
                act="regrade",
                owed=yes("regrade_notice"),
                by="recipient",
                text="put the level on that the originator has notified",
            ),
            Duty(
                act="notify-regrade",
                owed=yes("level_changed"),
                by="originator",
                text="notify the change of classification promptly, in writing",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptNoLongerThanNeeded:
    """When the purpose is over, the CMI is returned or destroyed."""

    reason: ClassVar[str] = "what is no longer needed is only a risk"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=USING_ACTS,
                requires=no("purpose_ended"),
                text="the purpose is over: return or destroy it",
                fact="purpose-ended",
            ),
            Rule(
                acts=("return",),
                requires=yes("to_originator"),
                text="it is returned to its originator and to nobody else",
                fact="to",
            ),
            Rule(acts=("destroy",), requires=ALWAYS, text=""),
        )

    def duties(self) -> tuple[Duty, ...]:
        """What is owed under the clause."""
        text = "return or destroy what is no longer needed"
        return tuple(
            Duty(act=act, owed=yes("purpose_ended"), by="recipient", text=text) for act in ("return", "destroy")
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DestroyedBeyondRepair(Asks):
    """Destruction prevents rebuilding; whether one person may do it alone is not said."""

    reason: ClassVar[str] = "what can be rebuilt was not destroyed"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=("destroy",),
                requires=AtLeast("witnesses", 1),
                text="nobody was there who could certify it",
                fact="witnesses",
            ),
            Rule(
                acts=("destroy",),
                requires=Any((AtLeast("witnesses", 2), Is("witnesses", (0,)))),
                otherwise="uncertain",
                text="the text asks for no witness; national practice asks for two persons",
                fact="witnesses",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlledCopies(Asks):
    """Copies bear all marks, are numbered and under the same control."""

    reason: ClassVar[str] = "a copy is as secret as what it was made from"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=("reproduce",),
                requires=yes("marks_reproduced"),
                text="the marks are not reproduced on the copies",
                fact="marks-reproduced",
            ),
            Rule(
                acts=("reproduce",),
                requires=yes("copies_numbered"),
                text="the copies are not numbered",
                fact="copies-numbered",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearedTranslator(Asks):
    """Only a cleared person translates."""

    reason: ClassVar[str] = "who translates has read"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=("translate",),
                requires=yes("translator_cleared"),
                text="the translator is not cleared",
                fact="translator-cleared",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslationNote(Asks):
    """A translation says, in its own language, that it holds the originator's CMI."""

    reason: ClassVar[str] = "its reader must see whose it is"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=("translate",),
                requires=yes("translation_note"),
                text="the note in the language of the translation is missing",
                fact="translation-note",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LossReported:
    """A loss or compromise, and any possibility of one, is reported to the originator at once."""

    reason: ClassVar[str] = "the originator limits the damage only if told"

    def rules(self) -> tuple[Rule, ...]:
        return (Rule(acts=("report-loss",), requires=ALWAYS, text=""),)

    def duties(self) -> tuple[Duty, ...]:
        """What is owed under the clause."""
        return (
            Duty(
                act="report-loss",
                owed=Any((Is("loss", ("possible", "known")), yes("tracer_unanswered"))),
                unsettled=yes("lateness_only"),
                by="recipient",
                text="tell the originator at once of a loss, a compromise, or the possibility of one",
            ),
        )
