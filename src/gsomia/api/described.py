"""The API's description: what the routes say of themselves, who may ask them, and the headers that they heed."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Final

from fastapi import FastAPI

from gsomia.api.first import FIRST_OFFICER
from gsomia.api.oidc import OIDC_FINISH, OIDC_START
from gsomia.api.passkeys import PASSKEY_PATHS
from gsomia.api.scim import SCIM_TYPE

__all__ = ["described"]

_CERTIFICATE: Final[dict[str, list[str]]] = {"certificate": []}
_PROOF: Final[dict[str, list[str]]] = {"proof": []}
_TOKEN: Final[dict[str, list[str]]] = {"token": [], **_PROOF}

_SCHEMES: Final = {
    "certificate": {
        "type": "mutualTLS",
        "description": "A TLS client certificate that an officer's own key, or a person's sign-in key, signed, "
        "its Ed25519 half.",
    },
    "token": {
        "type": "http",
        "scheme": "DPoP",
        "description": "`Authorization: DPoP TOKEN`, with the proof of its key (RFC 9449, section 7.1).",
    },
    "proof": {
        "type": "apiKey",
        "in": "header",
        "name": "DPoP",
        "description": "One proof of the key (RFC 9449, section 4), good once; its `htu` is the URL as it is sent.",
    },
}

_SHOWN: Final[dict[str, list[dict[str, list[str]]]]] = {
    f"POST {FIRST_OFFICER}": [],
    f"POST {OIDC_START}": [],
    f"POST {OIDC_FINISH}": [_PROOF],
    **{f"POST {path}": [_PROOF] for path in PASSKEY_PATHS},
    "POST /v1/tokens": [_CERTIFICATE],
}
"""What is shown where that is not a certificate or a token with its proof."""

_HEADERS: Final = {
    "Idempotency-Key": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "The same request under the same key is done once, and answered the same for a day.",
        "schema": {"type": "string", "maxLength": 128, "pattern": "^[ -~]*$"},
    },
    "If-Match": {
        "name": "If-Match",
        "in": "header",
        "description": "Tags, or `*` (RFC 9110, 13.1.1): it is done only where one is that of what stands.",
        "schema": {"type": "string"},
    },
    "If-None-Match": {
        "name": "If-None-Match",
        "in": "header",
        "description": "Tags, or `*` (RFC 9110, 13.1.2): what stands under one of them is not sent again (304).",
        "schema": {"type": "string"},
    },
}

_TOLD: Final = {
    "ETag": {
        "description": "The tag of what is answered (RFC 9110, 8.8.3).",
        "schema": {"type": "string"},
    },
}


def described(app: FastAPI) -> dict[str, Any]:
    """The API's description (OpenAPI 3.1).

    Args:
        app: its routes.
    """
    document = deepcopy(app.openapi())
    document["security"] = [_CERTIFICATE, _TOKEN]
    document.setdefault("components", {}).update(securitySchemes=_SCHEMES, parameters=_HEADERS, headers=_TOLD)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Problem"] = {
        "type": "object",
        "description": "RFC 9457; `verdict` carries the grounds of a refusal.",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "hint": {"type": "string"},
            "verdict": {"type": "object"},
            "faults": {"type": "array", "items": {"type": "object"}},
        },
    }
    schemas["ScimError"] = {
        "type": "object",
        "description": "RFC 7644, section 3.12.",
        "required": ["schemas", "status", "detail"],
        "properties": {
            "schemas": {"type": "array", "items": {"type": "string"}},
            "status": {"type": "string"},
            "scimType": {"type": "string"},
            "detail": {"type": "string"},
        },
    }
    failures = document["components"].setdefault("responses", {})
    for path, operations in document["paths"].items():
        form = "ScimError" if path.startswith("/scim/") else "Problem"
        for method, operation in operations.items():
            operation.pop("description", None)
            shown = _SHOWN.get(f"{method.upper()} {path}", [_TOKEN] if form == "ScimError" else None)
            if shown is not None:
                operation["security"] = shown
            for code in [code for code in operation["responses"] if code >= "400"]:
                failure = operation["responses"][code]
                if form == "ScimError":
                    failure = {
                        **failure,
                        "content": {SCIM_TYPE: {"schema": {"$ref": "#/components/schemas/ScimError"}}},
                    }
                failures[f"{form}{code}"] = failure
                operation["responses"][code] = {"$ref": f"#/components/responses/{form}{code}"}
    return document
