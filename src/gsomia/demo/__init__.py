"""The main job on real input: three nodes as processes on this machine, played through twelve years of real law.

Fictional people, everything marked EXERCISE. `play` runs the steps; `launches` and `report` are its last one's data and
page.
"""

from __future__ import annotations

from gsomia.demo.play import play

__all__ = ["play"]
