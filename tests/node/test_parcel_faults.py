"""Every way in which a parcel can be wrong: each is refused for its own reason, or changes nothing."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from carrying import carry, exported, rounds, taken
from lying import turned
from stories import PRESENT, Stage, forget, holds, refusals, register, same_story, words_of

from gsomia.errors import GsomiaError, MessageError, NodeError, SealError, SignatureError, VerificationError
from gsomia.keys import Envelope, canonical, sign
from gsomia.node import Role, declare_compromised, export_parcel, import_parcel
from gsomia.node.messages import write_message
from gsomia.node.parcel.form import PARCEL_TYPE, Contents, ParcelWriter, open_parcel
from gsomia.sealed import ParcelKey
from gsomia.testing import Exercise

LARGE = bytes(400_000)


def state(exercise: Exercise, party: str) -> dict[str, Any]:
    """All that a node holds, but for what it refused: tables by their rows, and the files."""
    player = exercise[party]
    held: dict[str, Any] = {"files": player.node.blobs.names()}
    with player.node.store.reading() as reader:
        for table in (
            "act",
            "copy",
            "rung",
            "acceptance",
            "outgoing",
            "parcel",
            "parcel_question",
            "parcel_reply",
            "log",
        ):
            held[table] = [tuple(row) for row in reader.rows(table).rows]
    return held


def accepted(both: Exercise, *documents: bytes) -> bytes:
    """Documents offered and accepted by parcel; returns the parcel that delivers them."""
    for document in documents:
        both["JPN"].transmit(document, to="KOR", level="極秘")
    carry(both, "JPN", "KOR")
    carry(both, "KOR", "JPN")
    made, parcel = exported(both, "JPN", "KOR")
    assert made is not None and made.delivered == len(documents)
    return parcel


def finished(both: Exercise, count: int) -> None:
    """Everything arrived, once, and all agree."""
    rounds(both)
    assert len(register(both["KOR"])) == count
    assert all(copy.state in PRESENT for copy, _ in register(both["KOR"]).values())
    same_story(both)
    holds(both)


# --- the file ------------------------------------------------------


def cuts(parcel: bytes) -> list[int]:
    """Where a parcel is cut: all about its ends, and many places between."""
    size = len(parcel)
    return sorted({0, 1, 15, 16, 17, size - 1, size - 15, size - 16, size - 17, *range(0, size, size // 23)})


def test_one_that_was_cut_short_is_refused_wherever(stage: Stage) -> None:
    both = stage()
    parcel = accepted(both, b"report", LARGE)
    before = state(both, "KOR")
    for place in cuts(parcel):
        with pytest.raises(MessageError, match=r"not a parcel|does not end as one"):
            taken(both, "KOR", parcel[:place])
    assert state(both, "KOR") == before
    taken(both, "KOR", parcel)
    finished(both, 2)


@pytest.mark.parametrize("more", [b"\n", b"x", b"0" * 16, b"000000000000000\n"])
def test_one_with_something_added_is_refused(stage: Stage, more: bytes) -> None:
    both = stage()
    parcel = accepted(both, b"report")
    for altered in (parcel + more, more + parcel, parcel[:400] + more + parcel[400:]):
        with pytest.raises(VerificationError):
            taken(both, "KOR", altered)
    assert register(both["KOR"]) == {}


def test_one_with_a_bit_turned_is_refused_wherever(stage: Stage) -> None:
    both = stage()
    parcel = accepted(both, b"report", LARGE)
    before = state(both, "KOR")
    size = len(parcel)
    places = {*range(18), *range(size - 18, size), *range(0, size, size // 40), size - 3000, size - 5000}
    for place in sorted(places):
        with pytest.raises(VerificationError):
            taken(both, "KOR", turned(parcel, place))
    assert state(both, "KOR") == before
    taken(both, "KOR", parcel)
    finished(both, 2)


def test_two_parcels_in_one_file_are_refused(stage: Stage) -> None:
    both = stage()
    first = accepted(both, b"one")
    _, second = exported(both, "JPN", "KOR")
    with pytest.raises(MessageError, match=r"holds .* bytes where .* were signed"):
        taken(both, "KOR", first + second)
    with pytest.raises(MessageError, match=r"holds .* bytes where .* were signed"):
        taken(both, "KOR", first[:16] + first[16:300] + first[16:])


def test_what_is_no_parcel_is_refused(stage: Stage) -> None:
    both = stage()
    for data in (b"", b"gsomia parcel 1\n", b"PK\x03\x04" + bytes(100), b"gsomia parcel 2\n" + bytes(100)):
        with pytest.raises(MessageError, match=r"not a parcel|does not end as one"):
            taken(both, "KOR", data)


# --- order ---------------------------------------------------------


def test_the_same_parcel_again_changes_nothing(stage: Stage) -> None:
    both = stage()
    parcel = accepted(both, b"report", LARGE)
    assert not taken(both, "KOR", parcel).again
    before = state(both, "KOR")
    again = taken(both, "KOR", parcel)
    assert again.again and again.number == 2
    assert state(both, "KOR") == before and refusals(both["KOR"]) == []
    finished(both, 2)


def test_an_older_parcel_is_refused_and_nothing_is_lost(stage: Stage) -> None:
    both = stage()
    both["JPN"].transmit(b"one", to="KOR", level="極秘")
    _, first = exported(both, "JPN", "KOR")
    both["JPN"].transmit(b"two", to="KOR", level="極秘")
    _, second = exported(both, "JPN", "KOR")
    came = taken(both, "KOR", second)
    assert came.missing == 1 and came.messages["offers"] == 1
    before = state(both, "KOR")
    with pytest.raises(MessageError, match="parcel 1 of `JPN` is older than parcel 2"):
        taken(both, "KOR", first)
    assert state(both, "KOR") == before
    finished(both, 2)


def test_doubled_parcels_deliver_once(stage: Stage) -> None:
    """Everything is carried twice, there and back, by two parcels each."""
    both = stage()
    both["JPN"].transmit(b"report", to="KOR", level="極秘")
    both["JPN"].transmit(LARGE, to="KOR", level="極秘")
    for _ in range(3):
        for way in (("JPN", "KOR"), ("KOR", "JPN")):
            parcels = [exported(both, *way)[1] for _ in range(2)]
            for parcel in parcels:
                if parcel:
                    assert taken(both, way[1], parcel).refused == ()
    finished(both, 2)
    assert refusals(both["KOR"]) == refusals(both["JPN"]) == []


def test_any_parcel_may_be_lost(stage: Stage) -> None:
    """Of every two parcels one is lost, each time the other; all comes through."""
    both = stage()
    for document in (b"one", LARGE):
        both["JPN"].transmit(document, to="KOR", level="極秘")
    both["KOR"].transmit(b"three", to="JPN", level="군사II급비밀")
    for number in range(12):
        way = ("JPN", "KOR") if number % 2 else ("KOR", "JPN")
        made, parcel = exported(both, *way)
        if made is not None and number % 3:
            taken(both, way[1], parcel)
    rounds(both)
    assert len(register(both["KOR"])) == len(register(both["JPN"])) == 3
    assert all(copy.state in PRESENT for copy, _ in register(both["KOR"]).values())
    same_story(both)
    holds(both)


def test_new_leaves_out_what_went_before(stage: Stage) -> None:
    both = stage()
    both["JPN"].transmit(b"one", to="KOR", level="極秘")
    first, _ = exported(both, "JPN", "KOR", new_only=True)
    again, parcel = exported(both, "JPN", "KOR", new_only=True)
    assert first is not None and again is not None and (first.offered, again.offered) == (1, 0)
    both["JPN"].transmit(b"two", to="KOR", level="極秘")
    made, parcel = exported(both, "JPN", "KOR", new_only=True)
    assert made is not None and made.offered == 1
    taken(both, "KOR", parcel)
    carry(both, "KOR", "JPN")
    # One was accepted, which is new; of the other nothing is known.
    made, parcel = exported(both, "JPN", "KOR", new_only=True)
    assert made is not None and (made.offered, made.delivered) == (0, 1)
    made, parcel = exported(both, "JPN", "KOR")
    assert made is not None and (made.offered, made.delivered) == (1, 1)
    taken(both, "KOR", parcel)
    finished(both, 2)


# --- whose it is ---------------------------------------------------


def test_a_parcel_for_another_party_is_refused(stage: Stage) -> None:
    three = stage("JPN", "KOR", "USA")
    three["JPN"].transmit(b"report", to="KOR", level="極秘")
    _, parcel = exported(three, "JPN", "KOR")
    with pytest.raises(MessageError, match="the parcel is for `KOR`, this is the node of `USA`"):
        taken(three, "USA", parcel)
    with pytest.raises(MessageError, match="one that `JPN` itself made"):
        taken(three, "JPN", parcel)


def test_a_parcel_of_a_stranger_is_refused(stage: Stage) -> None:
    two, three = stage("JPN", "KOR"), stage("JPN", "KOR", "USA")
    three["USA"].transmit(b"report", to="KOR", level="SECRET")
    _, parcel = exported(three, "USA", "KOR")
    with pytest.raises(SignatureError, match="`USA`, which is not an enrolled peer"):
        taken(two, "KOR", parcel)
    holds(two)


def test_a_parcel_under_a_compromised_key_is_refused(stage: Stage) -> None:
    both = stage()
    both["JPN"].transmit(b"report", to="KOR", level="極秘")
    _, parcel = exported(both, "JPN", "KOR")
    security = both["KOR"].by(Role.SECURITY)
    declare_compromised(both["KOR"].node, "JPN", "", both.clock.at, by=security)
    with pytest.raises(SignatureError, match="declared compromised"):
        taken(both, "KOR", parcel)
    with pytest.raises(NodeError, match="declared compromised"):
        exported(both, "KOR", "JPN")


def written(
    both: Exercise,
    write: Callable[[ParcelWriter], None],
    said: dict[str, Any] | None = None,
    *,
    by: str = "JPN",
    to: str = "KOR",
) -> bytes:
    """A parcel that a Party's node signs, whatever is in it."""
    node = both[by].node
    with node.store.reading() as reader:
        sealing = reader.peers()[to].sealing
    sink = io.BytesIO()
    writer = ParcelWriter(sink, ParcelKey.new(sealing))
    write(writer)
    words: dict[str, Any] = {
        "id": "0c3f0ae9-98c1-4b9b-a1c5-1be3d0ab2d11",
        "number": 90,
        "sender": by,
        "recipient": to,
        "at": both.clock.at,
        "exercise": True,
        "seen": 0,
        "kid": sealing.kid,
        "key": writer.key.wrapped,
    } | (said or {})
    writer.finish(lambda parts: Contents(**{"parts": parts, **words}), [node.keys.signing])
    return sink.getvalue()


