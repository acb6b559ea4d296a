"""Renditions: marked copies of a held document, one for each person, numbered and entered in the register.

The sealed original is never touched. What is handed out bears the pair line of Article 4.2, its number and whom it is
for; the officer's act keeps the digests of both.
"""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass, field, replace
from datetime import datetime

from gsomia.errors import DataError, NodeError, UsageError
from gsomia.marking import SEPARATOR, Line, banner, copy_line, pair_line, recipient_line
from gsomia.node.acts.elsewhere import StandingClock
from gsomia.node.facts.asserted import Case, item_of, protecting
from gsomia.node.facts.labels import (
    government_name,
    label_text,
    labels_of,
    language_of,
    originator_label,
)
from gsomia.node.facts.levels import in_force
from gsomia.node.holding.custody import ask_open, open_item
from gsomia.node.ledger import Draft, make
from gsomia.node.node import Acting, Node, refused
from gsomia.node.record.access import opening_facts
from gsomia.node.record.store_port import Reader
from gsomia.node.record.stored import Refused
from gsomia.node.transmission.looking import LOOK_BYTES, hold_to_label
from gsomia.node.transmission.offers import verdict_digest
from gsomia.node.transmission.sending import refuse
from gsomia.registry import Copy, Item, Rendition
from gsomia.verdict import Request, Verdict, decide

