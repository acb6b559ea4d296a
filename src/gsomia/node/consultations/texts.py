"""The texts of a consultation: what they are by SHA-256, who may read them, and how two of them differ."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from gsomia.errors import UsageError
from gsomia.node.holding.custody import open_item
from gsomia.node.node import Node
from gsomia.registry import Item
from gsomia.sealed import Sink, read

__all__ = ["Change", "differences_of", "read_text", "text_digest"]

TEXT_BYTES = 2**20
"""The longest text whose differences are shown."""

# A word; or one character where words are not parted by spaces, as in Japanese.
_WORD = re.compile(r"(?:[^\W\u3040-\u30ff\u3400-\u9fff]+|.)\s*", re.DOTALL)
_LONG = 2000
"""In more pieces than this, those that are everywhere are not matched: it would take a long time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A piece of two texts: `same`, `removed` or `added`."""

    kind: str
    text: str


class _Digesting:
    """Takes a plaintext and keeps its SHA-256 alone."""

    def __init__(self) -> None:
        self.sha256 = hashlib.sha256()

    def write(self, data: bytes | memoryview, /) -> int:
        """Take a piece."""
        self.sha256.update(data)
        return len(data)


def text_digest(node: Node, item: Item) -> str:
    """The SHA-256 of what is sealed in an item that lies here, hexadecimal; nothing of it leaves.

    Raises:
        UsageError: its content is not here.
        VerificationError: it does not hold, or its key is not here.
    """
    sink = _Digesting()
    _unseal(node, item, sink)
    return sink.sha256.hexdigest()


def _unseal(node: Node, item: Item, sink: Sink) -> None:
    if not node.blobs.exists(item.id):
        raise UsageError(f"the content of item `{item.id}` is not here", hint="it was destroyed, or never came")
    with node.blobs.reading(item.id) as file:
        read(file).open(node.identities, sink, payload_digest=bytes.fromhex(item.payload_digest))


def read_text(node: Node, item: Item, person: str) -> str:
    """A text for a person: of this Party's own from its node; another's is opened, by verdict and act.

    Args:
        node: where it is read.
        item: which.
        person: who reads; "" where it is this Party's own.

    Raises:
        UsageError: no person is named for another Party's text, it is too long, or no text in UTF-8.
        RefusedError: the agreement does not let the person open it.
    """
    if item.plaintext_bytes > TEXT_BYTES:
        raise UsageError(f"item `{item.id}` is longer than the {TEXT_BYTES >> 20} MiB whose differences are shown")
    sink = io.BytesIO()
    if item.originator == node.party:
        _unseal(node, item, sink)
    elif not person:
        raise UsageError(f"who reads the text of `{item.originator}`?", hint="name a person with --for")
    else:
        open_item(node, item.id, person, sink)
    try:
        return sink.getvalue().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"item `{item.id}` is no text in UTF-8", hint="differences are shown of texts; open both and compare"
        ) from error


def differences_of(old: str, new: str) -> list[Change]:
    """How one text became the other, by words; all the pieces that are not `added` make up the old one.

    Args:
        old, new: the two texts.
    """
    merged: list[Change] = []
    for kind, text in _pieces(old, new):
        if merged and merged[-1].kind == kind:
            merged[-1] = Change(kind=kind, text=merged[-1].text + text)
        else:
            merged.append(Change(kind=kind, text=text))
    return merged


def _pieces(old: str, new: str) -> Iterator[tuple[str, str]]:
    # By lines first: words are compared only where lines differ.
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    for one, other in _matched(before, after):
        if one == other:
            yield "same", "".join(one)
            continue
        for words, others in _matched(_WORD.findall("".join(one)), _WORD.findall("".join(other))):
            if words == others:
                yield "same", "".join(words)
                continue
            if words:
                yield "removed", "".join(words)
            if others:
                yield "added", "".join(others)


def _matched(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[Sequence[str], Sequence[str]]]:
    for _, i, j, k, m in SequenceMatcher(None, old, new, autojunk=len(new) > _LONG).get_opcodes():
        yield old[i:j], new[k:m]
