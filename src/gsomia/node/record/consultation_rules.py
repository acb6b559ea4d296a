"""The rules of a consultation: whose turn it is, which versions stand, what was signed. Values in, values out.

Each act names, by their SHA-256, the newest acts that its author had seen. What came before an act is then the same at
every node, in whatever order the acts arrive, and an act is judged by that alone: so all nodes come to one answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

__all__ = [
    "CLOSING",
    "DRAFT",
    "LEAVING",
    "POSITION",
    "SIGNATURE",
    "STEPS",
    "Consultation",
    "Standing",
    "Step",
    "View",
    "fault",
]

POSITION, DRAFT, SIGNATURE = "state-position", "propose-draft", "sign-joint-text"
CLOSING, LEAVING = "close-consultation", "withdraw-from-consultation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Consultation:
    """What Parties consult on, as the act that opened it says.

    Args:
        id: of the act that opened it.
        instrument: the agreement under which they consult.
        about: one of `CONSULTED`.
        reference: the legal act in dispute, the item, the article, or the threat's name.
        title: for people, unclassified.
        subject, purpose: of the texts, as the agreement names them.
        parties: in the order in which they speak.
        opened_by: which of them opened it.
        digest: SHA-256 of the statement that opened it, hexadecimal.
        at: when.
    """

    id: str
    instrument: str
    about: str
    reference: str
    title: str
    subject: str
    purpose: str
    parties: tuple[str, ...]
    opened_by: str
    digest: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One act of a consultation.

    Args:
        act: its id.
        consultation: of which.
        kind: the type of the act.
        party: whose it is.
        parties: to whom it goes.
        digest: SHA-256 of its statement, hexadecimal.
        after: the digests of the newest acts that its author had seen, sorted.
        item: the sealed item that holds its text, or "".
        text: SHA-256 of the text itself, or of the text that is signed; or "".
        number: of a position, from 0; of a draft its version, from 1; else 0.
        bases: the drafts on which a draft builds, sorted.
        draft: the draft that is signed, or "".
        among: the Parties among whom a signature counts, sorted.
        at: when.
    """

    act: str
    consultation: str
    kind: str
    party: str
    parties: tuple[str, ...]
    digest: str
    after: tuple[str, ...]
    item: str = ""
    text: str = ""
    number: int = 0
    bases: tuple[str, ...] = ()
    draft: str = ""
    among: tuple[str, ...] = ()
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What one Party may have of an assessment: its item, who made it and for whom, and who signed it.

    Args:
        item: the sealed item that holds it.
        consultation: of which it is.
        author, party: who made it, and for whom.
        text: SHA-256 of the text.
        act: the author's act.
        signed: the Party's own act, or "".
        at: when it was presented.
    """

    item: str
    consultation: str
    author: str
    party: str
    text: str
    act: str
    signed: str
    at: datetime


@dataclass(frozen=True)
class Standing:
    """How a consultation stands after some of its acts, each with all that came before it.

    Args:
        consultation: which.
        steps: the acts, in any order.
    """

    consultation: Consultation
    steps: tuple[Step, ...]

    @cached_property
    def by_digest(self) -> Mapping[str, Step]:
        """The acts by the SHA-256 of their statements."""
        return {step.digest: step for step in self.steps}

    def before(self, after: Iterable[str]) -> Standing:
        """How it stood for somebody who had seen these acts as the newest, by their digests; each is known."""
        seen: dict[str, Step] = {}
        ahead = [digest for digest in after if digest != self.consultation.digest]
        while ahead:
            digest = ahead.pop()
            if digest not in seen:
                seen[digest] = self.by_digest[digest]
                ahead += [one for one in seen[digest].after if one != self.consultation.digest]
        return Standing(self.consultation, tuple(seen.values()))

    @cached_property
    def newest(self) -> tuple[str, ...]:
        """The digests of the acts that no other one follows, sorted; of the opening where there is none yet."""
        followed = {digest for step in self.steps for digest in step.after}
        return tuple(sorted({*self.by_digest} - followed)) or (self.consultation.digest,)

    def _of(self, *kinds: str) -> list[Step]:
        return [step for step in self.steps if step.kind in kinds]

    @cached_property
    def withdrawn(self) -> frozenset[str]:
        """The Parties that have left."""
        return frozenset(step.party for step in self._of(LEAVING))

    @cached_property
    def ended(self) -> frozenset[str]:
        """The Parties that have left or closed it: they say nothing more."""
        return self.withdrawn | {step.party for step in self._of(CLOSING)}

    @cached_property
    def members(self) -> tuple[str, ...]:
        """The Parties that have not left, in the order in which they speak."""
        return tuple(party for party in self.consultation.parties if party not in self.withdrawn)

    @property
    def closed(self) -> bool:
        """Whether nobody says anything more, or one Party alone is left."""
        return len(self.members) < 2 or self.ended >= {*self.consultation.parties}

    @cached_property
    def positions(self) -> tuple[Step, ...]:
        """The positions, in turn."""
        return tuple(sorted(self._of(POSITION), key=lambda step: step.number))

    @property
    def turn(self) -> str:
        """The Party whose turn it is to state its position; "" where it is nobody's."""
        order = self.consultation.parties
        start = order.index(self.positions[-1].party) + 1 if self.positions else 0
        around = (*order[start:], *order[:start])
        return "" if self.closed else next((party for party in around if party not in self.ended), "")

    @cached_property
    def drafts(self) -> tuple[Step, ...]:
        """The drafts, by version, then by Party."""
        return tuple(sorted(self._of(DRAFT), key=lambda step: (step.number, step.party)))

    @cached_property
    def heads(self) -> tuple[Step, ...]:
        """The drafts on which no other one builds: one, or in conflict."""
        built_on = {base for draft in self.drafts for base in draft.bases}
        return tuple(draft for draft in self.drafts if draft.act not in built_on)

    @property
    def conflict(self) -> bool:
        """Whether edits crossed and no draft has brought them together yet."""
        return len(self.heads) > 1

    @property
    def drafters(self) -> tuple[str, ...]:
        """The Parties that may propose a draft now: nobody answers its own."""
        if self.joint is not None or self.closed:
            return ()
        authors = {head.party for head in self.heads}
        waiting = authors if len(authors) == 1 else set()
        return tuple(party for party in self.members if party not in self.ended | waiting)

    def draft(self, act: str) -> Step | None:
        """The draft with this id, or None."""
        return next((draft for draft in self.drafts if draft.act == act), None)

    def version(self, draft: Step) -> str:
        """How a draft is called: its number, with its Party where two have the same."""
        alike = sum(one.number == draft.number for one in self.drafts)
        return str(draft.number) if alike == 1 else f"{draft.number}-{draft.party}"

    @cached_property
    def signatures(self) -> tuple[Step, ...]:
        """The signatures, by instant, then by Party."""
        return tuple(sorted(self._of(SIGNATURE), key=lambda step: (step.at, step.party)))

    @cached_property
    def joint(self) -> Step | None:
        """The newest draft that every Party signed among whom the signatures count, or None.

        It stands for good: nobody who knows of it signs another. Only where all Parties have signed two versions before
        they heard of each other's signatures under the first does it give way, to the one that all signed later.
        """
        return next((draft for draft in reversed(self.drafts) if self._signed_by_all(draft)), None)

    def _signed_by_all(self, draft: Step) -> bool:
        found = [step for step in self.signatures if (step.draft, step.text) == (draft.act, draft.text)]
        return any(
            {step.party for step in found if step.among == among} >= {*among}
            for among in {step.among for step in found}
        )


