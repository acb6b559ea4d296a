"""The banner of a document from its portions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, cast

from gsomia.errors import DataError
from gsomia.marking.us.model import Class, UsMarking
from gsomia.marking.us.rules import aea_place
from gsomia.marking.us.vocabulary import CLASSES, DISSEMINATION, NON_IC, RANKS, in_order

_DISCLOSURE: Final = frozenset({"NF", "REL", "EYES", "RELIDO", "DISPLAYONLY"})
_PLACE: Final = {token: place for place, token in enumerate(DISSEMINATION)}
_NON_IC_PLACE: Final = {token: place for place, token in enumerate(NON_IC)}
_CLASSES: Final = tuple(CLASSES)


def roll_up(portions: Iterable[UsMarking]) -> UsMarking:
    """The lowest marking that protects every portion.

    The highest classification; all controls united; releasability intersected, where a classified portion that says
    nothing of it releases to nobody as soon as another does, or as soon as anything else restricts it: then the
    banner says NOFORN (register of 2016, B.3). Unclassified portions without any control release to everyone.
    Portions of several owners make a document of the United States with foreign information.

    Args:
        portions: at least one.

    Raises:
        DataError: no portions, or NATO controls among portions that NATO does not own, for which no banner stands.
    """
    parts = list(dict.fromkeys(portions))
    if not parts:
        raise DataError("nothing to roll up: a document without portion marks has no banner")
    rank = max(RANKS[part.classification] for part in parts)
    owners, fgi, protected = _owners(parts)
    if owners == ("USA",) and rank == RANKS["R"]:
        rank = RANKS["C"]  # the United States protect foreign RESTRICTED as CONFIDENTIAL
    non_us = {token for part in parts for token in part.non_us}
    if non_us and owners != ("NATO",):
        raise DataError(
            f"{'/'.join(sorted(non_us))} stands among portions of other owners", hint="mark the document by hand"
        )
    dissemination = {token for part in parts for token in part.dissemination} - _DISCLOSURE
    non_ic = {token for part in parts for token in part.non_ic}
    aea = {token for part in parts for token in part.aea}
    noforn = False
    if rank > 0:
        dissemination.discard("FOUO")
        aea -= {"DCNI", "UCNI"}
        noforn = bool(non_ic & {"SBU-NF", "LES-NF"})
        if "LES-NF" in non_ic:
            non_ic.add("LES")
        non_ic -= {"SBU", "SBU-NF", "LES-NF"}
    else:
        non_ic -= {token.removesuffix("-NF") for token in non_ic if token.endswith("-NF")}
    if "OC" in dissemination:
        dissemination.discard("OC-USGOV")
    if any(token.partition("-")[0] == "RD" for token in aea):
        aea.discard("FRD")
        aea = {token.replace("FRD-SG", "RD-SG") for token in aea}
    sci = {token for part in parts for token in part.sci}
    sar = {token for part in parts for token in part.sar}
    caveats = bool(sci or sar or aea or fgi or protected or dissemination or non_ic)
    release, display, words = _disclosure(parts, rank, caveats, noforn)
    return UsMarking(
        classification=cast(Class, _CLASSES[rank]),
        owners=owners,
        non_us=tuple(sorted(non_us)),
        sci=tuple(sorted(sci, key=_by_compartment)),
        sar=tuple(sorted(sar, key=_by_compartment)),
        aea=tuple(sorted(aea, key=aea_place)),
        fgi=() if protected else in_order(tuple(fgi)),
        fgi_protected=protected,
        dissemination=tuple(sorted(dissemination | words, key=lambda token: _PLACE.get(token, 99))),
        releasable_to=release,
        display_only_to=display,
        non_ic=tuple(sorted(non_ic, key=lambda token: (_NON_IC_PLACE.get(token, 99), token))),
    )


def _by_compartment(token: str) -> list[str]:
    return token.split("-")


def _owners(parts: list[UsMarking]) -> tuple[tuple[str, ...], set[str], bool]:
    fgi = {code for part in parts for code in part.fgi}
    protected = any(part.fgi_protected for part in parts)
    first = parts[0].owners
    if all(part.owners == first for part in parts):
        return first, fgi, protected
    foreign = {code for part in parts for code in part.owners} - {"USA"}
    return ("USA",), (fgi | foreign) - {"FGI"}, protected or "FGI" in foreign


def _disclosure(
    parts: list[UsMarking], rank: int, caveats: bool, noforn: bool
) -> tuple[tuple[str, ...], tuple[str, ...], set[str]]:
    """Whom the document may be released to, whom it may be shown to, and the words that say so."""
    counted = [p for p in parts if RANKS[p.classification] > 0 or p.dissemination or p.non_ic or p.aea]
    said = [p for p in counted if not _DISCLOSURE.isdisjoint(p.dissemination)]
    if not said and not noforn and not (caveats and rank > 0):
        return (), (), set()
    if noforn or len(said) < len(counted) or not said:
        return (), (), {"NF"} if said or rank > 0 else set()
    release: set[str] | None = None
    display: set[str] | None = None
    relido = True
    for part in said:
        releases = {"USA", *part.releasable_to}
        shows = releases.union(part.display_only_to)
        release = releases if release is None else release & releases
        display = shows if display is None else display & shows
        relido = relido and "RELIDO" in part.dissemination
    assert release is not None and display is not None
    only = display - release
    words: set[str] = set()
    if len(release) > 1:
        eyes = all("EYES" in part.dissemination for part in said)
        words.add("EYES" if eyes else "REL")
    else:
        release = set()
    if only:
        words.add("DISPLAYONLY")
    elif relido:
        words.add("RELIDO")
    if not words:
        words.add("NF")
    return in_order(tuple(release), first="USA"), in_order(tuple(only)), words