WRONG: dict[str, tuple[dict[str, Any], type[GsomiaError], str]] = {
    "a real node's": ({"exercise": False}, MessageError, "real and EXERCISE nodes refuse each other"),
    "from another Party": ({"sender": "KOR"}, MessageError, "`KOR` itself made"),
    "from nobody": ({"sender": "XXX"}, SignatureError, "`XXX`, which is not an enrolled peer"),
    "sealed to another": ({"kid": "x"}, SealError, "sealed to none of the keys of this node"),
    "with another key": ({"key": bytes(1000)}, SealError, "the parcel's key does not open"),
}


@pytest.mark.parametrize("name", WRONG)
def test_one_that_says_what_is_not_so_is_refused(stage: Stage, name: str) -> None:
    both = stage()
    words, error, why = WRONG[name]
    node = both["JPN"].node
    _, message = write_message(node, "KOR", "acts", {"acts": []}, at=both.clock.at)
    before = state(both, "KOR")
    with pytest.raises(error, match=why):
        taken(both, "KOR", written(both, lambda writer: writer.message(message), words))
    assert state(both, "KOR") == before
    assert taken(both, "KOR", written(both, lambda writer: writer.message(message))).messages == {"acts": 1}


CONTENTS: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "another version": (lambda v: v.update(v=2), "version `2` of parcels is not known"),
    "a key too many": (lambda v: v.update(more=1), "not in the one form"),
    "a number of nothing": (lambda v: v.update(number=0), "a number of at least 1"),
    "a number of truth": (lambda v: v.update(number=True), "a number of at least 1"),
    "parts that are no list": (lambda v: v.update(parts={}), "a list of parts"),
    "too many parts": (lambda v: v.update(parts=v["parts"] * 9000), "at most 8192 parts"),
    "a part of no size": (lambda v: v["parts"][0].update(size=0), "a number of at least 1"),
    "a message without end": (lambda v: v["parts"][0].update(size=2**26), "a message has at most"),
    "a digest that is none": (lambda v: v["parts"][0].update(sha256="F" * 64), "a digest in hexadecimal"),
    "a copy that climbs": (lambda v: v["parts"][0].update(copy="../../keys/tls"), "not the id of a copy"),
    "an instant with an offset": (lambda v: v.update(at="2018-01-10T12:00:00.000000+09:00"), "not a parcel"),
}


