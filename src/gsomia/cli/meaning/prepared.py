"""What a node prepared, held against what its officer asked for: a node may lie, and it is the officer who signs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gsomia.cli.meaning.consult import CONSULT_BODIES, means_consult
from gsomia.cli.meaning.house import HOUSE, means_house

if TYPE_CHECKING:
    from gsomia.node import Statement

__all__ = ["cannot_tell_item", "marks", "means", "not_below", "shown_to", "transmits"]

_EACH_COPY = frozenset({"answer-recall", "regrade", "request-consent"})
"""Acts of which one question may make several statements: one for each copy, or each originator."""
_ANSWERS = frozenset({"consent", "refuse-consent", "revoke-consent"})
"""Acts by which an originator answers who asks to hand its information on."""
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_WORDS = {
    "why": "why",
    "what": "what",
    "method": "what",
    "conditions": "conditions",
    "form": "form",
    "answer": "answer",
    "subject": "subject",
    "via": "via",
    "place": "place",
    "present": "present",
    "facility": "facility",
    "contractor": "contractor",
    "inspected": "inspected",
    "until": "until",
    "basis": "basis",
    "part_of": "part_of",
    "person": "person",
}


def means(statements: Sequence[Statement], wanted: Mapping[str, Any]) -> bool:
    """Whether prepared statements are what was asked for, as far as that can be told without the node's register.

    Args:
        statements: as the node prepared them.
        wanted: the act, as it was asked for.
    """
    if wanted["act"] in CONSULT_BODIES:
        return means_consult(statements, wanted) and all(_item(one, wanted) for one in statements)
    if wanted["act"] in HOUSE:
        return means_house(statements, wanted) and all(_item(one, wanted) for one in statements)
    if wanted["act"] == "transmit":
        return transmits(statements, wanted)
    if wanted["act"] == "circulate":
        return _circulated(statements, wanted)
    if wanted["act"] == "adopt-law":
        return _law(statements, wanted)
    if not statements or any(one.type != wanted["act"] for one in statements):
        return False
    if len(statements) > 1 and wanted["act"] not in _EACH_COPY:
        return False
    if len({one.item for one in statements}) > 1:
        return False
    return all(_words(one, wanted) and _terms(one, wanted) and _item(one, wanted) for one in statements)


def _law(statements: Sequence[Statement], wanted: Mapping[str, Any]) -> bool:
    """Whether these agreements are adopted, each once; of those that this release has, the very text that it has."""
    from gsomia.app import offered_law

    known = offered_law().agreements
    if [one.instrument for one in statements] != [*wanted["names"]]:
        return False
    return all(
        one.type == "adopt-law"
        and (one.instrument not in known or one.body["version"] == known[one.instrument].version)
        for one in statements
    )


def transmits(statements: Sequence[Statement], wanted: Mapping[str, Any]) -> bool:
    """Whether this is one new item of that length, to those Parties and as it was described.

    The sealed bytes are made at the node, and their digests are what it says; a document that draws on others takes
    their level, which the act names.
    """
    sent = [one for one in statements if one.type == "transmit"]
    consents = [one for one in statements if one.type != "transmit"]
    if not sent or len({one.item for one in statements}) != 1:
        return False
    party, via, shares = sent[0].party, [*wanted.get("via", ())], sorted(wanted.get("shares", ()))
    others = [one for one in shares if one != party] if shares else [*via, wanted["to"]]
    legs = [([], one, one) for one in others] if shares else [(via, others[0], wanted["to"])]
    told = [(one.body["via"], one.body["holder"], one.body["destination"]) for one in sent]
    if sorted(told) != sorted(legs) or any(list(one.parties) != [one.body["holder"]] for one in sent):
        return False
    if [one.type for one in consents] != (["consent"] if via or shares else []):
        return False
    if any(one.body["receivers"] != others or one.body["conditions"] for one in consents):
        return False
    return all(_described(one.body, party, shares, wanted) for one in sent)


def _circulated(statements: Sequence[Statement], wanted: Mapping[str, Any]) -> bool:
    """Whether this is one new item of that length, straight to other Parties, each once.

    Which Parties and which subject, the consultation says and with it the node: the officer reads them (`shown_to`).
    """
    if not statements or any(one.type != "transmit" for one in statements) or len({one.item for one in statements}) > 1:
        return False
    party, to = statements[0].party, shown_to(statements)
    if len({*to}) != len(to) or party in to:
        return False
    for one in statements:
        holder = one.body["holder"]
        if one.body["via"] or one.body["destination"] != holder or [*one.parties] != [holder]:
            return False
        same = {name: one.body[name] for name in ("subject", "purpose", "under")}
        if any(same[name] != statements[0].body[name] for name in same if name != "under"):
            return False
        if not _described(
            one.body, party, (), {**wanted, **same, "custody": "recipient", "contains": (), "certify": ()}
        ):
            return False
    return True


def shown_to(statements: Sequence[Statement]) -> list[str]:
    """The Parties that get copies by prepared transmissions."""
    return [str(one.body["holder"]) for one in statements]


def _described(body: Mapping[str, Any], party: str, shares: Sequence[str], wanted: Mapping[str, Any]) -> bool:
    told = {name: wanted[name] for name in ("subject", "purpose", "title", "mime_type")}
    told |= {
        "originator": party,
        "plaintext_bytes": wanted["size"],
        "custody": "shares" if shares else wanted["custody"],
        "under": wanted["under"] or body["under"],
    }
    if any(body[name] != value for name, value in told.items()):
        return False
    if (shares and body["holders"] != shares) or body.get("answers", "") != wanted.get("answers", ""):
        return False
    if bool(body["cites"]) is not bool(wanted["cites"]) or not _level(body, party, wanted):
        return False
    # Of the consents named, those are met that have conditions.
    return {party, *wanted["contains"]} <= {*body["contains"]} and {*body["met"]} <= {*wanted["certify"]}


def _level(body: Mapping[str, Any], party: str, wanted: Mapping[str, Any]) -> bool:
    """Whether the level is the one named; drawing on others it may be higher, and is lower by no table of levels."""
    if body["level"] in marks(party, wanted["level"]):
        return True
    return bool(wanted["cites"]) and not_below(party, body["level"], wanted["level"])


def not_below(party: str, level: str, other: str) -> bool:
    """Whether a level of a Party's is lower than another one by no agreement of this release."""
    from gsomia.app import offered_law

    for one in offered_law().agreements.values():
        now, then = one.level(party, level), one.level(party, other)
        if now is not None and then is not None and 0 < now.rank < then.rank:
            return False
    return True


