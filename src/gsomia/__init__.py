"""gsomia: a General Security of Military Information Agreement as running software.

Where to read first: `agreement` (the law and its lifecycle), `verdict` (what it allows), then `node` (what a node does,
one module for each use case) and `app` (how the parts are put together). Imports point down; see `pyproject.toml`.
"""

from __future__ import annotations

__version__ = "0.1.0"