@pytest.mark.parametrize("name", CONTENTS)
def test_its_contents_are_read_strictly(stage: Stage, name: str) -> None:
    both = stage()
    change, why = CONTENTS[name]
    node = both["JPN"].node
    _, message = write_message(node, "KOR", "acts", {"acts": []}, at=both.clock.at)
    parcel = written(both, lambda writer: writer.message(message))
    length = int(parcel[-16:])
    body, envelope = parcel[: -16 - length], Envelope.from_json(json.loads(parcel[-16 - length : -16]))
    value = json.loads(envelope.payload)
    change(value)
    signed = canonical(sign(canonical(value), PARCEL_TYPE, [node.keys.signing]).to_json())
    with pytest.raises(VerificationError, match=why):
        taken(both, "KOR", body + signed + b"%015d\n" % len(signed))


# --- clocks --------------------------------------------------------


def test_a_parcel_from_the_future_or_from_long_ago_is_refused(stage: Stage) -> None:
    both = stage()
    both["JPN"].transmit(b"report", to="KOR", level="極秘")
    _, parcel = exported(both, "JPN", "KOR")
    both.pass_time(timedelta(seconds=-61))
    with pytest.raises(MessageError, match="the clock of `JPN` was 61 s ahead"):
        taken(both, "KOR", parcel)
    both.pass_time(timedelta(days=30, seconds=121))
    with pytest.raises(MessageError, match="made 30 days ago; at most 30 are allowed"):
        taken(both, "KOR", parcel)
    both.pass_time(timedelta(seconds=-60))
    assert taken(both, "KOR", parcel).messages["offers"] == 1


