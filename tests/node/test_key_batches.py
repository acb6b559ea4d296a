"""Many keys asked for in one message: each request is answered by itself, whatever its neighbours got."""

from __future__ import annotations

import io
import itertools
from typing import Any

from openings import acts, held
from stories import MARKS, Stage

from gsomia.node import Role, mark, recall
from gsomia.node.holding.keyrelease import answer_key_requests
from gsomia.node.holding.keyrequests import KeyRequest
from gsomia.node.messages import Message
from gsomia.registry import Copy, Custody
from gsomia.sealed import Identity, KeyAccess, Recipient, XWingPrivateKey, read, rewrap
from gsomia.testing import Exercise

NUMBERS = itertools.count()


def answered(both: Exercise, *asked: tuple[Copy, XWingPrivateKey, dict[str, Any]]) -> list[KeyAccess | str]:
    """Japan's answers to Korea's requests in one message: the wrapped key, or why not."""
    japan = both["JPN"].node
    with japan.store.reading() as reader:
        peer = reader.peers()["KOR"]
        digests = {item.id: item.payload_digest for item in reader.items()}
    requests = [
        {
            "v": 1,
            "id": f"request-{next(NUMBERS)}",
            "copy": copy.id,
            "item": copy.item,
            "payload_digest": digests[copy.item],
            "sid": "",
            "key": KeyRequest.key_text(key.public),
            "role": "official",
            "rank": "",
            "clearance": "SECRET",
            "need": True,
            "roster": True,
            "purpose": "defence",
            "purpose_ended": False,
            "verdict": "0" * 64,
        }
        | other
        for copy, key, other in asked
    ]
    at = japan.clock.now()
    message = Message(
        id=f"message-{next(NUMBERS)}", type="ask-keys", sender="KOR", recipient="JPN", at=at, exercise=True,
        body={"requests": requests},
    )  # fmt: skip
    _, body = answer_key_requests(japan, peer, message, at)
    why = {act["body"]["request"]: act["body"].get("why", "") for act in acts(both["JPN"], "release-key", "refuse-key")}
    return [
        KeyAccess.from_json(body["access"][request["id"]])
        if request["id"] in body["access"]
        else why[KeyRequest.from_json(request).digest]
        for request in requests
    ]


def plain(both: Exercise, copy: Copy, access: KeyAccess | str, key: XWingPrivateKey) -> bytes:
    assert isinstance(access, KeyAccess), access
    sink = io.BytesIO()
    with both["KOR"].node.blobs.reading(copy.item) as file:
        read(file).with_key_access([access]).open([Identity(kid=key.kid, key=key)], sink)
    return sink.getvalue()


def another(both: Exercise, text: bytes) -> Copy:
    copy = both["JPN"].transmit(text, to="KOR", level="極秘", custody=Custody.ORIGINATOR)
    both.settle()
    mark(both["KOR"].node, copy.id, MARKS["KOR"], by=both["KOR"].by(Role.REGISTRY))
    both.settle()
    return copy


def test_each_request_of_a_message_gets_an_answer_of_its_own(stage: Stage) -> None:
    both = stage()
    first, second = held(both), another(both, b"second report")
    one, two = XWingPrivateKey.generate(), XWingPrivateKey.generate()
    answers = answered(
        both,
        (first, one, {}),
        (first, one, {"clearance": "RESTRICTED"}),
        (first, two, {}),
        (second, one, {}),
        (second, one, {"need": False}),
        (second, one, {"payload_digest": "0" * 64}),
        (second, one, {"sid": "another"}),
        (first, one, {}),
    )
    assert plain(both, first, answers[0], one) == b"report"
    assert plain(both, first, answers[2], two) == b"report"
    assert plain(both, second, answers[3], one) == b"second report"
    assert plain(both, first, answers[7], one) == b"report"
    refusals = [answers[number] for number in (1, 4, 5, 6)]
    assert [isinstance(why, str) for why in refusals] == [True] * 4
    assert "another payload" in str(answers[5]) and "holds no share `another`" in str(answers[6])
    assert len(acts(both["JPN"], "release-key")) == 4 and len(acts(both["JPN"], "refuse-key")) == 4
    # One encapsulation serves the requests that name one key; what it wraps is never the same bytes twice.
    wrapped = [access.wrapped_key for access in answers if isinstance(access, KeyAccess)]
    assert len({*wrapped}) == 4


def test_what_was_read_of_an_item_lately_counts_no_more_once_its_file_or_its_standing_changed(stage: Stage) -> None:
    both = stage()
    copy, key = held(both), XWingPrivateKey.generate()
    (access,) = answered(both, (copy, key, {}))
    assert plain(both, copy, access, key) == b"report"
    japan = both["JPN"].node
    stranger = XWingPrivateKey.generate()
    with japan.blobs.reading(copy.item) as file:
        kept = io.BytesIO(file.read())
    with japan.blobs.writing(copy.item) as sink:
        to = [Recipient(kid=stranger.kid, url="", key=stranger.public)]
        rewrap(kept, sink, identities=japan.identities, recipients=to)
    assert answered(both, (copy, key, {})) == ["this node holds no share `` of its key"]
    japan.blobs.remove(copy.item)
    (why,) = answered(both, (copy, key, {}))
    assert "does not hold in this store" in str(why)
    with japan.blobs.writing(copy.item) as sink:
        sink.write(kept.getvalue())
    (access,) = answered(both, (copy, key, {}))
    assert plain(both, copy, access, key) == b"report"
    recall(japan, copy.item, "an error", by=both["JPN"].by(Role.DISCLOSURE))
    (why,) = answered(both, (copy, key, {}))
    assert "recalled by JPN" in str(why)
