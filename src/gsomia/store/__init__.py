"""Where a node keeps its acts, logs and register: SQLite."""

from __future__ import annotations

from gsomia.store.sql import SqlStore

__all__ = ["SqlStore"]