def test_a_clock_that_is_behind_shows_by_what_it_answers(stage: Stage) -> None:
    both = stage()
    both["JPN"].transmit(b"report", to="KOR", level="極秘")
    carry(both, "JPN", "KOR")
    both.pass_time(timedelta(hours=-2))
    _, parcel = exported(both, "KOR", "JPN")
    both.pass_time(timedelta(hours=2))
    with pytest.raises(MessageError, match="the clock of `KOR` is at least 7200 s behind"):
        taken(both, "JPN", parcel)


def test_an_acceptance_lasts_for_a_courier_and_no_longer(stage: Stage) -> None:
    both = stage()
    both["JPN"].transmit(b"report", to="KOR", level="極秘")
    carry(both, "JPN", "KOR")
    carry(both, "KOR", "JPN")
    both.pass_time(timedelta(days=30, seconds=1))
    made, _ = exported(both, "JPN", "KOR")
    assert made is not None and (made.offered, made.delivered) == (1, 0)
    finished(both, 1)


# --- decided by both, on the way and on arrival --------------------

WITHHELD = "UPDATE credential SET kind = 'withheld' WHERE kind = 'accredit' AND party = '{}'"
GIVEN_BACK = "UPDATE credential SET kind = 'accredit' WHERE kind = 'withheld'"


