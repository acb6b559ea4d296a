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
        token: a program's token ends so long after it was made at the latest;
        token_idle: or once nothing was asked with it for so long.
        session: the same for the token of a person who signed in at a screen;
        session_idle: and of that.
    """

    step_up: timedelta = timedelta(minutes=5)
    token: timedelta = timedelta(days=30)
    token_idle: timedelta = timedelta(days=7)
    session: timedelta = timedelta(hours=12)
    session_idle: timedelta = timedelta(minutes=15)
