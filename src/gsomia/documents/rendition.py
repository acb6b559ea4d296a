"""A marked copy of a document for one recipient."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendition:
    """A marked copy; the document that it was made of is never changed.

    Args:
        data: the marked document.
        source_sha256: of the document that was marked, in hexadecimal; the register keeps both.
        sha256: of `data`.
        parts: how many pages (PDF), sections (DOCX), page styles (ODF) or images were marked.
        remarks: what a person should know: an existing signature that no longer holds, links, layers.
    """

    data: bytes
    source_sha256: str
    sha256: str
    parts: int
    remarks: tuple[str, ...] = ()

    @classmethod
    def of(cls, source: bytes, data: bytes, parts: int, remarks: tuple[str, ...] = ()) -> Rendition:
        """A rendition with both digests taken."""
        return cls(
            data=data,
            source_sha256=hashlib.sha256(source).hexdigest(),
            sha256=hashlib.sha256(data).hexdigest(),
            parts=parts,
            remarks=remarks,
        )
