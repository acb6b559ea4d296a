"""The main job on real input: three nodes as processes on this machine, played through twelve years of real law.

Fictional people, everything marked EXERCISE. `steps` runs them; `launches` and `report` are its last one's data and
page.
"""

from __future__ import annotations

from gsomia.demo.steps import play

__all__ = ["play"]
