"""What a node filled in of an act beyond what its officer said: they read it, and say yes, before their key signs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gsomia.cli.meaning.consult import CONSULT_BODIES
from gsomia.cli.meaning.house import HOUSE
from gsomia.cli.meaning.prepared import cannot_tell_item, marks, shown_to
from gsomia.keys import PublicKey

if TYPE_CHECKING:
    from gsomia.node import Statement

__all__ = ["filled_in", "unread", "unsaid"]

Said = Sequence["Statement"]
Words = Mapping[str, Any]

_BINDING = frozenset({"after", "opening", "order"})
"""Words that say nothing to people: digests of what an act follows on."""
_BY_REGISTER = frozenset({"change-person", "strike-person", "replace-key", "retire-key", "declare-key-compromised"})
"""The acts about the house of which the register fills in a part; the others are compared word for word."""
_BY_NAME = ("originator", "asker", "receivers", "part", "extent", "purpose")
"""What a request or a consent that is named by its id is about."""


def filled_in(statements: Said, wanted: Words) -> list[str]:
    """The lines that the officer must read before they sign: what the node filled in, and the item it took it for."""
    lines = []
    if words := unsaid(statements, wanted):
        lines.append(
            f"to sign `{wanted['act']}`: " + "; ".join(f"{name} {_word(word)}" for name, word in words.items())
        )
    for said in statements:
        if cannot_tell_item(said, wanted):
            # Which item a control number names, the node's register alone says.
            about = {"item": said.item, "copy": said.copy, "holder": said.body.get("holder", said.party)}
            shown = ", ".join(f"{name} {word}" for name, word in about.items() if word)
            lines.append(f"to sign `{said.type}` of `{wanted['item']}`: {shown}")
    return lines


def unread(statements: Said, wanted: Words) -> str:
    """What must be named where nobody reads what is shown, "" where nothing must: whose keys end with a person."""
    ended = [str(one.body["officer"]) for one in statements if one.type == "retire-key"]
    if wanted["act"] != "strike-person" or wanted.get("keys") or not ended:
        return ""
    return " ".join(f"--key {officer}" for officer in ended)


def unsaid(statements: Said, wanted: Words) -> dict[str, Any]:
    """The words that are signed and that the officer did not give: by name, from each statement.

    Of an act that names a request or a consent also what that is about; else what the officer could have said, and
    left to the node.
    """
    act = wanted["act"]
    if act == "replace-node-key":
        # Which keys they are the node says: they are made there, and nowhere else.
        return {"signing": statements[0].body["signing"], "told to": [*statements[0].parties]}
    if act == "enter-legal-acts":
        parties = sorted({party for one in statements for party in one.parties})
        return {"told to": parties} if parties else {}
    if act in HOUSE and act not in _BY_REGISTER:
        return {}
    if act == "circulate":
        # The consultation says to whom, and on what; where an agreement differs by receiver, it is told beside them.
        body = statements[0].body
        unders = [*dict.fromkeys(one.body["under"] for one in statements)]
        told = {"to": shown_to(statements), "subject": body["subject"], "purpose": body["purpose"], "under": unders}
        return told | _rose(body, statements[0].party, {**wanted, "contains": ()})
    found: dict[str, list[Any]] = {}
    for one in statements:
        words = _all(one, wanted) if act in HOUSE or act in CONSULT_BODIES else _some(one, wanted)
        if act == "present-view" and "to" not in wanted:
            words = {"to": [*one.parties], **words}
        for name, word in words.items():
            if word not in found.setdefault(name, []):
                found[name].append(word)
    return {name: words[0] if len(words) == 1 else words for name, words in found.items()}


def _all(one: Statement, wanted: Words) -> dict[str, Any]:
    return {
        name: word
        for name, word in one.body.items()
        if name not in _BINDING and (name not in wanted or wanted[name] in ("", None))
    }


def _some(one: Statement, wanted: Words) -> dict[str, Any]:
    body = one.body
    found = {name: word for name, word in body.items() if word and not wanted.get(name, True) and name != "contains"}
    if "request" in wanted or "consent" in wanted:
        found |= {name: body[name] for name in _BY_NAME if name in body and not wanted.get(name)}
        ids = {name: body[name] for name in ("request", "consent") if name in wanted and name in body}
        found |= {name: word for name, word in ids.items() if word != wanted[name]}
        found |= {"item": one.item} if one.item else {}
        found |= {"under": one.instrument} if one.instrument else {}
    elif one.type == "transmit":
        found |= _rose(body, one.party, wanted)
    return found


def _rose(body: Words, party: str, wanted: Words) -> dict[str, Any]:
    """What a document takes from those that it draws on: another level than was asked for, and whose information."""
    level = {} if body["level"] in marks(party, wanted["level"]) else {"level": body["level"]}
    contains = {} if {*body["contains"]} == {party, *wanted["contains"]} else {"contains": body["contains"]}
    return level | contains


def _word(word: object) -> str:
    if isinstance(word, Mapping):
        return str(PublicKey.from_json(word).fingerprint)
    return ", ".join(map(_word, word)) or "-" if isinstance(word, list | tuple) else str(word) or "-"
