"""The views of an assessment that a node prepared, held against the assessment that the officer has.

Which portions a Party may have, the agreements and the node's register say; what a view may hold is written here anew
from the officer's own file, and what is signed names exactly that text, for exactly that Party.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gsomia.cli.meaning.prepared import marks, not_below, transmits
from gsomia.errors import DataError, UsageError, VerificationError

if TYPE_CHECKING:
    from gsomia.node import Assessment, Shown, Statement

__all__ = ["View", "means_assessment", "read_views", "shown_views"]

_BODY = ("about", "consultation", "text", "views")
"""The words of the act that binds the views, and no others."""
_NUMBER = re.compile(r"[A-Z]{3}-[0-9]{4}-[0-9]{6}")


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What one Party would get, as it is written from the officer's own file.

    Args:
        party: for whom it is.
        via: who reads it on the way.
        title: of the assessment.
        level: its banner.
        portions: the places of its portions in the assessment, from 1.
        lacking: the places of those that name its Party and are not in it.
        unnamed: of these, those that do not name everybody on the way.
        sources: the control numbers that it names.
        cites: whether a portion of it rests on items.
        text: its bytes.
    """

    party: str
    via: tuple[str, ...]
    title: str
    level: str
    portions: tuple[int, ...]
    lacking: tuple[int, ...]
    unnamed: tuple[int, ...]
    sources: tuple[str, ...]
    cites: bool
    text: bytes

    @property
    def sha256(self) -> str:
        """The SHA-256 of its text, in hexadecimal digits."""
        return hashlib.sha256(self.text).hexdigest()


def read_views(data: bytes, told: Sequence[Mapping[str, Any]], author: str) -> list[View]:
    """The views that a node says it would give, each written anew from the assessment.

    Args:
        data: the assessment, TOML.
        told: the views, as the node's API tells them.
        author: whose assessment it is.

    Raises:
        UsageError: the assessment cannot be read.
        VerificationError: a view is none of this assessment.
    """
    from gsomia.node import read_assessment

    try:
        assessment = read_assessment(data, author)
    except DataError as error:
        raise UsageError(str(error), hint=error.hint) from error
    views = []
    for one in told:
        try:
            views.append(_view(assessment, one, author))
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise VerificationError(f"the node prepared a view that is none of this assessment: {error}") from error
    parties = [view.party for view in views]
    if not views or len({*parties}) != len(parties):
        raise VerificationError("the node prepared no view, or two for one Party")
    return views


def _view(assessment: Assessment, told: Mapping[str, Any], author: str) -> View:
    """One view.

    Raises:
        ValueError: it is none of this assessment.
    """
    from gsomia.node import Shown, render_view

    party, via, level = str(told["party"]), tuple(map(str, told["via"])), str(told["level"])
    places = [int(one["portion"]) for one in told["portions"]]
    if places[:1] != [1] or places != sorted({*places}) or places[-1] > len(assessment.portions):
        raise ValueError("its portions are others")
    shown: list[Shown] = []
    for place, one in zip(places, told["portions"], strict=True):
        portion, mark, numbers = assessment.portions[place - 1], str(one["mark"]), tuple(map(str, one["sources"]))
        if not {party, *via} <= {*portion.to}:
            raise ValueError(f"portion {place} is not for everybody who would read it")
        if mark not in marks(author, portion.mark) or not not_below(author, level, mark):
            raise ValueError(f"portion {place} bears another mark")
        if len(numbers) > len(portion.cites) or not all(_of(party, number) for number in numbers):
            raise ValueError(f"portion {place} names other sources")
        shown.append(Shown(mark=mark, to=portion.to, text=portion.text, numbers=numbers))
    cites = any(assessment.portions[place - 1].cites for place in places)
    if not cites and level not in {one.mark for one in shown}:
        raise ValueError("its level is another")
    text = render_view(assessment.title, shown, author=author, to=(*via, party), level=level)
    if told["text"] != text.decode():
        raise ValueError("its text is another")
    named = [place for place, one in enumerate(assessment.portions, 1) if party in one.to]
    return View(
        party=party,
        via=via,
        title=assessment.title,
        level=level,
        portions=tuple(places),
        lacking=tuple(place for place in named if place not in places),
        unnamed=tuple(place for place in named if not {*via} <= {*assessment.portions[place - 1].to}),
        sources=tuple(number for one in shown for number in one.numbers),
        cites=cites,
        text=text,
    )