def test_what_is_permitted_no_more_when_it_arrives_is_rejected(stage: Stage) -> None:
    both = stage()
    parcel = accepted(both, b"report", LARGE)
    assert forget(both["KOR"], WITHHELD.format("KOR")) == 1
    taken(both, "KOR", parcel)
    assert register(both["KOR"]) == {} and both["KOR"].node.blobs.names() == []
    assert "is some time ago, and now" in words_of(refusals(both["KOR"]))
    carry(both, "KOR", "JPN")
    assert {copy.state for copy, _ in register(both["JPN"]).values()} == {"rejected"}
    forget(both["KOR"], GIVEN_BACK)
    rounds(both)
    same_story(both)
    holds(both)


def test_what_is_permitted_no_more_when_it_leaves_stays(stage: Stage) -> None:
    both = stage()
    sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    carry(both, "JPN", "KOR")
    carry(both, "KOR", "JPN")
    assert forget(both["JPN"], WITHHELD.format("JPN")) == 1
    made, parcel = exported(both, "JPN", "KOR")
    assert made is not None and made.delivered == 0
    assert register(both["JPN"])[sent.id][0].state == "refused"
    taken(both, "KOR", parcel)
    assert register(both["KOR"]) == {}
    forget(both["JPN"], GIVEN_BACK)
    rounds(both)
    holds(both)


def test_what_left_and_may_go_no_more_is_asked_about_and_stops(stage: Stage) -> None:
    both = stage()
    accepted(both, b"report")  # and lost
    assert forget(both["JPN"], WITHHELD.format("JPN")) == 1
    carry(both, "JPN", "KOR")
    assert {copy.state for copy, _ in register(both["JPN"]).values()} == {"dispatched"}
    carry(both, "KOR", "JPN")
    assert {copy.state for copy, _ in register(both["JPN"]).values()} == {"refused"}
    assert register(both["KOR"]) == {} and both["KOR"].node.blobs.names() == []
    forget(both["JPN"], GIVEN_BACK)
    rounds(both)
    holds(both)


def test_a_refusal_comes_back_by_parcel(stage: Stage) -> None:
    both = stage()
    both.with_limits("KOR", replace(both["KOR"].node.limits, max_item_bytes=100_000))
    sent = both["JPN"].transmit(LARGE, to="KOR", level="極秘")
    carry(both, "JPN", "KOR")
    carry(both, "KOR", "JPN")
    copy, _ = register(both["JPN"])[sent.id]
    assert copy.state == "refused" and "more than this node takes (100000)" in copy.reason
    rounds(both)
    holds(both)


# --- a sender that lies with a good key ----------------------------


