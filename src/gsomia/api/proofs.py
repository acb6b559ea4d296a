"""What proves: entries and tiles of logs, proofs, witnesses, bundles; and what is made, awaited and carried."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response, StreamingResponse

from gsomia.api.lists import paged
from gsomia.api.reads import PAGE, Cursor, Limit, Name, Word
from gsomia.api.routing import Served, answered, route
from gsomia.errors import UsageError
from gsomia.node import (
    awaited,
    awaited_row,
    entry_rows,
    lie_rows,
    log_named,
    log_tile,
    numbered_renditions,
    parcel_rows,
    proof_view,
    witness_rows,
    write_bundle,
)
from gsomia.tlog import TILE_WIDTH, Tile
from gsomia.web import missing

__all__ = ["proofs"]

Count = Annotated[int, Query(ge=0, le=2**53)]
_CHUNK = 2**20


def proofs(served: Served, router: APIRouter) -> None:
    """Add the routes of proofs, and of the lists beside them."""
    _logs(served, router)
    _lists(served, router)


def _logs(served: Served, router: APIRouter) -> None:
    node = served.node

    @route(router, "GET", "/v1/log-entries", "see-acts")
    def see_log_entries(request: Request, name: Word, start: Count = 0, limit: Limit = PAGE) -> Response:
        """List entries of a log with their acts, from one on; the log only grows, so an entry's number is its place."""
        with served.asked(request, "see-acts") as (_, reader):
            try:
                state = log_named(reader, name)
            except UsageError:
                raise missing() from None
            rows = entry_rows(reader, state.name, start, min(state.size, start + limit))
            told = {"log": state.name, "size": state.size, "entries": rows}
            return answered(served, request, "log-entries", told)

    @route(router, "GET", "/v1/log-tiles", "export-log", tells="application/octet-stream")
    def see_log_tile(
        request: Request,
        name: Word,
        index: Count,
        width: Annotated[int, Query(ge=1, le=TILE_WIDTH)] = TILE_WIDTH,
        level: Annotated[int, Query(ge=-1, le=8, description="-1 for a bundle of entries")] = -1,
    ) -> Response:
        """Give a tile of a log, or a bundle of its entries (C2SP tlog-tiles); salted commitments alone."""
        with served.asked(request, "export-log") as (_, reader):
            try:
                state = log_named(reader, name)
            except UsageError:
                raise missing() from None
            span = TILE_WIDTH ** max(level, 0)
            if (index * TILE_WIDTH + width) * span > state.size:
                raise missing()
            data = log_tile(reader, state, Tile(level=None if level < 0 else level, index=index, width=width))
            return Response(data, media_type="application/octet-stream")

    @route(router, "GET", "/v1/log-proofs", "see-acts")
    def see_proof(request: Request, act: Word, log: Word = "") -> Response:
        """Prove that an act is in a log, up to its newest cosigned checkpoint (c2sp.org/tlog-proof)."""
        with served.asked(request, "see-acts") as (_, reader):
            if reader.act(act) is None:
                raise missing()
            return answered(served, request, "log-proof", proof_view(node, reader, act, log))

    @route(router, "GET", "/v1/witnesses", "see-logs")
    def see_witnesses(request: Request) -> Response:
        """List what peers cosigned of the logs, and the proofs that a log forked or was rolled back."""
        with served.asked(request, "see-logs") as (_, reader):
            told = {"witnesses": witness_rows(reader, reader.logs()), "equivocations": lie_rows(reader)}
            return answered(served, request, "witnesses", told)

    @route(router, "GET", "/v1/copies/{reference}/bundle", "export-bundle", tells="application/zip")
    def see_bundle(request: Request, reference: Name) -> Response:
        """Give an item's whole life, sealed, with its proofs, in one file."""
        with served.asked(request, "export-bundle") as (_, reader):
            if not reader.find(reference):
                raise missing()
        file = served.host.spool()
        try:
            made = write_bundle(node, reference, served.host.law_files, file)
            size = file.tell()
            file.seek(0)
        except BaseException:
            file.close()
            raise
        headers = {"x-gsomia-item": made.item.id, "content-length": str(size), "content-disposition": "attachment"}
        if made.uncosigned:
            headers["x-gsomia-uncosigned"] = "; ".join(map(str, made.uncosigned))
        return StreamingResponse(_pieces(file), media_type="application/zip", headers=headers)


def _pieces(file: Any) -> Any:
    with file:
        while piece := file.read(_CHUNK):
            yield piece


def _lists(served: Served, router: APIRouter) -> None:
    node = served.node

    @route(router, "GET", "/v1/renditions", "see-register")
    def see_renditions(request: Request, digest: Word = "", limit: Limit = PAGE, cursor: Cursor = "") -> Response:
        """List the renditions that were made, or the one with a SHA-256."""
        with served.asked(request, "see-register") as (caller, reader):
            found = numbered_renditions(reader, digest)
            rows = (((row["copy"], row["number"]), row) for row in found)
            told = paged(served, caller, {"of": "renditions", "digest": digest}, {"renditions": rows}, limit, cursor)
            return answered(served, request, "renditions", told)

    @route(router, "GET", "/v1/tracers", "see-register")
    def see_tracers(request: Request, limit: Limit = PAGE, cursor: Cursor = "") -> Response:
        """List copies without a receipt: those this Party gave, and those it holds and was asked about."""
        with served.asked(request, "see-register") as (caller, reader):
            now = node.clock.now()
            found = [awaited_row(one, now) for one in awaited(node, reader, served.host.tracer_days())]
            rows = (((row["dispatched"], row["copy"]), row) for row in found)
            told = paged(served, caller, {"of": "tracers"}, {"copies": rows}, limit, cursor)
            return answered(served, request, "tracers", told)

    @route(router, "GET", "/v1/parcels", "see-node")
    def see_parcels(request: Request, limit: Limit = PAGE, cursor: Cursor = "") -> Response:
        """List the parcels that were made and taken in, and what the peer is known to have."""
        with served.asked(request, "see-node") as (caller, reader):
            rows = (((row["peer"], row["way"], row["number"]), row) for row in parcel_rows(reader))
            told = paged(served, caller, {"of": "parcels"}, {"parcels": rows}, limit, cursor)
            return answered(served, request, "parcels", told)
