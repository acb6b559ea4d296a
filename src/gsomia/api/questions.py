"""Questions put to the agreements without acting; for other systems too (OpenID AuthZEN Authorization API 1.0)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from gsomia.api.reads import aware, known_here
from gsomia.api.routing import Served, answered, permit, route
from gsomia.api.signin import Caller
from gsomia.errors import UsageError
from gsomia.identity import About, principal_of
from gsomia.node import Reader, Sending, lawful_ways, may_open, may_release, may_transmit, way_rows
from gsomia.registry import Custody
from gsomia.verdict import Verdict
from gsomia.web import Problem, missing

__all__ = ["Body", "Instant", "Party", "Reference", "Text", "questions"]


class Body(BaseModel):
    """What a request says; a field that is not known is refused, and so is a value of another kind."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


Party = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Reference = Annotated[str, Field(min_length=1, max_length=128)]
Text = Annotated[str, Field(max_length=512)]
Instant = Annotated[datetime | None, Field(strict=False)]


class TransmitQuestion(Body):
    """May this Party transmit such an item?"""

    to: Party
    via: list[Party] = Field(default=[], max_length=4)
    level: Text
    subject: Text
    purpose: Text = "defence"
    under: Text = ""
    custody: Literal["recipient", "originator"] = "recipient"
    contains: list[Party] = Field(default=[], max_length=16)
    without: list[Text] = Field(default=[], max_length=16)
    at: Instant = None

    def sending(self) -> Sending:
        """What would go where."""
        return Sending(
            to=self.to,
            via=tuple(self.via),
            level=self.level,
            subject=self.subject,
            purpose=self.purpose,
            under=self.under,
            custody=Custody(self.custody),
            contains=tuple(self.contains),
        )


class OpenQuestion(Body):
    """May this person open a held item?"""

    item: Reference
    person: Reference
    at: Instant = None


class ReleaseQuestion(Body):
    """May a held item be handed on?"""

    item: Reference
    to: Party
    certify: list[Reference] = Field(default=[], max_length=16)
    at: Instant = None


class Entity(Body):
    """A subject or a resource (AuthZEN, 5.1 and 5.2)."""

    type: Annotated[str, Field(min_length=1, max_length=64)]
    id: Reference
    properties: dict[str, Any] = {}


class Action(Body):
    """An action (AuthZEN, 5.3)."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    properties: dict[str, Any] = {}


class Evaluation(Body):
    """May X do Y (AuthZEN, 6.1)? What the standard does not name is kept out."""

    subject: Entity
    action: Action
    resource: Entity
    context: dict[str, Any] = {}


def questions(served: Served, router: APIRouter) -> None:
    """Add the routes that ask without acting."""
    node = served.node

    @route_post(router, "/v1/verdicts/transmit", "ask-transmit")
    async def ask_transmit(request: Request, body: TransmitQuestion) -> Response:
        """Ask whether this Party may transmit such an item."""
        # Decided where it is asked: it takes less than handing it to a thread would.
        with served.asked(request, "ask-transmit") as (_, reader):
            verdict = may_transmit(node, reader, body.sending(), at=aware(body.at), without=body.without)
            return answered(served, request, "verdict", verdict.to_json())

    @route_post(router, "/v1/ways", "ask-transmit")
    def ask_ways(request: Request, body: TransmitQuestion) -> Response:
        """List the ways by which such an item could go that are not refused now, the most lawful first."""
        with served.asked(request, "ask-transmit") as (_, reader):
            found = lawful_ways(node, reader, body.sending(), aware(body.at) or node.clock.now())
            return answered(served, request, "ways", {"ways": way_rows(found)})

    @route_post(router, "/v1/verdicts/open", "ask-open")
    def ask_open(request: Request, body: OpenQuestion) -> Response:
        """Ask whether a person may open a held item."""
        with served.asked(request, "ask-open", About(person=body.person)) as (caller, reader):
            known_here(served, caller, reader, body.item)
            verdict = may_open(node, reader, body.item, body.person, at=aware(body.at))
            return answered(served, request, "verdict", verdict.to_json())

    @route_post(router, "/v1/verdicts/release", "ask-transmit")
    def ask_release(request: Request, body: ReleaseQuestion) -> Response:
        """Ask whether a held item may be handed on."""
        with served.asked(request, "ask-transmit") as (caller, reader):
            known_here(served, caller, reader, body.item)
            verdict = may_release(node, reader, body.item, body.to, at=aware(body.at), met=body.certify)
            return answered(served, request, "verdict", verdict.to_json())

    @route_post(router, "/access/v1/evaluation", "ask-transmit")
    def evaluate(request: Request, body: Evaluation) -> Response:
        """Answer whether a subject may do an action on a resource, by the node's verdict."""
        caller: Caller = request.state.caller
        headers = {"x-request-id": name} if (name := request.headers.get("x-request-id", ""))[:128] else {}
        with node.store.reading() as reader:
            told = _evaluate(served, caller, reader, body)
        response = answered(served, request, "", told)
        response.headers.update({key: value for key, value in headers.items() if value.isprintable()})
        return response

    @route(router, "GET", "/.well-known/authzen-configuration", "see-oneself")
    def see_configuration(request: Request) -> Response:
        """Say where the decision point answers (AuthZEN, 9)."""
        caller: Caller = request.state.caller
        permit(caller, "see-oneself", About(person=caller.principal.person))
        told = {
            "policy_decision_point": served.url,
            "access_evaluation_endpoint": f"{served.url}/access/v1/evaluation",
        }
        return answered(served, request, "", told)


