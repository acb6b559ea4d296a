"""Keys asked for at openings, as several tests need it: items in custody, openings, nodes that are away or changed."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from stories import MARKS, official

from gsomia.errors import PeerError
from gsomia.keys import Envelope, b64, canonical, sign, unb64
from gsomia.node import (
    NewKeys,
    Role,
    Sending,
    SignedAct,
    mark,
    open_item,
    recalls,
    replace_node_keys,
    share,
)
from gsomia.registry import Copy, Custody
from gsomia.testing import Exercise, Player


def held(exercise: Exercise, custody: Custody = Custody.ORIGINATOR, content: bytes = b"report") -> Copy:
    """A report of Japan's, delivered to Korea and marked there."""
    exercise.enter(official("kim"), "KOR")
    copy = exercise["JPN"].transmit(content, to="KOR", level="極秘", custody=custody)
    exercise.settle()
    mark(exercise["KOR"].node, copy.id, MARKS["KOR"], by=exercise["KOR"].by(Role.REGISTRY))
    exercise.settle()
    return copy


def opened(player: Player, reference: str, person: str = "kim") -> bytes:
    sink = io.BytesIO()
    open_item(player.node, reference, person, sink)
    return sink.getvalue()


def acts(player: Player, *types: str) -> list[dict[str, Any]]:
    with player.node.store.reading() as reader:
        return [json.loads(act.data) for act in reader.acts(types=types)]


def waits(player: Player) -> list[tuple[str, str]]:
    with player.node.store.reading() as reader:
        return [(waiting.person, waiting.why) for waiting in reader.pending()]


def forged(player: Player, kind: str, change: Callable[[dict[str, Any]], object]) -> Callable[..., Envelope]:
    """A wire fault: messages of a kind by a player are changed and signed again with its own key."""

    def fault(_direction: str, _sender: str, envelope: Envelope) -> Envelope:
        value = json.loads(envelope.payload)
        if value["type"] != kind or value["from"] != player.node.party:
            return envelope
        change(value["body"])
        return sign(canonical(value), envelope.payload_type, [player.node.keys.signing])

    return fault


def ended(exercise: Exercise, *parties: str) -> None:
    """Japan gives notice, the Parties enter it, and the agreement's term runs out."""
    from gsomia.agreement import LegalAct
    from gsomia.node import Note, enter_legal_acts

    exercise.clock.at = datetime.fromisoformat("2018-08-20T12:00:00+09:00")
    at = exercise.clock.at - timedelta(days=1)
    notice = LegalAct(
        id="jpn-kor-2016/EXERCISE-notice", under="jpn-kor-2016", act="give-notice", by="JPN", at=at, form="note",
        source="EXERCISE", confidence="A", note="EXERCISE", known_at=at,
    )  # fmt: skip
    for player in (exercise[party] for party in parties or exercise.players):
        note = Note.of_text("EXERCISE notice", b"EXERCISE", dated="2016-11-23")
        enter_legal_acts(player.node, [notice], note, by=player.by(Role.LEGAL))
    exercise.settle()
    exercise.clock.at = datetime.fromisoformat("2019-03-01T12:00:00+09:00")


def recalled(player: Player, copy: Copy) -> str:
    with player.node.store.reading() as reader:
        item, entry = reader.item(copy.item), reader.copy(copy.id)
        assert item is not None and entry is not None
        return recalls(reader)[copy.item].standing(item, entry)


def away(exercise: Exercise, *parties: str) -> None:
    """Nothing reaches these Parties' nodes, and nothing comes from them."""

    def fault(direction: str, sender: str, envelope: Envelope) -> Envelope:
        message = json.loads(envelope.payload)
        if {message["from"], message["to"]} & {*parties}:
            raise PeerError("connection refused")
        return envelope

    exercise.wire.fault = fault


def flipped(body: Any, *path: Any) -> None:
    """One bit of a base64 text changed."""
    for step in path[:-1]:
        body = body[step]
    data = bytearray(unb64(body[path[-1]]))
    data[len(data) // 2] ^= 1
    body[path[-1]] = b64(bytes(data))


ALL = ("JPN", "KOR", "USA")


def shared(exercise: Exercise, *, people: bool = True) -> dict[str, Copy]:
    """A report of Japan's that the three hold in shares, delivered and marked; the copies by holder."""
    japan = exercise["JPN"]
    sending = Sending(to="", level="極秘", subject="dprk-missile", purpose="defence", title="report")
    copies = share(japan.node, io.BytesIO(b"report"), sending, ALL, by=japan.by(Role.DISCLOSURE))
    exercise.settle()
    for copy in copies:
        player = exercise[copy.holder]
        mark(player.node, copy.id, MARKS[copy.holder], by=player.by(Role.REGISTRY))
        if people:
            exercise.enter(official("kim"), copy.holder)
    exercise.settle()
    return {copy.holder: copy for copy in copies}


def rotated(exercise: Exercise, party: str) -> SignedAct:
    """A Party's node gets new keys."""
    player = exercise[party]
    return replace_node_keys(player.node, NewKeys.generate(), lambda _: None, by=player.by(Role.SECURITY))
