"""Acts over the API: the node prepares the statement, officers sign it where their keys are, the node enters it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request
from fastapi.responses import Response

from gsomia.api.contents import Transmission
from gsomia.api.reads import Name, named_copies, register_tag
from gsomia.api.repeats import once
from gsomia.api.routing import Served, answered, permit, route
from gsomia.api.signin import Caller
from gsomia.api.wanted import Destroy, GiveConsent, RefuseConsent, Signatures, Transmit, Wanted, do, row_of
from gsomia.errors import RefusedError, SignatureError, UsageError
from gsomia.identity import About, about_request
from gsomia.keys import unb64
from gsomia.node import (
    Acting,
    AwaitedKey,
    Node,
    Officer,
    Prepared,
    Reader,
    StandingClock,
    instant,
    prepare,
)
from gsomia.web import Problem, missing

__all__ = ["acting"]

PREPARED_FOR = timedelta(minutes=5)
"""A prepared act waits for signatures so long."""
_EACH = 32
"""So many acts that one officer prepared wait at a time; the oldest of these gives way."""


@dataclass
class Preparation:
    """An act that waits for its officers' signatures."""

    id: str
    caller: str
    wanted: Any
    officers: tuple[Officer, ...]
    prepared: Prepared
    until: datetime
    transmission: Transmission | None = None
    ended: bool = False
    signatures: dict[str, Mapping[str, bytes]] = field(default_factory=dict)
    turn: threading.Lock = field(default_factory=threading.Lock)

    def do(self, node: Node, by: tuple[Acting, ...]) -> object:
        """Run the use case."""
        return self.transmission.do(node, by) if self.transmission is not None else do(node, self.wanted, by)

    def end(self, node: Node) -> None:
        """It waits no more: what was sealed for it goes, unless it was entered."""
        with self.turn:
            self.ended = True
            if self.transmission is not None:
                self.transmission.discard(node)

    def told(self, status: str) -> dict[str, Any]:
        """What officers must see before they sign: the statements as they stand."""
        signed = {one.id for one in self.officers if one.id in self.signatures}
        return {
            "id": self.id,
            "status": status,
            "act": self.wanted.act,
            "until": instant(self.until),
            "statements": [data.decode() for data in self.prepared.data],
            "acts": [statement.id for statement in self.prepared.statements],
            "officers": [{"officer": one.id, "signed": one.id in signed} for one in self.officers],
        }


