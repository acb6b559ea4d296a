"""What is read: the register, acts, logs, the law; the objects are the commands' own. `lists` has the other lists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from gsomia.agreement import READINGS
from gsomia.api.routing import Served, answered, permit, route, tagged
from gsomia.api.signin import Caller
from gsomia.errors import UsageError
from gsomia.identity import About, about_absent, about_copy
from gsomia.node import (
    ACT_TYPES,
    Case,
    Reader,
    act_row,
    act_views,
    consent_views,
    differences,
    disclosure_named,
    disclosure_view,
    instant,
    log_rows,
    node_key_rows,
    owed_rows,
    register_rows,
    request_named,
    request_view,
    signed_since,
    told_differences,
)
from gsomia.registry import Copy
from gsomia.verdict import known_party, standing_duties, told_routes, told_state
from gsomia.web import missing

__all__ = [
    "PAGE",
    "At",
    "Cursor",
    "Limit",
    "Name",
    "Word",
    "aware",
    "known_here",
    "may_see",
    "named_copies",
    "reads",
    "register_tag",
]

PAGE = 100
"""So many rows a page has where nobody says how many."""
LONGEST_PAGE = 500

YEARS = range(1900, 9000)
"""The years that are asked about: all treaties are within, and no offset or term leads out of the calendar."""

_EVER = datetime(YEARS[0], 1, 1, tzinfo=UTC)

Cursor = Annotated[str, Query(max_length=1024, description="`next` of the page before")]
Limit = Annotated[int, Query(ge=1, le=LONGEST_PAGE, description="how many rows")]
Word = Annotated[str, Query(max_length=256)]
Name = Annotated[str, Path(min_length=1, max_length=256)]
At = Annotated[datetime | None, Query(description="the instant, with its offset; now by the node's clock by default")]


def aware(at: datetime | None) -> datetime | None:
    """An instant with its offset.

    Raises:
        UsageError: it has none, or its year is out of reach.
    """
    if at is not None and at.tzinfo is None:
        raise UsageError("an instant needs its offset", hint="such as 2026-08-23T10:00:00+09:00")
    if at is not None and at.year not in YEARS:
        raise UsageError(f"an instant is from {YEARS[0]} to {YEARS[-1]}", hint="such as 2026-08-23T10:00:00+09:00")
    return at


def may_see(served: Served, caller: Caller, reader: Reader, copy: Copy) -> bool:
    """Whether the caller may see a copy in the register."""
    return caller.may("see-item", about_copy(served.node, reader, copy, caller.principal))


def named_copies(served: Served, caller: Caller, reader: Reader, reference: str) -> Sequence[Copy]:
    """The copies that a reference names, where the caller may see each.

    Raises:
        Problem: there are none, or none that the caller may know of: the same answer.
    """
    copies = reader.find(reference)
    if not copies:
        # As much is read and decided as for one that may not be seen: how long it takes tells nothing.
        caller.may("see-item", about_absent(served.node, reader, reference, caller.principal))
        raise missing()
    if not all(may_see(served, caller, reader, copy) for copy in copies):
        raise missing()
    return copies


def known_here(served: Served, caller: Caller, reader: Reader, reference: str) -> None:
    """Check that an item is here and that the caller may see the register, or this item.

    Raises:
        Problem: not so, whichever of the two.
    """
    if not caller.may("see-register"):
        named_copies(served, caller, reader, reference)
    elif not reader.find(reference):
        raise missing()


def register_tag(served: Served, reader: Reader, copies: Sequence[Copy]) -> str:
    """The tag of what is registered of some copies, as `GET /v1/copies/{reference}` gives it."""
    return tagged(served, "register", {"party": served.node.party, "copies": register_rows(reader, copies)})[1]


def reads(served: Served, router: APIRouter) -> None:
    """Add the routes that read."""
    node = served.node

    def get(path: str, act: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        return route(router, "GET", f"/v1/{path}", act)

    @get("node", "see-node")
    def see_node(request: Request) -> Response:
        """Say whose node this is, and its instant."""
        with served.asked(request, "see-node"):
            return answered(served, request, "node", {"party": node.party, "at": instant(node.clock.now())})

    @get("node-keys", "see-node")
    def see_node_keys(request: Request) -> Response:
        """List the names of the node's own keys, the pair in use first, and until when each of the others was."""
        with served.asked(request, "see-node") as (_, reader):
            return answered(served, request, "keys", {"keys": node_key_rows(node, reader)})

    @get("node-identity", "see-node")
    def see_node_identity(request: Request) -> Response:
        """Give the node's identity as it is now: every public key of it, for its peers' officers to enrol."""
        with served.asked(request, "see-node"):
            return answered(served, request, "identity", {"identity": served.host.identity()})

    @get("me", "see-oneself")
    def see_oneself(request: Request) -> Response:
        """Say what is entered of the caller."""
        caller: Caller = request.state.caller
        permit(caller, "see-oneself", About(person=caller.principal.person))
        who = caller.principal
        told = {
            "person": who.person,
            "officer": caller.officer.id if caller.officer is not None else "",
            "key": caller.key,
            "roles": sorted(who.roles),
            "clearance": who.clearance,
            "needs": sorted(who.needs),
            "rosters": sorted(who.rosters),
            "acts": sorted(act for act in served.rights.acts if caller.may(act)),
        }
        return answered(served, request, "me", told)

    @get("copies", "see-register")
    def see_register(request: Request, limit: Limit = PAGE, cursor: Cursor = "") -> Response:
        """List the control register."""
        with served.asked(request, "see-register") as (caller, reader):
            of = {"list": {"of": "copies"}, "caller": caller.id}
            number, copy = served.cursors.open(of, cursor) if cursor else ("", "")
            found = reader.copies_after((number, copy), limit=limit + 1)
            following = None
            if len(found) > limit:
                following = served.cursors.seal(of, [found[limit - 1].control_number, found[limit - 1].id])
            told = register_rows(reader, found[:limit])
            return answered(served, request, "register", {"party": node.party, "copies": told, "next": following})

    @get("copies/{reference}", "see-item")
    def see_item(request: Request, reference: Name) -> Response:
        """Show what is registered under a control number, an item id or a copy id."""
        caller: Caller = request.state.caller
        with node.store.reading() as reader:
            copies = named_copies(served, caller, reader, reference)
            return answered(served, request, "register", {"party": node.party, "copies": register_rows(reader, copies)})

    @get("consents/{consent:path}", "see-register")
    def see_consent(request: Request, consent: Name) -> Response:
        """Show a consent or a request, or all of an item: terms, what passed, who was not told of the newest act."""
        with served.asked(request, "see-register") as (_, reader):
            found = consent_views(reader, consent)
            if not found:
                raise missing()
            return answered(served, request, "consent", {"consents": found})

    @get("disclosures/{name}", "see-register")
    def see_disclosure(request: Request, name: Name) -> Response:
        """Show an oral disclosure: what was told, who was there, and what the agreement says of it."""
        with served.asked(request, "see-register") as (_, reader):
            found = disclosure_named(reader, name)
            if found is None:
                raise missing()
            return answered(served, request, "disclosure", disclosure_view(node, reader, found, node.clock.now()))

    @get("requests/{name}", "see-register")
    def see_request(request: Request, name: Name) -> Response:
        """Show a request for information: what is asked, what the agreement says of it, what answered it."""
        with served.asked(request, "see-register") as (_, reader):
            found = request_named(reader, name)
            if found is None:
                raise missing()
            return answered(served, request, "request", request_view(node, reader, found, node.clock.now()))

    @get("acts", "see-acts")
    def see_acts(
        request: Request,
        kind: Annotated[str, Query(alias="type", max_length=64)] = "",
        item: Word = "",
        key: Word = "",
        since: At = None,
        limit: Limit = PAGE,
        cursor: Cursor = "",
    ) -> Response:
        """List signed acts, oldest first; with a key's fingerprint those that it signed, since an instant."""
        if kind and kind not in ACT_TYPES:
            raise UsageError(f"unknown type of act `{kind}`", hint=f"known: {', '.join(ACT_TYPES)}")
        with served.asked(request, "see-acts") as (caller, reader):
            if since is not None and not key:
                raise UsageError("since an instant is asked of a key's acts alone", hint="name the key")
            from_then = instant(aware(since) or _EVER)
            what = {"of": "acts", "type": kind, "item": item, "key": key, "since": from_then}
            of = {"list": what, "caller": caller.id}
            after = int(served.cursors.open(of, cursor)[0]) if cursor else 0
            items = sorted({copy.item for copy in reader.find(item)}) or [item] if item else [""]
            types = [kind] if kind else ()
            found = reader.acts_after(after, types=types, items=items if item else (), key=key, limit=limit + 1)
            if item and not found and not cursor:
                raise missing()
            following = served.cursors.seal(of, [found[limit - 1][0]]) if len(found) > limit else None
            shown = [act for _, act in found[:limit]]
            if key:
                shown = [act for act in shown if signed_since(reader, act, key, aware(since) or _EVER)]
            page = [act_row(act) for act in shown]
            return answered(served, request, "acts", {"acts": page, "next": following})

    @get("acts/{act:path}", "see-acts")
    def see_act(request: Request, act: Name) -> Response:
        """Show an act whole, or the entries of one legal act side by side."""
        with served.asked(request, "see-acts") as (_, reader):
            try:
                told = act_views(node, reader, act)
            except UsageError:
                raise missing() from None
            return answered(served, request, "act-views", told)

    @get("logs", "see-logs")
    def see_logs(request: Request, name: Word = "") -> Response:
        """List the logs with their signed checkpoints, or one by its name."""
        with served.asked(request, "see-logs") as (_, reader):
            try:
                told = log_rows(node, reader, name)
            except UsageError:
                raise missing() from None
            return answered(served, request, "logs", {"logs": told})

    _law(served, get)