__all__ = ["MadeRendition", "MarkedOnce", "ask_reproduce", "make_rendition"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeRendition:
    """A rendition that was made and entered: its bytes, its entry, and what people should know of it."""

    data: bytes
    entry: Rendition
    remarks: tuple[str, ...]


def ask_reproduce(node: Node, reader: Reader, reference: str, person: str) -> tuple[Copy, Item, Verdict]:
    """Whether a marked and numbered copy may be made for a person, without making it.

    That marks are put on, copies numbered and a record made is what `make_rendition` itself does.

    Raises:
        UsageError: no such item is held, or the person was never entered.
    """
    copy, item, _ = ask_open(node, reader, reference, person)
    who = reader.person(person)
    assert who is not None  # `ask_open` fails on an unknown person
    case = Case.of(node, reader)
    known = opening_facts(reader, who, item, copy, node.clock.now())
    own = dict.fromkeys(("marks-reproduced", "copies-numbered", "record-made"), "the rendition's own act")
    facts = replace(
        known,
        marks_reproduced=True,
        copies_numbered=True,
        record_made=True,
        established_by={**known.established_by, **own},
    )
    request = Request(
        act="reproduce",
        by=node.party,
        item=item_of(in_force(reader, case, item, copy), received=copy.at),
        under=protecting(case, copy, item),
    )
    return copy, item, decide(case.law, request, facts, case.record, node.clock.now())


@dataclass(slots=True, kw_only=True)
class MarkedOnce:
    """A rendition whose officer signs elsewhere: opened and marked when its act is prepared, in memory alone.

    Args:
        data: its bytes, or None before.
        mime_type: its form.
        original: the SHA-256 of what was opened, in hexadecimal digits.
        remarks: what people should know of it.
    """

    data: bytes | None = field(default=None, repr=False)
    mime_type: str = ""
    original: str = ""
    remarks: tuple[str, ...] = ()


def make_rendition(
    node: Node, reference: str, person: str, *, total: int = 0, by: Acting, once: MarkedOnce | None = None
) -> MadeRendition:
    """Open a held item for a person and mark a copy of it: verdicts, access, marks, act, and only then bytes.

    Args:
        node: the holder's node.
        reference: control number, item id or copy id.
        person: whom it is for.
        total: how many copies there are to be, this one included; 0 for as many as were said before, or one.
        by: a registry officer.
        once: where the officer signs elsewhere; what was marked by it is not opened again.

    Raises:
        RefusedError: the agreement refuses, the officer may not, no further copy was allowed, the document shows
            another mark than its label, or it is active, encrypted or broken. It is kept; nothing leaves.
        NodeError: another rendition was made at the same time.
    """
    at = node.clock.now()
    with node.store.reading() as reader:
        node.officer(reader, by, "registry")
        copy, item, verdict = ask_reproduce(node, reader, reference, person)
        case = Case.of(node, reader)
        number, total = _numbered(reader, copy, total)
    if verdict.outcome != "permit":
        refuse(node, f"reproduce {copy.control_number} for {person}", verdict, at)
    once = once if once is not None else MarkedOnce()
    if once.data is None:
        _mark(node, reference, case, copy, item, person, number, total, at, once)
        with node.store.reading() as reader:
            # The opening is an act by now, and what the rendition rests on is asked as it stands after it.
            standing = replace(node, clock=StandingClock(at, node.clock))
            copy, item, verdict = ask_reproduce(standing, reader, reference, person)
        if verdict.outcome != "permit":
            refuse(node, f"reproduce {copy.control_number} for {person}", verdict, at)
    assert once.data is not None  # it was just marked, or before
    body = {
        "person": person,
        "number": number,
        "total": total,
        "original": once.original,
        "rendition": hashlib.sha256(once.data).hexdigest(),
        "mime_type": once.mime_type,
        "verdict": verdict_digest(verdict),
    }
    with node.store.writing() as tx:
        if _numbered(tx, copy, total) != (number, total):
            raise NodeError("another rendition was made at the same time", hint="make it again")
        draft = Draft(type="rendition", instrument=copy.instrument, item=copy.item, copy=copy.id, body=body)
        act = make(node, tx, [draft], at=at, by=by)[0]
        entry = next(made for made in tx.renditions(item=copy.item) if made.act == act.id)
    return MadeRendition(data=once.data, entry=entry, remarks=once.remarks)


def _mark(
    node: Node,
    reference: str,
    case: Case,
    copy: Copy,
    item: Item,
    person: str,
    number: int,
    total: int,
    at: datetime,
    once: MarkedOnce,
) -> None:
    """Open an item for a person and mark it, as the next rendition of so many."""
    if item.plaintext_bytes > LOOK_BYTES:
        raise refused("too-long", f"`{copy.control_number}` is longer than the {LOOK_BYTES >> 20} MiB that are marked")
    plaintext = io.BytesIO()
    open_item(node, reference, person, plaintext)
    original = plaintext.getvalue()
    label = originator_label(item)
    look = hold_to_label(node, original, item.mime_type, label, case, copy.control_number, at)
    top, bottom = _lines(case, node, copy, item, person, number, total)
    properties = {
        "gsomia-label": json.dumps(json.loads(item.label), ensure_ascii=False, sort_keys=True),
        "gsomia-own-label": label_text(labels_of(item, copy).shown_to(node.party)),
        "gsomia-copy": f"{copy.control_number} {number}/{total} {person}",
    }
    try:
        if look.fault:
            raise DataError(look.fault)
        made = node.documents.mark_document(original, item.mime_type, top=top, bottom=bottom, properties=properties)
    except DataError as error:
        with node.store.writing() as tx:
            what = f"rendition of {copy.control_number} for {person}"
            tx.put_refused(Refused(at=at, source=node.party, what=what, why=str(error)))
        raise refused("cannot-be-marked", f"{copy.control_number}: {error}", hint=error.hint) from error
    once.data, once.mime_type = made.data, made.mime_type
    once.original = hashlib.sha256(original).hexdigest()
    once.remarks = (*look.remarks, *made.remarks)


def _numbered(reader: Reader, copy: Copy, total: int) -> tuple[int, int]:
    """The number of the next rendition of a copy, and of how many."""
    before = [made for made in reader.renditions(item=copy.item) if made.copy == copy.id]
    number, said = len(before) + 1, max((made.total for made in before), default=1)
    if total < 0 or 0 < total < said:
        raise UsageError(f"{said} copies of `{copy.control_number}` were announced; they grow no fewer")
    if number > (total or said):
        raise refused(
            "no-further-copy",
            f"copy {number} of {total or said} of `{copy.control_number}` does not exist",
            hint=f"a registry officer allows more: --of {number}",
        )
    return number, total or said


def _lines(
    case: Case, node: Node, copy: Copy, item: Item, person: str, number: int, total: int
) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """What stands above and below: the pair line; the mark, the number, the recipient, and whose information it is."""
    language = language_of(case, node.party)
    exercise = (Line(text="EXERCISE", lang="en"),) if node.exercise else ()
    origin = government_name(case, item.originator, language)
    said = (Line(text=item.statement, lang=language_of(case, item.originator)),) if item.statement else ()
    top = (*exercise, pair_line(origin, copy.own_mark, lang=language))
    # One line: what stands in the margin is to hide none of the text.
    control = (
        copy_line(number, total, lang=language).text,
        recipient_line(person, lang=language).text,
        copy.control_number,
    )
    bottom = (
        banner(copy.own_mark, lang=language),
        Line(text=SEPARATOR.join(control), lang=language),
        *said,
        *exercise,
    )
    return top, bottom
