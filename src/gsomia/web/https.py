"""Asks another party's server over https: certificates checked, no redirect followed, answers bounded."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path

from gsomia.errors import NodeError
from gsomia.web.oidc import Fetch

__all__ = ["fetching"]

SECONDS = 10.0
MOST = 256 * 2**10
"""The longest answer, in bytes."""


def fetching(roots: Path | None = None) -> Fetch:
    """What asks.

    Args:
        roots: a PEM file of the certificates to which the servers' lead; the machine's own where it is None.

    Raises:
        NodeError: the file cannot be read.
    """
    import httpx2

    try:
        context = ssl.create_default_context(cafile=str(roots) if roots is not None else None)
    except (OSError, ssl.SSLError) as error:
        raise NodeError(f"cannot read the certificates in `{roots}`: {error}") from error

    def fetch(url: str, body: bytes | None, headers: Mapping[str, str]) -> bytes:
        if not url.startswith("https://"):
            raise NodeError(f"`{url}` is not asked: it is not https")
        try:
            with (
                httpx2.Client(verify=context, trust_env=False, follow_redirects=False, timeout=SECONDS) as client,
                client.stream("GET" if body is None else "POST", url, content=body, headers=dict(headers)) as answer,
            ):
                data = b""
                for part in answer.iter_bytes():
                    data += part
                    if len(data) > MOST:
                        raise NodeError(f"`{url}` answered over {MOST // 1024} KiB")
                if answer.status_code != 200:
                    raise NodeError(f"`{url}` answered {answer.status_code}")
                return data
        except (httpx2.HTTPError, OSError) as error:
            raise NodeError(f"`{url}` cannot be reached: {error}") from error

    return fetch
