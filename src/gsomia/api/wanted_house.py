"""The acts of a Party about its own house, as a request takes them: persons, keys, rooms, peers, its legal record."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from gsomia.agreement import FORMS, LegalAct
from gsomia.api.questions import Body as Said
from gsomia.api.questions import Instant, Party, Reference, Text
from gsomia.api.reads import aware
from gsomia.errors import UsageError
from gsomia.keys import PublicKey, Verifies
from gsomia.node import (
    Acting,
    Node,
    Note,
    PersonDetails,
    accredit,
    assure,
    brief,
    change_person,
    declare_compromised,
    end_order,
    enrol_officer,
    enrol_peer,
    enter_legal_acts,
    enter_need,
    enter_person,
    give_order,
    place,
    replace_officer_key,
    retire_officer_key,
    strike_person,
)
from gsomia.passkeys import enrolled_key

__all__ = ["House", "HouseAct"]


class Pair(Said):
    """The public half of a key, base64 inside, as `gsomia person key` prints it."""

    ed25519: Annotated[str, Field(max_length=64)]
    ml_dsa_65: Annotated[str, Field(alias="ml-dsa-65", max_length=4096)]

    def key(self) -> PublicKey:
        """The key.

        Raises:
            UsageError: it is none.
        """
        try:
            return PublicKey.from_json({"ed25519": self.ed25519, "ml-dsa-65": self.ml_dsa_65})
        except ValueError as error:
            raise UsageError(f"not a public key: {error}") from error


Pairs = Annotated[list[Pair], Field(max_length=8)]
Words = Annotated[list[Text], Field(max_length=256)]
Day = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]


class HouseAct(Said, ABC):
    """An act that one officer signs, which says by itself how it is done.

    Attributes:
        row: the act of the table of rights, where that has another name.
    """

    row: ClassVar[str] = ""

    @abstractmethod
    def do(self, node: Node, by: Acting) -> object:
        """Run its use case."""


class EnterPerson(HouseAct):
    """Enter a person, or enter them anew: what is left out counts no longer."""

    act: Literal["enter-person"]
    person: Reference
    clearance: Text
    basis: Text = ""
    expires: Instant = None
    needs: list[Text] = Field(default=[], max_length=256)
    purposes: list[Text] = Field(default=["defence", "missile-defence"], max_length=256)
    rosters: list[Text] = Field(default=[], max_length=256)
    house_roles: list[Text] = Field(default=[], max_length=256)
    accounts: list[Text] = Field(default=[], max_length=256)
    sign_in_keys: Pairs = Field(default=[])
    role: Text = "official"
    rank: Text = ""

    def do(self, node: Node, by: Acting) -> object:
        """Enter them."""
        details = PersonDetails(
            id=self.person,
            clearance=self.clearance,
            basis=self.basis,
            expires=aware(self.expires),
            needs=tuple(self.needs),
            purposes=tuple(self.purposes),
            rosters=tuple(self.rosters),
            house_roles=tuple(self.house_roles),
            accounts=tuple(self.accounts),
            sign_in_keys=tuple(pair.key() for pair in self.sign_in_keys),
            role=self.role,
            rank=self.rank,
        )
        return enter_person(node, details, by=by)


class ChangePerson(HouseAct):
    """Change what is named of a person and leave the rest as it stands; the statement is an `enter-person`."""

    row: ClassVar[str] = "enter-person"

    act: Literal["change-person"]
    person: Reference
    clearance: Text | None = None
    basis: Text | None = None
    expires: Instant = None
    needs: Words | None = None
    purposes: Words | None = None
    rosters: Words | None = None
    house_roles: Words | None = None
    accounts: Words | None = None
    sign_in_keys: Pairs | None = None
    role: Text | None = None
    rank: Text | None = None

    def do(self, node: Node, by: Acting) -> object:
        """Enter them anew."""
        changes: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in self
            if name not in ("act", "person") and value is not None
        }
        if not changes:
            raise UsageError("nothing to change was named")
        if self.sign_in_keys is not None:
            changes["sign_in_keys"] = tuple(pair.key() for pair in self.sign_in_keys)
        if "expires" in changes:
            changes["expires"] = aware(changes["expires"])
        return change_person(node, self.person, by=by, **changes)


class StrikePerson(HouseAct):
    """Strike a person who leaves; each of their officers' keys ends by an act of its own."""

    act: Literal["strike-person"]
    person: Reference
    why: Text

    def do(self, node: Node, by: Acting) -> object:
        """Strike them."""
        return strike_person(node, self.person, self.why, by=by)