def _of(party: str, number: str) -> bool:
    return _NUMBER.fullmatch(number) is not None and number.startswith(f"{party}-")


def means_assessment(batches: Sequence[Sequence[Statement]], wanted: Mapping[str, Any]) -> bool:
    """Whether these are the views that were looked at, each transmitted under its own signature, and what binds them.

    Args:
        batches: as the node prepared them.
        wanted: the act, as it was asked for; `views` are those that the officer's file gives, and `keys` the
            fingerprints of who speaks and who discloses. Who signs beside another has neither, and reads the acts.
    """
    *given, last = batches or [[]]
    if len(last) != 1 or not given or any(not batch for batch in given):
        return False
    (bound,) = last
    if bound.type != "assess" or {*bound.body} != {*_BODY} or bound.parties or bound.item or bound.copy:
        return False
    items = [batch[0].item for batch in given]
    said = [(one["party"], one["item"]) for one in bound.body["views"]]
    if len({*items}) != len(items) or said != [(batch[-1].body.get("destination"), batch[0].item) for batch in given]:
        return False
    if "views" not in wanted:
        return all([one.type for one in batch] in (["transmit"], ["consent", "transmit"]) for batch in given)
    views: Sequence[View] = wanted["views"]
    if len(views) != len(given) or not str(bound.body["consultation"]).startswith(wanted["consultation"]):
        return False
    if bound.body["text"] != wanted["content"] or [one["text"] for one in bound.body["views"]] != [
        view.sha256 for view in views
    ]:
        return False
    speaks, discloses = wanted["keys"]
    if not _signed_by(bound, speaks) or not all(_signed_by(one, discloses) for batch in given for one in batch):
        return False
    return all(_transmits(batch, view) for batch, view in zip(given, views, strict=True))


def _signed_by(said: Statement, key: str) -> bool:
    """Whether one officer signs beside the node, with this key; whose it is is not known where it lies elsewhere."""
    officers = [one.key for one in said.signers if one.role != "node"]
    return len(officers) == 1 and (not key or officers == [key])


def _transmits(batch: Sequence[Statement], view: View) -> bool:
    """Whether a batch transmits one view on its way, and nothing else."""
    body = batch[-1].body
    words = {
        "to": view.party,
        "via": view.via,
        "level": view.level,
        "title": view.title,
        "mime_type": "text/plain",
        "size": len(view.text),
        "custody": "recipient",
        # The consultation says on what, and the register what it rests on: the officer reads both.
        **{name: body.get(name) for name in ("subject", "purpose", "under")},
        "cites": body.get("cites") if view.cites else (),
        "contains": (),
        "certify": (),
    }
    alone = view.cites or [*body.get("contains", ())] == [batch[-1].party]
    return transmits(batch, words) and alone and body["level"] == view.level


def shown_views(batches: Sequence[Sequence[Statement]], wanted: Mapping[str, Any]) -> list[str]:
    """The lines that the officers must read before they sign: what the node filled in of each view."""
    lines = []
    for batch, view in zip(batches[:-1], wanted["views"], strict=True):
        body = batch[-1].body
        through = f" through {', '.join(view.via)}, which reads all of it" if view.via else ""
        words = {
            "level": view.level,
            "portions": ", ".join(map(str, view.portions)),
            "not in it": ", ".join(map(str, view.lacking)),
            "sources": ", ".join(view.sources),
            "subject": body["subject"],
            "purpose": body["purpose"],
            "under": body["under"],
            "draws on": ", ".join(str(one["item"]) for one in body["cites"]),
            "contains": ", ".join(one for one in body["contains"] if one != batch[-1].party),
        }
        told = "; ".join(f"{name} {word}" for name, word in words.items() if word)
        lines.append(f"to sign `assess`: the view of {view.party}{through}: {told}")
    return lines
