"""For tests, ours and our users': nodes in one process, a clock to set, keys from a seed, a wire that can fail."""

from __future__ import annotations

from gsomia.testing.nodes import Exercise, Fault, Player, SetClock, Wire

__all__ = ["Exercise", "Fault", "Player", "SetClock", "Wire"]
