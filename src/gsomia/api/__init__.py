"""The REST API of a node, for its own officers and their programs: reads, verdicts, acts, events (OpenAPI 3.1).

Read `guard` first (what stands before every route), then `signin` (who asks), `routing` (which act of the table of
rights a route asks for), `reads`, `questions`, and `acting` (acts whose officers sign elsewhere).
"""

from __future__ import annotations

from gsomia.api.app import api_app, api_routes, description
from gsomia.api.first import FirstOfficer, first_officer_text
from gsomia.api.passkeys import sign_in_text
from gsomia.api.preparations import Preparations
from gsomia.api.routing import ACT, Host, Served
from gsomia.api.signin import Caller, SignIn
from gsomia.api.spans import Spans

__all__ = [
    "ACT",
    "Caller",
    "FirstOfficer",
    "Host",
    "Preparations",
    "Served",
    "SignIn",
    "Spans",
    "api_app",
    "api_routes",
    "description",
    "first_officer_text",
    "sign_in_text",
]
