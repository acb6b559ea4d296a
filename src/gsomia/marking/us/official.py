"""Banner and portion mark as ISM's own stylesheets print them from attributes (DESVersion 10, July 2011).

They print whatever they are given, also what the register does not know, and in some places depart from its grammar:
a portion with protected sources is FGI's own, a special access program that stands alone loses its name, a compartment
keeps its hyphen without its parent. `render_banner` and `render_portion` write by the register; these two are for
comparing with what such a renderer has produced.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from gsomia.marking.us.vocabulary import AEA_BANNER, CLASSES, DISSEMINATION, NATO_BANNER, NATO_PORTION, NON_IC

_SPACE: Final = re.compile(r"[ \t\r\n]+")

NO_CLASS: Final = "MISSING CLASSIFICATION MARKING"
UNKNOWN_CLASS: Final = "UNABLE TO DETERMINE CLASSIFICATION MARKING"
NO_OWNER: Final = f"{UNKNOWN_CLASS} - MISSING OWNER/PRODUCER"
NO_RELEASE: Final = "UNABLE TO DETERMINE RELEASABILITY"
NO_EYES: Final = "UNABLE TO DETERMINE EYES ONLY MARKINGS"
NO_DISPLAY: Final = "UNABLE TO DETERMINE DISPLAY ONLY"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """What one of the two stylesheets has words for; it prints any other token as it stands."""

    classes: Mapping[str, str]
    nato: Mapping[str, str]
    dissemination: Mapping[str, str] = field(default_factory=dict)
    non_ic: Mapping[str, str] = field(default_factory=dict)
    aea: Mapping[str, str] = field(default_factory=dict)
    sigma: str = "SG"


_BANNER: Final = _Words(
    classes=CLASSES,
    nato=NATO_BANNER,
    dissemination={token: word for token, word in DISSEMINATION.items() if token != "OC-USGOV"},  # noqa: S105 -- a mark
    non_ic=NON_IC,
    aea=AEA_BANNER,
    sigma="SIGMA",
)
_PORTION: Final = _Words(classes={code: code for code in CLASSES}, nato=NATO_PORTION)


def official_banner(attributes: Mapping[str, str]) -> str:
    """The banner that ISM's stylesheet prints.

    Args:
        attributes: ISM attributes by name, without namespace; absent and empty are the same.
    """
    values = _normal(attributes)
    return _banner_head(values) + _rest(values, _BANNER)


def official_portion(attributes: Mapping[str, str]) -> str:
    """The portion mark that ISM's stylesheet prints, with its parentheses.

    Args:
        attributes: as for `official_banner`.
    """
    values = _normal(attributes)
    return f"({_portion_head(values)}{_rest(values, _PORTION)})"


class _Values(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return ""


def _normal(attributes: Mapping[str, str]) -> _Values:
    """White space of XML made one space; other spaces are part of a token there."""
    return _Values({name: _SPACE.sub(" ", value or "").strip(" ") for name, value in attributes.items()})


def _banner_head(values: _Values) -> str:
    level, owners = values["classification"], values["ownerProducer"]
    fault = _fault(level, owners)
    if fault:
        return fault
    word = _BANNER.classes.get(level, UNKNOWN_CLASS)
    if " " in owners:
        # with a protected source the owners are not shown, nor that there are several
        return word if values["FGIsourceProtected"] else f"//JOINT {word} {owners}"
    if owners == "USA":
        return word if level != "R" else UNKNOWN_CLASS
    if owners == "NATO":
        return _nato(values, _BANNER)
    return f"//{owners} {word}" if level in CLASSES else UNKNOWN_CLASS


def _portion_head(values: _Values) -> str:
    level, owners = values["classification"], values["ownerProducer"]
    fault = _fault(level, owners)
    if fault:
        return fault
    unnamed = bool(values["FGIsourceProtected"])
    if " " in owners and not unnamed:
        return f"//JOINT {level} {owners}" if level in CLASSES else UNKNOWN_CLASS
    unknown = values["FGIsourceOpen"] == "UNKNOWN"
    if owners == "USA" and not unnamed and not unknown:
        return level if level in CLASSES and level != "R" else UNKNOWN_CLASS
    if owners == "NATO":
        return _nato(values, _PORTION)
    return f"//{'FGI' if unnamed or unknown else owners} {level}" if level in CLASSES else UNKNOWN_CLASS


def _fault(level: str, owners: str) -> str:
    if not level:
        return NO_CLASS
    return "" if owners else NO_OWNER


def _nato(values: _Values, words: _Words) -> str:
    level, controls = values["classification"], values["nonUSControls"]
    head = f"//{words.nato[level]}" if level in CLASSES else UNKNOWN_CLASS
    return f"{head}//{controls.replace(' ', '/')}" if controls else head


def _rest(values: _Values, words: _Words) -> str:
    parts = [
        _compartments(values["SCIcontrols"]) if values["SCIcontrols"] else None,
        _programs(values["SARIdentifier"]) if values["SARIdentifier"] else None,
        _atomic(values["atomicEnergyMarkings"], words) if values["atomicEnergyMarkings"] else None,
        _foreign(values),
        _controls(values, words) if values["disseminationControls"] else None,
        _non_ic(values["nonICmarkings"], words) if values["nonICmarkings"] else None,
    ]
    return "".join(f"//{part}" for part in parts if part is not None)


def _compartments(text: str, *, underscores: bool = False) -> str:
    """Tokens after the first hyphen of each, whether its parent stands before it or not; one token as it stands."""
    tokens = text.split(" ")
    if len(tokens) == 1:
        return text
    shown = ""
    for place, token in enumerate(tokens):
        head, hyphen, below = token.partition("-")
        _, second, lowest = below.partition("-")
        if not hyphen:
            head = head.replace("_", " ") if underscores else head
            shown += f"/{head}" if place else head
        else:
            shown += f" {lowest}" if second else f"-{below}"
    return shown


def _programs(text: str) -> str:
    if " " in text:
        return "SAR-" + _compartments(text, underscores=True)
    return text.partition("SAR-")[2]  # a name alone is what stands behind the prefix, which names do not have


def _atomic(text: str, words: _Words) -> str:
    tokens = text.split(" ")
    if len(tokens) == 1:
        return words.aea.get(text, text)
    shown = ""
    for place, token in enumerate(tokens):
        _, hyphen, below = token.partition("-")
        _, second, number = below.partition("-")
        if not hyphen:
            word = words.aea.get(token, token)
            shown += f"/{word}" if place else word
        elif not second:
            shown += f"-{below}"
        else:
            kind = token.partition(f"-{number}")[0]
            said = f" {kind}" in text.partition(token)[0]  # a kind that stands first of all does not count as said
            shown += f" {number}" if said else f"-{words.sigma} {number}"
    return shown


def _foreign(values: _Values) -> str | None:
    owners, named, unnamed = values["ownerProducer"], values["FGIsourceOpen"], values["FGIsourceProtected"]
    if owners != "USA" and not ("USA" in owners and unnamed):
        return None
    if unnamed or "UNKNOWN" in named:
        return "FGI"
    return f"FGI {named}" if named else None


def _controls(values: _Values, words: _Words) -> str:
    release, display = values["releasableTo"], values["displayOnlyTo"]
    several = " " in release
    lists = {
        "REL": "REL TO " + release.replace(" ", ", ") if several else NO_RELEASE,
        "EYES": release.replace(" ", "/") + " EYES ONLY" if several else NO_EYES,
        "DISPLAYONLY": "DISPLAY ONLY " + (display.replace(" ", ", ") or NO_DISPLAY),
    }
    tokens = values["disseminationControls"].split(" ")
    return "/".join(lists.get(token) or words.dissemination.get(token, token) for token in tokens)


def _non_ic(text: str, words: _Words) -> str:
    tokens = text.split(" ")
    shown = []
    for token in tokens:
        if not token.startswith("ACCM-"):
            shown.append(words.non_ic.get(token, token))
        elif len(tokens) == 1 and words is _PORTION:
            shown.append("")  # a nickname that stands alone is lost in a portion
        else:
            shown.append(token.removeprefix("ACCM-").replace("_", " "))
    return "/".join(shown)
