"""The acts that may be asked for over the API, each as a request takes it, and the use cases that do them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from gsomia.api.dealings import (
    AskInformation,
    ClearFacility,
    DiscloseOrally,
    RefuseRequest,
    ReleaseToContractor,
    ReturnFromContractor,
)
from gsomia.api.questions import Body as Said
from gsomia.api.questions import Instant, Party, Reference, Text
from gsomia.api.reads import aware
from gsomia.api.wanted_consult import Assess, Circulate, Consulting
from gsomia.api.wanted_house import House, HouseAct
from gsomia.errors import UsageError
from gsomia.node import (
    Acting,
    Node,
    Sending,
    Terms,
    answer_recall,
    ask_consent,
    ask_information,
    clear_facility,
    destroy,
    disclose_orally,
    follow_regrade,
    give_consent,
    handle,
    mark,
    notify_regrade,
    recall,
    receipt,
    refuse_consent,
    refuse_request,
    release,
    release_to_contractor,
    return_from_contractor,
    revoke_consent,
    tell,
)
from gsomia.passkeys import Assertion
from gsomia.registry import Custody

__all__ = [
    "AdoptLaw",
    "Asserted",
    "Assess",
    "ByPasskey",
    "Circulate",
    "Destroy",
    "GiveConsent",
    "MakeRendition",
    "RefuseConsent",
    "ReplaceNodeKey",
    "Signatures",
    "Transmit",
    "Wanted",
    "do",
    "row_of",
]


class Mark(Said):
    """Re-mark a received item (Article 4.2)."""

    act: Literal["mark"]
    item: Reference
    level: Text


class Receipt(Said):
    """Sign the receipt for a received item."""

    act: Literal["receipted"]
    item: Reference


class MakeRendition(Said):
    """Make a marked copy of a held item for a person; once it is signed its document can be fetched."""

    act: Literal["rendition"]
    item: Reference
    person: Reference
    total: Annotated[int, Field(ge=0, le=9999)] = 0


class AdoptLaw(Said):
    """Adopt agreements in the version on offer at this node."""

    act: Literal["adopt-law"]
    names: list[Annotated[str, Field(min_length=1, max_length=64)]] = Field(min_length=1, max_length=16)


class ReplaceNodeKey(Said):
    """Replace the node's own signing and sealing keys by new ones, which it makes and keeps."""

    act: Literal["replace-node-key"]


class Transmit(Said):
    """Transmit a content that was sent here: to one Party, or its key in shares to three."""

    act: Literal["transmit"]
    content: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    to: Annotated[str, Field(pattern=r"^([A-Z]{3})?$")] = ""
    shares: list[Party] = Field(default=[], max_length=3)
    via: list[Party] = Field(default=[], max_length=4)
    level: Text
    subject: Text
    purpose: Text = "defence"
    title: Text = ""
    mime_type: Annotated[str, Field(max_length=128)] = "application/octet-stream"
    under: Text = ""
    custody: Literal["recipient", "originator"] = "recipient"
    cites: list[Reference] = Field(default=[], max_length=64)
    contains: list[Party] = Field(default=[], max_length=16)
    as_is: bool = False
    answers: Annotated[str, Field(max_length=128)] = ""
    certify: list[Reference] = Field(default=[], max_length=16)

    def sending(self) -> Sending:
        """What goes where.

        Raises:
            UsageError: it goes to nobody, or to one Party and in shares.
        """
        if bool(self.to) == bool(self.shares):
            raise UsageError("to whom?", hint="`to` names one Party, or `shares` three")
        if self.shares and self.answers:
            raise UsageError("a request for information is answered to the one Party that made it")
        if self.shares and (self.via or self.custody != "recipient"):
            raise UsageError("shares go straight to their holders and are a custody of their own")
        return Sending(
            to=self.to,
            via=tuple(self.via),
            level=self.level,
            subject=self.subject,
            purpose=self.purpose,
            title=self.title,
            mime_type=self.mime_type,
            under=self.under,
            custody=Custody(self.custody),
            cites=tuple(self.cites),
            contains=tuple(self.contains),
            as_is=self.as_is,
            answers=self.answers,
            met=tuple(self.certify),
        )