def _law(served: Served, get: Callable[[str, str], Callable[[Callable[..., Any]], Callable[..., Any]]]) -> None:
    node = served.node

    @get("agreements/{name}/state", "see-law")
    def see_state(
        request: Request,
        name: Name,
        at: At = None,
        known: At = None,
        reading: Annotated[tuple[str, ...], Query(max_length=8)] = (),
    ) -> Response:
        """Say the legal state of an agreement at an instant."""
        with served.asked(request, "see-law") as (_, reader):
            case = Case.of(node, reader)
            a = case.law.agreements.get(name)
            if a is None:
                raise missing()
            readings = {}
            for entry in reading:
                party, _, word = entry.partition("=")
                if word not in READINGS or party not in a.parties:
                    hint = f"PARTY=READING; Parties: {', '.join(a.parties)}; readings: {', '.join(READINGS)}"
                    raise UsageError(f"`{entry}` is not a reading", hint=hint)
                readings[party] = word
            told = told_state(a, case.record, aware(at) or node.clock.now(), readings, known=aware(known))
            told |= told_differences(differences(node, reader, a.name), node.party)
            return answered(served, request, "agreement-state", told)

    @get("duties", "see-law")
    def see_duties(request: Request, party: Annotated[str, Query(max_length=3)], at: At = None) -> Response:
        """List what a Party owes; what it owes of items, to those who may see the register."""
        with served.asked(request, "see-law") as (caller, reader):
            case = Case.of(node, reader)
            known_party(party, case.law, "party")
            when = aware(at) or node.clock.now()
            found = standing_duties(case.law, case.record, when, party)
            owing: Sequence[dict[str, Any]] = ()
            if caller.may("see-register"):
                owing = owed_rows(node, reader, party, when, unreconciled_for=served.unreconciled_for)
            return answered(served, request, "duties", {"duties": [*(duty.to_json() for duty in found), *owing]})

    @get("routes", "see-law")
    def see_routes(
        request: Request,
        by: Annotated[str, Query(alias="from", max_length=3)],
        to: Annotated[str, Query(max_length=3)],
        item: Word = "",
        at: At = None,
    ) -> Response:
        """List the ways by which an item could go."""
        with served.asked(request, "see-law") as (_, reader):
            case = Case.of(node, reader)
            found = told_routes(case.law, case.record, aware(at) or node.clock.now(), by, to, item)
            return answered(served, request, "routes", {"routes": found})
