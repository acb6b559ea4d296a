"""Standard clauses: small frozen types, each with a reason and one method that says what it asks.

An agreement file says which article is which clause, with which settings, since which day. Nothing in this module
knows an article number, a level, a date or a Party.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

from gsomia.agreement.conditions import ALWAYS, NEVER, All, Any, AtLeast, Condition, Duty, Is, Not, Rule, Same

__all__ = ["CLAUSES", "DUTY_ACTS", "GIVING_ACTS", "HANDLING_ACTS", "HELD_ACTS", "LEGAL_ACTS", "Clause"]

GIVING_ACTS = ("transmit", "disclose-orally")
"""Acts by which a Party gives new CMI to another; a visit for access is the third, `accept` is their other end."""
HELD_ACTS = (
    "mark",
    "open",
    "reproduce",
    "translate",
    "regrade",
    "release",
    "release-to-contractor",
    "use",
    "retain",
    "destroy",
    "return",
    "protect",
)
"""Acts on what a Party already holds."""
DUTY_ACTS = ("report-loss", "notify-regrade", "notify-law-change")
HANDLING_ACTS = (*GIVING_ACTS, "accept", *HELD_ACTS, "visit", "request", *DUTY_ACTS, "warn")
LEGAL_ACTS = (
    "sign",
    "notify-entry",
    "give-notice",
    "suspend-notice",
    "resume-notice",
    "withdraw-notice",
    "amend",
    "designate-authority",
    "settle-dispute",
)
_NOTICE_ACTS = ("give-notice", "suspend-notice", "resume-notice", "withdraw-notice")
_USING_ACTS = ("open", "use", "reproduce", "translate", "retain", "release-to-contractor")
_NEW = (*GIVING_ACTS, "accept", "request")


class Clause(Protocol):
    """A standard clause: what it is for stands in `reason`; `rules` says what it asks."""

    reason: ClassVar[str]

    def rules(self) -> tuple[Rule, ...]:
        """The rules of the clause, in the order in which people read them."""
        ...

    def duties(self) -> tuple[Duty, ...]:
        """What the clause makes a Party owe."""
        ...


class _Asks:
    """A clause that asks and makes nobody owe anything."""

    __slots__ = ()

    def duties(self) -> tuple[Duty, ...]:
        """Nothing is owed by it."""
        return ()


def _yes(name: str) -> Condition:
    return Is(name, (True,))


def _no(name: str) -> Condition:
    return Is(name, (False,))


_FIRM = Any((Is("act", ("release-to-contractor",)), All((Is("act", ("retain",)), Is("to", ("contractor",))))))
_ENDED = Is("state", ("terminated",))
_ACCESS = Not(Is("visit_for", ("security-check",)))


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce(_Asks):
    """The instrument must have entered into force."""

    reason: ClassVar[str] = "what has not entered into force permits nothing"

    def rules(self) -> tuple[Rule, ...]:
        acts = (*HANDLING_ACTS, *_NOTICE_ACTS, "amend", "settle-dispute")
        return (
            Rule(
                gate=True,
                acts=acts,
                requires=Not(Is("state", ("none", "signed"))),
                text="the instrument has not entered into force",
                fact="state",
            ),
            Rule(
                gate=True,
                acts=("designate-authority",),
                requires=Not(Is("state", ("none",))),
                text="there is no text under which an authority could be named",
                fact="state",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EntersByNotification(_Asks):
    """Signature, then one written notification by each Party; the later one brings it into force."""

    reason: ClassVar[str] = "a Party is bound when both have said in writing that their own law is satisfied"

    def rules(self) -> tuple[Rule, ...]:
        note = Rule(
            acts=("sign", "notify-entry"),
            requires=Is("form_of_act", ("note",)),
            text="the act is not in the form that binds",
            fact="form-of-act",
        )
        return (
            note,
            Rule(
                acts=("sign",),
                requires=Is("state", ("none",)),
                text="there is nothing left to sign",
                fact="state",
            ),
            Rule(
                acts=("notify-entry",),
                requires=All((Is("state", ("signed",)), _no("notified"))),
                text="there is no signed text whose entry into force still waits for this Party's notification",
                fact="state",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsUntilEnded(_Asks):
    """New CMI may be given for as long as the instrument has not ended."""

    reason: ClassVar[str] = "after the end nothing new is given"

    def rules(self) -> tuple[Rule, ...]:
        ended = "the instrument has ended; nothing new may be given under it"
        return (
            Rule(acts=("request",), requires=Not(_ENDED), text=ended, fact="state"),
            Rule(gate=True, acts=(*GIVING_ACTS, "warn"), requires=Not(_ENDED), text=ended, fact="state"),
            Rule(
                gate=True,
                acts=("visit",),
                applies=_ACCESS,
                requires=Not(_ENDED),
                text=ended,
                fact="state",
            ),
            Rule(
                gate=True,
                acts=("accept",),
                requires=Any((Not(_ENDED), _yes("sent_before_end"))),
                text="it was let go after the instrument had ended",
                fact="dispatched",
            ),
            Rule(
                gate=True,
                acts=("sign", "designate-authority"),
                requires=Not(_ENDED),
                text="the instrument has ended; the act would change nothing",
                fact="state",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EndsOnNotice(_Asks):
    """A written notice through the diplomatic channel, in time, ends the instrument at the end of its term."""

    reason: ClassVar[str] = "only the giver acts on a notice, in writing, through the diplomatic channel"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=_NOTICE_ACTS,
                requires=Is("form_of_act", ("note",)),
                text="only a note through the diplomatic channel has an effect",
                fact="form-of-act",
            ),
            Rule(
                acts=_NOTICE_ACTS,
                requires=Not(_ENDED),
                text="the instrument has already ended",
                fact="state",
            ),
            Rule(
                acts=("give-notice",),
                requires=Not(Is("timely", ("late", "no-anniversary"))),
                text="the notice does not end the instrument then",
                fact="ends",
            ),
            Rule(
                acts=("give-notice",),
                requires=Not(Is("timely", ("received-late",))),
                otherwise="uncertain",
                text="sent before the cut-off and received after it: the text does not say which counts",
                fact="note-received",
            ),
            Rule(
                acts=("give-notice",),
                requires=Not(Is("timely", ("beside-suspended",))),
                otherwise="uncertain",
                text="on this reading the Party needs no fresh notice; what one does is not settled",
                fact="ends",
            ),
            Rule(
                acts=("suspend-notice",),
                requires=_yes("live_notice"),
                text="this Party has no live notice to suspend",
                fact="notice",
            ),
            Rule(
                acts=("resume-notice",),
                requires=_yes("suspended_notice"),
                text="this Party has no suspended notice to resume",
                fact="notice",
            ),
            Rule(
                acts=("resume-notice",),
                requires=_yes("resumable"),
                text="on this reading resuming does nothing; only a fresh notice in time counts",
                fact="notice",
            ),
            Rule(
                acts=("withdraw-notice",),
                requires=Any((_yes("live_notice"), _yes("suspended_notice"))),
                text="this Party has no notice to withdraw",
                fact="notice",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectionSurvives(_Asks):
    """All CMI provided stays protected after the end; what it does not plainly settle is uncertain."""

    reason: ClassVar[str] = "the end of the instrument ends no protection"

    def rules(self) -> tuple[Rule, ...]:
        unsettled = "whether this outlives the instrument is not plainly settled"
        return (
            Rule(gate=True, acts=(*HELD_ACTS, *DUTY_ACTS), applies=_ENDED, requires=ALWAYS, text=""),
            Rule(
                gate=True,
                acts=("visit",),
                applies=All((_ENDED, Not(_ACCESS))),
                requires=NEVER,
                otherwise="uncertain",
                text=unsettled,
                fact="state",
            ),
            Rule(
                gate=True,
                acts=("accept",),
                applies=All((_ENDED, _yes("sent_before_end"))),
                requires=NEVER,
                otherwise="uncertain",
                text="it was under way when the instrument ended: the moment of provision is not defined",
                fact="dispatched",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendedByConsent(_Asks):
    """Amended at any time by mutual written consent."""

    reason: ClassVar[str] = "only both Parties change what both agreed"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=("amend",),
                requires=Is("form_of_act", ("note",)),
                text="an amendment is made in writing through the diplomatic channel",
                fact="form-of-act",
            ),
            Rule(
                acts=("amend",),
                requires=_yes("other_consents"),
                text="the other Party has not consented in writing",
                fact="consent",
            ),
            Rule(
                acts=("amend",),
                requires=Not(_ENDED),
                otherwise="uncertain",
                text="whether an instrument that has ended can be amended is not settled",
                fact="state",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class IsMarkedInformation(_Asks):
    """Only information that bears a classification comes under the instrument."""

    reason: ClassVar[str] = "an unmarked item cannot enter"

    def rules(self) -> tuple[Rule, ...]:
        acts = (*GIVING_ACTS, "accept", "open", "mark")
        return (Rule(acts=acts, requires=_yes("marked"), text="the item bears no classification", fact="level"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedLevelsOnly(_Asks):
    """Only the levels of the table are covered, each with the originator's own mark."""

    reason: ClassVar[str] = "what the table leaves out may not be given"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=(*GIVING_ACTS, "accept"),
                requires=_yes("covered"),
                text="the mark is not one of the originator's marks in the table",
                fact="level",
            ),
            Rule(
                acts=("visit",),
                applies=Not(Is("shown_rank", (0,))),
                requires=_yes("shown_covered"),
                text="the level to be shown is not in the table",
                fact="shown-level",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TopLevelUnsettled(_Asks):
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
class Remark:
    """The recipient puts its own corresponding mark on all CMI received, and names the origin."""

    reason: ClassVar[str] = "a foreign item is told from a national one, and handled at no less"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=("mark",),
                requires=_yes("mark_corresponds"),
                text="the mark is not the one that corresponds in the table",
                fact="mark",
            ),
            Rule(
                acts=("mark", "regrade"),
                applies=Any((Is("act", ("mark",)), _yes("mark_given"))),
                requires=_yes("mark_names_origin"),
                text="the mark does not name the providing Party",
                fact="mark",
            ),
        )

    def duties(self) -> tuple[Duty, ...]:
        """What is owed under the clause."""
        return (Duty(act="mark", owed=ALWAYS, by="recipient", text="re-mark all CMI received, naming the origin"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoThirdPartyWithoutConsent(_Asks):
    """No Party or third country receives another's CMI without its prior written approval."""

    reason: ClassVar[str] = "the originator alone decides who else may know"

    def rules(self) -> tuple[Rule, ...]:
        text = "prior written approval of every originator concerned, naming the receiver, is not there"
        acts = (*GIVING_ACTS, "accept", "release", "return")
        combined = All((Is("act", ("release",)), _yes("combined_staff")))
        concerned = Any((Is("act", ("release",)), _yes("third_party")))
        return (
            Rule(
                acts=acts,
                applies=concerned,
                requires=Any((_yes("consented"), combined)),
                text=text,
                fact="consent",
            ),
            Rule(
                acts=("release",),
                applies=_yes("combined_staff"),
                requires=_yes("consented"),
                otherwise="uncertain",
                text="whether an officer of a third country inside a combined staff needs approval is not settled",
                fact="combined-staff",
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
class PurposeBound(_Asks):
    """Used only for the purpose for which it was given, unless the originator approved another in writing."""

    reason: ClassVar[str] = "the decision to give rested on the purpose"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=_USING_ACTS,
                requires=Any((Same("purpose", "item_purpose"), _yes("purpose_consented"))),
                text="the use differs from the purpose for which it was given, without prior written approval",
                fact="purpose",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptOnRoster(_Asks):
    """A facility keeps a register of the persons authorised for the CMI it holds."""

    reason: ClassVar[str] = "no register, no holding"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=("open",),
                requires=_yes("roster"),
                text="the person is not on the facility's register",
                fact="person.roster",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded(_Asks):
    """Identification, location, inventory and control: what is given or made leaves a record."""

    reason: ClassVar[str] = "what has no record cannot be controlled"

    def rules(self) -> tuple[Rule, ...]:
        oral = Any((Is("act", ("disclose-orally",)), Is("form", ("oral",))))
        return (
            Rule(
                acts=GIVING_ACTS,
                applies=oral,
                requires=_yes("record_made"),
                text="no record was made of the oral disclosure",
                fact="record-made",
            ),
            Rule(
                acts=("reproduce", "destroy"),
                requires=_yes("record_made"),
                text="no record was made",
                fact="record-made",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowsRegrade:
    """The originator notifies a change of classification in writing; the recipient follows it, and no other."""

    reason: ClassVar[str] = "only the originator changes the classification of its CMI"

    def rules(self) -> tuple[Rule, ...]:
        own = _yes("by_originator")
        return (
            Rule(
                acts=("regrade",),
                requires=Any((own, _yes("regrade_notice"))),
                text="the originator has not notified another level in writing",
                fact="regrade-notice",
            ),
            Rule(
                acts=("regrade",),
                applies=All((Not(own), _yes("mark_given"), _yes("regrade_notice"))),
                requires=_yes("regrade_corresponds"),
                text="the new mark is not the one that corresponds to the level notified",
                fact="regrade-to",
            ),
            Rule(
                acts=("notify-regrade",),
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
                owed=_yes("regrade_notice"),
                by="recipient",
                text="put the level on that the originator has notified",
            ),
            Duty(
                act="notify-regrade",
                owed=_yes("level_changed"),
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
                acts=_USING_ACTS,
                requires=_no("purpose_ended"),
                text="the purpose is over: return or destroy it",
                fact="purpose-ended",
            ),
            Rule(
                acts=("return",),
                requires=_yes("to_originator"),
                text="it is returned to its originator and to nobody else",
                fact="to",
            ),
            Rule(acts=("destroy",), requires=ALWAYS, text=""),
        )

    def duties(self) -> tuple[Duty, ...]:
        """What is owed under the clause."""
        text = "return or destroy what is no longer needed"
        return tuple(
            Duty(act=act, owed=_yes("purpose_ended"), by="recipient", text=text) for act in ("return", "destroy")
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAccessByRank(_Asks):
    """Nobody has access by rank, post or clearance alone."""

    reason: ClassVar[str] = "need is never presumed"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=("open",),
                requires=_yes("need"),
                text="rank, post or clearance alone gives no access",
                fact="person.need",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficialsWithNeedAndClearance(_Asks):
    """Access is for government officials whose duties require it and who hold the clearance."""

    reason: ClassVar[str] = "office, need and clearance, all three"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=("open",),
                requires=Is("role", ("official",)),
                text="the person is not a government official",
                fact="person.role",
            ),
            Rule(
                acts=("open",),
                requires=_yes("need"),
                text="the person's duties do not require it",
                fact="person.need",
            ),
            Rule(
                acts=("open",),
                requires=All((AtLeast("clearance", "rank"), AtLeast("clearance", 1))),
                text="the person's clearance does not reach the level",
                fact="person.clearance",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AssuredLevel(_Asks):
    """Before CMI is provided the recipient assures that whoever receives it is cleared to the needed level."""

    reason: ClassVar[str] = "the giver relies on the recipient's word for the recipient's people"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=GIVING_ACTS,
                requires=_yes("assurance"),
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
class Assured(_Asks):
    """Before CMI is provided the recipient assures its purpose and its protection."""

    reason: ClassVar[str] = "the giver relies on the recipient's word"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=GIVING_ACTS,
                requires=_yes("assurance"),
                text="the recipient's assurance is not on file",
                fact="assurance",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifiedAuthority:
    """Competent authorities are notified through the diplomatic channel, and only they act."""

    reason: ClassVar[str] = "the other side must know whom it deals with"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=("designate-authority",),
                requires=Is("form_of_act", ("note",)),
                text="an authority is named by note through the diplomatic channel",
                fact="form-of-act",
            ),
            Rule(
                acts=("visit",),
                requires=_yes("authority_notified"),
                text="the authority that asks has not been notified to the other Party",
                fact="authority-notified",
            ),
        )

    def duties(self) -> tuple[Duty, ...]:
        """What is owed under the clause."""
        return (
            Duty(
                act="designate-authority",
                owed=_no("authority_notified"),
                by="party",
                text="notify the competent authority through the diplomatic channel",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class HostAuthorisesVisits(_Asks):
    """The Party on whose territory the facility lies authorises, within the level it sets."""

    reason: ClassVar[str] = "nobody opens a facility on another's territory"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=("visit",),
                requires=All((_yes("host_authorised"), _yes("authorised_by_host"))),
                text="the host has not authorised the visit",
                fact="host-authorised",
            ),
            Rule(
                acts=("visit",),
                requires=_yes("authority_notified"),
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
class SecurityRepresentatives(_Asks):
    """Security representatives visit to see procedures applied, after consultation."""

    reason: ClassVar[str] = "trust is checked on the spot"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=("visit",),
                applies=Not(_ACCESS),
                requires=Not(_ENDED),
                otherwise="uncertain",
                text="whether check visits go on after the end is not settled",
                fact="state",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GovernmentChannel(_Asks):
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
class DoubleEnvelope(_Asks):
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
                requires=_no("outer_mark"),
                text="the outer envelope bears a mark",
                fact="outer-mark",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CoveredEquipment(_Asks):
    """Equipment travels closed or packed so that it cannot be recognised, and watched."""

    reason: ClassVar[str] = "what can be seen has been disclosed"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=("transmit", "return"),
                applies=Is("form", ("equipment",)),
                requires=_yes("covered_load"),
                text="the equipment can be recognised or is not watched on the way",
                fact="covered",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AccreditedEncryption(_Asks):
    """Electronic transmission is encrypted, between systems that their owners' authorities accredited."""

    reason: ClassVar[str] = "a line is read by others unless it is closed to them"

    def rules(self) -> tuple[Rule, ...]:
        electronic = Is("form", ("electronic", "track"))
        return (
            Rule(
                acts=("transmit", "return"),
                applies=electronic,
                requires=_yes("encrypted"),
                text="it is not encrypted",
                fact="encrypted",
            ),
            Rule(
                acts=("transmit", "return"),
                applies=electronic,
                requires=_yes("accredited"),
                text="the systems are not accredited",
                fact="accredited",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DestroyedBeyondRepair(_Asks):
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
class ControlledCopies(_Asks):
    """Copies bear all marks, are numbered and under the same control."""

    reason: ClassVar[str] = "a copy is as secret as what it was made from"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=("reproduce",),
                requires=_yes("marks_reproduced"),
                text="the marks are not reproduced on the copies",
                fact="marks-reproduced",
            ),
            Rule(
                acts=("reproduce",),
                requires=_yes("copies_numbered"),
                text="the copies are not numbered",
                fact="copies-numbered",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearedTranslator(_Asks):
    """Only a cleared person translates."""

    reason: ClassVar[str] = "who translates has read"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=("translate",),
                requires=_yes("translator_cleared"),
                text="the translator is not cleared",
                fact="translator-cleared",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslationNote(_Asks):
    """A translation says, in its own language, that it holds the originator's CMI."""

    reason: ClassVar[str] = "its reader must see whose it is"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=("translate",),
                requires=_yes("translation_note"),
                text="the note in the language of the translation is missing",
                fact="translation-note",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmNeed(_Asks):
    """Nobody at a firm has access by rank, post or clearance alone."""

    reason: ClassVar[str] = "need is never presumed, at a firm least of all"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=("release-to-contractor", "retain"),
                applies=_FIRM,
                requires=_yes("need"),
                text="the firm's staff have no need",
                fact="person.need",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmInspected(_Asks):
    """The firm, its subcontractors and each of their sites can protect what they get, and were inspected."""

    reason: ClassVar[str] = "a promise to protect is worth what the site is worth"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=("release-to-contractor", "retain"),
                applies=_FIRM,
                requires=_yes("inspected"),
                text="a site of the firm or of a subcontractor was not inspected",
                fact="inspected",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmCleared(_Asks):
    """Everyone at the firm whose duties need access holds the clearance."""

    reason: ClassVar[str] = "a firm's staff are cleared as officials are"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=("release-to-contractor", "retain"),
                applies=_FIRM,
                requires=All((AtLeast("clearance", "rank"), AtLeast("clearance", 1))),
                text="the firm's staff are not cleared to the level",
                fact="person.clearance",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmRoster(_Asks):
    """The firm's facility keeps a register of the persons authorised."""

    reason: ClassVar[str] = "no register, no holding"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=("release-to-contractor", "retain"),
                applies=_FIRM,
                requires=_yes("roster"),
                text="the firm's staff are not on its register",
                fact="person.roster",
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
                owed=Any((Is("loss", ("possible", "known")), _yes("tracer_unanswered"))),
                unsettled=_yes("lateness_only"),
                by="recipient",
                text="tell the originator at once of a loss, a compromise, or the possibility of one",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LawChangeNotified:
    """A change of law that touches protection here is notified without being asked."""

    reason: ClassVar[str] = "equal protection is judged by the law behind it"

    def rules(self) -> tuple[Rule, ...]:
        return (Rule(acts=("notify-law-change",), requires=ALWAYS, text=""),)

    def duties(self) -> tuple[Duty, ...]:
        """What is owed under the clause."""
        return (
            Duty(
                act="notify-law-change",
                owed=Any((Is("law_change", ("affects-protection",)), _yes("asked"))),
                by="party",
                text="tell the other Party of its law on protection, and of a change that touches it",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledByConsultation:
    """A dispute on meaning or application is settled by consultation between the Parties and in no other way."""

    reason: ClassVar[str] = "no court, no arbiter, no software"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=("settle-dispute",),
                requires=Is("settled_by", ("consultation",)),
                text="only consultation between the Parties settles a dispute",
                fact="settled-by",
            ),
            Rule(
                acts=("settle-dispute",),
                requires=_yes("dispute_open"),
                text="there is no dispute to settle",
                fact="dispute-open",
            ),
            Rule(
                acts=("settle-dispute",),
                requires=Is("form_of_act", ("note",)),
                text="the act is not in the form that binds",
                fact="form-of-act",
            ),
        )

    def duties(self) -> tuple[Duty, ...]:
        """What is owed under the clause."""
        return (Duty(act="settle-dispute", owed=_yes("dispute_open"), by="party", text="consult on the dispute"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectedInDispute:
    """Protection goes on while a dispute is open."""

    reason: ClassVar[str] = "a quarrel about the text is no reason to leak"

    def rules(self) -> tuple[Rule, ...]:
        return (Rule(acts=("protect",), applies=_yes("dispute_open"), requires=ALWAYS, text=""),)

    def duties(self) -> tuple[Duty, ...]:
        """What is owed under the clause."""
        return (
            Duty(
                act="protect",
                owed=ALWAYS,
                applies=_yes("dispute_open"),
                by="recipient",
                text="go on protecting while the dispute is open",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlySubjects(_Asks):
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
class OnlyForms(_Asks):
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
class ThroughHub(_Asks):
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
                requires=_yes("through_hub"),
                text="the arrangement provides no route but through the hub",
                fact="via",
            ),
            Rule(
                acts=tuple(act for act in self.acts if act == "release"),
                requires=_yes("hub_releases"),
                text="only the hub passes on, and only to the other Party",
                fact="by",
            ),
            Rule(
                acts=GIVING_ACTS,
                requires=Not(_yes("from_hub")),
                otherwise="uncertain",
                text="what the hub gives of its own is not spoken of",
                fact="by",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderTheLegs(_Asks):
    """Each leg, and every handling, is judged by the leg's own agreement."""

    reason: ClassVar[str] = "the arrangement binds nobody; the agreements that it rests on do"

    def rules(self) -> tuple[Rule, ...]:
        return (Rule(acts=tuple(a for a in HANDLING_ACTS if a != "warn"), requires=ALWAYS, text=""),)


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterLaunchOnly(_Asks):
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


@dataclass(frozen=True, slots=True, kw_only=True)
class TextNotHeld(_Asks):
    """Nobody outside has read the text, so what it carries is not known."""

    reason: ClassVar[str] = "what was not read is not guessed"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=(*HANDLING_ACTS, *LEGAL_ACTS),
                applies=Not(Is("state", ("none",))),
                requires=NEVER,
                otherwise="uncertain",
                text="the text of this instrument is not held, so what it allows is not known",
                fact="",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadFinalClauses(_Asks):
    """The clauses on notice, amendment and end were not read, so what a legal act does is not known."""

    reason: ClassVar[str] = "what was not read is not guessed"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=LEGAL_ACTS,
                requires=NEVER,
                otherwise="uncertain",
                text="the final clauses of this instrument were not read, so the effect of the act is not known",
                fact="",
            ),
        )


CLAUSES: dict[str, type[Clause]] = {
    "in-force": InForce,
    "enters-by-notification": EntersByNotification,
    "runs-until-ended": RunsUntilEnded,
    "ends-on-notice": EndsOnNotice,
    "protection-survives": ProtectionSurvives,
    "amended-by-consent": AmendedByConsent,
    "is-marked-information": IsMarkedInformation,
    "listed-levels-only": ListedLevelsOnly,
    "top-level-unsettled": TopLevelUnsettled,
    "re-mark": Remark,
    "no-third-party-without-consent": NoThirdPartyWithoutConsent,
    "substantially-equal-protection": SubstantiallyEqualProtection,
    "purpose-bound": PurposeBound,
    "kept-on-roster": KeptOnRoster,
    "recorded": Recorded,
    "follows-regrade": FollowsRegrade,
    "kept-no-longer-than-needed": KeptNoLongerThanNeeded,
    "no-access-by-rank": NoAccessByRank,
    "officials-with-need-and-clearance": OfficialsWithNeedAndClearance,
    "assured-level": AssuredLevel,
    "assured": Assured,
    "notified-authority": NotifiedAuthority,
    "host-authorises-visits": HostAuthorisesVisits,
    "security-representatives": SecurityRepresentatives,
    "government-channel": GovernmentChannel,
    "double-envelope": DoubleEnvelope,
    "covered-equipment": CoveredEquipment,
    "accredited-encryption": AccreditedEncryption,
    "destroyed-beyond-repair": DestroyedBeyondRepair,
    "controlled-copies": ControlledCopies,
    "cleared-translator": ClearedTranslator,
    "translation-note": TranslationNote,
    "firm-need": FirmNeed,
    "firm-inspected": FirmInspected,
    "firm-cleared": FirmCleared,
    "firm-roster": FirmRoster,
    "loss-reported": LossReported,
    "law-change-notified": LawChangeNotified,
    "settled-by-consultation": SettledByConsultation,
    "protected-in-dispute": ProtectedInDispute,
    "only-subjects": OnlySubjects,
    "only-forms": OnlyForms,
    "through-hub": ThroughHub,
    "under-the-legs": UnderTheLegs,
    "after-launch-only": AfterLaunchOnly,
    "text-not-held": TextNotHeld,
    "unread-final-clauses": UnreadFinalClauses,
}
"""Every standard clause by the name under which an agreement file calls it."""
