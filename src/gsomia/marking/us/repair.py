"""What is wrong with a mark that cannot be read: the column, the reason, and the nearest mark that can."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, cast

from gsomia.errors import DataError
from gsomia.marking.showing import INVISIBLE
from gsomia.marking.us.model import Class, UsMarking
from gsomia.marking.us.rules import Breach, aea_place, breaches
from gsomia.marking.us.text import BANNER, PORTION, TEXT_LIMIT, Style, Unreadable, _render, read
from gsomia.marking.us.vocabulary import (
    CLASSES,
    DISSEMINATION,
    GOVERNMENTS,
    NATO_BANNER,
    NATO_PORTION,
    NON_IC,
    NON_US,
    SCI_SYSTEMS,
    in_order,
)
from gsomia.marking.words import BIDI, latin, nearest, printable


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What is wrong with a mark.

    Args:
        text: the mark as it was given, a portion's without parentheses.
        column: where it goes wrong, counted from 1 in what was given with its parentheses.
        reason: what is wrong there.
        reading: the nearest valid mark, or "" where nothing is near.
        advice: what to write where no reading is offered, or "".
    """

    text: str
    column: int
    reason: str
    reading: str
    advice: str = ""

    def error(self) -> DataError:
        """The exception that says this."""
        return DataError(
            f"column {self.column}: {self.reason} in `{printable(self.text)}`",
            hint=f"did you mean `{self.reading}`?" if self.reading else self.advice,
        )


_CLASS_WORDS: Final = {word: code for code, word in CLASSES.items()} | {code: code for code in CLASSES}
_NATO_WORDS: Final = {word: code for words in (NATO_BANNER, NATO_PORTION) for code, word in words.items()}
_WORDS: Final[dict[str, tuple[str, str]]] = (
    {token: ("non_us", token) for token in NON_US}
    | {form: ("non_ic", token) for token, word in NON_IC.items() for form in (token, word)}
    | {form: ("dissemination", token) for token, word in DISSEMINATION.items() for form in (token, word)}
    | {form: ("aea", token) for form, token in (("DOD UCNI", "DCNI"), ("DOE UCNI", "UCNI"), ("TFNI", "TFNI"))}
    | {"DCNI": ("aea", "DCNI"), "UCNI": ("aea", "UCNI"), "SENSITIVE": ("dissemination", "DSEN")}
    | {"FOR OFFICIAL USE ONLY": ("dissemination", "FOUO")}
    | {"ORIGINATOR CONTROLLED": ("dissemination", "OC"), "NOT RELEASABLE TO FOREIGN NATIONALS": ("dissemination", "NF")}
)
_ALIASES: Final = {
    "UK": "GBR", "GB": "GBR", "US": "USA", "ROK": "KOR", "KR": "KOR", "JP": "JPN", "JAP": "JPN", "JNP": "JPN",
    "JAPAN": "JPN", "AU": "AUS", "CA": "CAN", "NZ": "NZL", "DE": "DEU", "GER": "DEU", "FR": "FRA", "IT": "ITA",
    "PH": "PHL",
}  # fmt: skip
"""What people write for a country, where it is no other country's code. No other code is guessed: a letter more or less
is another state."""

_RELEASE_ADVICE: Final = "write `REL TO USA, ...` with everyone whom it is released to, or NOFORN if that is nobody"

_LISTS: Final = re.compile(r"(REL(?:EASABLE)? ?(?:TO)?|DISP(?:LAY)? ?ONLY(?: TO)?|FGI)(?: (.*))?", re.ASCII)
_EYES: Final = re.compile(r"((?:[A-Z]{3,4}[/ ,]+)+)EYES(?: ONLY)?", re.ASCII)


def diagnose(text: str, *, portion: bool = False, nicknames: frozenset[str] = frozenset()) -> Diagnosis:
    """Say what is wrong with a mark that the strict reader refuses.

    Args:
        text: the mark, a portion's without parentheses.
        portion: it is a portion's.
        nicknames: as for `parse_banner`.
    """
    shift = 2 if portion else 1
    style = PORTION if portion else BANNER
    if len(text) > TEXT_LIMIT:
        return Diagnosis(
            text=text[:80], column=TEXT_LIMIT + shift, reason=f"more than {TEXT_LIMIT} characters", reading=""
        )
    try:
        marking = read(text, portion=portion, nicknames=nicknames)
    except (Unreadable, DataError) as error:
        marking, cause = None, error
    else:
        cause = Unreadable("")
    guess = _guess(text, portion, nicknames)
    reading = _render(guess, style) if guess is not None else ""
    advice = _RELEASE_ADVICE if not reading and _LONE_RELEASE.search(_tidy(text)) else ""
    shown = f"({reading})" if portion and reading else reading
    if marking is not None:
        found = breaches(marking, portion=portion)
        if found:
            return Diagnosis(
                text=text, column=_column_of(found[0], text, style) + shift, reason=found[0].message, reading=shown
            )
    column = _first_difference(text, reading) if reading and reading != text else _first_unknown(text, portion)
    reason = _reason(text, column, cause, reading)
    return Diagnosis(text=text, column=column + shift, reason=reason, reading=shown, advice=advice)


