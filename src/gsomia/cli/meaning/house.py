"""What a node prepared of an act about its own house, word for word; which keys end it says itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gsomia.node import Statement

__all__ = ["HOUSE", "means_house"]

Said = Sequence["Statement"]
Words = Mapping[str, Any]


def means_house(statements: Said, wanted: Words) -> bool:
    """Whether prepared statements say what was asked for, and no more.

    Args:
        statements: as the node prepared them.
        wanted: the act, as it was asked for; one of `HOUSE`.
    """
    about = {"enter-need": "item", "place": "copy"}.get(wanted["act"], "")
    for one in statements:
        if bool(one.item) is not bool(about) or bool(one.copy) is not (about == "copy"):
            return False
        if wanted["act"] == "enter-legal-acts":
            continue  # each has its instrument, and tells that instrument's Parties
        if wanted["act"] == "replace-node-key":
            continue  # every peer is told
        if one.instrument != wanted.get("under", "") or [*one.parties] != ([wanted["to"]] if "to" in wanted else []):
            return False
    return bool(statements) and HOUSE[wanted["act"]](statements, wanted)


def _exactly(kind: str, body: Callable[[Words], Words]) -> Callable[[Said, Words], bool]:
    """One statement of a type, whose body is what the words give."""

    def means(statements: Said, wanted: Words) -> bool:
        (one, *more) = statements
        return not more and one.type == kind and dict(one.body) == dict(body(wanted))

    return means


def _the(*names: str) -> Callable[[Words], Words]:
    return lambda wanted: {name: wanted[name] for name in names}


_PERSON = (
    "person",
    "role",
    "rank",
    "clearance",
    "basis",
    "expires",
    "needs",
    "purposes",
    "rosters",
    "house_roles",
    "accounts",
    "sign_in_keys",
)


def _entered(wanted: Words) -> Words:
    """What `enter-person` says: lists of places and roles are sorted, each once, and keys by their fingerprints."""
    said = {name: wanted[name] for name in _PERSON}
    return said | {"expires": said["expires"] or ""} | _sorted(said)


def _sorted(said: Words) -> dict[str, Any]:
    from gsomia.keys import PublicKey

    sets = {name: sorted({*said[name]}) for name in _SETS if name in said}
    if "sign_in_keys" in said:
        keys = {PublicKey.from_json(key) for key in said["sign_in_keys"]}
        sets["sign_in_keys"] = [key.to_json() for key in sorted(keys, key=lambda key: key.fingerprint)]
    return sets


_SETS = ("rosters", "house_roles", "accounts")


def _changed(statements: Said, wanted: Words) -> bool:
    (one, *more) = statements
    named = {name: wanted[name] for name in _PERSON if wanted.get(name) is not None}
    named |= _sorted(named)
    body = dict(one.body)
    return not more and one.type == "enter-person" and {*body} == {*_PERSON} and body == body | named


def _struck(statements: Said, wanted: Words) -> bool:
    """The person is struck; which keys are theirs the node's register says, and they are those named where any are."""
    struck, *keys = statements
    if wanted.get("keys") and sorted(str(one.body.get("officer")) for one in keys) != sorted({*wanted["keys"]}):
        return False
    if struck.type != "strike-person" or dict(struck.body) != {"person": wanted["person"], "why": wanted["why"]}:
        return False
    return all(one.type == "retire-key" and {*one.body} == {"officer", "key"} for one in keys)


def _retired(statements: Said, wanted: Words) -> bool:
    (one, *more) = statements
    body = one.body
    return (
        not more and one.type == "retire-key" and {*body} == {"officer", "key"} and body["officer"] == wanted["officer"]
    )


def _enrolled(wanted: Words) -> Words:
    """What `enrol-key` says; the person stands in it where that is not the officer's id."""
    said = {name: wanted[name] for name in ("officer", "roles", "key")} | {"first": False}
    return said | ({"person": wanted["person"]} if wanted["person"] != wanted["officer"] else {})


def _replaced(statements: Said, wanted: Words) -> bool:
    """The key is the one given; which it replaces, its roles and whose it is the node's register says."""
    (one, *more) = statements
    body = one.body
    return (
        not more
        and one.type == "enrol-key"
        and {*body} | {"person"} == {"officer", "roles", "key", "first", "replaces", "person"}
        and (body["officer"], body["key"], body["first"]) == (wanted["officer"], wanted["key"], False)
    )