class Brief(HouseAct):
    """Record that a person was briefed."""

    act: Literal["brief"]
    person: Reference
    what: Text
    day: Day
    until: Day | Literal[""] = ""

    def do(self, node: Node, by: Acting) -> object:
        """Record it."""
        return brief(node, self.person, self.what, self.day, until=self.until, by=by)


class EnterNeed(HouseAct):
    """Enter that a person needs to know a held item, or does not."""

    act: Literal["enter-need"]
    person: Reference
    item: Reference
    need: bool
    why: Text

    def do(self, node: Node, by: Acting) -> object:
        """Enter it."""
        return enter_need(node, self.person, self.item, need=self.need, why=self.why, by=by)


class Place(HouseAct):
    """Record the facility at which a held item is kept."""

    act: Literal["place"]
    item: Reference
    facility: Reference

    def do(self, node: Node, by: Acting) -> object:
        """Record it."""
        return place(node, self.item, self.facility, by=by)


class Assure(HouseAct):
    """Assure a providing Party (Article 7.5)."""

    act: Literal["assure"]
    to: Party
    under: Text
    level: Text

    def do(self, node: Node, by: Acting) -> object:
        """Assure it."""
        return assure(node, self.to, self.under, self.level, by=by)


class Accredit(HouseAct):
    """State that the node's system is accredited (Article 12(c))."""

    act: Literal["accredit"]
    system: Text
    level: Text

    def do(self, node: Node, by: Acting) -> object:
        """State it."""
        return accredit(node, self.system, self.level, by=by)


def _public(key: dict[str, Any]) -> Verifies:
    """The public half of an officer's key, as an act holds it.

    Raises:
        UsageError: it is none.
    """
    try:
        return enrolled_key(key)
    except (ValueError, TypeError, KeyError) as error:
        raise UsageError(f"not a public key: {error}") from error


class EnrolKey(HouseAct):
    """Enrol an officer's key that was made elsewhere, a pair or a passkey, as this person's."""

    act: Literal["enrol-key"]
    officer: Reference
    person: Reference
    roles: list[Text] = Field(min_length=1, max_length=8)
    key: dict[str, Any] = Field(max_length=16)

    def do(self, node: Node, by: Acting) -> object:
        """Enrol it."""
        return enrol_officer(node, self.officer, self.roles, _public(self.key), by=by, person=self.person)


class ReplaceKey(HouseAct):
    """Enrol a new key for an officer in place of the one before; the statement is an `enrol-key`."""

    act: Literal["replace-key"]
    officer: Reference
    key: dict[str, Any] = Field(max_length=16)

    def do(self, node: Node, by: Acting) -> object:
        """Enrol it."""
        return replace_officer_key(node, self.officer, _public(self.key), by=by)


class GiveOrder(HouseAct):
    """Give a standing order (protocol 8)."""

    act: Literal["standing-order"]
    to: Party
    under: Text
    marks: dict[Text, Text] = Field(max_length=64)
    subjects: list[Text] = Field(default=[], max_length=64)
    until: Annotated[datetime, Field(strict=False)]

    def do(self, node: Node, by: Acting) -> object:
        """Give it."""
        until = aware(self.until)
        assert until is not None
        return give_order(node, self.to, self.under, self.marks, until=until, subjects=self.subjects, by=by)


