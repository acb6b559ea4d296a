"""Joiners and leavers by SCIM 2.0 (RFC 7643, 7644): a joiner is announced and has nothing, a leaver's access ends."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gsomia.api.reads import Name
from gsomia.api.routing import Served, permit, route, tagged
from gsomia.api.scim_schemas import ERROR, LIST, NOT_KEPT, PATCH, PATCH_SHAPE, RESOURCES, USER, USER_SHAPE
from gsomia.errors import RefusedError
from gsomia.marking import is_visible
from gsomia.node import Person, end_access
from gsomia.web import PROBLEM_TYPE, Joiner, Problem, missing, shown_json

__all__ = ["SCIM_TYPE", "ScimErrors", "scim"]

SCIM_TYPE = "application/scim+json"
_BASE = "/scim/v2"
_MATCHED = ("If-Match",)
_MOST = 200
"""So many users are told at once."""
_NAME = re.compile(r"[A-Za-z0-9._@-]{1,64}")
_FILTER = re.compile(r'\s*userName\s+eq\s+("(?:[^"\\]|\\.)*")\s*', re.IGNORECASE)
_WRITABLE = ("displayName", "externalId", "active")
_TOLD = ("schemas", "id", "meta", "userName")
_SPELT = {name.lower(): name for name in (*_WRITABLE, *_TOLD, *NOT_KEPT)}


def scim(served: Served, router: APIRouter) -> None:
    """Add the routes of SCIM."""
    users = _Users(served)

    def may(request: Request) -> None:
        permit(request.state.caller, "provision")
        if request.state.caller.acts is None:
            raise RefusedError("SCIM is for a program with a token", verdict={"outcome": "refuse", "grounds": []})

    @route(router, "GET", f"{_BASE}/{{kind}}", "provision", tells=SCIM_TYPE)
    def see_scim(request: Request, kind: Name) -> Response:
        """Tell the service's configuration, resource types or schemas (RFC 7644, section 4), or list users."""
        may(request)
        if kind == "Users":
            return _told(request, users.page(request.query_params))
        if kind not in RESOURCES:
            raise missing()
        if "filter" in request.query_params:
            raise Problem(403, "no filter is taken here")  # RFC 7644, section 4
        return _told(request, RESOURCES[kind])

    @route(
        router,
        "POST",
        f"{_BASE}/Users",
        "provision",
        status=201,
        tells=SCIM_TYPE,
        tagged=True,
        takes=SCIM_TYPE,
        shape=USER_SHAPE,
    )
    def announce_user(request: Request) -> Response:
        """Announce a joiner, who has no clearance, no role and no access by it."""
        may(request)
        said = _attributes(_body(request))
        name = dict(said).get("userName")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise _bad("invalidValue", "userName: one to 64 letters, digits, or `.`, `_`, `@`, `-`")
        _of_a_user(said, name)
        joiner = replace(Joiner(name=name), **_changes(said, name))
        if not joiner.active:
            raise _bad("invalidValue", "active: who is announced joins")
        person = users.person(name)
        if (person is not None and person.left_at is None) or not served.memory.put_joiner(joiner, new=True):
            raise Problem(409, f"`{name}` is known", more={"scimType": "uniqueness"})
        return _told(request, users.user(name), status=201)

    @route(router, "GET", f"{_BASE}/Users/{{user:path}}", "provision", tells=SCIM_TYPE, tagged=True)
    def see_user(request: Request, user: Name) -> Response:
        """Tell one user."""
        may(request)
        return _told(request, users.user(user))

    @route(
        router,
        "PUT",
        f"{_BASE}/Users/{{user:path}}",
        "provision",
        tells=SCIM_TYPE,
        tagged=True,
        heeds=_MATCHED,
        takes=SCIM_TYPE,
        shape=USER_SHAPE,
    )
    def put_user(request: Request, user: Name) -> Response:
        """Replace what was announced of a user; where `active` is false their access ends."""
        may(request)
        _match(request, users.user(user))
        said = _attributes(_body(request))
        changes = _changes(said, user)
        if changes.get("active") is not False:
            _of_a_user(said, user)
        return _told(request, users.change(user, {"display": "", "external": "", **changes}))

    @route(
        router,
        "PATCH",
        f"{_BASE}/Users/{{user:path}}",
        "provision",
        tells=SCIM_TYPE,
        tagged=True,
        heeds=_MATCHED,
        takes=SCIM_TYPE,
        shape=PATCH_SHAPE,
    )
    def patch_user(request: Request, user: Name) -> Response:
        """Change what was announced of a user; where `active` becomes false their access ends."""
        may(request)
        _match(request, users.user(user))
        return _told(request, users.change(user, _changes(_patched(_body(request)), user)))

    @route(router, "DELETE", f"{_BASE}/Users/{{user:path}}", "provision", status=204, heeds=_MATCHED)
    def end_user(request: Request, user: Name) -> Response:
        """Announce a leaver: their access ends."""
        may(request)
        _match(request, users.user(user))
        if users.person(user) is not None:
            end_access(served.node, user, "SCIM: deleted")
        served.memory.end_joiner(user)
        return Response(status_code=204)