def test_a_message_that_does_not_go_by_parcel_is_refused_and_the_rest_counts(stage: Stage) -> None:
    both = stage("JPN", "KOR", "USA")
    node = both["JPN"].node
    at = both.clock.at

    def write(writer: ParcelWriter) -> None:
        for kind, body in (("ask-keys", {"requests": []}), ("acts", {"acts": 7}), ("acts", {"acts": []})):
            writer.message(write_message(node, "KOR", kind, body, at=at)[1])
        writer.message(write_message(node, "USA", "acts", {"acts": []}, at=at)[1])
        writer.message(write_message(node, "KOR", "acts", {"acts": []}, at=at - timedelta(seconds=1))[1])
        writer.message(write_message(both["KOR"].node, "JPN", "acts", {"acts": []}, at=at)[1])
        writer.message(write_message(node, "KOR", "recorded", {"recorded": [], "refused": {}}, at=at, answers="x")[1])
        writer.content("3f1c2b9a-0d5e-4c1f-8a77-5b6c7d8e9f01-JPN-1", [b"no such copy was accepted"])

    came = taken(both, "KOR", written(both, write))
    assert came.messages == {"acts": 1}
    assert len(came.refused) == 7
    told = words_of(refusals(both["KOR"]))
    for why in (
        "a message of type `ask-keys` does not go by parcel",
        "a message from `JPN` to `USA`",
        "a message of another instant than its parcel",
        "answers what it was not asked by parcel",
        "no content was accepted for copy",
    ):
        assert why in told, (why, told)
    assert both["KOR"].node.blobs.names() == []
    holds(both)


def test_an_answer_of_the_wrong_kind_settles_nothing(stage: Stage) -> None:
    both = stage()
    both["JPN"].transmit(b"report", to="KOR", level="極秘")
    exported(both, "JPN", "KOR")
    with both["JPN"].node.store.reading() as reader:
        asked = [str(row[0]) for row in reader.rows("parcel_question").rows if row[2] == "offers"]
    body: dict[str, Any] = {"acts": [], "missing": []}
    _, message = write_message(both["KOR"].node, "JPN", "delivered", body, at=both.clock.at, answers=asked[0])
    came = taken(both, "JPN", written(both, lambda writer: writer.message(message), by="KOR", to="JPN"))
    assert came.refused == ("`KOR` answered `offers` with `delivered`",)
    finished(both, 1)


def test_an_answer_to_what_another_party_was_asked_settles_nothing(stage: Stage) -> None:
    three = stage("JPN", "KOR", "USA")
    three["JPN"].transmit(b"report", to="USA", level="極秘")
    exported(three, "JPN", "USA")
    with three["JPN"].node.store.reading() as reader:
        asked = [str(row[0]) for row in reader.rows("parcel_question").rows if row[2] == "offers"]
    body: dict[str, Any] = {"acts": []}
    _, message = write_message(three["KOR"].node, "JPN", "answers", body, at=three.clock.at, answers=asked[0])
    came = taken(three, "JPN", written(three, lambda writer: writer.message(message), by="KOR", to="JPN"))
    assert came.refused == ("`KOR` answers what it was not asked by parcel",)


def test_more_content_than_was_accepted_is_not_taken(stage: Stage) -> None:
    both = stage()
    sent = both["JPN"].transmit(LARGE, to="KOR", level="極秘")
    carry(both, "JPN", "KOR")
    came = taken(both, "KOR", written(both, lambda writer: writer.content(sent.id, [bytes(2**20)] * 2)))
    assert "more bytes than were offered and accepted" in came.refused[0]
    assert both["KOR"].node.blobs.names() == []
    holds(both)


def test_titles_and_subjects_do_not_lie_open_in_a_parcel(stage: Stage) -> None:
    both = stage()
    both["JPN"].transmit(b"the content", to="KOR", level="極秘", title="the title")
    carry(both, "JPN", "KOR")
    carry(both, "KOR", "JPN")
    _, parcel = exported(both, "JPN", "KOR")
    for word in ("the title", "the content", "dprk-missile", "transmit"):
        assert word.encode() not in parcel
    opened = open_parcel(io.BytesIO(parcel), lambda _: both["JPN"].node.keys.signing.public)
    messages = [opened.message(n, both["KOR"].node.identities) for n in range(len(opened.contents.parts))]
    assert any(b"the title" in message.payload for message in messages)
    with pytest.raises(SealError, match="none of the keys"):
        opened.message(0, both["JPN"].node.identities)


# --- broken off ----------------------------------------------------


