"""Where the wording was not read: what is not known, and what has no effect whatever it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gsomia.agreement.clauses.terms import GIVING_ACTS, HANDLING_ACTS, LEGAL_ACTS, Asks, no, yes
from gsomia.agreement.conditions import NEVER, All, Any, Condition, Is, Not, Rule

__all__ = ["TextNotHeld", "UnreadFinalClauses"]


def _without_effect() -> tuple[Rule, ...]:
    """What has no effect whatever the unread wording is: nothing to act on, a speech, one Party alone, software."""

    def none(acts: tuple[str, ...], requires: Condition, text: str, fact: str) -> Rule:
        """A rule that bars these acts whatever the wording is, tagged as inferred."""
        return Rule(gate=True, acts=acts, requires=requires, text=text, fact=fact, confidence="I")

    any_notice = Any((yes("live_notice"), yes("suspended_notice")))
    return (
        none(LEGAL_ACTS, Not(Is("form_of_act", ("speech",))), "what is said in public is no legal act", "form-of-act"),
        none(("sign",), Is("state", ("none",)), "there is nothing left to sign", "state"),
        none(
            ("notify-entry",),
            All((Is("state", ("signed",)), no("notified"))),
            "there is no signed text whose entry into force still waits for this Party's notification",
            "state",
        ),
        none(("suspend-notice",), yes("live_notice"), "this Party has no live notice to suspend", "notice"),
        none(("resume-notice",), yes("suspended_notice"), "this Party has no suspended notice to resume", "notice"),
        none(("withdraw-notice",), any_notice, "this Party has no notice to withdraw", "notice"),
        none(
            ("amend",),
            yes("other_consents"),
            "no Party changes alone what several agreed: the others have not consented",
            "consent",
        ),
        none(
            ("settle-dispute",),
            Not(Is("settled_by", ("software",))),
            "no software settles a dispute between Parties",
            "settled-by",
        ),
        none(("settle-dispute",), yes("dispute_open"), "there is no dispute to settle", "dispute-open"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TextNotHeld(Asks):
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
            *_without_effect(),
            Rule(
                # Whatever the text says: what passes through another Party needs its originator's consent.
                gate=True,
                acts=(*GIVING_ACTS, "accept"),
                applies=yes("passes_through"),
                requires=yes("consented"),
                text="it passes through another Party, and the originator has not consented to that before, in writing",
                fact="consent",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadFinalClauses(Asks):
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
            *_without_effect(),
        )
