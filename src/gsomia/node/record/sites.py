"""What a register holds of contractors: their facilities as this Party cleared them, and the copies that lie there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

__all__ = ["NOT_CLEARED", "ContractorCopy", "ContractorFacility"]

NOT_CLEARED = "none"
"""The level of a facility whose clearance was taken back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractorFacility:
    """A contractor's facility, as it was cleared last (Article 16(b), 16(g)).

    Args:
        id: its name, as rosters and placements give it.
        contractor: the firm.
        part_of: the facility whose subcontractor's this is, or "".
        level: up to which it can protect; `none` where the clearance was taken back.
        basis: the decision, by its reference.
        inspected: the day of the last inspection, as YYYY-MM-DD.
        until: the last day on which that counts.
        act: by which it was cleared.
    """

    id: str
    contractor: str
    part_of: str
    level: str
    basis: str
    inspected: str
    until: str
    act: str

    def lapsed(self, day: str) -> bool:
        """Whether it has to be inspected again by a day, as YYYY-MM-DD."""
        return not self.inspected <= day <= self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractorCopy:
    """A copy that its holder gave to a contractor: at which facility it lies, since when, by which act."""

    copy: str
    contractor: str
    facility: str
    act: str
    at: datetime