class Pulled(io.BytesIO):
    """A stick that is pulled out after so many reads."""

    def __init__(self, data: bytes, reads: int) -> None:
        super().__init__(data)
        self.left = reads

    def read(self, size: int | None = -1, /) -> bytes:
        """The next bytes, while it is in."""
        self.left -= 1
        if self.left < 0:
            raise OSError("the stick is gone")
        return super().read(size)


def test_an_import_that_was_broken_off_is_done_again(stage: Stage) -> None:
    both = stage()
    parcel = accepted(both, b"one", LARGE, b"three")
    reads = 0
    while True:
        try:
            came = import_parcel(both["KOR"].node, Pulled(parcel, reads))
        except (OSError, NodeError):
            reads += 1
            continue
        break
    assert reads > 8 and not came.again and came.refused == ()
    with both["KOR"].node.store.reading() as reader:
        replies = [reply.answers for reply in reader.replies("JPN")]
    assert replies and len(replies) == len({*replies})
    assert refusals(both["KOR"]) == []
    finished(both, 3)


def test_a_file_that_changes_while_it_is_read_is_refused(stage: Stage) -> None:
    """The stick shows good bytes while they are checked and others after it."""
    both = stage()
    parcel = accepted(both, LARGE)

    class Changing(Pulled):
        def read(self, size: int | None = -1, /) -> bytes:
            data = super().read(size)
            return data if self.left > 1_000_000 - self.good else turned(data, 0) if data else data

        good = 9

    refused = 0
    for good in range(5, 20):
        Changing.good = good
        try:
            came = import_parcel(both["KOR"].node, Changing(parcel, 1_000_000))
        except VerificationError:
            refused += 1
        else:
            assert not came.again
            break
    assert refused > 4
    finished(both, 1)


def test_a_parcel_that_could_not_be_written_takes_nothing_with_it(stage: Stage, tmp_path: Path) -> None:
    both = stage()
    accepted(both, b"one", LARGE)

    @contextmanager
    def full(_number: int) -> Any:
        class Full(io.BytesIO):
            def write(self, data: Any, /) -> int:
                if self.tell() + len(data) > 100_000:
                    raise OSError(28, "no space left")
                return super().write(data)

        yield Full()

    with pytest.raises(OSError, match="no space left"):
        export_parcel(both["JPN"].node, "KOR", full)
    finished(both, 2)


def test_a_register_from_an_old_backup_goes_on(stage: Stage) -> None:
    both = stage()
    both["JPN"].transmit(b"one", to="KOR", level="極秘")
    finished(both, 1)
    forget(both["JPN"], "DELETE FROM parcel WHERE direction = 'out'")
    both["JPN"].transmit(b"two", to="KOR", level="極秘")
    with pytest.raises(MessageError, match="is older than parcel"):
        carry(both, "JPN", "KOR")
    carry(both, "JPN", "KOR")
    finished(both, 2)


def test_a_large_item_passes_in_small_pieces(stage: Stage) -> None:
    both = stage()
    sizes: list[int] = []

    class Measured(io.BytesIO):
        """Notes how much is read or written at once."""

        def read(self, size: int | None = -1, /) -> bytes:
            data = super().read(size)
            sizes.append(len(data))
            return data

        def write(self, data: Any, /) -> int:
            sizes.append(len(data))
            return super().write(data)

    both["JPN"].transmit(bytes(5 * 2**20), to="KOR", level="極秘")
    carry(both, "JPN", "KOR")
    carry(both, "KOR", "JPN")
    file = Measured()

    @contextmanager
    def place(_number: int) -> Any:
        yield file

    assert export_parcel(both["JPN"].node, "KOR", place) is not None
    assert len(file.getvalue()) > 5 * 2**20 and max(sizes) <= 2**21
    assert import_parcel(both["KOR"].node, file).refused == ()
    assert max(sizes) <= 2**21
    finished(both, 1)
