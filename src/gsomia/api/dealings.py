"""What a request says of acts by which information is asked for, told, or given to a contractor."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from gsomia.api.questions import Body as Said
from gsomia.api.questions import Instant, Party, Reference, Text
from gsomia.api.reads import aware
from gsomia.node import FacilityDetails, InformationWanted, Telling

__all__ = [
    "AskInformation",
    "ClearFacility",
    "DiscloseOrally",
    "RefuseRequest",
    "ReleaseToContractor",
    "ReturnFromContractor",
]


class DiscloseOrally(Said):
    """Tell or show something to another Party, with nothing handed over."""

    act: Literal["disclose-orally"]
    to: Party
    what: Text
    place: Text
    present: list[Text] = Field(min_length=2, max_length=64)
    item: Annotated[str, Field(max_length=128)] = ""
    part: Text = ""
    level: Text = ""
    subject: Text = ""
    purpose: Text = "defence"
    under: Text = ""
    certify: list[Reference] = Field(default=[], max_length=16)

    def telling(self) -> Telling:
        """What is told."""
        return Telling(
            to=self.to,
            what=self.what,
            place=self.place,
            present=tuple(self.present),
            item=self.item,
            part=self.part,
            level=self.level,
            subject=self.subject,
            purpose=self.purpose,
            under=self.under,
            met=tuple(self.certify),
        )


class ClearFacility(Said):
    """Clear a contractor's facility after an inspection."""

    act: Literal["clear-facility"]
    facility: Text
    contractor: Text
    level: Text
    inspected: Text
    until: Text
    basis: Text = ""
    part_of: Text = ""

    def details(self) -> FacilityDetails:
        """What is entered."""
        return FacilityDetails(
            id=self.facility,
            contractor=self.contractor,
            level=self.level,
            inspected=self.inspected,
            until=self.until,
            basis=self.basis,
            part_of=self.part_of,
        )


class ReleaseToContractor(Said):
    """Give a held item to a contractor."""

    act: Literal["release-to-contractor"]
    item: Reference
    facility: Text
    what: Text


class ReturnFromContractor(Said):
    """Record that a contractor gave a held item back."""

    act: Literal["return-from-contractor"]
    item: Reference
    what: Text


class AskInformation(Said):
    """Ask another Party for information."""

    act: Literal["request"]
    to: Party
    under: Text
    subject: Text
    what: Text
    purpose: Text = "defence"
    level: Text = ""
    via: list[Party] = Field(default=[], max_length=4)
    due: Instant = None
    certify: list[Text] = Field(default=[], max_length=8)

    def question(self) -> InformationWanted:
        """What is asked for."""
        return InformationWanted(
            to=self.to,
            under=self.under,
            subject=self.subject,
            what=self.what,
            purpose=self.purpose,
            level=self.level,
            via=tuple(self.via),
            due=aware(self.due),
        )


class RefuseRequest(Said):
    """Refuse a request for information in writing."""

    act: Literal["refuse-request"]
    request: Reference
    why: Text
