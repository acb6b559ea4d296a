"""Contents: an item opened for the caller, in memory alone, once every check has held."""

from __future__ import annotations

import io
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import Response

from gsomia.api.questions import Body as Said
from gsomia.api.questions import Reference
from gsomia.api.reads import named_copies
from gsomia.api.routing import Served, permit, route
from gsomia.api.signin import Caller
from gsomia.identity import About
from gsomia.node import open_item
from gsomia.web import Problem

__all__ = ["openings"]

MOST = 64 * 2**20
"""The longest document that is opened over the API, in bytes."""


class Wanted(Said):
    """An item to open, for a person who is the caller."""

    item: Reference
    person: Reference


def openings(served: Served, router: APIRouter) -> None:
    """Add the route by which an item is opened."""

    @route(router, "POST", "/v1/openings", "open", tells="application/octet-stream")
    def open_for_oneself(request: Request, body: Wanted) -> Response:
        """Open a held item for the caller: verdict, every check, the act in the log, and only then the plaintext."""
        caller: Caller = request.state.caller
        permit(caller, "open", About(person=body.person))
        with served.node.store.reading() as reader:
            if not caller.may("see-register"):
                named_copies(served, caller, reader, body.item)
            items = [reader.item(copy.item) for copy in reader.find(body.item)]
        # Before anything is opened: an opening that is in the log was an opening.
        if any(item is not None and item.plaintext_bytes > MOST for item in items):
            raise Problem(413, f"a document over {MOST // 2**20} MiB is opened on the node's own host")
        sink = io.BytesIO()
        opening = open_item(served.node, body.item, body.person, sink)
        headers = {
            "x-gsomia-control-number": quote(opening.copy.control_number, safe="-"),
            "content-disposition": "attachment",
        }
        return Response(sink.getvalue(), media_type="application/octet-stream", headers=headers)
