"""A United States marking as its ISM attributes say it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, cast

from gsomia.errors import DataError
from gsomia.marking.us.vocabulary import CLASSES, COUNTRIES, ORGANISATIONS
from gsomia.marking.words import printable

Class = Literal["U", "R", "C", "S", "TS"]

_TOKEN: Final = re.compile(r"[A-Z0-9][A-Z0-9_-]{0,99}", re.ASCII)
_CODE: Final = re.compile(r"[A-Z]{3,4}", re.ASCII)

# codes that need no further look, whatever list they stand in: three or four letters fit every pattern here
_COMMON: Final = COUNTRIES | ORGANISATIONS

ATTRIBUTES: Final = (
    "classification",
    "ownerProducer",
    "nonUSControls",
    "SCIcontrols",
    "SARIdentifier",
    "atomicEnergyMarkings",
    "FGIsourceOpen",
    "FGIsourceProtected",
    "disseminationControls",
    "releasableTo",
    "displayOnlyTo",
    "nonICmarkings",
)
"""The ISM attributes that a banner or portion mark shows."""

UNSHOWN: Final = (
    "classifiedBy",
    "classificationReason",
    "compilationReason",
    "compliesWith",
    "createDate",
    "declassDate",
    "declassEvent",
    "declassException",
    "declassManualReview",
    "derivativelyClassifiedBy",
    "derivedFrom",
    "DESVersion",
    "excludeFromRollup",
    "exemptFrom",
    "noticeDate",
    "noticeReason",
    "noticeType",
    "pocType",
    "resourceElement",
    "typeOfExemptedSource",
    "unregisteredNoticeType",
)
"""Further ISM attributes, which a mark since 31 March 2009 does not show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsMarking:
    """A marking by the United States' rules, also of what other Governments own (`//JPN SECRET`).

    The order of tokens is kept as given; `breaches` says whether it is the right one.

    Args:
        classification: `U`, `R` (not for the United States alone), `C`, `S`, `TS`.
        owners: owner-producers; more than one makes it JOINT; `FGI` is one that must not be named.
        non_us: NATO's `ATOMAL`, `BALK`, `BOHEMIA`.
        sci: SCI controls with their compartments after them: `SI`, `SI-G`, `SI-G-ABCD`, `TK`.
        sar: special access programs with their compartments after them: `BP`, `BP-J12`, `BP-J12-J54`.
        aea: atomic energy markings: `RD`, `RD-CNWDI`, `RD-SG-14`, `FRD`, `DCNI`, `UCNI`, `TFNI`.
        fgi: Governments whose information is inside, where they may be named.
        fgi_protected: there is foreign information whose source is not named; then none is.
        dissemination: dissemination controls: `OC`, `NF`, `REL`, ...
        releasable_to: with `REL` or `EYES`: whom to, the United States first.
        display_only_to: with `DISPLAYONLY`: whom to.
        non_ic: markings of others than the intelligence community: `DS`, `LES-NF`, `ACCM-NICK_NAME`.

    Raises:
        DataError: a field is malformed, or one is there without the other that it belongs to.
    """

    classification: Class
    owners: tuple[str, ...] = ("USA",)
    non_us: tuple[str, ...] = ()
    sci: tuple[str, ...] = ()
    sar: tuple[str, ...] = ()
    aea: tuple[str, ...] = ()
    fgi: tuple[str, ...] = ()
    fgi_protected: bool = False
    dissemination: tuple[str, ...] = ()
    releasable_to: tuple[str, ...] = ()
    display_only_to: tuple[str, ...] = ()
    non_ic: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.classification not in CLASSES:
            raise DataError(f"`classification` is one of {', '.join(CLASSES)}, not `{self.classification!s:.20}`")
        # one list after the other, not a loop: this is the inside of every reader
        if len(self.owners) != 1 or self.owners[0] not in _COMMON:
            _check_tokens("ownerProducer", self.owners, _CODE)
        if self.sci:
            _check_known("SCIcontrols", self.sci)
        if self.dissemination:
            _check_known("disseminationControls", self.dissemination)
        if self.releasable_to:
            _check_tokens("releasableTo", self.releasable_to, _CODE)
        if self.display_only_to:
            _check_tokens("displayOnlyTo", self.display_only_to, _CODE)
        if self.fgi:
            _check_tokens("FGIsourceOpen", self.fgi, _CODE)
        if self.non_us or self.sar or self.aea or self.non_ic:
            _check_tokens("nonUSControls", self.non_us, _TOKEN)
            _check_tokens("SARIdentifier", self.sar, _TOKEN)
            _check_tokens("atomicEnergyMarkings", self.aea, _TOKEN)
            _check_tokens("nonICmarkings", self.non_ic, _TOKEN)
        if not self.owners:
            raise DataError("`ownerProducer` is missing")
        if self.owners == ("USA",):
            if self.classification == "R":
                raise DataError("the United States have no classification `R`")
        elif self.fgi or (self.fgi_protected and "USA" not in self.owners):
            raise DataError("foreign information is named only in what the United States own")
        if self.fgi and self.fgi_protected:
            raise DataError("foreign sources are named or protected, not both")
        if self.non_us and self.owners != ("NATO",):
            raise DataError("`nonUSControls` belong to what NATO owns")
        release = bool(self.dissemination) and ("REL" in self.dissemination or "EYES" in self.dissemination)
        if release and len(self.releasable_to) < 2:
            raise DataError("`REL` needs the United States and one other in `releasableTo` (ISM-ID-00031)")
        if self.releasable_to and not release:
            raise DataError("`releasableTo` needs `REL` (ISM-ID-00032)")
        if bool(self.display_only_to) != ("DISPLAYONLY" in self.dissemination):
            raise DataError("`DISPLAYONLY` and `displayOnlyTo` go together (ISM-ID-00213, ISM-ID-00168)")

    def to_attributes(self) -> dict[str, str]:
        """The ISM attributes (namespace `urn:us:gov:ic:ism`), each a list with spaces; empty ones left out."""
        lists = {
            "ownerProducer": self.owners,
            "nonUSControls": self.non_us,
            "SCIcontrols": self.sci,
            "SARIdentifier": self.sar,
            "atomicEnergyMarkings": self.aea,
            "FGIsourceOpen": self.fgi,
            "FGIsourceProtected": ("FGI",) if self.fgi_protected else (),
            "disseminationControls": self.dissemination,
            "releasableTo": self.releasable_to,
            "displayOnlyTo": self.display_only_to,
            "nonICmarkings": self.non_ic,
        }
        shown = {name: " ".join(tokens) for name, tokens in lists.items() if tokens}
        return {"classification": self.classification, **shown}

    @classmethod
    def from_attributes(cls, attributes: Mapping[str, str], *, lenient: bool = False) -> UsMarking:
        """Read ISM attributes.

        Protected and unknown foreign sources become one: `fgi_protected`, and open ones beside them are then not
        named. Several owners of whom one is protected are shown as the United States with foreign information. A source
        that is unknown hides no owner.

        Args:
            attributes: by name, without namespace; each value a list with spaces; absent and empty are the same.
            lenient: leave out what a mark does not show (releasability without `REL`, foreign sources in what the
                United States do not own) instead of refusing it.

        Raises:
            DataError: an attribute that is not known, or malformed values.
        """
        unknown = sorted(attributes.keys() - set(ATTRIBUTES))
        if unknown:
            raise DataError(
                f"`{printable(unknown[0])}` is not an ISM attribute of a mark",
                hint=f"the attributes are {', '.join(ATTRIBUTES)}",
            )
        lists = {name: tuple((attributes.get(name) or "").split()) for name in ATTRIBUTES}
        classification = " ".join(lists["classification"])
        owners = lists["ownerProducer"]
        fgi = lists["FGIsourceOpen"]
        protected = bool(lists["FGIsourceProtected"])
        if protected:
            fgi = ()
            if owners != ("USA",):
                protected = "USA" in owners
                owners = ("USA",) if protected else ("FGI",)
        elif "UNKNOWN" in fgi and owners == ("USA",):
            protected, fgi = True, ()
        dissemination = lists["disseminationControls"]
        release, display = lists["releasableTo"], lists["displayOnlyTo"]
        if lenient:
            fgi = fgi if owners == ("USA",) else ()
            release = release if {"REL", "EYES"} & set(dissemination) else ()
            display = display if "DISPLAYONLY" in dissemination else ()
        return cls(
            classification=cast(Class, classification),
            owners=owners,
            non_us=lists["nonUSControls"],
            sci=lists["SCIcontrols"],
            sar=tuple(token.removeprefix("SAR-") for token in lists["SARIdentifier"]),
            aea=lists["atomicEnergyMarkings"],
            fgi=fgi,
            fgi_protected=protected,
            dissemination=dissemination,
            releasable_to=release,
            display_only_to=display,
            non_ic=lists["nonICmarkings"],
        )


@lru_cache(maxsize=1024)
def _check_known(name: str, tokens: tuple[str, ...]) -> None:
    """As `_check_tokens`, for lists of which there are few."""
    _check_tokens(name, tokens, _TOKEN)


def _check_tokens(name: str, tokens: tuple[str, ...], pattern: re.Pattern[str]) -> None:
    if not _COMMON.issuperset(tokens):
        for token in tokens:
            if not isinstance(token, str) or not pattern.fullmatch(token):
                raise DataError(f"`{name}` holds `{printable(str(token))}`, which is not such a code")
    if len(tokens) > 1 and len(set(tokens)) != len(tokens):
        twice = next(token for token in tokens if tokens.count(token) > 1)
        raise DataError(f"`{name}` holds `{twice}` twice")