class Release(Said):
    """Hand a received item on."""

    act: Literal["release"]
    item: Reference
    to: Party
    certify: list[Reference] = Field(default=[], max_length=16)


class Recall(Said):
    """Recall an item of one's own."""

    act: Literal["recall"]
    item: Reference
    why: Text
    due: Instant = None


class AnswerRecall(Said):
    """Answer the recall of a held item."""

    act: Literal["answer-recall"]
    item: Reference
    answer: Text
    why: Text = ""
    certify: list[Text] = Field(default=[], max_length=8)


class NotifyRegrade(Said):
    """Notify another level of an item of one's own."""

    act: Literal["notify-regrade"]
    item: Reference
    level: Text
    why: Text


class FollowRegrade(Said):
    """Re-mark a held item as its originator notified."""

    act: Literal["regrade"]
    item: Reference
    level: Text = ""
    certify: list[Text] = Field(default=[], max_length=8)


class AskConsent(Said):
    """Ask each originator whether an item, or a part of it, may be handed on."""

    act: Literal["request-consent"]
    item: Reference
    to: Party
    why: Text
    purpose: Text = ""
    part: Text = "whole"
    extent: Text = ""


class GiveConsent(Said):
    """Consent in writing to a request, on terms."""

    act: Literal["consent"]
    request: Reference
    conditions: list[Text] = Field(default=[], max_length=16)
    purpose: Text = ""
    expires: Instant = None
    part: Text = ""
    extent: Text = ""
    form: Literal["written", "oral"] = "written"

    def terms(self) -> Terms:
        """The terms."""
        return Terms(
            conditions=tuple(self.conditions),
            purpose=self.purpose,
            expires=aware(self.expires),
            part=self.part,
            extent=self.extent,
            form=self.form,
        )


class RefuseConsent(Said):
    """Refuse a request in writing."""

    act: Literal["refuse-consent"]
    request: Reference
    why: Text = ""


class RevokeConsent(Said):
    """Take a consent back."""

    act: Literal["revoke-consent"]
    consent: Reference
    why: Text


class Handle(Said):
    """Record what is done with a held item."""

    act: Literal["reproduce", "translate", "return", "use", "retain", "protect", "report-loss"]
    item: Reference
    what: Text
    certify: list[Text] = Field(default=[], max_length=8)


class Tell(Said):
    """Tell the other Parties of an agreement something."""

    act: Literal["appoint", "notify-law-change", "visit", "warn"]
    under: Text
    what: Text
    item: Annotated[str, Field(max_length=128)] = ""
    certify: list[Text] = Field(default=[], max_length=8)


class Destroy(Said):
    """Destroy a held item; a registry officer and a security officer sign, two persons."""

    act: Literal["destroy"]
    item: Reference
    method: Text
    registry: Reference
    security: Reference


Wanted = Annotated[
    Mark
    | Receipt
    | AdoptLaw
    | ReplaceNodeKey
    | MakeRendition
    | Transmit
    | Circulate
    | Assess
    | Release
    | Recall
    | AnswerRecall
    | NotifyRegrade
    | FollowRegrade
    | DiscloseOrally
    | ClearFacility
    | ReleaseToContractor
    | ReturnFromContractor
    | AskInformation
    | RefuseRequest
    | AskConsent
    | GiveConsent
    | RefuseConsent
    | RevokeConsent
    | Handle
    | Tell
    | Destroy
    | House
    | Consulting,
    Field(discriminator="act"),
]


Place = Annotated[int, Field(ge=0, le=63)]
"""Which batch of what was prepared, from 0; most have one."""


class Signatures(Said):
    """An officer's signatures over the statements of a batch, base64: Ed25519 and ML-DSA-65, both."""

    ed25519: Annotated[str, Field(max_length=128)]
    ml_dsa_65: Annotated[str, Field(alias="ml-dsa-65", max_length=8192)]
    batch: Place = 0


