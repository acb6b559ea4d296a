"""Which United States markings are allowed: the rules of ISM's Schematron that a mark alone can break."""

# ruff: noqa: S105, S106 -- a token here is a word of a mark
from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from gsomia.marking.us.model import UsMarking
from gsomia.marking.us.vocabulary import (
    AEA,
    DISSEMINATION,
    GOVERNMENTS,
    NON_IC,
    NON_US,
    RANKS,
    SCI_SYSTEMS,
    SIGMA,
    in_order,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A rule that a marking breaks.

    Args:
        rule: ISM's number, or a short name where the rule is the register's and has none.
        message: what is wrong, for people.
        token: the token that is to blame, or "".
    """

    rule: str
    message: str
    token: str = ""


_ORDER: Final = {token: place for place, token in enumerate(DISSEMINATION)}
_NON_IC_ORDER: Final = {token: place for place, token in enumerate(NON_IC)}
_SYSTEMS: Final = frozenset(SCI_SYSTEMS)
_RELEASE: Final = frozenset({"REL", "EYES", "NF"})
_NAMED: Final = GOVERNMENTS - {"FGI"}
"""Whom a mark may name beside owners: nothing is released to, or sourced from, `FGI`."""

_DISPLAY: Final = frozenset({"DISPLAYONLY", "RELIDO", "NF"})


def breaches(marking: UsMarking, *, portion: bool = False) -> tuple[Breach, ...]:
    """Every rule that the marking breaks.

    Args:
        marking: the marking.
        portion: it marks a portion; some rules are for portions only.

    Returns:
        The breaches, empty where there is none.
    """
    found: list[Breach] = []
    rank = RANKS[marking.classification]
    if marking.dissemination:
        foreign = bool(marking.fgi) or marking.fgi_protected
        found += _dissemination(marking.dissemination, rank, portion, foreign, "USA" in marking.owners)
        _release(marking, found)
    if marking.sci or marking.sar or marking.aea:
        found += _controls(marking.sci, marking.sar, marking.aea, rank)
    if marking.owners != ("USA",) or marking.fgi:
        _governments(marking, found)
    if marking.non_ic:
        _non_ic(marking, found)
    if marking.non_us:
        for token in marking.non_us:
            if token not in NON_US:
                found.append(Breach(rule="non-us", message=f"`{token}` is not a NATO control", token=token))
        if tuple(sorted(marking.non_us)) != marking.non_us:
            found.append(_misplaced("non-us-order", marking.non_us, tuple(sorted(marking.non_us))))
    return tuple(found)


@lru_cache(maxsize=1024)
def _dissemination(tokens: tuple[str, ...], rank: int, portion: bool, foreign: bool, own: bool) -> tuple[Breach, ...]:
    """Breaches that the controls alone make; there are few different ones, so they are remembered."""
    found: list[Breach] = []
    known = [t for t in tokens if t in _ORDER]
    if len(known) != len(tokens):
        odd = next(t for t in tokens if t not in _ORDER)
        found.append(Breach(rule="dissemination", message=f"`{odd}` is not a dissemination control", token=odd))
        return tuple(found)
    if len(tokens) > 1:
        right = tuple(sorted(tokens, key=_ORDER.__getitem__))
        if right != tokens:
            found.append(_misplaced("dissemination-order", tokens, right))
        for rule, group in (("ISM-ID-00033", _RELEASE), ("ISM-ID-00169", _DISPLAY)):
            both = [t for t in tokens if t in group]
            if len(both) > 1:
                words = " and ".join(DISSEMINATION[t] for t in both)
                found.append(Breach(rule=rule, message=f"{words} exclude each other", token=both[-1]))
        if "OC-USGOV" in tokens and "OC" in tokens:
            found.append(Breach(rule="orcon", message="ORCON and ORCON-USGOV exclude each other", token="OC-USGOV"))
    for token in tokens:
        if token in ("OC", "OC-USGOV", "EYES") and rank < RANKS["C"]:
            message = f"{DISSEMINATION[token]} needs CONFIDENTIAL or above"
            found.append(Breach(rule="ISM-ID-00028", message=message, token=token))
        elif token == "FOUO" and rank > 0:
            found.append(Breach(rule="ISM-ID-00030", message="FOUO is for UNCLASSIFIED only", token=token))
        elif token == "IMC" and rank < RANKS["S"]:
            found.append(Breach(rule="ISM-ID-00107", message="IMCON needs SECRET or above", token=token))
        elif portion and token in ("DISPLAYONLY", "RELIDO") and foreign:
            message = f"{DISSEMINATION[token]} does not stand on a portion with foreign information"
            found.append(Breach(rule="ISM-ID-00233", message=message, token=token))
        elif portion and token == "RELIDO" and not own:
            message = "RELIDO does not stand on a portion that the United States do not own"
            found.append(Breach(rule="ISM-ID-00124", message=message, token=token))
    return tuple(found)


def _release(marking: UsMarking, found: list[Breach]) -> None:
    if marking.releasable_to:
        codes = marking.releasable_to
        if codes[0] != "USA" and "USA" not in codes:
            found.append(Breach(rule="ISM-ID-00214", message="REL TO starts with USA", token=codes[0]))
        _codes("ISM-ID-00041", codes, in_order(codes, first="USA"), found)
    if marking.display_only_to:
        codes = marking.display_only_to
        _codes("ISM-ID-00041", codes, in_order(codes), found)
        twice = [c for c in codes if c in marking.releasable_to]
        if twice:
            message = f"`{twice[0]}` may have it, so it is not for display only"
            found.append(Breach(rule="display-only", message=message, token=twice[0]))


def _codes(rule: str, codes: tuple[str, ...], right: tuple[str, ...], found: list[Breach]) -> None:
    known = GOVERNMENTS if rule == "owner-order" else _NAMED
    for code in () if known.issuperset(codes) else codes:
        if code not in known:
            message = f"`{code}` is not the code of a country or organisation"
            found.append(Breach(rule="government", message=message, token=code))
    if right != codes:
        found.append(_misplaced(rule, codes, right))


def _misplaced(rule: str, tokens: tuple[str, ...], right: tuple[str, ...]) -> Breach:
    odd = next(a for a, b in zip(tokens, right, strict=True) if a != b)
    return Breach(rule=rule, message=f"the order is {' '.join(right)}", token=odd)


@lru_cache(maxsize=1024)
def _controls(sci: tuple[str, ...], sar: tuple[str, ...], aea: tuple[str, ...], rank: int) -> tuple[Breach, ...]:
    found: list[Breach] = []
    if (sci or sar) and rank < RANKS["C"]:
        token = (sci or sar)[0]
        message = "SCI and special access need CONFIDENTIAL or above"
        found.append(Breach(rule="ISM-ID-00040", message=message, token=token))
    for token in sci:
        if token not in _SYSTEMS and token.partition("-")[0] not in _SYSTEMS:
            found.append(Breach(rule="sci", message=f"`{token}` is not an SCI control", token=token))
    for name, tokens in (("sci", sci), ("sar", sar)):
        if tokens:
            if len(tokens) > 1:
                right = tuple(sorted(tokens, key=_by_compartment))
                if right != tokens:
                    found.append(_misplaced(f"{name}-order", tokens, right))
            _parents(name, tokens, found)
    if aea:
        _atomic(aea, rank, found)
    return tuple(found)


def _by_compartment(token: str) -> list[str]:
    return token.split("-")


def _parents(name: str, tokens: tuple[str, ...], found: list[Breach]) -> None:
    for token in tokens:
        above = parent(token) if "-" in token else ""
        if above and above not in tokens:
            found.append(Breach(rule=f"{name}-parent", message=f"`{token}` stands without `{above}`", token=token))


def _atomic(tokens: tuple[str, ...], rank: int, found: list[Breach]) -> None:
    for token in tokens:
        head = token.partition("-")[0]
        known = token in AEA or token == "RD-CNWDI" or token in SIGMAS
        if not known:
            message = f"`{token}` is not an atomic energy marking"
            found.append(Breach(rule="aea", message=message, token=token))
        elif (head in ("DCNI", "UCNI")) != (rank == 0):
            message = "DCNI and UCNI are for UNCLASSIFIED, the other atomic energy markings are not"
            found.append(Breach(rule="aea-class", message=message, token=token))
    _parents("aea", tokens, found)
    right = tuple(sorted(tokens, key=aea_place))
    if right != tokens:
        found.append(_misplaced("aea-order", tokens, right))
    heads = {token.partition("-")[0] for token in tokens}
    if "RD" in heads and "FRD" in heads:
        found.append(Breach(rule="aea-rd", message="RD takes the place of FRD", token="FRD"))


SIGMAS: Final = frozenset(f"{head}-SG-{number}" for head in ("RD", "FRD") for number in SIGMA)


def parent(token: str) -> str:
    """The token that must stand before a compartment's: `SI-G` for `SI-G-ABCD`, `RD` for `RD-SG-14`, "" for `SI`."""
    above, dash, _ = token.rpartition("-")
    return above.removesuffix("-SG") if dash else ""


def aea_place(token: str) -> tuple[int, int, str]:
    """Where an atomic energy marking stands among the others."""
    head, _, rest = token.partition("-")
    return (AEA.index(head) if head in AEA else len(AEA), 0 if not rest else 1 if rest == "CNWDI" else 2, rest)


def _governments(marking: UsMarking, found: list[Breach]) -> None:
    if marking.owners != ("USA",):
        _codes("owner-order", marking.owners, in_order(marking.owners), found)
        if "FGI" in marking.owners and len(marking.owners) > 1:
            found.append(Breach(rule="owner", message="JOINT owners are named", token="FGI"))
    if marking.fgi:
        _codes("ISM-ID-00041", marking.fgi, in_order(marking.fgi), found)
        if "USA" in marking.fgi:
            found.append(Breach(rule="fgi", message="the United States are not foreign", token="USA"))


def _non_ic(marking: UsMarking, found: list[Breach]) -> None:
    tokens = marking.non_ic
    for token in tokens:
        if token not in _NON_IC_ORDER and not token.startswith("ACCM-"):
            found.append(Breach(rule="non-ic", message=f"`{token}` is not a non-IC marking", token=token))
    right = tuple(sorted(tokens, key=lambda t: (_NON_IC_ORDER.get(t, len(_NON_IC_ORDER)), t)))
    if right != tokens:
        found.append(_misplaced("non-ic-order", tokens, right))
    if "SBU" in tokens and "SBU-NF" in tokens:
        found.append(Breach(rule="sbu", message="SBU and SBU NOFORN exclude each other", token="SBU-NF"))
    if "LES" in tokens and "LES-NF" in tokens:
        found.append(Breach(rule="les", message="LES and LES NOFORN exclude each other", token="LES-NF"))
