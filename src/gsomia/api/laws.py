"""The law that a node adopted, the record by which it judges, and what an act would change."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from gsomia.api.lists import paged
from gsomia.api.reads import PAGE, At, Cursor, Limit, Name, Word, aware
from gsomia.api.routing import Served, answered, route
from gsomia.node import Case, holdings, instant, waiting
from gsomia.verdict import think, what_if
from gsomia.web import missing

__all__ = ["laws"]


def laws(served: Served, router: APIRouter) -> None:
    """Add the routes of the law."""
    node = served.node

    @route(router, "GET", "/v1/agreements", "see-law")
    def see_agreements(request: Request) -> Response:
        """List the agreements that this node adopted, in which version."""
        with served.asked(request, "see-law") as (_, reader):
            adopted = [{"name": name, "version": version} for name, version in sorted(reader.adopted().items())]
            return answered(served, request, "agreements-adopted", {"agreements": adopted})

    @route(router, "GET", "/v1/agreements/{name}", "see-law")
    def see_agreement(request: Request, name: Name) -> Response:
        """Give the text of an agreement as it was adopted: the files of its folder."""
        with served.asked(request, "see-law") as (_, reader):
            version = reader.adopted().get(name)
            if version is None:
                raise missing()
            files = {file: data.decode() for file, data in served.host.law_files(name, version).items()}
            return answered(served, request, "agreement-text", {"name": name, "version": version, "files": files})

    @route(router, "GET", "/v1/legal-acts", "see-law")
    def see_legal_acts(request: Request, limit: Limit = PAGE, cursor: Cursor = "") -> Response:
        """List the legal acts by which this node judges."""
        with served.asked(request, "see-law") as (caller, reader):
            record = sorted(Case.of(node, reader).record, key=lambda act: (act.at, act.id))
            rows = (((instant(act.at), act.id), act.to_json()) for act in record)
            told = paged(served, caller, {"of": "legal-acts"}, {"acts": rows}, limit, cursor)
            return answered(served, request, "legal-acts", told)

    @route(router, "GET", "/v1/agreements/{name}/what-if", "see-law")
    def see_what_if(
        request: Request,
        name: Name,
        act: Word,
        by: Annotated[str, Query(max_length=3)],
        form: Word = "note",
        consent: bool = False,
        ends: At = None,
        at: At = None,
    ) -> Response:
        """Say what would change if a legal act were done: states, routes, what waits to leave, what is held."""
        with served.asked(request, "see-law") as (_, reader):
            case = Case.of(node, reader)
            if name not in case.law.agreements:
                raise missing()
            when: datetime = aware(at) or node.clock.now()
            thought, facts = think(case.law, name, act, by, when, form=form, consent=consent, ends=aware(ends))
            pending, held = waiting(node, reader, when), holdings(reader)
            found = what_if(case.law, case.record, thought, facts=facts, pending=pending, held=held)
            return answered(served, request, "what-if", found.to_json())
