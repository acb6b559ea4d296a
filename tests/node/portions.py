"""Assessments in portions, and the views of them that would be given."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence

from consulting import Talk

from gsomia.node import views_of
from gsomia.node.consultations.view_drafts import ViewDraft
from gsomia.sealed import read
from gsomia.testing import Exercise

__all__ = ["document", "drafts", "plaintext", "portion", "seen"]


def portion(text: str, *to: str, mark: str = "秘", cites: Sequence[str] = ()) -> str:
    """A portion as its author writes it."""
    return f"[[portion]]\nmark = {json.dumps(mark, ensure_ascii=False)}\nto = {json.dumps(to)}\n" + (
        f"cites = {json.dumps(cites)}\ntext = {json.dumps(text, ensure_ascii=False)}\n"
    )


def document(*portions: str) -> bytes:
    """An assessment; its first portion is for all."""
    return ('title = "Launch"\n' + portion("What all know.", "KOR", "USA") + "".join(portions)).encode()


def drafts(talk: Talk, data: bytes, author: str = "JPN") -> dict[str, ViewDraft]:
    """The views that would be given, by Party."""
    player = talk.exercise[author]
    with player.node.store.reading() as reader:
        views = views_of(player.node, reader, talk.at(author).consultation, data, player.node.clock.now())
    return {view.party: view for view in views}


def seen(talk: Talk, data: bytes, author: str = "JPN") -> dict[str, str]:
    """What would stand in the views, by Party."""
    return {party: view.text.decode() for party, view in drafts(talk, data, author).items()}


def plaintext(exercise: Exercise, party: str, item: str) -> bytes:
    """What is sealed in an item, read with its holder's key."""
    node = exercise[party].node
    sink = io.BytesIO()
    with node.blobs.reading(item) as file:
        read(file).open(node.identities, sink)
    return sink.getvalue()