def _rotated(statements: Said, wanted: Words) -> bool:
    """The key that signs the statement for the node gives way to one that signed that it takes its place."""
    from gsomia.errors import GsomiaError
    from gsomia.keys import PublicKey
    from gsomia.node import check_successor

    (one, *more) = statements
    if more or one.type != "replace-node-key" or one.instrument:
        return False
    try:
        check_successor(one, PublicKey.from_json(one.body["replaces"]["signing"]))
    except (GsomiaError, KeyError, TypeError, ValueError):
        return False
    return True


def _distrusted(statements: Said, wanted: Words) -> bool:
    (one, *more) = statements
    body = one.body
    return (
        not more
        and one.type == "declare-key-compromised"
        and {*body} == {"party", "officer", "since", "key"}
        and body["party"] == (wanted["party"] or one.party)
        and (body["officer"], body["since"]) == (wanted["officer"], wanted["since"])
        and str(body["key"]).startswith(wanted["key"])
    )


def _peer(statements: Said, wanted: Words) -> bool:
    """The identity is the one given, and its fingerprint the one that the officer compared."""
    from gsomia.node import fingerprint

    actual = fingerprint(wanted["identity"])
    if "".join(str(wanted["fingerprint"]).split()).lower() != actual:
        return False
    body = {"identity": wanted["identity"], "fingerprint": actual}
    return _exactly("enrol-peer", lambda _: body)(statements, wanted)


def _legal(statements: Said, wanted: Words) -> bool:
    """One statement for each legal act, in their order, with the note; told to Parties of the instrument alone."""
    from gsomia.app import offered_law
    from gsomia.node import LEGAL_WORDS

    law = offered_law().agreements
    if len(statements) != len(wanted["acts"]):
        return False
    for one, act in zip(statements, wanted["acts"], strict=True):
        parties = law[act["under"]].parties if act["under"] in law else one.parties
        if (one.type, one.instrument) != (act["type"], act["under"]) or not {*one.parties} <= {*parties}:
            return False
        body = {name: act[name] for name in ("id", "effective", "form", "source", "confidence")}
        body |= {"by": act["party"], "note": wanted["note"]["reference"], "note_date": wanted["note"]["dated"]}
        body |= {"note_digest": wanted["note"]["digest"]}
        body |= {LEGAL_WORDS[one.type]: act["word"]} if one.type in LEGAL_WORDS else {}
        if dict(one.body) != body:
            return False
    return True


def _ordered(statements: Said, wanted: Words) -> bool:
    """One order, whose marks are those that were typed, as the agreement prints them."""
    from gsomia.app import offered_law

    (one, *more) = statements
    agreement = offered_law().agreements.get(wanted["under"])

    def printed(party: str, typed: str) -> str:
        level = agreement.level(party, typed) if agreement is not None else None
        return level.mark if level is not None else typed

    marks = {printed(wanted["to"], theirs): printed(one.party, own) for theirs, own in wanted["marks"].items()}
    body = {"giver": wanted["to"], "marks": marks, "subjects": wanted["subjects"], "until": wanted["until"]}
    return not more and one.type == "standing-order" and dict(one.body) == body


HOUSE: Mapping[str, Callable[[Said, Words], bool]] = {
    "enter-person": _exactly("enter-person", _entered),
    "change-person": _changed,
    "strike-person": _struck,
    "brief": _exactly("brief", _the("person", "what", "day", "until")),
    "enter-need": _exactly("enter-need", _the("person", "need", "why")),
    "place": _exactly("place", _the("facility")),
    "assure": _exactly("assure", _the("to", "level")),
    "accredit": _exactly("accredit", _the("system", "level")),
    "enrol-key": _exactly("enrol-key", _enrolled),
    "replace-key": _replaced,
    "standing-order": _ordered,
    "end-standing-order": _exactly("end-standing-order", _the("order")),
    "replace-node-key": _rotated,
    "retire-key": _retired,
    "declare-key-compromised": _distrusted,
    "enrol-peer": _peer,
    "enter-legal-acts": _legal,
}
"""The acts about the house, and how each is told."""
