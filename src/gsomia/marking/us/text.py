"""How a United States marking is written, and the strict reading of its parts.

Use `parse_banner` and `parse_portion`, which also apply the rules and say what is wrong.
"""

# ruff: noqa: S105 -- a token here is a word of a mark
from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, cast

from gsomia.marking.us.model import Class, UsMarking
from gsomia.marking.us.rules import parent
from gsomia.marking.us.vocabulary import (
    AEA_BANNER,
    CLASSES,
    DISSEMINATION,
    NATO_BANNER,
    NATO_PORTION,
    NON_IC,
    NON_US,
    SCI_SYSTEMS,
)

TEXT_LIMIT: Final = 2000
"""Longest mark, in characters, that is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """The words of one of the two ways to write a marking."""

    name: str
    classes: dict[str, str]
    nato: dict[str, str]
    dissemination: dict[str, str]
    non_ic: dict[str, str]
    aea: dict[str, str]
    sigma: str


BANNER: Final = Style(
    name="banner",
    classes=CLASSES,
    nato=NATO_BANNER,
    dissemination=DISSEMINATION,
    non_ic=NON_IC,
    aea=AEA_BANNER,
    sigma="SIGMA",
)
PORTION: Final = Style(
    name="portion mark",
    classes={code: code for code in CLASSES},
    nato=NATO_PORTION,
    dissemination={code: code for code in DISSEMINATION} | {"REL": "REL TO", "DISPLAYONLY": "DISPLAY ONLY"},
    non_ic={code: code for code in NON_IC},
    aea={},
    sigma="SG",
)


@lru_cache(maxsize=4096)
def render_banner(marking: UsMarking) -> str:
    """The banner line, as the official renderer writes it.

    A parent that is missing before a compartment is not made up: the token is then written whole.
    """
    return _render(marking, BANNER)


def render_portion(marking: UsMarking, *, banner: UsMarking | None = None) -> str:
    """The portion mark in parentheses, as the official renderer writes it.

    Args:
        marking: the portion's marking.
        banner: the document's marking; where both release to the same, the portion says just `REL`.
    """
    text = _portion(marking)
    if banner is not None and marking.releasable_to and marking.releasable_to == banner.releasable_to:
        if "REL" in marking.dissemination and "REL" in banner.dissemination:
            return text.replace("REL TO " + ", ".join(marking.releasable_to), "REL", 1)
        if "EYES" in marking.dissemination and "EYES" in banner.dissemination:
            return text.replace("/".join(marking.releasable_to) + " EYES ONLY", "EYES", 1)
    return text


@lru_cache(maxsize=4096)
def _portion(marking: UsMarking) -> str:
    return f"({_render(marking, PORTION)})"


def _render(marking: UsMarking, style: Style) -> str:
    owners = marking.owners
    word = style.classes[marking.classification]
    if owners == ("USA",):
        parts = [word]
    elif owners == ("NATO",):
        parts = ["", style.nato[marking.classification]]
        if marking.non_us:
            parts.append("/".join(marking.non_us))
    elif len(owners) > 1:
        parts = ["", f"JOINT {word} {' '.join(owners)}"]
    else:
        parts = ["", f"{owners[0]} {word}"]
    if marking.sci:
        parts.append(_compartments(marking.sci))
    if marking.sar:
        parts.append("SAR-" + _compartments(marking.sar).replace("_", " "))
    if marking.aea:
        parts.append(_atomic(marking.aea, style))
    if marking.fgi:
        parts.append("FGI " + " ".join(marking.fgi))
    elif marking.fgi_protected:
        parts.append("FGI")
    if marking.dissemination:
        parts.append("/".join([_control(token, marking, style) for token in marking.dissemination]))
    if marking.non_ic:
        parts.append("/".join([_non_ic(token, style) for token in marking.non_ic]))
    return "//".join(parts)


def _compartments(tokens: tuple[str, ...]) -> str:
    if len(tokens) == 1:
        return tokens[0]
    text = ""
    for place, token in enumerate(tokens):
        above = parent(token)
        if above and above in tokens[:place]:
            depth = token.count("-")
            text += ("-" if depth == 1 else " ") + token[len(above) + 1 :]
        else:
            text += ("/" if text else "") + token
    return text


def _atomic(tokens: tuple[str, ...], style: Style) -> str:
    text = ""
    for place, token in enumerate(tokens):
        head, dash, rest = token.partition("-")
        if dash and head in tokens[:place]:
            if rest.startswith("SG-"):
                first = not any(t.startswith(f"{head}-SG-") for t in tokens[:place])
                text += (f"-{style.sigma}" if first else "") + " " + rest[3:]
            else:
                text += "-" + rest
        else:
            text += ("/" if text else "") + style.aea.get(token, token)
    return text


def _control(token: str, marking: UsMarking, style: Style) -> str:
    if token == "REL":
        return "REL TO " + ", ".join(marking.releasable_to)
    if token == "DISPLAYONLY":
        return "DISPLAY ONLY " + ", ".join(marking.display_only_to)
    if token == "EYES":
        return "/".join(marking.releasable_to) + " EYES ONLY"
    return style.dissemination.get(token, token)


def _non_ic(token: str, style: Style) -> str:
    if token.startswith("ACCM-"):
        return token[5:].replace("_", " ")
    return style.non_ic.get(token, token)


class Unreadable(Exception):  # noqa: N818 - told as a diagnosis, not as an error
    """Inside this package: a part of a mark that the strict reader does not know."""


_SLOTS: Final = ("non_us", "sci", "sar", "aea", "fgi", "dissemination", "non_ic")


@dataclass(frozen=True, slots=True)
class _Tables:
    style: Style
    classes: dict[str, str]
    nato: dict[str, str]
    words: dict[str, tuple[int, str]]


def _tables(style: Style) -> _Tables:
    words: dict[str, tuple[int, str]] = {}
    for token in NON_US:
        words[token] = (0, token)
    for token, word in style.non_ic.items():
        words[word] = (6, token)
    for token, word in style.dissemination.items():
        if token not in ("REL", "DISPLAYONLY", "EYES"):
            words[word] = (5, token)
    return _Tables(
        style=style,
        classes={word: code for code, word in style.classes.items()},
        nato={word: code for code, word in style.nato.items()},
        words=words,
    )


_BANNER_TABLES: Final = _tables(BANNER)
_PORTION_TABLES: Final = _tables(PORTION)

_EYES: Final = re.compile(r"([A-Z]{3,4}(?:/[A-Z]{3,4})+) EYES ONLY", re.ASCII)
_SCI: Final = re.compile(r"[A-Z]{2,3}(?:-[A-Z0-9]+(?: [A-Z0-9]+)*)*", re.ASCII)
_SAR: Final = re.compile(r"[A-Z0-9][A-Z0-9 ]*(?:-[A-Z0-9]+(?: [A-Z0-9]+)*)*", re.ASCII)
_ATOMIC: Final = {
    style.name: re.compile(
        rf"(RD|FRD)(-CNWDI)?(?:-{style.sigma}((?: \d\d)+))?"
        if style is BANNER
        else r"(RD|FRD)(-CNWDI)?(?:-SG((?: \d\d)+))?",
        re.ASCII,
    )
    for style in (BANNER, PORTION)
}


@lru_cache(maxsize=8192)
def _segment(text: str, portion: bool, nicknames: frozenset[str]) -> tuple[int, dict[str, Any]]:
    """One part between double slashes: its slot and the fields it sets."""
    tables = _PORTION_TABLES if portion else _BANNER_TABLES
    found = tables.words.get(text)
    if found is not None:
        return found[0], {_SLOTS[found[0]]: (found[1],)}
    if text == "FGI":
        return 4, {"fgi_protected": True}
    if text.startswith("FGI "):
        return 4, {"fgi": tuple(text[4:].split(" "))}
    if text.startswith("SAR-"):
        return 2, {"sar": _expand(text[4:], _SAR, underscores=True)}
    items = text.split("/")
    first = items[0]
    if first.partition("-")[0] in SCI_SYSTEMS:
        return 1, {"sci": _expand(text, _SCI)}
    if first in ("DOD UCNI", "DOE UCNI", "DCNI", "UCNI", "TFNI") or first.startswith(("RD", "FRD")):
        return 3, {"aea": _expand_atomic(items, tables.style)}
    slot, fields = -1, cast(dict[str, Any], {})
    tokens: list[str] = []
    place = 0
    while place < len(items):
        item = items[place]
        place += 1
        known = tables.words.get(item)
        if known is not None:
            this, token = known
        elif item.startswith("REL TO "):
            this, token = 5, "REL"
            fields["releasable_to"] = tuple(item[7:].split(", "))
        elif item.startswith("DISPLAY ONLY "):
            this, token = 5, "DISPLAYONLY"
            fields["display_only_to"] = tuple(item[13:].split(", "))
        elif item in nicknames:
            this, token = 6, "ACCM-" + item.replace(" ", "_")
        else:
            eyes = _EYES.match("/".join(items[place - 1 :]))
            if not eyes:
                raise Unreadable(item)
            this, token = 5, "EYES"
            fields["releasable_to"] = tuple(eyes[1].split("/"))
            place += eyes[1].count("/")
        if slot not in (-1, this):
            raise Unreadable(item)
        slot = this
        tokens.append(token)
    fields[_SLOTS[slot]] = tuple(tokens)
    return slot, fields


def _expand(text: str, pattern: re.Pattern[str], *, underscores: bool = False) -> tuple[str, ...]:
    tokens: list[str] = []
    for item in text.split("/"):
        if not pattern.fullmatch(item):
            raise Unreadable(item)
        head, *compartments = item.split("-")
        name = head.replace(" ", "_") if underscores else head
        tokens.append(name)
        for compartment in compartments:
            above, *below = compartment.split(" ")
            tokens.append(f"{name}-{above}")
            tokens.extend(f"{name}-{above}-{sub}" for sub in below)
    return tuple(tokens)


def _expand_atomic(items: list[str], style: Style) -> tuple[str, ...]:
    named = {word: token for token, word in style.aea.items()}
    tokens: list[str] = []
    for item in items:
        found = _ATOMIC[style.name].fullmatch(item)
        if found:
            tokens.append(found[1])
            if found[2]:
                tokens.append(f"{found[1]}-CNWDI")
            tokens.extend(f"{found[1]}-SG-{number}" for number in (found[3] or "").split())
        elif item in named:
            tokens.append(named[item])
        elif item == "TFNI" or (not style.aea and item in ("DCNI", "UCNI")):
            tokens.append(item)
        else:
            raise Unreadable(item)
    return tuple(tokens)


def read(text: str, *, portion: bool, nicknames: frozenset[str] = frozenset()) -> UsMarking:
    """Inside this package: read a mark (a portion's without parentheses) or raise `Unreadable` or `DataError`."""
    tables = _PORTION_TABLES if portion else _BANNER_TABLES
    parts = text.split("//")
    fields: dict[str, Any] = {}
    if parts[0]:
        code = tables.classes.get(parts[0])
        if code is None:
            raise Unreadable(parts[0])
        rest = parts[1:]
    else:
        head = parts[1] if len(parts) > 1 else ""
        code = tables.nato.get(head)
        if code is not None:
            fields["owners"] = ("NATO",)
        else:
            code, fields["owners"] = _foreign(head, tables)
        rest = parts[2:]
    last = -1
    for part in rest:
        slot, found = _segment(part, portion, nicknames)
        if slot <= last:
            raise Unreadable(part)
        last = slot
        fields.update(found)
    return UsMarking(classification=cast(Class, code), **fields)


def _foreign(head: str, tables: _Tables) -> tuple[str, tuple[str, ...]]:
    words = head.split(" ")
    if words[0] == "JOINT":
        length = 2 if " ".join(words[1:3]) in tables.classes else 1
        code = tables.classes.get(" ".join(words[1 : 1 + length]))
        owners = tuple(words[1 + length :])
        if code is None or len(owners) < 2:
            raise Unreadable(head)
        return code, owners
    code = tables.classes.get(" ".join(words[1:]))
    if code is None or words[0] in ("NATO", "USA"):
        raise Unreadable(head)
    return code, (words[0],)