class _Preparations:
    """What waits, in memory: it lasts for minutes, and is prepared again after a restart."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._waiting: OrderedDict[str, Preparation] = OrderedDict()

    def put(self, one: Preparation, now: datetime) -> list[Preparation]:
        """Keep one; returns those that gave way to it."""
        with self._turn:
            over = [name for name, waiting in self._waiting.items() if waiting.until < now]
            own = [name for name, waiting in self._waiting.items() if waiting.caller == one.caller]
            ended = [self._waiting.pop(name) for name in {*over, *own[: max(0, len(own) - _EACH + 1)]}]
            self._waiting[one.id] = one
            return ended

    def get(self, name: str, officer: str, now: datetime) -> Preparation:
        with self._turn:
            found = self._waiting.get(name)
        if found is None or found.until < now or officer not in {one.id for one in found.officers}:
            raise missing()
        return found


def acting(served: Served) -> APIRouter:
    """The routes by which acts are done."""
    router = APIRouter()
    node = served.node
    waiting = _Preparations()

    @route(router, "POST", "/v1/preparations", "sign", status=201)
    def prepare_act(request: Request, body: Annotated[Wanted, Body()]) -> Response:
        """Prepare an act: the verdict first, and the statements that its officers must sign."""
        caller: Caller = request.state.caller

        def work() -> Response:
            with node.store.reading() as reader:
                officers = _officers(node, reader, caller, body)
                _permit(served, caller, reader, body, officers)
                _unchanged(served, request, caller, reader, body)
            by = tuple(Acting(officer=one.id, key=AwaitedKey(public=one.key)) for one in officers)
            transmission = Transmission(served.coming, caller.id, body) if isinstance(body, Transmit) else None
            try:
                prepared = prepare(lambda: transmission.do(node, by) if transmission else do(node, body, by))
            except BaseException:
                if transmission is not None:
                    transmission.discard(node)
                raise
            now = node.clock.machine()
            one = Preparation(
                id=prepared.statements[0].id,
                caller=caller.id,
                wanted=body,
                officers=officers,
                prepared=prepared,
                until=now + PREPARED_FOR,
                transmission=transmission,
            )
            for ended in waiting.put(one, now):
                ended.end(node)
            return answered(served, request, "preparation", one.told("prepared"), status=201)

        return once(served, request, caller, work)

    @route(router, "GET", "/v1/preparations/{preparation}", "sign")
    def see_preparation(request: Request, preparation: Name) -> Response:
        """Show a prepared act to an officer who is to sign it."""
        caller: Caller = request.state.caller
        one = waiting.get(preparation, caller.id, node.clock.machine())
        with node.store.reading() as reader:
            _permit(served, caller, reader, one.wanted, one.officers)
        return answered(served, request, "preparation", one.told("prepared"))

    @route(router, "POST", "/v1/preparations/{preparation}/signatures", "sign")
    def sign_act(request: Request, preparation: Name, body: Signatures) -> Response:
        """Give the caller's signatures; with the last officer's the act is entered, if it still may be."""
        caller: Caller = request.state.caller

        def work() -> Response:
            one = waiting.get(preparation, caller.id, node.clock.machine())
            with one.turn:
                if one.ended:
                    raise missing()
                with node.store.reading() as reader:
                    if all(reader.act(statement.id) is not None for statement in one.prepared.statements):
                        return answered(served, request, "preparation", one.told("done"))
                    _permit(served, caller, reader, one.wanted, one.officers)
                one.signatures[caller.id] = _checked(one, caller.signing(), body)
                if len(one.signatures) < len(one.officers):
                    return answered(served, request, "preparation", one.told("prepared"))
                with node.store.reading() as reader:
                    _still(node, reader, one.officers)
                _complete(node, one)
                return answered(served, request, "preparation", one.told("done"))

        return once(served, request, caller, work)

    return router


def _officers(node: Node, reader: Reader, caller: Caller, wanted: Any) -> tuple[Officer, ...]:
    """The officers who must sign; the caller is one of them.

    Raises:
        RefusedError: the caller is not.
    """
    if not isinstance(wanted, Destroy):
        return (caller.signing(),)
    officers = [reader.officer(node.party, name) for name in (wanted.registry, wanted.security)]
    if caller.id not in (wanted.registry, wanted.security):
        raise _refused("two-officers", "who destroys signs: the caller is neither of the two officers")
    found = tuple(one for one in officers if one is not None)
    if len(found) != 2:
        raise _refused("two-officers", "one of the two officers has no key that can sign")
    return found


def _refused(rule: str, text: str) -> RefusedError:
    ground = {"effect": "refuse", "instrument": "", "article": "", "clause": rule, "text": text}
    return RefusedError(text, verdict={"outcome": "refuse", "grounds": [ground]})


def _permit(served: Served, caller: Caller, reader: Reader, wanted: Any, officers: tuple[Officer, ...]) -> None:
    """Check that the caller may ask for the act, and may know of the item that it names."""
    about = About(signers=frozenset(one.person for one in officers))
    if isinstance(wanted, GiveConsent | RefuseConsent):
        try:
            about = about_request(served.node, reader, wanted.request)
        except UsageError:
            # Who may answer no request is told that, and not whether there is this one.
            permit(caller, wanted.act, About(askers=frozenset()))
            raise missing() from None
    permit(caller, row_of(wanted), about)
    item = getattr(wanted, "item", "")
    if item and not caller.may("see-register"):
        named_copies(served, caller, reader, item)
    elif item and not reader.find(item):
        raise missing()


def _unchanged(served: Served, request: Request, caller: Caller, reader: Reader, wanted: Any) -> None:
    """Check that the item stands as the caller last saw it, where the request names that (RFC 9110, 13.1.1).

    Raises:
        Problem: it changed.
    """
    given = request.headers.get("if-match", "")
    if not given:
        return
    item = getattr(wanted, "item", "")
    tag = register_tag(served, reader, named_copies(served, caller, reader, item)) if item else ""
    if tag not in [one.strip() for one in given.split(",")]:
        raise Problem(412, "the item has changed since you read it", kind="changed")


def _checked(one: Preparation, officer: Officer, body: Signatures) -> Mapping[str, bytes]:
    """The officer's signatures, over the statements as prepared.

    Raises:
        SignatureError: they do not hold.
    """
    try:
        given = {"ed25519": unb64(body.ed25519), "ml-dsa-65": unb64(body.ml_dsa_65)}
    except ValueError as error:
        raise SignatureError(f"the signatures are {error}") from error
    one.prepared.check(officer.key, given)
    return given


def _still(node: Node, reader: Reader, officers: tuple[Officer, ...]) -> None:
    """Check that each officer's key is still the one that signed.

    Raises:
        RefusedError: one has ended meanwhile.
    """
    for one in officers:
        now = reader.officer(node.party, one.id)
        if now is None or now.key != one.key:
            raise _refused("no-such-officer", "an officer's key has ended since the act was prepared")


def _complete(node: Node, one: Preparation) -> None:
    """Ask again as things stand now, and enter what was signed."""

    def by(make: Callable[[Officer], AwaitedKey]) -> tuple[Acting, ...]:
        return tuple(Acting(officer=officer.id, key=make(officer)) for officer in one.officers)

    # Once by the clock as it goes, for the law may have changed since; and once by the instant that was signed.
    prepare(lambda: one.do(node, by(lambda officer: AwaitedKey(public=officer.key))))
    standing = replace(node, clock=StandingClock(one.prepared.at, node.clock))
    keys = by(
        lambda officer: AwaitedKey(public=officer.key, prepared=one.prepared, signatures=one.signatures[officer.id])
    )
    one.do(standing, keys)
    if one.transmission is not None:
        one.transmission.finish()
