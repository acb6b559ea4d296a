"""How long a sign-in lasts, by the settings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

__all__ = ["Spans"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spans:
    """How long a sign-in lasts.

    Args:
        step_up: acts that the table of rights marks so are for who authenticated no longer ago (`max_age` of RFC 9470).
    """

    step_up: timedelta = timedelta(minutes=5)