def cannot_tell_item(statement: Statement, wanted: Mapping[str, Any]) -> bool:
    """Whether the officer must look which item is meant: the name asked for stands nowhere in the statement."""
    named = _named(wanted)
    return bool(named) and named not in _names(statement)


def _words(statement: Statement, wanted: Mapping[str, Any]) -> bool:
    body = statement.body
    if any(wanted[name] != body[there] for name, there in _WORDS.items() if name in wanted and there in body):
        return False
    if "expires" in wanted and (wanted["expires"] or "") != body.get("expires"):
        return False
    if statement.type == "request" and any(body[name] and not wanted.get(name) for name in ("due", "level")):
        return False
    # What is asked for bears a mark of the Party asked.
    whose = str(body.get("to", "")) if statement.type == "request" else statement.party
    if wanted.get("level") and body.get("level") not in marks(whose, str(wanted["level"])):
        return False
    # What is left out is filled in by the node: the item's own purpose, the days that its settings name.
    return all(
        wanted[name] == body.get(name) for name in ("purpose", "part", "extent", "due", "total") if wanted.get(name)
    )


def _terms(statement: Statement, wanted: Mapping[str, Any]) -> bool:
    """To whom, under what, and what the officer certifies."""
    body = statement.body
    if statement.type in _ANSWERS and not _answer(statement):
        return False
    if "to" in wanted:
        told = [body["to"]] if statement.type in ("request", "disclose-orally") else body.get("receivers")
        told = [body["holder"]] if "holder" in body else told
        if told != [wanted["to"]] or ("holder" in body and list(statement.parties) != told):
            return False
    if statement.type == "request" and not {*statement.parties} <= {body["to"], *body["via"]}:
        return False
    if statement.type == "disclose-orally" and not {*statement.parties} <= {body["to"], *body["contains"]}:
        return False
    if "under" in wanted and wanted["under"] != statement.instrument:
        return False
    if "certify" in wanted:
        certified = body.get("certified", wanted["certify"])
        # Of the consents named, those are met that have conditions.
        return sorted(certified) == sorted(wanted["certify"]) and {*body.get("met", ())} <= {*wanted["certify"]}
    return True


def _answer(statement: Statement) -> bool:
    """Whether this Party answers for its own, and tells nobody but whom it answers."""
    body, told = statement.body, {*statement.parties}
    if body["originator"] != statement.party:
        return False
    if statement.type == "revoke-consent":
        return told <= {body["asker"], *body["receivers"]}
    return told == {body["asker"]}


def _item(statement: Statement, wanted: Mapping[str, Any]) -> bool:
    """Whether the item is the one named, where its name tells that."""
    for name in ("request", "consent"):
        ids = (str(statement.body.get(name, "")), statement.item)
        # The beginning of an id is enough, as for a consultation's; the officer reads what it is about.
        if name in wanted and not (wanted[name] and any(one.startswith(wanted[name]) for one in ids)):
            return False
    named = _named(wanted)
    if statement.type == "receipted" and named:
        return named in _names(statement)
    if not named:
        return "item" not in wanted or not statement.item
    # Of a control number the register knows whose it is, and the officer reads that; an id is the item's or the copy's.
    return _ID.fullmatch(named) is None or named in _names(statement)


def _named(wanted: Mapping[str, Any]) -> str:
    return str(wanted.get("item") or "")


def _names(statement: Statement) -> set[str]:
    names = {statement.item, statement.copy}
    # A release gives its copy a number of its own.
    for word in {"receipted": ("control_number",), "answer-recall": ("recall",)}.get(statement.type, ()):
        names.add(str(statement.body.get(word, "")))
    return names


def marks(party: str, typed: str) -> set[str]:
    """The marks that a typed word may mean by the agreements of this release; and the word itself."""
    from gsomia.app import offered_law

    found = [one.level(party, typed) for one in offered_law().agreements.values() if party in one.parties]
    return {typed, *(level.mark for level in found if level is not None)}
