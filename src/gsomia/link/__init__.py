"""Node to node: the served side and the way to a peer."""

from __future__ import annotations

from gsomia.link.client import HttpLink
from gsomia.link.server import link_app

__all__ = ["HttpLink", "link_app"]
