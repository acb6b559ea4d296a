"""Acts over the API: the node prepares the statement, officers sign it where their keys are, the node enters it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Body, Request
from fastapi.responses import Response
from starlette.background import BackgroundTask

from gsomia.api.assessing import Assessing
from gsomia.api.contents import Transmission
from gsomia.api.entered import entered, permit_entered, told_entered
from gsomia.api.passkeys import counted
from gsomia.api.preparations import Kept, Preparation
from gsomia.api.reads import Name, known_here, named_copies, register_tag
from gsomia.api.repeats import once
from gsomia.api.routing import DeniedError, Host, Served, answered, permit, route
from gsomia.api.signin import Caller
from gsomia.api.wanted import (
    AdoptLaw,
    Assess,
    ByPasskey,
    Circulate,
    Destroy,
    GiveConsent,
    MakeRendition,
    RefuseConsent,
    ReplaceNodeKey,
    Signatures,
    Transmit,
    Wanted,
    do,
    row_of,
)
from gsomia.errors import RefusedError, SignatureError, UsageError
from gsomia.identity import About, about_request
from gsomia.keys import unb64
from gsomia.node import (
    PREPARED_FOR,
    Acting,
    AwaitedKey,
    MarkedOnce,
    NewKeys,
    Node,
    Officer,
    Reader,
    StandingClock,
    adopt_law,
    make_rendition,
    prepare,
    replace_node_keys,
)
from gsomia.passkeys import WEBAUTHN, Passkey
from gsomia.web import Problem, missing

__all__ = ["acting"]


@dataclass(frozen=True, slots=True)
class _Adoption:
    """Agreements adopted as the node's folder offers them."""

    host: Host
    names: tuple[str, ...]

    @property
    def keeps(self) -> bool:
        """It does not."""
        return False

    def do(self, node: Node, by: tuple[Acting, ...]) -> object:
        """Run the use case."""
        return adopt_law(node, self.host.offer(self.names), self.names, by=by[0])

    def finish(self) -> None:
        """Nothing was kept for it alone."""

    def discard(self, node: Node) -> None:
        """Nothing was kept for it alone."""


@dataclass(frozen=True, slots=True)
class _Rotation:
    """The node's own keys replaced: the new ones are in memory alone until their act is entered."""

    host: Host
    new: NewKeys = field(default_factory=NewKeys.generate, repr=False)

    @property
    def keeps(self) -> bool:
        """It keeps no document."""
        return False

    def do(self, node: Node, by: tuple[Acting, ...]) -> object:
        """Run the use case."""
        return replace_node_keys(node, self.new, self.host.keep_keys, by=by[0])

    def finish(self) -> None:
        """They are the node's."""

    def discard(self, node: Node) -> None:
        """Nothing was kept of them."""


@dataclass(slots=True)
class _Marking:
    """A rendition, marked when its act is prepared; its bytes are in memory until they were fetched, or it ends."""

    wanted: MakeRendition
    once: MarkedOnce = field(default_factory=MarkedOnce)
    entered: bool = False

    @property
    def keeps(self) -> bool:
        """Whether its bytes are in memory."""
        return self.once.data is not None

    def do(self, node: Node, by: tuple[Acting, ...]) -> object:
        """Run the use case."""
        wanted = self.wanted
        return make_rendition(node, wanted.item, wanted.person, total=wanted.total, by=by[0], once=self.once)

    def finish(self) -> None:
        """It may be fetched."""
        self.entered = True

    def discard(self, node: Node) -> None:
        """Forget it."""
        self.once = MarkedOnce()


def _kept(served: Served, caller: Caller, wanted: Any) -> Kept | None:
    if isinstance(wanted, Transmit | Circulate):
        return Transmission(served.coming, caller.id, wanted)
    if isinstance(wanted, Assess):
        return Assessing(served.coming, caller.id, wanted)
    if isinstance(wanted, MakeRendition):
        return _Marking(wanted)
    if isinstance(wanted, ReplaceNodeKey):
        return _Rotation(served.host)
    return _Adoption(served.host, tuple(wanted.names)) if isinstance(wanted, AdoptLaw) else None


def _do(node: Node, wanted: Any, kept: Kept | None, by: tuple[Acting, ...]) -> object:
    """Run an act's use case."""
    return kept.do(node, by) if kept is not None else do(node, wanted, by)


