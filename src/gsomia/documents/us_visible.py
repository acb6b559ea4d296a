"""Banner lines and portion marks by the United States' rules, against the label that a document carries."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from gsomia.documents.lines import pieces
from gsomia.errors import DataError
from gsomia.marking import (
    Label,
    UsMarking,
    diagnose,
    fold,
    parse_banner,
    parse_portion,
    printable,
    render_banner,
    render_portion,
    roll_up_portions,
    skeleton,
    us_marking,
)

UNREAD_LIMIT: Final = 200
"""Most lines of one document that look like marks and are none; where there are more the rest is not read."""

_CLASSES: Final = {"U": "UNCLASSIFIED", "R": "RESTRICTED", "C": "CONFIDENTIAL", "S": "SECRET", "TS": "TOP SECRET"}
_PLACES: Final = {fold(word): place for place, word in enumerate(_CLASSES.values())}
_OPEN: Final = frozenset({"REL", "EYES", "FOUO", "LAC", "RELIDO", "DISPLAYONLY"})
"""Dissemination controls that bar nobody by themselves; REL, EYES and DISPLAY ONLY are held to whom they name."""

_PORTION: Final = re.compile(r"[^\w(\[]*(?:\w{1,3}[.)]\s*)?[(\[](?P<inside>[^()\[\]]{1,200})[)\]]")
_MEANT_PORTION: Final = re.compile(r"//|(?:TS|S|C|U|R)\W", re.ASCII)
_OTHER_LETTERS: Final = re.compile("[\u0370-\u052f\u13a0-\u13ff]")
"""Greek, Cyrillic, Cherokee: the scripts whose letters look like Latin ones."""

_MEANT_BANNER: Final = re.compile(r"(?:TOP ?SECRET|SECRET|CONFIDENTIAL|UNCLASSIFIED)\W", re.ASCII | re.IGNORECASE)


class UsLines:
    """The banners and portions of one document as its lines are read.

    Args:
        label: what the document carries.
        agreeing: the folds of the classifications that say what the label says.
    """

    def __init__(self, label: Label, agreeing: frozenset[str]) -> None:
        self._label = label
        self._agreeing = agreeing
        self._released = frozenset((*label.values("Releasable To", "PERMISSIVE"), *label.values("releasableTo")))
        self._said = frozenset(value for category in label.categories for value in category.values)
        self._owners = frozenset(("USA", label.policy, *label.values("ownerProducer")))  # USA is what no owner means
        self._whole = self._banner()
        self._portions: dict[UsMarking, None] = {}
        self._stated: UsMarking | None = None
        self._left = UNREAD_LIMIT

    def _banner(self) -> str:
        """The label's own banner, where it is one of the United States that can be shown whole."""
        if self._label.policy != "USA" or self._label.values("Releasable To", "PERMISSIVE"):
            return ""
        try:
            return render_banner(us_marking(self._label))
        except DataError:  # a tag that no banner shows
            return ""

    def _says(self) -> str:
        if self._whole:
            return self._whole
        released = f", releasable to {', '.join(sorted(self._released))}" if self._released else ""
        return f"{self._label.classification}{released}"

    def read(self, line: str) -> str:
        """Hold one line to the label.

        Args:
            line: as the document shows it.

        Returns:
            A remark, where it is nearly a mark or one that cannot be read; else "".

        Raises:
            DataError: it contradicts the label; the message names both.
        """
        opening = any(bracket in line[:20] for bracket in "([（［")
        portion = _PORTION.match(unicodedata.normalize("NFKC", line)) if opening else None
        if portion is not None:
            return self._read_portion(portion["inside"])
        remark = ""
        for piece in pieces(line):
            found = self._read_banner(piece)
            if found is None:
                continue
            if not found:
                return ""
            remark = remark or found
        return remark

    def _read_portion(self, inside: str) -> str:
        shown = f"({inside})"
        if not _MEANT_PORTION.match(inside + " ") and "//" not in inside:
            return ""
        if not self._left:
            return ""
        try:
            self._portions[parse_portion(shown, banner=self._stated)] = None
        except DataError:
            self._left -= 1
        else:
            return ""
        reading = diagnose(_latin(inside), portion=True).reading
        if not reading:
            return f"the portion mark `{printable(shown)}` cannot be read" if "//" in inside else ""
        self._hold(parse_portion(reading), shown, reading, portion=True)
        return f"the portion mark `{printable(shown)}` is nearly `{reading}`"

    def _read_banner(self, piece: str) -> str | None:
        """A remark, "" for a banner that agrees, None for no banner."""
        latin = _latin(piece)
        meant = _MEANT_BANNER.match(latin + " ") is not None
        written = latin == latin.upper()
        if "://" in latin or not ((meant and written) or ("//" in latin and (meant or written))):
            return None
        if not self._left:
            return ""
        try:
            seen = parse_banner(piece)
        except DataError:
            self._left -= 1
        else:
            self._stated = self._stated or seen
            self._hold(seen, render_banner(seen), "")
            return ""
        reading = diagnose(latin).reading
        if not reading:
            unread = meant and "//" in latin
            return f"the line `{printable(piece)}` begins like a mark and cannot be read" if unread else None
        self._hold(parse_banner(reading), piece, reading)
        return f"the line `{printable(piece)}` is nearly `{reading}`"

    def close(self) -> tuple[str, ...]:
        """Hold the portions, rolled up, to the label.

        Returns:
            Remarks.

        Raises:
            DataError: they contradict the label; the message names both.
        """
        most = f"{UNREAD_LIMIT} lines look like marks and are none: banners and portions after them were not read"
        beyond = () if self._left else (most,)
        for portion in self._portions:
            self._hold(portion, render_portion(portion), "", portion=True)
        if not self._portions:
            return beyond
        try:
            whole = roll_up_portions(self._portions)
        except DataError as error:
            return (*beyond, f"the portion marks cannot be rolled up: {error}")
        self._hold(whole, f"portions up to {render_banner(whole)}", "", portion=True)
        return beyond

    def _hold(self, seen: UsMarking, shown: str, reading: str, *, portion: bool = False) -> None:
        if self._whole and not portion:
            wrong = render_banner(seen) != self._whole
        else:
            wrong = self._is_other_class(seen, portion) or self._restricts(seen, portion) or self._withholds(seen)
        if wrong:
            nearly = f", which is nearly `{reading}`," if reading else ""
            raise DataError(
                f"the document shows `{printable(shown)}`{nearly} and its label says `{self._says()}`",
                hint="its originator must say which is right",
            )

    def _is_other_class(self, seen: UsMarking, portion: bool) -> bool:
        word = fold(_CLASSES[seen.classification])
        if not portion:
            return word not in self._agreeing
        highest = max((_PLACES[fold_] for fold_ in self._agreeing if fold_ in _PLACES), default=len(_PLACES))
        return _PLACES[word] > highest

    def _restricts(self, seen: UsMarking, portion: bool) -> bool:
        """Whether it bears a control, an owner or a source that the label does not say."""
        controls = {*seen.non_us, *seen.sci, *seen.sar, *seen.aea, *seen.non_ic, *seen.dissemination} - _OPEN
        if not self._released - {self._label.policy}:
            controls.discard("NF")  # released to nobody else: NOFORN says the same
        if controls - self._said:
            return True
        if not portion and not self._owners.issuperset(seen.owners):
            return True
        if not self._said.union(self._owners).issuperset(seen.fgi):
            return True
        return seen.fgi_protected and "FGI" not in self._said

    def _withholds(self, seen: UsMarking) -> bool:
        """Whether it bars one of those to whom the label releases the document, or only shows it to them."""
        others = self._released - {self._label.policy, "USA"}
        if seen.releasable_to:
            return not others.issubset(seen.releasable_to)
        return bool(seen.display_only_to) and bool(others)


def _latin(text: str) -> str:
    """The text with letters of other scripts that only look like Latin ones made Latin."""
    if not _OTHER_LETTERS.search(text):
        return text
    made = []
    for character in unicodedata.normalize("NFKC", text):
        alike = "" if character.isascii() else skeleton(character)
        made.append(alike if len(alike) == 1 and alike.isascii() else character)
    return "".join(made)