_LONE_RELEASE: Final = re.compile(r"\bREL(?:EASABLE)?(?: ?TO)?(?: USA?)?(?:/|$)")


def _reason(text: str, column: int, cause: Exception, reading: str) -> str:
    if re.match(r"REL(?: ?TO)?(?: USA)?(?:/|$)", text[column:]):
        return "REL TO USA needs a second country or organisation"
    if reading[column : column + 2] == "//" and text[column : column + 1] in (" ", "-", "|", ",", ":", ";"):
        return "`//` stands between the parts of a mark"
    if isinstance(cause, DataError):
        return str(cause)
    character = text[column : column + 1]
    if not character:
        return "the mark breaks off"
    if character in BIDI or character in INVISIBLE or unicodedata.category(character) == "Cf":
        return f"an invisible character U+{ord(character):04X}"
    if not character.isascii():
        return f"{unicodedata.name(character, 'a character')} is not a letter of such a mark"
    if character == " ":
        return "a space too many"
    if character.islower():
        return "a mark is in capital letters"
    word = re.match(r"[A-Za-z0-9-]+", text[column:])
    return f"`{printable(word[0])}` is not expected here" if word else f"`{character}` is not expected here"


def _column_of(breach: Breach, text: str, style: Style) -> int:
    for form in (
        style.dissemination.get(breach.token, breach.token),
        style.non_ic.get(breach.token, breach.token),
        breach.token,
        breach.token.rpartition("-")[2],
    ):
        found = re.search(rf"(?<![A-Z]){re.escape(form)}(?![A-Z])", text) if form else None
        if found:
            return found.start()
    return 0


def _first_difference(text: str, reading: str) -> int:
    place = next((i for i, (a, b) in enumerate(zip(text, reading, strict=False)) if a != b), None)
    if place is None:
        place = min(len(text), len(reading))
    here, there = text[place : place + 1], reading[place : place + 1]
    if here.isascii() and (here.isalnum() or there.isalnum()):
        while place and text[place - 1].isalnum():
            place -= 1
    return place


def _first_unknown(text: str, portion: bool) -> int:
    """The first character of the first part that no reading can hold."""
    start = 0
    for place, part in enumerate(text.split("//")):
        fields: dict[str, list[str]] = {}
        known = place == 0 and (not part or bool(_classification(part)))
        known = known or (place == 1 and text.startswith("//") and _owner(part)[0] != "")
        if not known and not all(_place_item(item, fields) for item in _items(part)):
            return start
        start += len(part) + 2
    return 0


def _tidy(text: str) -> str:
    text = unicodedata.normalize("NFKC", text)
    text = latin("".join(c for c in text if c not in INVISIBLE and unicodedata.category(c) != "Cf").upper())
    text = " ".join(text.replace("_", " ").split()).strip("()[] .;")
    text = text.replace("\\", "/").replace("|", "/")
    text = _EYES_FIRST.sub(lambda found: f"{found[1].replace(' ', '/').replace(',', '')} EYES ONLY", text)
    return re.sub(r" ?(/+) ?", r"\1", text)


_CODE: Final = f"(?:{'|'.join(sorted(GOVERNMENTS - {'FGI'}))})"
_EYES_FIRST: Final = re.compile(rf"EYES ONLY:? ({_CODE}(?:(?:/|,? ){_CODE})*)(?=/|$)")


