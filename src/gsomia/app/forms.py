"""How a node looks over and marks documents: the renditions' package, imported when it is first needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gsomia.marking import Label, Line
from gsomia.node import Look, Marked


class Forms:
    """Documents looked over and marked; what that needs is slow to import, and most commands look at none."""

    def known(self, head: bytes, mime_type: str) -> bool:
        """Whether a document that begins so is of a format whose marks can be read."""
        from gsomia import documents

        return documents.known(head, mime_type)

    def look_over(
        self, data: bytes, mime_type: str, label: Label, marks: Sequence[str], alike: Sequence[str] = ()
    ) -> Look:
        """Look a document over and hold the marks that it shows to its label."""
        from gsomia import documents

        return documents.look_over(data, mime_type, label, marks, alike)

    def mark_document(
        self, data: bytes, mime_type: str, *, top: Sequence[Line], bottom: Sequence[Line], properties: Mapping[str, str]
    ) -> Marked:
        """A rendition with lines above and below."""
        from gsomia import documents

        return documents.mark_document(data, mime_type, top=top, bottom=bottom, properties=properties)
