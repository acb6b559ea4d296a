"""What a register holds of disclosures by word of mouth or by sight, and what one says of its persons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gsomia.marking import is_visible

__all__ = ["OralDisclosure", "present_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OralDisclosure:
    """Information that one Party told or showed another, of which nothing was handed over (Article 2(a)).

    Args:
        id: the act's that records it.
        giver, receiver: Parties.
        instrument: the agreement by which it went.
        item: the item that was told of, or "".
        part: what of it, in words, or "" for all.
        originator: whose information it is; `contains` are all whose it is.
        level: the originator's mark.
        mark: the giver's own on what it holds, or "" for its own information.
        subject, purpose: as the agreement names them.
        what: the minute: what was told, in words that are not classified themselves.
        place: where.
        present: who was there, each as `PARTY:PERSON`.
        at: when.
    """

    id: str
    giver: str
    receiver: str
    instrument: str
    item: str
    part: str
    originator: str
    contains: tuple[str, ...]
    level: str
    mark: str
    subject: str
    purpose: str
    what: str
    place: str
    present: tuple[str, ...]
    at: datetime

    def persons(self, party: str) -> list[str]:
        """Who of a Party was there."""
        return [person for of, person in map(present_of, self.present) if of == party]


def present_of(word: str) -> tuple[str, str]:
    """Party and person of who was there.

    Raises:
        ValueError: it is not `PARTY:PERSON`.
    """
    party, _, person = word.partition(":")
    if len(party) != 3 or not party.isascii() or not party.isupper() or not person.strip() or not is_visible(person):
        raise ValueError(f"`{word}` is not PARTY:PERSON")
    return party, person
