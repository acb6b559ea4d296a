"""Lists of what waits, what passed on, what was refused and what is recorded, page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from gsomia.api.reads import PAGE, Cursor, Limit, Word
from gsomia.api.routing import Served, answered, route
from gsomia.api.signin import Caller
from gsomia.node import (
    check_disputes,
    consent_row,
    contractor_rows,
    disclosure_rows,
    entered_rows,
    inbox_lists,
    instant,
    order_rows,
    outgoing_row,
    recalled_rows,
    record_order,
    refused_row,
    regraded_view,
    request_rows,
)

__all__ = ["Row", "lists", "paged"]

Row = tuple[tuple[Any, ...], dict[str, Any]]
"""A row with its place in an order that additions do not change."""


def paged(
    served: Served, caller: Caller, what: Mapping[str, Any], found: Mapping[str, Iterable[Row]], limit: int, cursor: str
) -> dict[str, Any]:
    """The page after a cursor of one list, or of several that are told one behind the other; and the next cursor.

    Args:
        served: whose cursors.
        caller: for whom they are good.
        what: which list it is, and what it is narrowed by.
        found: the lists by name, each in the order of its places.
        limit: how many rows a page has, of all lists together.
        cursor: `next` of the page before, or "".
    """
    of = {"list": dict(what), "caller": caller.id}
    after = list(served.cursors.open(of, cursor)) if cursor else []
    rows = (
        ([number, *place], name, row)
        for number, (name, one) in enumerate(found.items())
        for place, row in one
        if [number, *place] > after
    )
    page = list(islice(rows, limit + 1))
    told: dict[str, Any] = {name: [] for name in found}
    for _, name, row in page[:limit]:
        told[name].append(row)
    return told | {"next": served.cursors.seal(of, page[limit - 1][0]) if len(page) > limit else None}


def lists(served: Served, router: APIRouter) -> None:
    """Add the routes of the lists."""
    node = served.node

    def get(path: str, act: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        return route(router, "GET", f"/v1/{path}", act)

    @get("inbox", "see-register")
    def see_inbox(request: Request, limit: Limit = PAGE, cursor: Cursor = "") -> Response:
        """List what was received and waits for a mark or a receipt, requests for consent, openings that wait."""
        with served.asked(request, "see-register") as (caller, reader):
            told = paged(served, caller, {"of": "inbox"}, inbox_lists(node, reader), limit, cursor)
            return answered(served, request, "inbox", told)

    @get("consents", "see-register")
    def see_consents(request: Request, limit: Limit = PAGE, cursor: Cursor = "") -> Response:
        """List requests, consents, refusals and what was revoked."""
        with served.asked(request, "see-register") as (caller, reader):
            rows = (((instant(one.at), one.id), consent_row(one)) for one in reader.consents())
            told = paged(served, caller, {"of": "consents"}, {"consents": rows}, limit, cursor)
            return answered(served, request, "consents", told)

    @get("requests", "see-register")
    def see_requests(request: Request, limit: Limit = PAGE, cursor: Cursor = "") -> Response:
        """List requests for information, made and received: open, answered, refused."""
        with served.asked(request, "see-register") as (caller, reader):
            found = request_rows(node, reader, node.clock.now())
            rows = (((row["at"], row["request"]), row) for row in found)
            told = paged(served, caller, {"of": "requests"}, {"requests": rows}, limit, cursor)
            return answered(served, request, "requests", told)

    @get("disclosures", "see-register")
    def see_disclosures(request: Request, limit: Limit = PAGE, cursor: Cursor = "") -> Response:
        """List oral disclosures, by this Party, to it, or of its information by another."""
        with served.asked(request, "see-register") as (caller, reader):
            rows = (((row["at"], row["disclosure"]), row) for row in disclosure_rows(reader))
            told = paged(served, caller, {"of": "disclosures"}, {"disclosures": rows}, limit, cursor)
            return answered(served, request, "disclosures", told)

    @get("orders", "see-register")
    def see_orders(request: Request, limit: Limit = PAGE, cursor: Cursor = "") -> Response:
        """List standing orders, this Party's and those of which it was told."""
        with served.asked(request, "see-register") as (caller, reader):
            rows = (((row["at"], row["order"]), row) for row in order_rows(reader))
            told = paged(served, caller, {"of": "orders"}, {"orders": rows}, limit, cursor)
            return answered(served, request, "orders", told)

    @get("contractors", "see-register")
    def see_contractors(request: Request, limit: Limit = PAGE, cursor: Cursor = "") -> Response:
        """List contractors' facilities, and the copies that lie there."""
        with served.asked(request, "see-register") as (caller, reader):
            found = contractor_rows(node, reader, node.clock.now())
            rows: dict[str, list[Row]] = {
                "facilities": [((row["contractor"], row["facility"]), row) for row in found["facilities"]],
                "copies": [((row["since"], row["copy"]), row) for row in found["copies"]],
            }
            told = paged(served, caller, {"of": "contractors"}, rows, limit, cursor)
            return answered(served, request, "contractors", told)

    @get("recalls", "see-register")
    def see_recalls(request: Request, item: Word = "", limit: Limit = PAGE, cursor: Cursor = "") -> Response:
        """List what was asked back, copy by copy, and what its holders answered."""
        with served.asked(request, "see-register") as (caller, reader):
            found = recalled_rows(reader, item, node.clock.now())
            rows = (((row["asked"], row["copy"]), row) for row in found)
            told = paged(served, caller, {"of": "recalls", "item": item}, {"copies": rows}, limit, cursor)
            return answered(served, request, "recalls", told)

    @get("regraded", "see-register")
    def see_regraded(request: Request, limit: Limit = PAGE, cursor: Cursor = "") -> Response:
        """List the copies of regraded items, who has followed, and the documents to review that draw on them."""
        with served.asked(request, "see-register") as (caller, reader):
            found = regraded_view(node, reader)
            rows: dict[str, list[Row]] = {
                "copies": [((row["since"], row["copy"]), row) for row in found["copies"]],
                "reviews": [((row["item"],), row) for row in found["reviews"]],
            }
            told = paged(served, caller, {"of": "regraded"}, rows, limit, cursor)
            return answered(served, request, "regraded", told)

    @get("outbox", "see-node")
    def see_outbox(request: Request, limit: Limit = PAGE, cursor: Cursor = "") -> Response:
        """List what waits for a peer."""
        with served.asked(request, "see-node") as (caller, reader):
            rows = (((one.id,), outgoing_row(one, node.limits)) for one in reader.outgoing())
            told = paged(served, caller, {"of": "outbox"}, {"outbox": rows}, limit, cursor)
            return answered(served, request, "outbox", told)

    @get("refused", "see-refused")
    def see_refused(request: Request, limit: Limit = PAGE, cursor: Cursor = "") -> Response:
        """List what was refused, with the reason."""
        with served.asked(request, "see-refused") as (caller, reader):
            rows = (((number,), refused_row(one)) for number, one in enumerate(reader.refused()))
            told = paged(served, caller, {"of": "refused"}, {"refused": rows}, limit, cursor)
            return answered(served, request, "refused", told | {"disputes": check_disputes(node, reader).remark})

    @get("record", "see-acts")
    def see_record(request: Request, limit: Limit = PAGE, cursor: Cursor = "") -> Response:
        """List the record of legal acts."""
        with served.asked(request, "see-acts") as (caller, reader):
            entered = sorted(reader.record(), key=record_order)
            places = ((instant(one.legal.at), one.legal.id, one.entered_by) for one in entered)
            rows = zip(places, entered_rows(node, reader, entered), strict=True)
            told = paged(served, caller, {"of": "record"}, {"acts": rows}, limit, cursor)
            return answered(served, request, "record", told)
