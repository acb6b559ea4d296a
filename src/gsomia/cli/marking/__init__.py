"""`gsomia marking`: read, check, convert and bind marks and labels; no node is needed."""

from __future__ import annotations

from gsomia.cli.marking import binding, checking, converting, documents, reading
from gsomia.cli.marking.group import marking

__all__ = ["binding", "checking", "converting", "documents", "marking", "reading"]
