"""A giver that lies in its messages and offers: each is refused by its own reason, and nothing changes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from lying import OTHER_ITEM, altered, header, offered
from stories import PRESENT, Stage, holds, refusals, register, survived, words_of

from gsomia.errors import PeerError
from gsomia.node.transmission.offers import Offer
from gsomia.registry import CopyState

GIVER_OFFERS: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "from another Party": (header(**{"from": "USA"}), "a message from `USA` to `KOR` on the channel of `JPN`"),
    "to another Party": (header(to="USA"), "a message from `JPN` to `USA`"),
    "a real node to an EXERCISE node": (header(exercise=False), "real and EXERCISE nodes refuse each other"),
    "another version of messages": (header(v=2), "version `2` of messages is not known"),
    "a key too many": (header(more=1), "not in the one form"),
    "an unknown type": (header(type="gossip"), "unknown type of message `gossip`"),
    "a type that only answers": (header(type="recorded"), "nothing is answered to"),
    "a body that is a list": (header(body=[]), "an object for its body"),
    "an instant with an offset": (header(at="2018-01-10T12:00:00.000000+09:00"), "not a message"),
    "a clock 61 s ahead": (header(at="2018-01-10T03:01:01.000000Z"), "61 s apart"),
    "a clock a day behind": (header(at="2018-01-09T03:00:00.000000Z"), "86400 s apart"),
    "offers that are no list": (lambda v: v["body"].update(offers={}), "a list of at most"),
    "too many offers": (lambda v: v["body"].update(offers=v["body"]["offers"] * 257), "a list of at most 256"),
    "an offer that is text": (lambda v: v["body"].update(offers=["x"]), "not an offer"),
    "an offer with a key too many": (offered(title="what it is about"), "not an offer: its keys are"),
    "an offer of an opening": (offered(act="open"), "not an offer"),
    "an offer to somebody else": (offered(holder="USA", destination="USA"), "not from `JPN` to `KOR`"),
    "an offer past its next Party": (offered(destination="USA"), "not an offer: its holder is not the next"),
    "a copy of another item": (offered(item=OTHER_ITEM), "not an offer: the copy's id is not of this item"),
    "a copy id that climbs": (offered(copy="../../keys/tls-JPN-1"), "not the id of a copy"),
    "another Party's copy": (offered(copy=f"{OTHER_ITEM}-USA-1", item=OTHER_ITEM), "not an offer"),
    "an item without what its originator made": (offered(contains=["KOR"]), "not an offer"),
    "a size of truth": (offered(sealed_bytes=True), "not an offer: `sealed_bytes`"),
    "a negative size": (offered(sealed_bytes=-1), "not an offer: `sealed_bytes`"),
}

GIVER_REFUSED: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "another version of the law": (
        offered(law={"jpn-kor-2016": "0" * 64}),
        "applies `jpn-kor-2016` in the version 000000000000",
    ),
    "no version of the law": (offered(law={}), "names no version of `jpn-kor-2016`"),
    "more bytes than this node takes": (offered(sealed_bytes=2**50), "are more than this node takes"),
    "an offer made by another clock": (offered(clock="2018-01-10T02:00:00.000000Z"), "clock is 3600 s from ours"),
    "a level that nobody knows": (offered(level="COSMIC", own_level=""), "refuse"),
    "a Party that nobody knows": (offered(originator="XXX", contains=["XXX"]), "refuse"),
    "an instrument that nobody adopted": (offered(under="un-charter"), "refuse"),
    "a level above what the agreement carries": (offered(level="機密"), "refuse"),
}


@pytest.mark.parametrize("name", GIVER_OFFERS)
def test_a_message_that_is_not_right_is_refused_whole(stage: Stage, name: str) -> None:
    change, why = GIVER_OFFERS[name]
    both = stage()
    sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    altered(both, "JPN", "offers", change)
    with pytest.raises(PeerError, match="refused the message"):
        both.settle()
    assert why in words_of(refusals(both["KOR"]))
    assert register(both["KOR"]) == {} and register(both["JPN"])[sent.id][0].state is CopyState.AUTHORISED
    holds(both)
    both.settle()
    assert register(both["KOR"])[sent.id][0].state in PRESENT
    survived(both, told={"KOR": re.escape(why)})


@pytest.mark.parametrize("name", GIVER_REFUSED)
def test_an_offer_that_is_not_right_is_refused_with_grounds(stage: Stage, name: str) -> None:
    change, why = GIVER_REFUSED[name]
    both = stage()
    sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    altered(both, "JPN", "offers", change)
    both.settle()
    assert why in words_of(refusals(both["KOR"])) and why in words_of(refusals(both["JPN"]))
    copy, _ = register(both["JPN"])[sent.id]
    assert copy.state is CopyState.REFUSED and "refused by KOR" in copy.reason
    assert register(both["KOR"]) == {}
    with both["KOR"].node.store.reading() as reader:
        assert not list(reader.acts(types=["acceptance", "transmit", "dispatched"]))
    survived(both, told={"KOR": re.escape(why), "JPN": re.escape(why)})


def test_an_item_said_to_be_of_another_originator_is_refused(stage: Stage) -> None:
    three = stage("JPN", "KOR", "USA")
    altered(three, "JPN", "offers", offered(originator="USA", contains=["USA"]))
    sent = three["JPN"].transmit(b"report", to="KOR", level="極秘")
    three.settle()
    assert register(three["KOR"]) == {}
    assert register(three["JPN"])[sent.id][0].state in (CopyState.REFUSED, CopyState.REJECTED)
    survived(three, told={"KOR": "a part comes from USA, whose prior written approval is needed"})


def test_offers_are_signed_words_and_nothing_of_the_content(stage: Stage) -> None:
    both = stage()
    both["JPN"].transmit(b"the content itself", to="KOR", level="極秘", title="the title")
    both.settle()
    offers = [e for e in both.wire.carried if json.loads(e.payload)["type"] == "offers"]
    assert offers and all(b"the title" not in e.payload and b"the content" not in e.payload for e in offers)
    value = json.loads(offers[0].payload)["body"]["offers"][0]
    assert Offer.from_json(value).to_json() == value
    with pytest.raises(Exception, match="not an offer"):
        Offer.from_json(value | {"v": True})
