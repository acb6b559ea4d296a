"""What is read of people and peers: officers' keys, persons, lapses, rosters, rights, the peers' identities."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from gsomia.api.reads import PAGE, Cursor, Limit, Name, Word, known_here
from gsomia.api.routing import Served, answered, route
from gsomia.identity import About, told_right
from gsomia.node import (
    lapse_row,
    lapses,
    officer_row,
    peer_rows,
    person_row,
    person_view,
    roster_rows,
)
from gsomia.web import missing

__all__ = ["people"]

After = Annotated[str, Query(max_length=256, description="those behind this one, where no cursor is given")]


def people(served: Served, router: APIRouter) -> None:
    """Add the routes that read of people and peers."""

    def get(path: str, act: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        return route(router, "GET", f"/v1/{path}", act)

    _listed(served, get)
    _named(served, get)


def _listed(served: Served, get: Callable[[str, str], Callable[[Callable[..., Any]], Callable[..., Any]]]) -> None:
    node = served.node

    def behind(of: dict[str, Any], cursor: str, after: str) -> str:
        return str(served.cursors.open(of, cursor)[0]) if cursor else after

    @get("officers", "see-officers")
    def see_officers(request: Request, limit: Limit = PAGE, cursor: Cursor = "", after: After = "") -> Response:
        """List the officers whose keys this node knows, the peers' too; each is PARTY/OFFICER."""
        with served.asked(request, "see-officers") as (caller, reader):
            of = {"list": {"of": "officers"}, "caller": caller.id}
            found = reader.officers(after=behind(of, cursor, after), limit=limit + 1)
            last = found[limit - 1] if len(found) > limit else None
            following = served.cursors.seal(of, [f"{last.party}/{last.id}"]) if last is not None else None
            rows = [officer_row(one) for one in found[:limit]]
            return answered(served, request, "officers", {"officers": rows, "next": following})

    @get("persons", "see-persons")
    def see_persons(
        request: Request, facility: Word = "", limit: Limit = PAGE, cursor: Cursor = "", after: After = ""
    ) -> Response:
        """List the persons entered, or those on a facility's roster."""
        with served.asked(request, "see-persons") as (caller, reader):
            of = {"list": {"of": "persons", "facility": facility}, "caller": caller.id}
            found = reader.persons(facility=facility, after=behind(of, cursor, after), limit=limit + 1)
            following = served.cursors.seal(of, [found[limit - 1].id]) if len(found) > limit else None
            rows = [person_row(one, node.clock.now()) for one in found[:limit]]
            return answered(served, request, "persons", {"persons": rows, "next": following})

    @get("rosters", "see-persons")
    def see_rosters(request: Request, limit: Limit = PAGE, cursor: Cursor = "", after: After = "") -> Response:
        """List the facilities that have a roster, and how many stand on it."""
        with served.asked(request, "see-persons") as (caller, reader):
            of = {"list": {"of": "rosters"}, "caller": caller.id}
            found = reader.facilities(after=behind(of, cursor, after), limit=limit + 1)
            following = served.cursors.seal(of, [found[limit - 1][0]]) if len(found) > limit else None
            return answered(served, request, "rosters", {"rosters": roster_rows(found[:limit]), "next": following})

    @get("rosters/{facility:path}", "see-roster")
    def see_roster(
        request: Request, facility: Name, limit: Limit = PAGE, cursor: Cursor = "", after: After = ""
    ) -> Response:
        """List who stands on the roster of a facility, by their ids alone."""
        with served.asked(request, "see-roster", About(facility=facility)) as (caller, reader):
            of = {"list": {"of": "roster", "facility": facility}, "caller": caller.id}
            found = [
                one.id for one in reader.persons(facility=facility, after=behind(of, cursor, after), limit=limit + 1)
            ]
            if not found and not cursor and not after:
                raise missing()
            following = served.cursors.seal(of, [found[limit - 1]]) if len(found) > limit else None
            told = {"facility": facility, "persons": found[:limit], "next": following}
            return answered(served, request, "roster", told)

    @get("lapses", "see-persons")
    def see_lapses(
        request: Request,
        lapsed: bool = False,
        due: Annotated[int, Query(ge=0, le=3650, description="what will lapse within so many days")] = 0,
        limit: Limit = PAGE,
    ) -> Response:
        """List what of the persons has lapsed or will, with what follows from it; the first of each kind, by time."""
        with served.asked(request, "see-persons") as (_, reader):
            now = node.clock.now()
            since = None if lapsed else now
            found = lapses(node, reader, since=since, until=now + timedelta(days=due), limit=limit)
            return answered(served, request, "lapses", {"lapses": [lapse_row(one) for one in found]})

    @get("peers", "see-peers")
    def see_peers(request: Request) -> Response:
        """List the enrolled peers."""
        with served.asked(request, "see-peers") as (_, reader):
            return answered(served, request, "peers", {"peers": peer_rows(reader)})


def _named(served: Served, get: Callable[[str, str], Callable[[Callable[..., Any]], Callable[..., Any]]]) -> None:
    node = served.node

    @get("persons/{person:path}", "see-persons")
    def see_person(request: Request, person: Name) -> Response:
        """Show all that is entered of a person: clearance, rosters, roles, keys, needs by name, briefings."""
        with served.asked(request, "see-persons") as (_, reader):
            known = reader.person(person)
            if known is None:
                raise missing()
            return answered(served, request, "person", person_view(reader, node.party, known, node.clock.now()))

    @get("rights", "see-persons")
    def see_rights(
        request: Request,
        person: Word,
        act: Word,
        item: Word = "",
        other: Annotated[str, Query(alias="for", max_length=256)] = "",
    ) -> Response:
        """Say whether an officer or another person of this Party may do an act of the table of rights."""
        with served.asked(request, "see-persons") as (caller, reader):
            if item:
                known_here(served, caller, reader, item)
            told = told_right(node, reader, served.rights, person, act, item=item, other=other)
            return answered(served, request, "decision", told)