def _guess(text: str, portion: bool, nicknames: frozenset[str]) -> UsMarking | None:
    """The nearest valid marking, or None."""
    tidy = _tidy(text)
    fields: dict[str, list[str]] = {}
    body = tidy.lstrip("/")
    head, _, rest = body.partition("/")
    classification, owners = _classification(head), ["USA"]
    if not classification and (tidy.startswith("/") or not _level_first(head)[0]):
        classification, owners = _owner(head)
    if not classification:
        classification, more = _level_first(head)
        rest = f"{more}/{rest}"
    if not classification:
        return None
    for item in _items(rest.lstrip("/")):
        if item in nicknames:
            fields.setdefault("non_ic", []).append("ACCM-" + item.replace(" ", "_"))
        elif not _place_item(item, fields):
            return None
    if owners == ["FGI"] and fields.get("fgi_protected"):
        owners = ["USA"]  # so do ISM's stylesheets write what the United States own with protected sources
    return _settled(classification, owners, fields, portion)


_LEVEL_FIRST: Final = re.compile(rf"({'|'.join(sorted(_CLASS_WORDS, key=len, reverse=True))})(?: ?[-:;,] ?| )(.+)")


def _level_first(head: str) -> tuple[str, str]:
    """A level and what follows it behind a space or hyphen where `//` belongs: `SECRET NOFORN`."""
    found = _LEVEL_FIRST.fullmatch(head)
    return (_CLASS_WORDS[found[1]], found[2]) if found else ("", "")


def _items(text: str) -> Iterable[str]:
    """The words of the mark between single or double slashes; an EYES ONLY list stays whole."""
    items = [item for item in re.split(r"/+", text) if item]
    place = 0
    while place < len(items):
        for end in range(len(items), place + 1, -1):
            whole = "/".join(items[place:end])
            if _EYES.fullmatch(whole):
                yield whole
                place = end
                break
        else:
            item = items[place]
            # one space where a slash belongs: `ORCON NOFORN`
            words = item.split(" ")
            hyphened = item.split("-")
            if len(words) > 1 and item not in _WORDS and all(w in _WORDS or w in SCI_SYSTEMS for w in words):
                yield from words
            elif len(hyphened) > 1 and item not in _WORDS and all(w in _WORDS for w in hyphened):
                yield from hyphened
            else:
                yield item
            place += 1


def _classification(word: str) -> str:
    if word in _CLASS_WORDS:
        return _CLASS_WORDS[word]
    near = nearest(word, (w for w in CLASSES.values() if w.count(" ") >= word.count(" ")), limit=2)
    return _CLASS_WORDS[near] if near and len(word) > 3 else ""


def _owner(head: str) -> tuple[str, list[str]]:
    if head in _NATO_WORDS:
        return _NATO_WORDS[head], ["NATO"]
    words = head.split(" ")
    if len(words) > 1 and words[0] != "JOINT":
        near = nearest(head, NATO_BANNER.values(), limit=2)
        if near:
            return _NATO_WORDS[near], ["NATO"]
    words = [w.strip(",;") for w in words if not nearest(w, ("JOINT",), limit=1)]
    words = [w if w in GOVERNMENTS else _ALIASES.get(w, w) for w in words]
    codes = [w for w in words if w in GOVERNMENTS]
    others = " ".join(w for w in words if w not in GOVERNMENTS)
    code = _classification(others) if others else ""
    if not code or not codes:
        return "", []
    return code, codes


def _place_item(item: str, fields: dict[str, list[str]]) -> bool:
    """Put one item where it belongs; False where nothing is near."""
    eyes = _EYES.fullmatch(item)
    if eyes:
        fields.setdefault("dissemination", []).append("EYES")
        fields["releasable_to"] = _codes(eyes[1])
        return True
    known = _WORDS.get(item)
    listed = _LISTS.fullmatch(item) if known is None or item in ("REL", "REL TO", "DISPLAY ONLY") else None
    if listed:
        return _place_list(listed[1], _codes(listed[2] or ""), fields)
    if known is not None:
        fields.setdefault(known[0], []).append(known[1])
        return True
    if item.startswith("SAR-"):
        return _place_compartments("sar", item[4:], fields)
    if item == "CNWDI":
        return _place_atomic("RD-CNWDI", fields)
    if re.match(r"F?RD(-|$)", item):
        return _place_atomic(item, fields)
    if item.partition("-")[0] in SCI_SYSTEMS:
        return _place_compartments("sci", item.replace("SI-G-", "SI-G "), fields)
    if fields.get("sar") and not fields.get("dissemination") and re.fullmatch(r"[A-Z]{2,3}(-.*)?", item):
        return _place_compartments("sar", item, fields)
    near = _near_word(item)
    if near:
        return _place_item(near, fields) if near not in ("REL", "REL TO", "EYES") else False
    first, _, rest = item.partition(" ")
    word = nearest(first, ("REL", "DISPLAY", "FGI"), limit=1) if rest else ""
    listed = _LISTS.fullmatch(f"{word} {rest}") if word else None
    return listed is not None and _place_list(listed[1], _codes(listed[2] or ""), fields)