def fault(standing: Standing, step: Step) -> str:
    """Why an act cannot be one of a consultation, by what its author had seen; "" where it can.

    Args:
        standing: the consultation, with the acts that are known here.
        step: the act, its signatures verified.
    """
    consultation, party = standing.consultation, step.party
    if party not in consultation.parties:
        return f"`{party}` is no Party to this consultation; its Parties: {', '.join(consultation.parties)}"
    known = {consultation.digest, *standing.by_digest}
    if not step.after or list(step.after) != sorted({*step.after}) or not {*step.after} <= known:
        return "it follows on acts that are not known here"
    past = standing.before(step.after)
    if {*past.newest} != {*step.after}:
        return "what it follows on are not the newest acts that its author had seen"
    if any(one.party == party and one.digest not in past.by_digest for one in standing.steps):
        return f"`{party}` said otherwise before: an earlier act of its own is not among those that it follows on"
    if past.closed or party in past.ended:
        return "the consultation is closed" if past.closed else f"`{party}` has closed it or left it"
    if {party, *step.parties} != {*past.members}:
        return f"it goes to {', '.join(step.parties) or 'nobody'}, and the Parties are {', '.join(past.members)}"
    return _RULES[step.kind](past, step)


def _position(past: Standing, step: Step) -> str:
    if step.party != past.turn:
        return f"it is the turn of `{past.turn}`, and not of `{step.party}`"
    return "" if step.number == len(past.positions) else f"the next position has the number {len(past.positions)}"


def _draft(past: Standing, step: Step) -> str:
    if past.joint is not None:
        return f"a joint text stands: version {past.version(past.joint)}"
    unknown = [base for base in step.bases if past.draft(base) is None]
    if unknown:
        return f"it builds on a draft that is not known: {', '.join(unknown)}"
    heads = sorted(head.act for head in past.heads)
    if list(step.bases) != heads:
        newest = ", ".join(past.version(head) for head in past.heads)
        return f"it does not build on what is newest: version {newest}" if heads else "there is nothing to build on"
    if step.party not in past.drafters:
        return f"it is for {', '.join(past.drafters)} to answer the draft of `{step.party}`"
    number = max((head.number for head in past.heads), default=0) + 1
    return "" if step.number == number else f"the next version is {number}"


def _signature(past: Standing, step: Step) -> str:
    draft = past.draft(step.draft)
    if draft is None:
        return "it signs a draft that is not known"
    version = past.version(draft)
    if any((one.party, one.draft, one.among) == (step.party, step.draft, step.among) for one in past.signatures):
        return f"`{step.party}` has signed version {version} already"
    if past.joint is not None:
        return f"a joint text stands: version {past.version(past.joint)}"
    if draft not in past.heads:
        newest = ", ".join(past.version(head) for head in past.heads)
        return f"version {version} is an old one; newest: {newest}"
    if past.conflict:
        crossing = ", ".join(past.version(head) for head in past.heads)
        return f"versions {crossing} cross; a draft on all of them comes first"
    if step.text != draft.text:
        return f"it signs another text than that of version {version}"
    members = sorted(past.members)
    return "" if list(step.among) == members else f"it counts among {', '.join(step.among)}, not {', '.join(members)}"


def _ending(past: Standing, step: Step) -> str:
    return ""


_RULES = {POSITION: _position, DRAFT: _draft, SIGNATURE: _signature, CLOSING: _ending, LEAVING: _ending}

STEPS: Sequence[str] = tuple(_RULES)
"""The types of the acts that follow on one another."""