class _Users:
    """Who is entered here and who was announced, as SCIM tells it: never a clearance or a role."""

    def __init__(self, served: Served) -> None:
        self._served = served

    def person(self, name: str) -> Person | None:
        with self._served.node.store.reading() as reader:
            return reader.person(name)

    def user(self, name: str) -> dict[str, Any]:
        """Raises Problem: nobody of that name is entered here or was announced."""
        person, joiner = self.person(name), self._served.memory.joiners().get(name)
        if joiner is None and (person is None or person.left_at is not None):
            raise missing()
        return _shown(name, person, joiner)

    def page(self, words: Mapping[str, str]) -> dict[str, Any]:
        wanted = None
        if "filter" in words:
            found = _FILTER.fullmatch(words["filter"])
            try:
                wanted = json.loads(found[1]) if found is not None else None
            except ValueError:
                wanted = None
            if wanted is None:
                raise _bad("invalidFilter", 'the filter is `userName eq "..."`')
        start, count = max(1, _number(words, "startIndex", 1)), min(_MOST, max(0, _number(words, "count", _MOST)))
        joiners = self._served.memory.joiners()
        with self._served.node.store.reading() as reader:
            persons = {one.id: one for one in reader.persons()}
        names = sorted({*joiners, *(name for name, one in persons.items() if one.left_at is None)})
        names = [name for name in names if wanted is None or name == wanted]
        told = [_shown(name, persons.get(name), joiners.get(name)) for name in names[start - 1 :][:count]]
        return {
            "schemas": [LIST],
            "totalResults": len(names),
            "startIndex": start,
            "itemsPerPage": len(told),
            "Resources": told,
        }

    def change(self, name: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        person = self.person(name)
        if changes.get("active") and person is not None and person.left_at is not None:
            raise _bad("mutability", "an officer's act enters who comes back")
        if changes.get("active") is False and person is not None:
            # First of all: whatever fails after it, the access has ended.
            end_access(self._served.node, name, "SCIM: not active")
        joiner = self._served.memory.joiners().get(name) or Joiner(name=name)
        self._served.memory.put_joiner(replace(joiner, **changes))
        return self.user(name)


def _shown(name: str, person: Person | None, joiner: Joiner | None) -> dict[str, Any]:
    entered = person is not None and person.left_at is None
    active = entered or (person is None and joiner is not None and joiner.active)
    shown: dict[str, Any] = {"schemas": [USER], "id": name, "userName": name, "active": active}
    if joiner is not None:
        shown |= {k: v for k, v in (("displayName", joiner.display), ("externalId", joiner.external)) if v}
    version = f"W/{_version(shown)}"
    location = f"{_BASE}/Users/{quote(name, safe='')}"
    return {**shown, "meta": {"resourceType": "User", "location": location, "version": version}}


def _version(shown: Mapping[str, Any]) -> str:
    """The tag of a user as it is told."""
    nothing: Any = None  # without a schema the tag asks nothing of the node
    return tagged(nothing, "", shown)[1]


def _told(request: Request, value: Mapping[str, Any], *, status: int = 200) -> Response:
    meta = value.get("meta", {})
    headers = {name: meta[key] for name, key in (("etag", "version"), ("location", "location")) if key in meta}
    known = [one.strip() for one in request.headers.get("if-none-match", "").split(",")]
    if request.method == "GET" and headers.get("etag") in known:
        return Response(status_code=304, headers=headers)
    return Response(shown_json(value), status_code=status, media_type=SCIM_TYPE, headers=headers)


def _match(request: Request, user: Mapping[str, Any]) -> None:
    wanted = request.headers.get("if-match")
    if wanted is not None and wanted != "*" and user["meta"]["version"] not in [w.strip() for w in wanted.split(",")]:
        raise Problem(412, "the user changed meanwhile")


def _body(request: Request) -> dict[str, Any]:
    body = json.loads(request.state.body) if request.state.body else None
    if not isinstance(body, dict):
        raise _bad("invalidSyntax", "a JSON object was expected")
    return body


def _of_a_user(said: Sequence[tuple[str, Any]], name: str) -> None:
    """Raises Problem: it is not a whole user of that name."""
    found = dict(said)
    if not isinstance(found.get("schemas"), list) or USER not in found["schemas"]:
        raise _bad("invalidValue", f"schemas: {USER}, and those of extensions")
    if found.get("userName") != name:
        raise _bad("mutability", "userName is not changed")


def _attribute(path: str) -> str:
    """The attribute that a path or a key names, as RFC 7643 spells it; of `name.familyName` it is `name`.

    Case does not count, and the name of the schema may stand before it (RFC 7643, section 2.1; RFC 7644, section 3.10).
    """
    if path.lower().startswith(f"{USER.lower()}:"):
        path = path[len(USER) + 1 :]
    whole = _SPELT.get(re.split(r"[.\[]", path, maxsplit=1)[0].lower())
    return whole if whole in NOT_KEPT else _SPELT.get(path.lower(), path)


def _attributes(said: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(_attribute(key), value) for key, value in said.items()]


def _patched(body: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """What a PATCH sets, in its order; what it removes is set to "" (RFC 7644, section 3.5.2)."""
    operations = body.get("Operations")
    if body.get("schemas") != [PATCH] or {*body} != {"schemas", "Operations"} or not isinstance(operations, list):
        raise _bad("invalidSyntax", f"a PATCH has schemas ({PATCH}) and Operations")
    found: list[tuple[str, Any]] = []
    for one in operations:
        if not isinstance(one, dict) or not {*one} <= {"op", "path", "value"}:
            raise _bad("invalidSyntax", "an operation has op, path and value")
        op, path, value = str(one.get("op")).lower(), one.get("path"), one.get("value")
        if op == "remove" and isinstance(path, str):
            found.append((_attribute(path), ""))
        elif op in ("add", "replace") and isinstance(path, str):
            found.append((_attribute(path), value))
        elif op in ("add", "replace") and "path" not in one and isinstance(value, dict):
            found += _attributes(value)
        else:
            raise _bad("invalidValue", "op is add, replace or remove, of an attribute")
    return found


def _changes(said: Sequence[tuple[str, Any]], name: str) -> dict[str, Any]:
    """What is to change, by the fields of a joiner; of a leaver, whatever else is said, that they leave.

    Raises:
        Problem: nobody leaves, and an attribute is not taken, or its value will not do.
    """
    leaves = any(key == "active" and _is_false(value) for key, value in said)
    found: dict[str, Any] = {}
    for key, value in said:
        try:
            found |= _change(key, value, name)
        except Problem:
            if not leaves:
                raise
    return {**found, "active": False} if leaves else found


def _change(key: str, value: Any, name: str) -> dict[str, Any]:
    """Raises Problem: the attribute is not taken, or its value will not do."""
    if key == "active":
        if not isinstance(value, bool) and not _is_false(value):
            raise _bad("invalidValue", "active: true or false")
        return {"active": value is True}
    if key in _WRITABLE:
        if not isinstance(value, str) or not is_visible(value) or len(value) > 200:
            raise _bad("invalidValue", f"{key}: at most 200 characters that show")
        return {"display" if key == "displayName" else "external": value}
    if key not in _TOLD and key not in NOT_KEPT and not key.lower().startswith("urn:"):
        raise _bad("invalidValue", f"`{key}` is not taken; attributes: userName, {', '.join(_WRITABLE)}")
    if key in ("id", "userName") and value != name:
        raise _bad("mutability", f"{key} is not changed")
    return {}


def _is_false(value: Any) -> bool:
    """Some directories send the word; a leaver is not to stay for that."""
    return value is False or (isinstance(value, str) and value.lower() == "false")


def _number(words: Mapping[str, str], name: str, default: int) -> int:
    word = words.get(name, str(default))
    if not re.fullmatch(r"-?[0-9]{1,9}", word):
        raise _bad("invalidValue", f"{name}: a number")
    return int(word)


def _bad(kind: str, detail: str) -> Problem:
    return Problem(400, detail, more={"scimType": kind})


class ScimErrors:
    """ASGI middleware: every problem under `/scim/` is told in SCIM's own form (RFC 7644, section 3.12).

    Args:
        app: all that answers, the guard included.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or not scope["path"].startswith("/scim/"):
            await self._app(scope, receive, send)
            return
        held: Message | None = None
        body = b""

        async def told(message: Message) -> None:
            nonlocal held, body
            if message["type"] == "http.response.start" and _is_problem(message):
                held = message
                return
            if held is None:
                await send(message)
                return
            body += message.get("body", b"")
            if message.get("more_body"):
                return
            error = _error(json.loads(body))
            kept = [(n, v) for n, v in held["headers"] if n.lower() not in (b"content-type", b"content-length")]
            size = str(len(error)).encode()
            headers = [*kept, (b"content-type", SCIM_TYPE.encode()), (b"content-length", size)]
            await send({**held, "headers": headers})
            await send({"type": "http.response.body", "body": error})

        await self._app(scope, receive, told)


def _is_problem(message: Message) -> bool:
    return any(n.lower() == b"content-type" and v.startswith(PROBLEM_TYPE.encode()) for n, v in message["headers"])


def _error(problem: Mapping[str, Any]) -> bytes:
    kind = {"scimType": problem["scimType"]} if "scimType" in problem else {}
    return shown_json({"schemas": [ERROR], "status": str(problem["status"]), **kind, "detail": problem["detail"]})
