"""Offers: what the recipient's node is told, without content or title, before anything moves (protocol 2)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from gsomia.errors import MessageError
from gsomia.keys import canonical
from gsomia.node.acts.signed import instant, read_instant
from gsomia.node.record.approval import Passing
from gsomia.node.record.keyholding import check_holders
from gsomia.registry import Citation, Custody, read_copy_id
from gsomia.verdict import Item, Request, Ruling, Verdict

__all__ = ["Offer"]

CITATIONS = 100
"""The most sources that one item names."""

_TEXTS = (
    "copy", "item", "originator", "level", "subject", "form", "purpose", "label", "act", "giver", "holder",
    "destination", "under", "own_level", "mark", "verdict", "custody",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One copy of an item, offered to the Party that would hold it.

    Args:
        copy, item: their ids.
        originator, level, subject, form, purpose, contains: of the item; `level` is the originator's mark.
        cites: the items that it draws on, with whose information each holds (Article 4.3).
        label: the originator's label, JSON text.
        act, giver, destination, via, under: the question that the recipient's node puts to the agreement.
        holder: the Party that this copy goes to: the first `via`, or the destination.
        own_level: the giver's own mark where the question is about that and not about the originator's, else "".
        mark: the giver's own mark on what it got and hands on, else "".
        met: the consents, by id, whose conditions the giver's officer certifies to have met.
        law: instrument to version, as the giver applied it.
        heads: instrument to the head of the giver's act record for it.
        custody, holders: who holds the key once it is delivered, and the Parties that this names.
        verdict: the giver's verdict, as the digest of its JSON.
        sealed_bytes: at most what the recipient will be sent.
        clock: the giver's.
    """

    copy: str
    item: str
    originator: str
    level: str
    subject: str
    form: str
    purpose: str
    contains: tuple[str, ...]
    cites: tuple[Citation, ...]
    label: str
    act: str
    giver: str
    holder: str
    destination: str
    via: tuple[str, ...]
    under: str
    own_level: str
    mark: str
    met: tuple[str, ...]
    custody: Custody
    holders: tuple[str, ...]
    law: dict[str, str]
    heads: dict[str, str]
    verdict: str
    sealed_bytes: int
    clock: datetime

    def to_json(self) -> dict[str, Any]:
        """The offer as messages carry it."""
        value: dict[str, Any] = {name: getattr(self, name) for name in _TEXTS}
        return value | {
            "v": 1,
            "contains": list(self.contains),
            "cites": [source.to_json() for source in self.cites],
            "via": list(self.via),
            "met": list(self.met),
            "holders": list(self.holders),
            "law": self.law,
            "heads": self.heads,
            "sealed_bytes": self.sealed_bytes,
            "clock": instant(self.clock),
        }

    @classmethod
    def from_json(cls, value: Any) -> Offer:
        """Read an offer strictly.

        Raises:
            MessageError: a key is missing, unknown or of the wrong kind.
        """
        try:
            known = {
                *_TEXTS,
                "v",
                "contains",
                "cites",
                "via",
                "met",
                "holders",
                "law",
                "heads",
                "sealed_bytes",
                "clock",
            }
            if set(value) != known or type(value["v"]) is not int or value["v"] != 1:
                raise ValueError(f"its keys are {', '.join(sorted(known))}")
            texts = {name: _text(value[name]) for name in _TEXTS}
            size = value["sealed_bytes"]
            if not isinstance(size, int) or isinstance(size, bool) or size < 1:
                raise ValueError("`sealed_bytes` is a count")
            item, giver, _ = read_copy_id(texts["copy"])
            if (item, giver) != (texts["item"], texts["giver"]):
                raise ValueError("the copy's id is not of this item and giver")
            offer = cls(
                **{name: text for name, text in texts.items() if name != "custody"},
                custody=Custody(texts["custody"]),
                holders=tuple(_text(party) for party in value["holders"]),
                contains=tuple(_text(party) for party in value["contains"]),
                cites=read_citations(value["cites"]),
                via=tuple(_text(party) for party in value["via"]),
                met=tuple(_text(consent) for consent in value["met"]),
                law={_text(k): _text(v) for k, v in value["law"].items()},
                heads={_text(k): _text(v) for k, v in value["heads"].items()},
                sealed_bytes=size,
                clock=read_instant(value["clock"]),
            )
            if offer.act not in ("transmit", "release"):
                raise ValueError("an offer is of a `transmit` or a `release`")
            if offer.holder != (offer.via[0] if offer.via else offer.destination):
                raise ValueError("its holder is not the next Party on its way")
            if offer.originator not in offer.contains:
                raise ValueError("it does not contain what its originator made")
            check_holders(
                offer.custody,
                offer.holders,
                originator=offer.originator,
                giver=offer.giver,
                holder=offer.holder,
            )
            if any(source.item == offer.item for source in offer.cites):
                raise ValueError("`cites` names the item itself")
            if not {party for source in offer.cites for party in source.contains} <= {*offer.contains}:
                raise ValueError("it does not contain what its sources do")
            if offer.to_json() != value:
                raise ValueError("it is not in the one form that offers have")
            return offer
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise MessageError(f"not an offer: {error}") from error

    @property
    def digest(self) -> str:
        """What the acceptance names: SHA-256 of the offer without clock, verdict and law, which a new one renews."""
        lasting = {k: v for k, v in self.to_json().items() if k not in ("clock", "verdict", "law", "heads")}
        return hashlib.sha256(canonical(lasting)).hexdigest()

    @property
    def passing(self) -> Passing:
        """What would pass, as a consent must fit it."""
        receivers = (*self.via, self.destination)
        return Passing(giver=self.giver, receivers=receivers, purpose=self.purpose, met=frozenset(self.met))

    def request(self) -> Request:
        """The question as it is put to the agreement; a chain of agreements is found anew, for it has no name."""
        return Request(
            act=self.act,
            by=self.giver,
            to=self.destination,
            via=self.via,
            item=self.agreement_item(),
            under=self.under if self.under and "+" not in self.under else None,
        )

    def agreement_item(self) -> Item:
        """The item as the agreement sees it."""
        return Item(
            originator=self.originator,
            level=self.own_level or self.level,
            subject=self.subject,
            form=self.form,
            contains=self.contains,
            received=None,
            purpose=self.purpose,
        )


def read_citations(value: Any) -> tuple[Citation, ...]:
    """The sources of an item, as acts and offers carry them.

    Raises:
        ValueError, TypeError, KeyError: another form, too many, or one twice.
    """
    if not isinstance(value, list) or len(value) > CITATIONS:
        raise ValueError(f"`cites` is a list of at most {CITATIONS}")
    found = tuple(
        Citation(item=_text(one["item"]), contains=tuple(_text(party) for party in one["contains"])) for one in value
    )
    if [source.to_json() for source in found] != value or len({source.item for source in found}) != len(found):
        raise ValueError("`cites` names each source once, with whose information it holds")
    return found


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("text was expected")
    return value


def verdict_digest(verdict: Verdict) -> str:
    """What an act or offer names a verdict by: SHA-256 of its RFC 8785 form."""
    return _digest(verdict.ruling, verdict.at, tuple(sorted(verdict.established_by.items())))


@lru_cache(maxsize=64)
def _digest(ruling: Ruling, at: datetime, established_by: tuple[tuple[str, str], ...]) -> str:
    # Documents of one kind that are judged together get one answer, and writing it out costs more than giving it.
    verdict = Verdict(ruling, at, dict(established_by))
    return hashlib.sha256(canonical(verdict.to_json())).hexdigest()