def route_post(router: APIRouter, path: str, act: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A question that has a body."""
    return route(router, "POST", path, act)


def _evaluate(served: Served, caller: Caller, reader: Reader, body: Evaluation) -> dict[str, Any]:
    """The decision, with the verdict that it is as its reason (AuthZEN, 5.5.1)."""
    name = body.action.name
    if name in ("transmit", "release"):
        permit(caller, "ask-transmit")
    elif name == "open":
        permit(caller, "ask-open", About(person=body.subject.id))
    elif body.subject.id == caller.id:
        permit(caller, "see-oneself", About(person=caller.principal.person))
    else:
        permit(caller, "see-persons")
    try:
        verdict = _verdict(served, caller, reader, body)
    except (UsageError, Problem) as error:
        # What is not known, or may not be known by the caller, is no more than not permitted.
        why = str(error) if isinstance(error, UsageError) and caller.may("see-register") else ""
        return {"decision": False, "context": {"reason": why}} if why else {"decision": False}
    told = verdict.to_json() if isinstance(verdict, Verdict) else verdict
    return {"decision": told["outcome"] == "permit", "context": {"verdict": told}}


_GIVEN = {"level", "subject", "purpose", "under", "via", "custody", "contains"}


def _verdict(served: Served, caller: Caller, reader: Reader, body: Evaluation) -> Verdict | dict[str, Any]:
    node, name, at = served.node, body.action.name, _instant(body.context.get("time"))
    if name == "open":
        known_here(served, caller, reader, body.resource.id)
        return may_open(node, reader, body.resource.id, body.subject.id, at=at)
    # Every other act is an officer's: the table of rights answers for the subject before the agreements do.
    who = principal_of(node, reader, officer=body.subject.id)
    if who is None or name not in served.rights.acts:
        raise missing()
    right = served.rights.decide(who, name)
    if name not in ("transmit", "release") or not right.permitted:
        return right.to_json()
    if name == "release":
        known_here(served, caller, reader, body.resource.id)
        return may_release(node, reader, body.resource.id, _party(body.action.properties.get("to")), at=at)
    given = {key: value for key, value in body.resource.properties.items() if key in _GIVEN}
    try:
        question = TransmitQuestion.model_validate(given | {"to": _party(body.action.properties.get("to"))})
    except ValueError as error:
        raise Problem(400, "a transmission names `to`, and its resource `level` and `subject`") from error
    return may_transmit(node, reader, question.sending(), at=at)


def _party(value: object) -> str:
    if not isinstance(value, str) or len(value) != 3:
        raise UsageError("`action.properties.to` names the Party", hint="its ISO 3166-1 alpha-3 code")
    return value


def _instant(value: object) -> datetime | None:
    if value is None:
        return None
    try:
        return aware(datetime.fromisoformat(str(value)))
    except ValueError as error:
        raise UsageError("`context.time` is an instant with its offset") from error
