"""Fingerprints over ranges, and the walk to what differs, against the set difference itself."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gsomia.errors import VerificationError
from gsomia.keys import canonical
from gsomia.registry import (
    END,
    Fingerprint,
    Given,
    MemoryRanges,
    Walk,
    bounds_of,
    entries_fingerprint,
    fingerprint,
    give_range,
    position,
    read_prefix,
    unnested,
)
from gsomia.registry.ranges import EMPTY, PART_BYTES, parts_fingerprint

MOST = 10_000
Entries = dict[bytes, bytes]


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def some(count: int, words: str = "") -> Entries:
    return {position("item", f"{number}"): digest(f"{words}{number}") for number in range(count)}


def difference(
    own: Mapping[bytes, bytes], theirs: Mapping[bytes, bytes]
) -> set[tuple[bytes, bytes | None, bytes | None]]:
    """The slow and obvious way."""
    return {(p, own.get(p), theirs.get(p)) for p in {*own, *theirs} if own.get(p) != theirs.get(p)}


def walked(
    own: MemoryRanges, theirs: MemoryRanges, *, at_once: int = 512
) -> tuple[set[tuple[bytes, bytes | None, bytes | None]], int, int]:
    """What the walk finds, how many questions it takes, and how many bytes come back."""
    walk = Walk(own, fingerprint(theirs), MOST)
    rounds = heard = 0
    while asked := walk.ask(at_once):
        said = {prefix: give_range(theirs, prefix) for prefix in asked}
        heard += sum(len(one.parts or one.entries or b"") for one in said.values())
        walk.take(said)
        rounds += 1
    assert len(walk.differing) == len({one.position for one in walk.differing}), "each is found once"
    return {(one.position, one.own, one.theirs) for one in walk.differing}, rounds, heard


# Positions that share a long prefix: what an adversary would choose, could it choose.
CLUSTERED = st.builds(
    lambda head, tail: bytes([head]) + bytes(29) + tail.to_bytes(2, "big"), st.integers(0, 3), st.integers(0, 400)
)
POSITIONS = st.one_of(st.binary(min_size=32, max_size=32), CLUSTERED)
ENTRIES = st.dictionaries(POSITIONS, st.sampled_from([digest("a"), digest("b")]), max_size=120)


@settings(max_examples=60, deadline=None)
@given(ENTRIES, ENTRIES, ENTRIES, st.integers(1, 7))
def test_the_walk_finds_the_set_difference(both: Entries, own: Entries, theirs: Entries, at_once: int) -> None:
    one, other = both | own, both | theirs
    found, _, _ = walked(MemoryRanges(one.items()), MemoryRanges(other.items()), at_once=at_once)
    assert found == difference(one, other)


@settings(max_examples=60, deadline=None)
@given(
    ENTRIES,
    st.lists(st.tuples(POSITIONS, st.sampled_from([None, digest("a"), digest("c")])), max_size=60),
    st.randoms(),
)
def test_a_set_has_one_fingerprint_however_it_grew(
    entries: Entries, changes: list[tuple[bytes, bytes | None]], chance: random.Random
) -> None:
    grown = MemoryRanges(entries.items())
    for place, one in changes:
        grown.put({place: one})
    last = dict(entries)
    for place, one in changes:
        if one is None:
            last.pop(place, None)
        else:
            last[place] = one
    whole = sorted(last.items())
    assert fingerprint(grown) == entries_fingerprint(whole)
    # In another order, a few at a time, and with what does not belong there coming and going.
    again = MemoryRanges()
    again.put({position("item", "guest"): digest("guest")})
    shuffled = list(whole)
    chance.shuffle(shuffled)
    for first in range(0, len(shuffled), 7):
        again.put(dict(shuffled[first : first + 7]))
    again.put({position("item", "guest"): None} if position("item", "guest") not in dict(whole) else {})
    assert fingerprint(again) == fingerprint(grown)
    assert again.parted == grown.parted == MemoryRanges(whole).parted


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("two entries exchange their digests", lambda a, b: (b, a)),
        (
            "the digests' exclusive-or stays",
            lambda a, b: (digest("x"), bytes(x ^ y ^ z for x, y, z in zip(a, b, digest("x"), strict=True))),
        ),
        (
            "the digests' sum stays",
            lambda a, b: (
                (int.from_bytes(a, "big") ^ 1).to_bytes(32, "big"),
                (int.from_bytes(b, "big") ^ 1).to_bytes(32, "big"),
            ),
        ),
    ],
)
def test_a_set_made_to_meet_a_sum_is_found(name: str, change: Callable[[bytes, bytes], tuple[bytes, bytes]]) -> None:
    """What defeats fingerprints that are added or xored: here each such change is found."""
    honest = some(200)
    first, second = sorted(honest)[:2]
    lying = dict(honest)
    lying[first], lying[second] = change(honest[first], honest[second])
    found, _, _ = walked(MemoryRanges(honest.items()), MemoryRanges(lying.items()))
    assert {one[0] for one in found} == {first, second}, name


def test_what_goes_grows_with_the_difference_and_not_with_the_set() -> None:
    for count in (1_000, 16_000):
        entries = some(count)
        own = MemoryRanges(entries.items())
        assert walked(own, MemoryRanges(entries.items())) == (set(), 0, 0)
        for differing in (1, 10, 100):
            theirs = entries | {one: digest("other") for one in sorted(entries)[:: count // differing][:differing]}
            found, rounds, heard = walked(own, MemoryRanges(theirs.items()))
            assert len(found) == differing
            assert rounds <= 5
            assert heard <= differing * 4 * (16 * PART_BYTES + END * 64)


def test_a_set_far_from_another_ends_the_walk() -> None:
    with pytest.raises(VerificationError, match="more than 10 entries differ"):
        Walk(MemoryRanges(some(50).items()), fingerprint(MemoryRanges()), 10)
    with pytest.raises(VerificationError, match="more than 10 entries differ"):
        Walk(MemoryRanges(), Fingerprint(2**60, digest("endless")), 10)
    own, theirs = MemoryRanges(some(500).items()), MemoryRanges(some(500, "other").items())
    walk = Walk(own, fingerprint(theirs), 10)
    with pytest.raises(VerificationError, match="more than 10 entries differ"):
        while asked := walk.ask(512):
            walk.take({prefix: give_range(theirs, prefix) for prefix in asked})


LIES: dict[str, tuple[Callable[[MemoryRanges], Given], str]] = {
    "parts of another set": (
        lambda _: give_range(MemoryRanges(some(400, "z").items()), ""),
        "does not give its fingerprint",
    ),
    "parts cut short": (lambda t: Given(parts=(t.parts("") or b"")[:-1]), "sixteen fingerprints were expected"),
    "no parts at all": (lambda _: Given(parts=b""), "sixteen fingerprints were expected"),
    "an empty range with a digest": (
        lambda _: Given(parts=b"".join([EMPTY.to_bytes()] * 15 + [bytes(8) + digest("x")])),
        "has no entries and a digest",
    ),
    "entries where there are parts": (
        lambda t: Given(entries=b"".join(p + d for p, d in t.entries("", END))),
        "do not give its fingerprint",
    ),
    "half an entry": (lambda _: Given(entries=bytes(63)), "which are no entries"),
    "nothing": (lambda _: Given(), "do not give its fingerprint"),
    "entries out of order": (
        lambda t: Given(entries=b"".join(p + d for p, d in reversed(t.entries("", END)))),
        "out of order",
    ),
    "an entry twice": (lambda t: Given(entries=b"".join(p + d for p, d in t.entries("", 1)) * 2), "out of order"),
}


@pytest.mark.parametrize("lie", LIES)
def test_an_answer_that_is_not_what_was_said_before_is_refused(lie: str) -> None:
    give, words = LIES[lie]
    own, theirs = MemoryRanges(some(300).items()), MemoryRanges(some(400).items())
    walk = Walk(own, fingerprint(theirs), MOST)
    with pytest.raises(VerificationError, match=words):
        walk.take({"": give(theirs)})


def test_entries_of_another_range_and_ranges_unasked_are_refused() -> None:
    own, theirs = MemoryRanges(some(3).items()), MemoryRanges([(bytes(32), digest("a"))])
    walk = Walk(own, fingerprint(theirs), MOST)
    with pytest.raises(VerificationError, match="was not asked for"):
        walk.take({"0": give_range(theirs, "0")})
    parts = [EMPTY.to_bytes()] * 16
    parts[1] = Fingerprint(17, digest("seventeen")).to_bytes()
    walk = Walk(own, parts_fingerprint(b"".join(parts)), MOST)
    walk.take({"": Given(parts=b"".join(parts))})
    assert walk.ask(9) == ["1"]
    with pytest.raises(VerificationError, match="not of it"):
        walk.take({"1": Given(entries=bytes(32) + digest("a"))})


@pytest.mark.parametrize("text", ["g", "AB", "0" * 64, 1, None, ["0"], " 0", "0x1"])
def test_a_malformed_range_is_refused(text: object) -> None:
    with pytest.raises(VerificationError, match="not a range"):
        read_prefix(text)


@pytest.mark.parametrize("prefixes", [["0", "01"], ["ab", "ab"], ["", "5"], ["5", "77", "5f0", "6"]])
def test_overlapping_ranges_are_refused(prefixes: list[str]) -> None:
    with pytest.raises(VerificationError, match="overlap"):
        unnested(prefixes)


def test_ranges_side_by_side_do_not_overlap() -> None:
    unnested(["0", "10", "11", "1f0", "2"])
    unnested([])


def test_the_bounds_of_a_range() -> None:
    assert bounds_of("") == (bytes(32), None)
    assert bounds_of("f") == (b"\xf0" + bytes(31), None)
    assert bounds_of("0f") == (b"\x0f" + bytes(31), b"\x10" + bytes(31))
    assert bounds_of("abc") == (b"\xab\xc0" + bytes(30), b"\xab\xd0" + bytes(30))


def test_the_fingerprint_as_it_is_written_down() -> None:
    """docs/spec/reconciliation.md, rules 2 to 4, in other words."""
    one, other = sorted(some(2).items())
    ended = hashlib.sha256(b"\x00" + one[0] + one[1] + other[0] + other[1])
    assert entries_fingerprint([one, other]) == Fingerprint(2, ended.digest())
    entries = sorted(some(40).items())
    parts = b""
    for way in range(16):
        beneath = [x for x in entries if x[0][0] >> 4 == way]
        assert len(beneath) <= END
        over = hashlib.sha256(b"\x00" + b"".join(p + d for p, d in beneath)).digest() if beneath else bytes(32)
        parts += len(beneath).to_bytes(8, "big") + over
    assert entries_fingerprint(entries) == Fingerprint(40, hashlib.sha256(b"\x01" + parts).digest())


VECTORS = json.loads((Path(__file__).parents[2] / "vectors/reconciliation/ranges.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("vector", VECTORS["sets"], ids=lambda vector: f"{vector['items']} items")
def test_the_vectors_of_sets(vector: dict[str, Any]) -> None:
    """Made without this code, from the rules as they are written."""
    entries = {position("item", str(number)): digest(str(number)) for number in range(vector["items"])}
    whole = Fingerprint(vector["count"], bytes.fromhex(vector["digest"]))
    assert entries_fingerprint(sorted(entries.items())) == whole
    assert fingerprint(MemoryRanges(entries.items())) == whole


def test_the_vector_of_an_entry() -> None:
    entry = VECTORS["entry"]
    assert position("item", entry["id"]).hex() == VECTORS["position"]
    assert hashlib.sha256(canonical(entry)).hexdigest() == VECTORS["digest"]
