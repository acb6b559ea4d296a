"""The acts of consultations, as a request takes them; a text that one names was given, and has arrived, before."""

from __future__ import annotations

from typing import Annotated, BinaryIO, ClassVar, Literal

from pydantic import Field

from gsomia.api.questions import Body as Said
from gsomia.api.questions import Party, Reference, Text
from gsomia.api.wanted_house import HouseAct
from gsomia.node import (
    Acting,
    Node,
    SealedOnce,
    circulate_text,
    close_consultation,
    open_consultation,
    present_view,
    propose_draft,
    sign_joint_text,
    sign_view,
    state_position,
    withdraw_from_consultation,
)
from gsomia.registry import Copy

__all__ = ["Assess", "Circulate", "Consulting"]


class _Consult(HouseAct):
    """An act of a consultation; which of the two officers signs it, the subject says."""

    row: ClassVar[str] = "consult"


class Open(_Consult):
    """Open a consultation; this Party speaks first, the others in the order in which they are named."""

    act: Literal["open-consultation"]
    about: Text
    reference: Text
    title: Text
    under: Text
    others: list[Party] = Field(min_length=1, max_length=8)
    subject: Text = "other"
    purpose: Text = "defence"

    def do(self, node: Node, by: Acting) -> object:
        """Open it."""
        return open_consultation(
            node,
            self.about,
            self.reference,
            self.title,
            self.under,
            self.others,
            subject=self.subject,
            purpose=self.purpose,
            by=by,
        )


class Circulate(Said):
    """Transmit a content that was sent here to every Party of a consultation, once it would be in turn as that kind."""

    act: Literal["circulate"]
    content: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    consultation: Reference
    kind: Literal["state-position", "propose-draft"]
    level: Text
    title: Text
    mime_type: Annotated[str, Field(max_length=128)] = "application/octet-stream"
    on: list[Text] = Field(default=[], max_length=16)
    cites: list[Reference] = Field(default=[], max_length=64)
    as_is: bool = False

    def circulate(self, node: Node, source: BinaryIO, *, by: Acting, once: SealedOnce) -> list[Copy]:
        """Run the use case."""
        return circulate_text(
            node,
            self.consultation,
            self.kind,
            source,
            self.level,
            title=self.title,
            mime_type=self.mime_type,
            on=self.on,
            cites=self.cites,
            as_is=self.as_is,
            by=by,
            once=once,
        )


class Assess(Said):
    """Give each other Party the view of an assessment that was sent here; who discloses signs the transmissions."""

    act: Literal["assess"]
    content: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    consultation: Reference
    disclosure: Annotated[str, Field(max_length=128)] = ""


class StatePosition(_Consult):
    """State this Party's position in turn: a text that every other Party holds."""

    act: Literal["state-position"]
    consultation: Reference
    item: Reference

    def do(self, node: Node, by: Acting) -> object:
        """State it."""
        return state_position(node, self.consultation, self.item, by=by)


class ProposeDraft(_Consult):
    """Propose a draft that every other Party holds, on the newest version or on all that cross."""

    act: Literal["propose-draft"]
    consultation: Reference
    item: Reference
    on: list[Text] = Field(default=[], max_length=16)

    def do(self, node: Node, by: Acting) -> object:
        """Propose it."""
        return propose_draft(node, self.consultation, self.item, on=self.on, by=by)


class SignJointText(_Consult):
    """Sign the newest draft, exactly as it is sealed."""

    act: Literal["sign-joint-text"]
    consultation: Reference
    version: Text
    sha256: Annotated[str, Field(max_length=64)] = ""

    def do(self, node: Node, by: Acting) -> object:
        """Sign it."""
        return sign_joint_text(node, self.consultation, self.version, text=self.sha256, by=by)


class PresentView(_Consult):
    """Present the view of an assessment that has arrived at its Party."""

    act: Literal["present-view"]
    consultation: Reference
    item: Reference

    def do(self, node: Node, by: Acting) -> object:
        """Present it."""
        return present_view(node, self.consultation, self.item, by=by)


class SignView(_Consult):
    """Sign the view of an assessment that was presented to this Party."""

    act: Literal["sign-view"]
    consultation: Reference
    item: Reference

    def do(self, node: Node, by: Acting) -> object:
        """Sign it."""
        return sign_view(node, self.consultation, self.item, by=by)


class Close(_Consult):
    """Say nothing more in a consultation."""

    act: Literal["close-consultation"]
    consultation: Reference

    def do(self, node: Node, by: Acting) -> object:
        """Close it for this Party."""
        return close_consultation(node, self.consultation, by=by)


class Withdraw(_Consult):
    """Leave a consultation: the others go on."""

    act: Literal["withdraw-from-consultation"]
    consultation: Reference

    def do(self, node: Node, by: Acting) -> object:
        """Leave it."""
        return withdraw_from_consultation(node, self.consultation, by=by)


Consulting = Open | StatePosition | ProposeDraft | SignJointText | PresentView | SignView | Close | Withdraw