def acting(served: Served, router: APIRouter) -> None:
    """Add the routes by which acts are done."""
    node = served.node
    waiting = served.waiting

    @route(router, "POST", "/v1/preparations", "sign", status=201, heeds=("Idempotency-Key", "If-Match"))
    def prepare_act(request: Request, body: Annotated[Wanted, Body()]) -> Response:
        """Prepare an act: the verdict first, and the statements that its officers must sign."""
        caller: Caller = request.state.caller
        # Also before an answer that was given is given again.
        with node.store.reading() as reader:
            officers = _officers(node, reader, caller, body)
            _permit(served, caller, reader, body, officers)

        def work() -> Response:
            with node.store.reading() as reader:
                _unchanged(served, request, caller, reader, body)
            by = tuple(Acting(officer=one.id, key=AwaitedKey(public=one.key)) for one in officers)
            kept = _kept(served, caller, body)
            began = node.clock.machine()
            try:
                prepared = prepare(lambda: _do(node, body, kept, by))
            except BaseException:
                if kept is not None:
                    kept.discard(node)
                raise
            one = Preparation(
                id=prepared.batches[-1].statements[0].id,
                caller=caller.id,
                wanted=body,
                officers=officers,
                prepared=prepared,
                until=began + PREPARED_FOR,
                kept=kept,
            )
            waiting.put(one)
            return answered(served, request, "preparation", one.told("prepared"), status=201)

        def stands(answer: bytes) -> bool:
            name = json.loads(answer)["id"]
            if waiting.find(name, caller.id) is not None:
                return True
            with node.store.reading() as reader:
                return bool(entered(node, reader, caller, name))

        return once(served, request, caller, work, stands)

    @route(router, "POST", "/v1/preparations/{preparation}/document", "sign", tells="application/octet-stream")
    def fetch_document(request: Request, preparation: Name) -> Response:
        """Give the document of a rendition to the officer whose act it is, when that is entered; once."""
        caller: Caller = request.state.caller
        one = waiting.find(preparation, caller.id)
        kept = one.kept if one is not None and isinstance(one.kept, _Marking) and one.kept.entered else None
        made = kept.once if kept is not None else None
        if kept is None or made is None or made.data is None:
            raise missing()
        permit(caller, "rendition")
        remarks = quote(json.dumps(list(made.remarks)))
        headers = {"content-disposition": "attachment", "x-gsomia-remarks": remarks}
        given = BackgroundTask(kept.discard, node)
        return Response(made.data, media_type="application/octet-stream", headers=headers, background=given)

    @route(router, "GET", "/v1/preparations/{preparation}", "sign")
    def see_preparation(request: Request, preparation: Name) -> Response:
        """Show a prepared act to an officer who is to sign it."""
        caller: Caller = request.state.caller
        one = waiting.find(preparation, caller.id)
        with node.store.reading() as reader:
            found = _stage(served, caller, reader, preparation, one)
        told = found.told("prepared") if isinstance(found, Preparation) else found
        return answered(served, request, "preparation", told)

    @route(router, "POST", "/v1/preparations/{preparation}/signatures", "sign", heeds=("Idempotency-Key",))
    def sign_act(request: Request, preparation: Name, body: Signatures | ByPasskey) -> Response:
        """Give the caller's signatures; with the last officer's the act is entered, if it still may be."""
        caller: Caller = request.state.caller
        waits = waiting.find(preparation, caller.id)
        with node.store.reading() as reader:
            _stage(served, caller, reader, preparation, waits)

        def work() -> Response:
            with waits.turn if waits is not None else nullcontext():
                with node.store.reading() as reader:
                    one = _stage(served, caller, reader, preparation, waits)
                if not isinstance(one, Preparation):
                    return answered(served, request, "preparation", one)
                one.signatures.setdefault(caller.id, {})[body.batch] = _checked(served, one, caller.signing(), body)
                if not one.signed:
                    return answered(served, request, "preparation", one.told("prepared"))
                with node.store.reading() as reader:
                    _still(node, reader, one.officers)
                _complete(node, one)
                return answered(served, request, "preparation", one.told("done"))

        return once(served, request, caller, work)


def _unprepared() -> Problem:
    """The one answer for what was never prepared, waits for others, or waits no more."""
    return Problem(
        404,
        f"nothing that was prepared under this name waits for you: it waits {PREPARED_FOR.seconds // 60} minutes, and"
        " not beyond a restart of the node. What was not signed has entered nothing; prepare it again",
        kind="not-prepared",
    )


