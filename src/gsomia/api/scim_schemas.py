"""What this node tells of its SCIM service: configuration, resource types and schemas (RFC 7643, sections 5 to 7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["ERROR", "LIST", "NOT_KEPT", "PATCH", "PATCH_SHAPE", "RESOURCES", "USER", "USER_SHAPE"]

_CORE = "urn:ietf:params:scim:schemas:core:2.0:"
_MESSAGE = "urn:ietf:params:scim:api:messages:2.0:"
USER = _CORE + "User"
NOT_KEPT = (
    "name", "nickName", "profileUrl", "title", "userType", "preferredLanguage", "locale", "timezone", "emails",
    "phoneNumbers", "ims", "photos", "addresses", "groups",
)  # fmt: skip
"""Attributes of a User (RFC 7643, section 4.1) that describe a person, and are ignored here as extensions are.

Not `roles`, `entitlements`, `password` and `x509Certificates`: who sends those wants what a directory cannot give.
"""
ERROR, LIST, PATCH = _MESSAGE + "Error", _MESSAGE + "ListResponse", _MESSAGE + "PatchOp"
USER_SHAPE: Mapping[str, Any] = {
    "type": "object",
    "required": ["schemas", "userName"],
    "properties": {
        "schemas": {"type": "array", "items": {"type": "string", "enum": [USER]}, "minItems": 1},
        "userName": {"type": "string", "pattern": "^[A-Za-z0-9._@-]{1,64}$"},
        "displayName": {"type": "string", "maxLength": 200},
        "externalId": {"type": "string", "maxLength": 200},
        "active": {"type": "boolean"},
    },
}
"""A user as a directory sends one, as JSON Schema; what more it sends is ignored or refused."""
PATCH_SHAPE: Mapping[str, Any] = {
    "type": "object",
    "required": ["schemas", "Operations"],
    "additionalProperties": False,
    "properties": {
        "schemas": {"type": "array", "items": {"type": "string", "enum": [PATCH]}, "minItems": 1, "maxItems": 1},
        "Operations": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["op"],
                "additionalProperties": False,
                "properties": {"op": {"type": "string"}, "path": {"type": "string"}, "value": {}},
            },
        },
    },
}
"""A PATCH (RFC 7644, section 3.5.2), as JSON Schema."""


def _attribute(
    name: str, *, kind: str = "string", mutability: str = "readWrite", unique: bool = False
) -> dict[str, Any]:
    return {
        "name": name,
        "type": kind,
        "multiValued": False,
        "required": unique,
        "mutability": mutability,
        "returned": "default",
        **({"caseExact": True, "uniqueness": "server" if unique else "none"} if kind == "string" else {}),
    }


def _listed(*resources: Mapping[str, Any]) -> dict[str, Any]:
    many = len(resources)
    return {
        "schemas": [LIST],
        "totalResults": many,
        "startIndex": 1,
        "itemsPerPage": many,
        "Resources": list(resources),
    }


RESOURCES: Mapping[str, Mapping[str, Any]] = {
    "ServiceProviderConfig": {
        "schemas": [_CORE + "ServiceProviderConfig"],
        "patch": {"supported": True},
        "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": True, "maxResults": 200},
        "changePassword": {"supported": False},
        "sort": {"supported": False},
        "etag": {"supported": True},
        "authenticationSchemes": [
            {"type": "oauthbearertoken", "name": "DPoP", "description": "a token bound to a key (RFC 9449)"}
        ],
    },
    "ResourceTypes": _listed(
        {"schemas": [_CORE + "ResourceType"], "id": "User", "name": "User", "endpoint": "/Users", "schema": USER}
    ),
    "Schemas": _listed(
        {
            "schemas": [_CORE + "Schema"],
            "id": USER,
            "name": "User",
            "attributes": [
                _attribute("userName", mutability="immutable", unique=True),
                _attribute("displayName"),
                _attribute("externalId"),
                _attribute("active", kind="boolean"),
            ],
        }
    ),
}
"""By the name under which each is asked for."""
