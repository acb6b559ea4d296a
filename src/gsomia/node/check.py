"""What a check of a node's own records is: a name, what it counted, and the fault it found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gsomia.errors import GsomiaError

__all__ = ["Check", "check_row", "done"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check and what it found: `fault` is "" where it holds; `remark` is what people should know nevertheless."""

    name: str
    counted: int
    fault: str = ""
    remark: str = ""

    @property
    def holds(self) -> bool:
        """Whether it holds."""
        return not self.fault


def check_row(check: Check) -> dict[str, Any]:
    """A check as it is told."""
    return {
        "check": check.name,
        "counted": check.counted,
        "holds": check.holds,
        "fault": check.fault,
        "remark": check.remark,
    }


def done(name: str, check: Callable[[], Check]) -> Check:
    """A check as it ends; a store that somebody was at may hold what nothing can read."""
    try:
        return check()
    except GsomiaError as error:
        return Check(name=name, counted=0, fault=f"the store cannot be read: {error}")
    except (ValueError, TypeError, KeyError, AttributeError):
        return Check(name=name, counted=0, fault="the store holds a value of another type or form than a node writes")
