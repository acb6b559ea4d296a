"""The command line: prints, exits, decides nothing."""

from __future__ import annotations

from gsomia.cli.main import main

__all__ = ["main"]
