"""Whether an instrument binds: entry into force, term, notice, survival, amendment, disputes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gsomia.agreement.clauses.terms import (
    ACCESS,
    DUTY_ACTS,
    ENDED,
    GIVING_ACTS,
    HANDLING_ACTS,
    HELD_ACTS,
    NOTICE_ACTS,
    USING_ACTS,
    Asks,
    no,
    yes,
)
from gsomia.agreement.conditions import ALWAYS, NEVER, All, Any, Duty, Is, Not, Rule

__all__ = [
    "AmendedByConsent",
    "EndsOnNotice",
    "EntersByNotification",
    "InForce",
    "LawChangeNotified",
    "NotifiedAuthority",
    "ProtectedInDispute",
    "ProtectionSurvives",
    "RunsUntilEnded",
    "SettledByConsultation",
]


UNDER_WAY = "it was under way when the instrument ended: the moment of provision is not defined"


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce(Asks):
    """The instrument must have entered into force."""

    reason: ClassVar[str] = "what has not entered into force permits nothing"

    def rules(self) -> tuple[Rule, ...]:
        acts = (*HANDLING_ACTS, *NOTICE_ACTS, "amend", "settle-dispute")
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
class EntersByNotification(Asks):
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
                requires=All((Is("state", ("signed",)), no("notified"))),
                text="there is no signed text whose entry into force still waits for this Party's notification",
                fact="state",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsUntilEnded(Asks):
    """New CMI may be given for as long as the instrument has not ended."""

    reason: ClassVar[str] = "after the end nothing new is given"

    def rules(self) -> tuple[Rule, ...]:
        ended = "the instrument has ended; nothing new may be given under it"
        under_way = yes("under_way")
        return (
            Rule(acts=("request",), requires=Not(ENDED), text=ended, fact="state"),
            Rule(gate=True, acts=("warn",), requires=Not(ENDED), text=ended, fact="state"),
            Rule(gate=True, acts=GIVING_ACTS, requires=Any((Not(ENDED), under_way)), text=ended, fact="state"),
            Rule(
                gate=True,
                acts=GIVING_ACTS,
                applies=All((ENDED, under_way)),
                requires=NEVER,
                otherwise="uncertain",
                text=UNDER_WAY,
                fact="dispatched",
            ),
            Rule(
                gate=True,
                acts=("visit",),
                applies=ACCESS,
                requires=Not(ENDED),
                text=ended,
                fact="state",
            ),
            Rule(
                gate=True,
                acts=("accept",),
                requires=Any((Not(ENDED), yes("sent_before_end"))),
                text="it was let go after the instrument had ended",
                fact="dispatched",
            ),
            Rule(
                gate=True,
                acts=("sign", "designate-authority"),
                requires=Not(ENDED),
                text="the instrument has ended; the act would change nothing",
                fact="state",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EndsOnNotice(Asks):
    """A written notice through the diplomatic channel, in time, ends the instrument at the end of its term."""

    reason: ClassVar[str] = "only the giver acts on a notice, in writing, through the diplomatic channel"

    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                acts=NOTICE_ACTS,
                requires=Is("form_of_act", ("note",)),
                text="only a note through the diplomatic channel has an effect",
                fact="form-of-act",
            ),
            Rule(
                acts=NOTICE_ACTS,
                requires=Not(ENDED),
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
                requires=Not(Is("timely", ("queued",))),
                otherwise="uncertain",
                text="it is too late for the next end of a term; whether it carries to the one after is not said",
                fact="note-received",
                confidence="I",
            ),
            Rule(
                acts=("give-notice",),
                requires=Not(Is("timely", ("early",))),
                otherwise="uncertain",
                text="it names a later end of a term than the next that it serves; whether a notice may is not said",
                fact="ends",
                confidence="I",
            ),
            Rule(
                acts=NOTICE_ACTS,
                requires=no("crosses_end"),
                otherwise="uncertain",
                text="sent before the instrument ends and received after it: the text does not say which counts",
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
                requires=yes("live_notice"),
                text="this Party has no live notice to suspend",
                fact="notice",
            ),
            Rule(
                acts=("resume-notice",),
                requires=yes("suspended_notice"),
                text="this Party has no suspended notice to resume",
                fact="notice",
            ),
            Rule(
                acts=("resume-notice",),
                requires=yes("resumable"),
                text="on this reading resuming does nothing; only a fresh notice in time counts",
                fact="notice",
            ),
            Rule(
                acts=("withdraw-notice",),
                requires=Any((yes("live_notice"), yes("suspended_notice"))),
                text="this Party has no notice to withdraw",
                fact="notice",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectionSurvives(Asks):
    """All CMI provided stays protected after the end; what it does not plainly settle is uncertain."""

    reason: ClassVar[str] = "the end of the instrument ends no protection"

    def rules(self) -> tuple[Rule, ...]:
        unsettled = "whether this outlives the instrument is not plainly settled"
        return (
            Rule(gate=True, acts=(*HELD_ACTS, *DUTY_ACTS), applies=ENDED, requires=ALWAYS, text=""),
            Rule(
                gate=True,
                acts=(*USING_ACTS, "release"),
                applies=ENDED,
                requires=no("received_after_end"),
                otherwise="uncertain",
                text="it came when the instrument had ended: whether it is held under it at all is not settled",
                fact="received",
                confidence="I",
            ),
            Rule(
                gate=True,
                acts=("visit",),
                applies=All((ENDED, Not(ACCESS))),
                requires=NEVER,
                otherwise="uncertain",
                text=unsettled,
                fact="state",
            ),
            Rule(gate=True, acts=("amend",), applies=ENDED, requires=NEVER, otherwise="uncertain", text=unsettled),
            *(
                Rule(
                    gate=True,
                    acts=acts,
                    applies=All((ENDED, under_way)),
                    requires=NEVER,
                    otherwise="uncertain",
                    text=UNDER_WAY,
                    fact="dispatched",
                )
                for acts, under_way in ((("accept",), yes("sent_before_end")), (GIVING_ACTS, yes("under_way")))
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendedByConsent(Asks):
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
                requires=yes("other_consents"),
                text="the other Party has not consented in writing",
                fact="consent",
            ),
            Rule(
                acts=("amend",),
                requires=Not(ENDED),
                otherwise="uncertain",
                text="whether an instrument that has ended can be amended is not settled",
                fact="state",
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
                requires=yes("dispute_open"),
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
        return (Duty(act="settle-dispute", owed=yes("dispute_open"), by="party", text="consult on the dispute"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectedInDispute:
    """Protection goes on while a dispute is open."""

    reason: ClassVar[str] = "a quarrel about the text is no reason to leak"

    def rules(self) -> tuple[Rule, ...]:
        return (Rule(acts=("protect",), applies=yes("dispute_open"), requires=ALWAYS, text=""),)

    def duties(self) -> tuple[Duty, ...]:
        """What is owed under the clause."""
        return (
            Duty(
                act="protect",
                owed=ALWAYS,
                applies=yes("dispute_open"),
                by="recipient",
                text="go on protecting while the dispute is open",
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
                acts=("visit", "request"),
                requires=yes("authority_notified"),
                text="the authority that asks has not been notified to the other Party",
                fact="authority-notified",
            ),
        )

    def duties(self) -> tuple[Duty, ...]:
        """What is owed under the clause."""
        return (
            Duty(
                act="designate-authority",
                owed=no("authority_notified"),
                by="party",
                text="notify the competent authority through the diplomatic channel",
                survives=False,
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
                owed=Any((Is("law_change", ("affects-protection",)), yes("asked"))),
                by="party",
                text="tell the other Party of its law on protection, and of a change that touches it",
            ),
        )
