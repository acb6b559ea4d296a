"""The route by which the first officer's key comes in."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field

from gsomia.api.first import FIRST_OFFICER
from gsomia.api.questions import Body as Said
from gsomia.api.routing import Served, answered, route
from gsomia.api.wanted import Signatures
from gsomia.errors import UsageError
from gsomia.keys import PublicKey, unb64
from gsomia.web import missing

__all__ = ["enrolling"]


class First(Said):
    """The first officer's key, with the code from the console."""

    code: str = Field(min_length=1, max_length=64)
    officer: str = Field(min_length=1, max_length=64)
    person: str = Field(default="", max_length=64)
    key: dict[str, Annotated[str, Field(max_length=8192)]] = Field(max_length=2)
    signatures: Signatures


def enrolling(served: Served, router: APIRouter) -> None:
    """Add the route of the first officer."""

    @route(router, "POST", FIRST_OFFICER, "sign", status=201)
    def enrol_first_officer(request: Request, body: First) -> Response:
        """Enrol the first officer's key, with the code on the node's console; nothing once anybody can sign in."""
        if request.state.caller is not None or served.first is None:
            raise missing()
        try:
            key = PublicKey.from_json(body.key)
            given = {"ed25519": unb64(body.signatures.ed25519), "ml-dsa-65": unb64(body.signatures.ml_dsa_65)}
        except ValueError as error:
            raise UsageError(f"the key or its signatures: {error}") from error
        act = served.first.enrol(body.code, body.officer, body.person, key, given)
        told = {"officer": body.officer, "act": act, "key": key.fingerprint}
        return answered(served, request, "first-officer", told, status=201)