class Asserted(Said):
    """The `response` of a browser's `AuthenticationResponseJSON` (WebAuthn, section 5.1.8), base64url."""

    authenticator_data: Annotated[str, Field(alias="authenticatorData", max_length=512)]
    client_data: Annotated[str, Field(alias="clientDataJSON", max_length=8192)]
    signature: Annotated[str, Field(max_length=512)]
    user_handle: Annotated[str | None, Field(alias="userHandle", max_length=128)] = None

    def read(self) -> Assertion:
        """The assertion; nothing of it is checked.

        Raises:
            ValueError: it is not base64url.
        """
        return Assertion.from_browser(self.model_dump(by_alias=True))


class ByPasskey(Said):
    """An officer's signature over a batch by a passkey: the assertion on the challenge of the preparation."""

    passkey: Asserted
    batch: Place = 0


_ROW = {
    **dict.fromkeys(("reproduce", "retain", "return", "translate", "use"), "handle"),
    "circulate": "transmit",
    "assess": "consult",
}
"""The act of the table of rights for types of statement that share one."""


def row_of(wanted: Any) -> str:
    """The act of the table of rights that is asked for."""
    act: str = wanted.act
    return (wanted.row if isinstance(wanted, HouseAct) else "") or _ROW.get(act, act)


def do(node: Node, wanted: Any, by: tuple[Acting, ...]) -> object:
    """Run the use case of an act."""
    match wanted:
        case Mark():
            return mark(node, wanted.item, wanted.level, by=by[0])
        case Receipt():
            return receipt(node, wanted.item, by=by[0])
        case Release():
            return release(node, wanted.item, wanted.to, met=wanted.certify, by=by[0])
        case Recall():
            return recall(node, wanted.item, wanted.why, due=aware(wanted.due), by=by[0])
        case AnswerRecall():
            return answer_recall(node, wanted.item, wanted.answer, why=wanted.why, certified=wanted.certify, by=by[0])
        case NotifyRegrade():
            return notify_regrade(node, wanted.item, wanted.level, wanted.why, by=by[0])
        case FollowRegrade():
            return follow_regrade(node, wanted.item, level=wanted.level, certified=wanted.certify, by=by[0])
        case DiscloseOrally():
            return disclose_orally(node, wanted.telling(), by=by[0])
        case ClearFacility():
            return clear_facility(node, wanted.details(), by=by[0])
        case ReleaseToContractor():
            return release_to_contractor(node, wanted.item, wanted.facility, wanted.what, by=by[0])
        case ReturnFromContractor():
            return return_from_contractor(node, wanted.item, wanted.what, by=by[0])
        case AskInformation():
            return ask_information(node, wanted.question(), certified=wanted.certify, by=by[0])
        case RefuseRequest():
            return refuse_request(node, wanted.request, wanted.why, by=by[0])
        case AskConsent():
            return ask_consent(
                node,
                wanted.item,
                wanted.to,
                wanted.why,
                purpose=wanted.purpose,
                part=wanted.part,
                extent=wanted.extent,
                by=by[0],
            )
        case GiveConsent():
            return give_consent(node, wanted.request, wanted.terms(), by=by[0])
        case RefuseConsent():
            return refuse_consent(node, wanted.request, wanted.why, by=by[0])
        case RevokeConsent():
            return revoke_consent(node, wanted.consent, wanted.why, by=by[0])
        case Handle():
            return handle(node, wanted.act, wanted.item, wanted.what, certified=wanted.certify, by=by[0])
        case Tell():
            return tell(
                node,
                wanted.act,
                wanted.under,
                wanted.what,
                reference=wanted.item,
                certified=wanted.certify,
                by=by[0],
            )
        case Destroy():
            return destroy(node, wanted.item, wanted.method, by=(by[0], by[1]))
        case HouseAct():
            return wanted.do(node, by[0])
    raise UsageError("this act is not done over the API")
