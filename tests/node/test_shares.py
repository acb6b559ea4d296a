"""An item that three Parties hold and two of them open (protocol 11)."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from openings import ALL, acts, away, ended, forged, opened, recalled, shared, waits
from stories import Stage, holds, register, same_story

from gsomia.errors import PeerError, PendingError, RefusedError, SealError, UsageError
from gsomia.keys import Envelope, b64
from gsomia.node import Role, Sending, recall, share
from gsomia.registry import CopyState, Custody
from gsomia.sealed import Recipient, XWingPrivateKey
from gsomia.sealed import read as read_sealed
from gsomia.sealed import release as release_shares


def test_each_holder_opens_it_with_one_other_and_alone_with_none(stage: Stage) -> None:
    three = stage(*ALL)
    copies = shared(three)
    for party, copy in copies.items():
        with three[party].node.blobs.reading(copy.item) as file, pytest.raises(SealError, match="none of the keys"):
            read_sealed(file).segment(0, three[party].node.identities)
        assert opened(three[party], copy.id) == b"report"
        entry, item = register(three[party])[copy.id]
        assert (item.custody, item.holders, entry.state) == (Custody.SHARES, ALL, CopyState.OPENED)
    with three["JPN"].node.blobs.reading(copies["KOR"].item) as file, pytest.raises(SealError, match="none of the"):
        read_sealed(file).segment(0, three["JPN"].node.identities)
    three.settle()
    assert len(acts(three["JPN"], "release-key")) == 2
    same_story(three)
    holds(three)


def test_where_the_originator_is_away_the_other_holder_serves_and_tells_it(stage: Stage) -> None:
    three = stage(*ALL)
    copies = shared(three)
    away(three, "JPN")
    assert opened(three["KOR"], copies["KOR"].id) == b"report"
    given = acts(three["USA"], "release-key")
    assert [(act["party"], act["parties"], act["body"]["sid"]) for act in given] == [("USA", ["JPN", "KOR"], "JPN-USA")]
    assert acts(three["KOR"], "release-key") == given and not acts(three["JPN"], "release-key")
    three.wire.fault = None
    three.settle()
    assert acts(three["JPN"], "release-key") == given, "the originator sees each release of a share"
    holds(three)


def test_with_both_others_away_it_waits_and_opens_once_one_is_back(stage: Stage) -> None:
    three = stage(*ALL)
    copies = shared(three)
    away(three, "JPN", "USA")
    with pytest.raises(PendingError, match="JPN: connection refused; USA: connection refused"):
        opened(three["KOR"], copies["KOR"].id)
    assert [person for person, _ in waits(three["KOR"])] == ["kim"]
    away(three, "JPN")
    assert opened(three["KOR"], copies["KOR"].id) == b"report"
    assert waits(three["KOR"]) == []


def test_the_end_of_the_agreements_stops_no_share_and_a_recall_stops_each(stage: Stage) -> None:
    three = stage(*ALL)
    copies = shared(three)
    ended(three, "JPN", "KOR")
    away(three, "JPN")
    assert opened(three["KOR"], copies["KOR"].id) == b"report", "what was given before is opened after the end"
    three.wire.fault = None
    recall(three["JPN"].node, copies["KOR"].item, "an error", by=three["JPN"].by(Role.DISCLOSURE))
    assert recalled(three["JPN"], copies["KOR"]) == "asked, not confirmed", "the third Party could still answer"
    away(three, "KOR")
    three.settle(tolerate=True)
    assert recalled(three["JPN"], copies["USA"]) == "confirmed"
    assert recalled(three["JPN"], copies["KOR"]) == "stopped", "neither of the others answers Korea any more"
    three.wire.fault = None
    with pytest.raises(RefusedError) as caught:
        opened(three["KOR"], copies["KOR"].id)
    assert {ground["clause"] for ground in caught.value.verdict["grounds"]} == {"recalled"}
    assert {act["party"] for act in acts(three["KOR"], "refuse-key")} == {"JPN", "USA"}
    three.settle()
    holds(three)


def test_where_one_holder_refuses_its_share_the_other_may_give_it(stage: Stage) -> None:
    three = stage(*ALL)
    copies = shared(three)

    def no_acts(direction: str, sender: str, envelope: Envelope) -> Envelope:
        if json.loads(envelope.payload)["type"] == "acts":
            raise PeerError("connection refused")
        return envelope

    three.wire.fault = no_acts
    recall(three["JPN"].node, copies["KOR"].item, "an error", by=three["JPN"].by(Role.DISCLOSURE))
    assert recalled(three["JPN"], copies["KOR"]) == "asked, not confirmed"
    assert opened(three["KOR"], copies["KOR"].id) == b"report"
    answers = acts(three["KOR"], "refuse-key", "release-key")
    assert [(act["party"], act["type"]) for act in answers] == [("JPN", "refuse-key"), ("USA", "release-key")]
    assert acts(three["KOR"], "access")[0]["body"]["releases"] == [answers[1]["id"]]
    three.wire.fault = None
    three.settle()
    holds(three)


def test_a_share_of_another_item_opens_nothing(stage: Stage) -> None:
    three = stage(*ALL)
    first, second = shared(three), shared(three, people=False)
    japan = three["JPN"].node

    def swap(body: dict[str, Any]) -> None:
        """Japan wraps its share of the second item to the key of the request for the first."""
        request = asked[-1]
        key = XWingPrivateKey.generate()
        recipient = Recipient(kid=key.kid, url="", key=key.public)
        with japan.blobs.reading(second["KOR"].item) as file:
            given = release_shares(read_sealed(file).wrapped_key, identities=japan.identities, recipient=recipient)
        (name,) = body["access"]
        body["access"][name] = next(one for one in given if one.sid == request["sid"]).to_json() | {
            "kid": body["access"][name]["kid"]
        }

    asked: list[dict[str, Any]] = []
    change = forged(three["JPN"], "keys", swap)

    def fault(direction: str, sender: str, envelope: Any) -> Any:
        value = json.loads(envelope.payload)
        if value["type"] == "ask-keys":
            asked.extend(value["body"]["requests"])
            if value["to"] == "USA":
                raise PeerError("connection refused")
        return change(direction, sender, envelope)

    three.wire.fault = fault
    with pytest.raises(PendingError, match="of another wrapped key"):
        opened(three["KOR"], first["KOR"].id)
    assert not acts(three["KOR"], "access")


def test_the_three_are_three_and_this_party_is_one_of_them(stage: Stage) -> None:
    three = stage(*ALL)
    japan = three["JPN"]
    sending = Sending(to="", level="極秘", subject="dprk-missile", purpose="defence")
    for parties in (("JPN", "KOR"), ("JPN", "KOR", "KOR"), ("JPN", "KOR", "JPN", "USA")):
        with pytest.raises(UsageError, match="three Parties"):
            share(japan.node, io.BytesIO(b"x"), sending, parties, by=japan.by(Role.DISCLOSURE))
    with pytest.raises(UsageError, match="JPN"):
        share(three["KOR"].node, io.BytesIO(b"x"), sending, ("JPN", "USA", "AUS"), by=three["KOR"].by(Role.DISCLOSURE))
    assert register(japan) == {}


def test_no_leg_goes_where_one_is_refused(stage: Stage) -> None:
    three = stage(*ALL)
    japan = three["JPN"]
    ended(three, "JPN", "KOR")
    sending = Sending(to="", level="極秘", subject="dprk-missile", purpose="defence")
    with pytest.raises(RefusedError, match="transmit to KOR"):
        share(japan.node, io.BytesIO(b"x"), sending, ALL, by=japan.by(Role.DISCLOSURE))
    assert register(japan) == {} and not japan.node.blobs.names()


def test_a_stranger_to_the_shares_gets_none(stage: Stage) -> None:
    """Somebody who is not among the holders, or asks for a share that it holds itself, or for no item, is refused."""
    three = stage(*ALL)
    copies = shared(three)
    plain = three["JPN"].transmit(b"another", to="KOR", level="極秘")
    three.settle()

    def ask(**words: str) -> dict[str, Any]:
        three.wire.fault = forged(three["KOR"], "ask-keys", lambda body: body["requests"][0].update(words))
        before = len(acts(three["JPN"], "refuse-key"))
        with pytest.raises((PendingError, RefusedError)):
            opened(three["KOR"], copies["KOR"].id)
        three.wire.fault = None
        refused = acts(three["JPN"], "refuse-key")
        assert len(refused) == before + 1
        body: dict[str, Any] = refused[-1]["body"]
        return body

    key = XWingPrivateKey.generate()
    assert "holds no share" in ask(sid="KOR-USA", key=b64(key.public.to_bytes()))["why"]
    assert "no key of that item" in ask(item=plain.item, copy=plain.id)["why"]
    assert "another payload" in ask(payload_digest="00" * 32)["why"]
    assert "holds no such copy" in ask(copy=copies["USA"].id)["why"]
    assert not acts(three["JPN"], "release-key")
