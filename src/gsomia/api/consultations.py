"""What is read of consultations: which there are, how each stands, and what changed between two drafts."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field

from gsomia.api.assessing import assessment
from gsomia.api.questions import Body as Said
from gsomia.api.questions import Text
from gsomia.api.reads import PAGE, Cursor, Limit, Name, named_copies
from gsomia.api.routing import Served, answered, permit, route
from gsomia.api.signin import Caller
from gsomia.errors import RefusedError, UsageError
from gsomia.identity import About, about_copy
from gsomia.node import (
    Consultation,
    Reader,
    Role,
    consultation_named,
    differences_of,
    instant,
    read_instant,
    read_text,
    standing_of,
    standing_row,
    standing_view,
    standings_of,
    version_text,
    view_row,
    views_left,
    views_of,
)
from gsomia.registry import Item
from gsomia.web import missing

__all__ = ["consultations"]


class Compared(Said):
    """Two versions of a joint text's draft, and who reads."""

    old: Text
    new: Text
    person: Annotated[str, Field(max_length=128)] = ""


class Assessed(Said):
    """An assessment that the caller sent."""

    content: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


_MOST = 200
"""How each one stands is made of all its acts, so a page has fewer than other lists'."""


def consultations(served: Served, router: APIRouter) -> None:
    """Add the routes that read of consultations."""
    node = served.node

    @route(router, "GET", "/v1/consultations", "see-consultations")
    def see_consultations(request: Request, limit: Limit = PAGE, cursor: Cursor = "") -> Response:
        """List the consultations: what they are about, with whom, how they stand, whose turn; up to 200 a page."""
        limit = min(limit, _MOST)
        with served.asked(request, "see-consultations") as (caller, reader):
            of = {"list": {"of": "consultations"}, "caller": caller.id}
            at, name = served.cursors.open(of, cursor) if cursor else ("", "")
            after = (read_instant(at), str(name)) if cursor else None
            found = reader.consultations(after=after, limit=limit + 1)
            last = found[limit - 1] if len(found) > limit else None
            following = served.cursors.seal(of, [instant(last.at), last.id]) if last is not None else None
            rows = [standing_row(standing) for standing in standings_of(reader, found[:limit])]
            return answered(served, request, "consultations", {"consultations": rows, "next": following})

    @route(router, "GET", "/v1/consultations/{consultation}", "see-consultations")
    def see_consultation(request: Request, consultation: Name) -> Response:
        """Show a consultation: whose turn it is, versions and their bases, conflicts, signatures, what gives effect."""
        with served.asked(request, "see-consultations") as (_, reader):
            standing = standing_of(reader, _named(reader, consultation))
            return answered(served, request, "consultation", standing_view(node, reader, standing))

    @route(router, "POST", "/v1/consultations/{consultation}/views", "consult")
    def see_views(request: Request, consultation: Name, body: Assessed) -> Response:
        """Show the view of an assessment that each other Party would get, and what of them was given before."""
        with served.asked(request, "consult") as (caller, reader):
            said, data = _named(reader, consultation), assessment(served.coming, caller.id, body.content)
            views = views_of(node, reader, said, data, node.clock.now())
            left = views_left(node, reader, said, data, views)
            told = {"views": [view_row(view) for view in views], "given": [copy.id for copy in left]}
            return answered(served, request, "views", told)

    @route(router, "POST", "/v1/consultations/{consultation}/differences", "compare-texts")
    def compare_drafts(request: Request, consultation: Name, body: Compared) -> Response:
        """Show by words how one version became another; another Party's text is opened for the caller, by an act."""
        caller: Caller = request.state.caller
        person = body.person or caller.principal.person
        permit(caller, "compare-texts", About(person=person))
        with node.store.reading() as reader:
            try:
                standing = standing_of(reader, _named(reader, consultation))
                items = [version_text(reader, standing, version) for version in (body.old, body.new)]
            except UsageError:
                if caller.may("see-consultations"):
                    raise
                raise missing() from None
            if not caller.may("see-consultations"):
                for item in items:
                    named_copies(served, caller, reader, item.id)
            for item in items:
                if item.originator == node.party:
                    _readable(served, caller, reader, item)
        changes = differences_of(*(read_text(node, item, person) for item in items))
        told = {"old": body.old, "new": body.new}
        listed = [{"kind": one.kind, "text": one.text} for one in changes]
        return answered(served, request, "differences", {**told, "changes": listed})


def _named(reader: Reader, reference: str) -> Consultation:
    """The one consultation that a reference names.

    Raises:
        Problem: there is none.
    """
    try:
        return consultation_named(reader, reference)
    except UsageError:
        raise missing() from None


def _readable(served: Served, caller: Caller, reader: Reader, item: Item) -> None:
    """Check that the caller, as a reader, may see a text of this Party's own, which no verdict opens.

    Raises:
        RefusedError: clearance, need or roster does not reach.
    """
    as_reader = replace(caller.principal, roles=frozenset({Role.READER}))
    copies = [copy for copy in reader.copies(item=item.id) if copy.giver == served.node.party]
    about = about_copy(served.node, reader, copies[0], caller.principal)
    decision = served.rights.decide(as_reader, "see-item", about)
    if not decision.permitted:
        raise RefusedError(decision.grounds[0].text, verdict=decision.to_json())
