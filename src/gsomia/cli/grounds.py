"""The grounds of a refusal, for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["ground_text"]


def ground_text(ground: Mapping[str, Any]) -> str:
    """What a ground says; where it turns on a consent, also what stands on file and why that does not serve."""
    text, rests = str(ground.get("text", "")), ground.get("established_by")
    return f"{text} ({rests})" if ground.get("fact") == "consent" and rests else text