def _near_word(item: str) -> str:
    """The one word that is nearest, "" where two different ones are equally near."""
    for limit in (1, 2) if len(item) > 4 else (1,):
        found = [word for word in _WORDS if nearest(item, (word,), limit=limit)]
        if found:
            return found[0] if len({_WORDS[word] for word in found}) == 1 else ""
    return ""


def _place_list(kind: str, codes: list[str], fields: dict[str, list[str]]) -> bool:
    if kind == "FGI":
        fields["fgi"] = codes
        if not codes:
            fields["fgi_protected"] = ["yes"]
        return True
    if kind.startswith("REL"):
        others = [code for code in codes if code != "USA"]
        if not others:
            return False  # whom it is released to is missing; that it is released to nobody was not said
        fields.setdefault("dissemination", []).append("REL")
        fields["releasable_to"] = ["USA", *others]
        return True
    if not codes:
        return False
    fields.setdefault("dissemination", []).append("DISPLAYONLY")
    fields["display_only_to"] = codes
    return True


def _codes(text: str) -> list[str]:
    """The codes of a list, aliases made codes; a word that is neither stays, and then nothing is offered."""
    # AND is Andorra only where it stands by itself between commas
    text = re.sub(r"(?<=[A-Z]) AND(?= [A-Z])|(?<=, )AND (?=[A-Z])", "", text)
    words = [word for word in re.findall(r"[A-Z]+", text) if word not in ("TO", "ONLY")]
    return [word if word in GOVERNMENTS else _ALIASES.get(word, word) for word in words]


def _place_compartments(slot: str, item: str, fields: dict[str, list[str]]) -> bool:
    if not re.fullmatch(r"[A-Z0-9 ]+(?:-[A-Z0-9]+(?:[ -][A-Z0-9]+)*)*", item):
        return False
    head, *compartments = item.split("-")
    head = head.replace(" ", "_")
    tokens = fields.setdefault(slot, [])
    tokens.append(head)
    for compartment in compartments:
        above, *below = compartment.split(" ")
        tokens.append(f"{head}-{above}")
        tokens.extend(f"{head}-{above}-{sub}" for sub in below)
    return True


def _place_atomic(item: str, fields: dict[str, list[str]]) -> bool:
    head = item.partition("-")[0]
    tokens = fields.setdefault("aea", [])
    tokens.append(head)
    if "CNWDI" in item:
        tokens.append(f"{head}-CNWDI")
    tokens.extend(f"{head}-SG-{number}" for number in re.findall(r"\d\d", item))
    return True


def _settled(classification: str, owners: list[str], fields: dict[str, list[str]], portion: bool) -> UsMarking | None:
    """The marking in its right order, or None where it breaks a rule that order does not mend."""
    order = list(DISSEMINATION)
    settled: dict[str, Any] = {name: tuple(dict.fromkeys(tokens)) for name, tokens in fields.items()}
    settled["fgi_protected"] = bool(settled.get("fgi_protected"))
    settled["owners"] = in_order(tuple(dict.fromkeys(owners)))
    for name in ("sci", "sar"):
        settled[name] = tuple(sorted(settled.get(name, ()), key=lambda t: t.split("-")))
    settled["aea"] = tuple(sorted(settled.get("aea", ()), key=aea_place))
    controls = set(settled.get("dissemination", ()))
    if "IMC" in controls and classification == "C":
        classification = "S"  # IMCON needs it; the higher of the two readings
    if "NF" in controls:  # where both stand, the narrower one is meant
        controls -= {"REL", "EYES", "DISPLAYONLY", "RELIDO"}
        settled.pop("releasable_to", None)
        settled.pop("display_only_to", None)
    settled["dissemination"] = tuple(sorted(controls, key=order.index))
    settled["releasable_to"] = in_order(settled.get("releasable_to", ()), first="USA")
    for name in ("display_only_to", "fgi"):
        settled[name] = in_order(settled.get(name, ()))
    ranks = list(NON_IC)
    settled["non_ic"] = tuple(
        sorted(settled.get("non_ic", ()), key=lambda t: (ranks.index(t) if t in ranks else len(ranks), t))
    )
    try:
        marking = UsMarking(classification=cast(Class, classification), **settled)
    except DataError:
        return None
    return None if breaches(marking, portion=portion) else marking
