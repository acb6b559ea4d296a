"""Keys at rest: files by default."""

from __future__ import annotations

from gsomia.keystore.files import KeyFiles

__all__ = ["KeyFiles"]