class EndOrder(HouseAct):
    """End a standing order."""

    act: Literal["end-standing-order"]
    order: Reference
    to: Annotated[str, Field(pattern=r"^([A-Z]{3})?$")]
    under: Annotated[str, Field(max_length=128)]

    def do(self, node: Node, by: Acting) -> object:
        """End it, where it is the one that was meant."""
        with node.store.reading() as reader:
            found = reader.order(self.order)
        if found is not None and (found.giver, found.instrument) != (self.to, self.under):
            raise UsageError(f"standing order `{self.order}` is about `{found.giver}` under `{found.instrument}`")
        return end_order(node, self.order, by=by)


class RetireKey(HouseAct):
    """End an officer's key."""

    act: Literal["retire-key"]
    officer: Reference

    def do(self, node: Node, by: Acting) -> object:
        """End it."""
        return retire_officer_key(node, self.officer, by=by)


class DeclareCompromised(HouseAct):
    """Declare that a key may be in other hands: an officer's, or with no officer named a node's."""

    act: Literal["declare-key-compromised"]
    party: Party | Literal[""] = ""
    officer: Annotated[str, Field(max_length=128)] = ""
    since: Annotated[datetime, Field(strict=False)]
    key: Annotated[str, Field(max_length=64)] = ""

    def do(self, node: Node, by: Acting) -> object:
        """Declare it."""
        since = aware(self.since)
        assert since is not None  # it is one of the body's words
        return declare_compromised(node, self.party or node.party, self.officer, since, by=by, key=self.key)


class EnrolPeer(HouseAct):
    """Enrol a peer whose fingerprint the officer compared with the diplomatic note, and name its address."""

    act: Literal["enrol-peer"]
    identity: dict[str, Any] = Field(max_length=16)
    fingerprint: Text
    url: Text

    def do(self, node: Node, by: Acting) -> object:
        """Enrol it."""
        return enrol_peer(node, self.identity, self.fingerprint, address=self.url, by=by)


class LegalEntry(Said):
    """A legal act to enter in the record; `word` is what it says more: the reading, or the successor."""

    id: Reference
    under: Text
    type: Text
    party: Party
    effective: Annotated[datetime, Field(strict=False)]
    form: Text
    source: Annotated[str, Field(max_length=4096)]
    confidence: Annotated[str, Field(pattern=r"^[ABCI]$")]
    word: Text = ""

    def legal(self) -> LegalAct:
        """The act.

        Raises:
            UsageError: the form is not known, or the instant has no offset.
        """
        if self.form not in FORMS:
            raise UsageError(f"unknown form `{self.form}`", hint=f"known: {', '.join(FORMS)}")
        at = aware(self.effective)
        assert at is not None  # it is one of the body's words
        return LegalAct(
            id=self.id,
            under=self.under,
            act=self.type,
            by=self.party,
            at=at.astimezone(UTC),
            form=self.form,
            source=self.source,
            confidence=self.confidence,
            note=self.word,
            known_at=at.astimezone(UTC),
        )


class NoteSaid(Said):
    """The diplomatic note that legal acts rest on."""

    reference: Text
    dated: Text
    digest: Text


class EnterLegalActs(HouseAct):
    """Enter legal acts in the record, with the note they rest on."""

    act: Literal["enter-legal-acts"]
    acts: list[LegalEntry] = Field(min_length=1, max_length=64)
    note: NoteSaid

    def do(self, node: Node, by: Acting) -> object:
        """Enter them."""
        note = Note(reference=self.note.reference, dated=self.note.dated, digest=self.note.digest)
        return enter_legal_acts(node, [one.legal() for one in self.acts], note, by=by)


House = (
    EnterPerson
    | ChangePerson
    | StrikePerson
    | Brief
    | EnterNeed
    | Place
    | Assure
    | Accredit
    | EnrolKey
    | ReplaceKey
    | GiveOrder
    | EndOrder
    | RetireKey
    | DeclareCompromised
    | EnrolPeer
    | EnterLegalActs
)