def _stage(
    served: Served, caller: Caller, reader: Reader, name: str, waits: Preparation | None
) -> Preparation | dict[str, Any]:
    """What was prepared under a name: it waits for signatures, or what was entered of it is told.

    Raises:
        RefusedError: the caller's token is not good for such acts.
        Problem: there is neither for the caller, or the caller signs in anew first.
    """
    if batches := entered(served.node, reader, caller, name):
        permit_entered(caller, {act.statement.type for batch in batches for act in batch})
        return told_entered(name, batches)
    if waits is None or waits.ended:
        raise _unprepared()
    _permit(served, caller, reader, waits.wanted, waits.officers)
    return waits


def _officers(node: Node, reader: Reader, caller: Caller, wanted: Any) -> tuple[Officer, ...]:
    """The officers who must sign; the caller is one of them.

    Raises:
        RefusedError: the caller is not.
    """
    if isinstance(wanted, Assess) and wanted.disclosure not in ("", caller.id):
        disclosing = reader.officer(node.party, wanted.disclosure)
        if disclosing is None:
            raise _refused("no-such-officer", "who is to disclose has no key that can sign")
        return caller.signing(), disclosing
    if not isinstance(wanted, Destroy):
        return (caller.signing(),)
    officers = [reader.officer(node.party, name) for name in (wanted.registry, wanted.security)]
    if caller.id not in (wanted.registry, wanted.security):
        told = _refused("two-officers", "who destroys signs: the caller is neither of the two officers")
        raise DeniedError(caller, wanted.act, str(told), told.verdict)
    found = tuple(one for one in officers if one is not None)
    if len(found) != 2:
        raise _refused("two-officers", "one of the two officers has no key that can sign")
    return found


def _refused(rule: str, text: str) -> RefusedError:
    ground = {"effect": "refuse", "instrument": "", "article": "", "clause": rule, "text": text}
    return RefusedError(text, verdict={"outcome": "refuse", "grounds": [ground]})


def _permit(served: Served, caller: Caller, reader: Reader, wanted: Any, officers: tuple[Officer, ...]) -> None:
    """Check that the caller may ask for the act, and may know of the item that it names."""
    about = About(signers=frozenset(one.person for one in officers), person=getattr(wanted, "person", None))
    if isinstance(wanted, GiveConsent | RefuseConsent):
        try:
            about = about_request(served.node, reader, wanted.request)
        except UsageError:
            # Who may answer no request is told that, and not whether there is this one.
            permit(caller, wanted.act, About(askers=frozenset()))
            raise missing() from None
    row = row_of(wanted)
    if not isinstance(wanted, Assess) or caller.id == officers[0].id:
        permit(caller, row, about)
    if isinstance(wanted, Assess) and caller.id == officers[-1].id:
        permit(caller, "transmit", about)
    item = getattr(wanted, "item", "")
    # Who speaks in a consultation names its texts, also a legal officer, who sees nothing else of the register.
    if item and row != "consult":
        known_here(served, caller, reader, item)


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
    if not tag or (given.strip() != "*" and tag not in [one.strip() for one in given.split(",")]):
        raise Problem(412, "the item has changed since you read it", kind="changed")


def _checked(served: Served, one: Preparation, officer: Officer, body: Signatures | ByPasskey) -> Mapping[str, bytes]:
    """The officer's signatures, over the statements of a batch as prepared.

    Raises:
        SignatureError: they do not hold.
    """
    try:
        if isinstance(body, ByPasskey):
            made = body.passkey.read()
            given = {WEBAUTHN: made.to_bytes()}
        else:
            made = None
            given = {"ed25519": unb64(body.ed25519), "ml-dsa-65": unb64(body.ml_dsa_65)}
    except ValueError as error:
        raise SignatureError(f"the signatures are {error}") from error
    batch = one.batch(officer, body.batch)
    if batch is None:
        raise SignatureError(f"there is no batch {body.batch} that `{officer.id}` signs")
    batch.check(officer.key, given)
    before = one.signatures.get(officer.id, {}).get(body.batch)
    if made is not None and isinstance(officer.key, Passkey) and before != given:
        counted(served, officer.key, made)
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
    prepare(lambda: _do(node, one.wanted, one.kept, by(lambda officer: AwaitedKey(public=officer.key))))
    standing = replace(node, clock=StandingClock(one.prepared.at, node.clock))
    keys = by(
        lambda officer: AwaitedKey(public=officer.key, prepared=one.prepared, signatures=one.signatures[officer.id])
    )
    _do(standing, one.wanted, one.kept, keys)
    if one.kept is not None:
        one.kept.finish()
