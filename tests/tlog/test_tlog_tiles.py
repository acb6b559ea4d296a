"""Logs as files: paths, tiles, bundles, and a check that names each fault where it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gsomia.errors import LogError
from gsomia.tlog import (
    EMPTY_ROOT,
    TILE_HEIGHT,
    TILE_WIDTH,
    Checkpoint,
    FaultKind,
    Frontier,
    LogCheck,
    LogSigner,
    Tile,
    check_tiles,
    consistency_proof,
    decode_tile,
    encode_entries,
    encode_tile,
    entries_path,
    inclusion_proof,
    leaf_hash,
    reader_of_levels,
    root,
    tile_path,
    tiles_for,
    verify_consistency,
    verify_inclusion,
)
from gsomia.tlog.tiles import entries_until_broken

AT = datetime(2031, 7, 1, 9, 30, tzinfo=UTC)
SIGNER = LogSigner("node.jpn.example/log/KOR", bytes(range(64)))


@dataclass(frozen=True)
class Log:
    entries: tuple[bytes, ...]
    hashes: tuple[bytes, ...]
    files: dict[str, bytes]

    def check(self, changed: dict[str, bytes | None] | None = None) -> LogCheck:
        files: dict[str, bytes | None] = {**self.files, **(changed or {})}
        return check_tiles(files.get, SIGNER.public)


def build(entries: list[bytes]) -> Log:
    hashes = [leaf_hash(entry) for entry in entries]
    frontier, completed = Frontier().append(hashes)
    stored = {(level, index): value for level, index, value in completed}
    checkpoint = Checkpoint(origin=SIGNER.name, size=frontier.size, root=frontier.root())
    files = {"checkpoint": SIGNER.sign_checkpoint(checkpoint, AT)}
    for tile in tiles_for(frontier.size):
        first = tile.index * TILE_WIDTH
        if tile.level is None:
            files[tile.path] = encode_entries(entries[first : first + tile.width])
        else:
            files[tile.path] = encode_tile(tile, lambda level, index: stored[level, index])
    return Log(tuple(entries), tuple(hashes), files)


@cache
def log(size: int) -> Log:
    return build([b"entry %d" % i for i in range(size)])


SIZES = [0, 1, 2, 5, 255, 256, 257, 511, 512, 600, 1027]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (tile_path(0, 0), "tile/0/000"),
        (tile_path(3, 1234067), "tile/3/x001/x234/067"),
        (tile_path(63, 999, 255), "tile/63/999.p/255"),
        (tile_path(0, 1000, 256), "tile/0/x001/000"),
        (entries_path(5, 1), "tile/entries/005.p/1"),
        (entries_path(256000), "tile/entries/x256/000"),
    ],
)
def test_paths_are_those_of_the_standard(path: str, expected: str) -> None:
    assert path == expected


@pytest.mark.parametrize(("level", "index", "width"), [(64, 0, 1), (-1, 0, 1), (0, -1, 1), (0, 0, 0), (0, 0, 257)])
def test_there_are_no_such_tiles(level: int, index: int, width: int) -> None:
    with pytest.raises(ValueError, match="tile"):
        tile_path(level, index, width)


def test_a_tree_of_70000_has_the_tiles_that_the_standard_counts() -> None:
    found = [(t.level, t.width) for t in tiles_for(70_000)]
    counts = {kind: found.count(kind) for kind in set(found)}
    assert counts == {(None, 256): 273, (None, 112): 1, (0, 256): 273, (0, 112): 1, (1, 256): 1, (1, 17): 1, (2, 1): 1}
    assert [t.path for t in tiles_for(256)] == ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]
    assert list(tiles_for(0)) == []


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_entries_are_read_back(entries: list[bytes]) -> None:
    assert entries_until_broken(encode_entries(entries), len(entries)) == (entries, True)


@given(st.binary(max_size=40), st.integers(0, 8))
def test_what_is_read_as_a_bundle_writes_back_the_same(data: bytes, width: int) -> None:
    entries, whole = entries_until_broken(data, width)
    assert data.startswith(encode_entries(entries))
    if whole:
        assert encode_entries(entries) == data
        assert len(entries) == width


def test_a_bundle_or_tile_of_another_length_is_refused() -> None:
    data = encode_entries([b"a", b"", b"ccc"])
    for bad, width in ((data[:-1], 3), (data + b"\0", 3), (data, 2), (data, 4), (b"\0", 1)):
        assert not entries_until_broken(bad, width)[1]
    assert entries_until_broken(encode_entries([bytes(65_535)]), 1) == ([bytes(65_535)], True)
    with pytest.raises(LogError):
        encode_entries([bytes(65_536)])
    for bad in (b"", bytes(31), bytes(33), bytes(64)):
        with pytest.raises(LogError):
            decode_tile(bad, 1)
    with pytest.raises(ValueError, match="bundle"):
        encode_tile(Tile(level=None, index=0, width=1), lambda level, index: b"")


@given(st.sampled_from([s for s in SIZES if s]), st.data())
def test_proofs_are_built_from_tiles_alone(size: int, data: st.DataObject) -> None:
    this = log(size)

    def hashes(level: int, start: int, stop: int) -> list[bytes]:
        index, first = divmod(start, TILE_WIDTH)
        width = min(TILE_WIDTH, (size >> TILE_HEIGHT * level) - index * TILE_WIDTH)
        return decode_tile(this.files[tile_path(level, index, width)], width)[first : first + stop - start]

    read = reader_of_levels(hashes)
    top = root(this.hashes)
    index = data.draw(st.integers(0, size - 1))
    verify_inclusion(index, size, top, this.hashes[index], inclusion_proof(index, size, read))
    old = data.draw(st.integers(1, size))
    verify_consistency(old, size, root(this.hashes[:old]), top, consistency_proof(old, size, read))


@pytest.mark.parametrize("size", SIZES)
def test_a_whole_log_holds(size: int) -> None:
    seen: list[bytes] = []
    starts: list[int] = []

    def each(first: int, entries: object) -> None:
        assert isinstance(entries, list)
        starts.append(first)
        seen.extend(entries)

    check = check_tiles(log(size).files.get, SIGNER.public, each)
    assert check.holds
    assert check.faults == ()
    assert check.entries == size
    assert tuple(seen) == log(size).entries
    assert starts == list(range(0, size, TILE_WIDTH))
    assert check.tiles == sum(t.level is not None for t in tiles_for(size))
    assert check.signed is not None and check.signed.checkpoint.size == size


@given(st.sampled_from([s for s in SIZES if s]), st.data())
def test_an_entry_with_a_flipped_byte_is_named_by_its_index(size: int, data: st.DataObject) -> None:
    this = log(size)
    index = data.draw(st.integers(0, size - 1))
    tile = next(t for t in tiles_for(size) if t.level is None and t.index == index // TILE_WIDTH)
    before = encode_entries(this.entries[tile.index * TILE_WIDTH : index])
    place = len(before) + data.draw(st.integers(0, 1 + len(this.entries[index])))
    raw = bytearray(this.files[tile.path])
    raw[place] ^= 1 << data.draw(st.integers(0, 7))
    check = this.check({tile.path: bytes(raw)})
    assert not check.holds
    assert (check.faults[0].kind, check.faults[0].path, check.faults[0].index) == (FaultKind.ENTRY, tile.path, index)
    assert f"entry {index} " in check.faults[0].text
    assert len(check.faults) == 1
    if place >= len(before) + 2:
        assert check.entries == size - 1


@given(st.sampled_from([s for s in SIZES if s]), st.data())
def test_a_flipped_hash_is_named_by_its_tile_and_place(size: int, data: st.DataObject) -> None:
    this = log(size)
    tile = data.draw(st.sampled_from([t for t in tiles_for(size) if t.level is not None]))
    raw = bytearray(this.files[tile.path])
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= 1 << data.draw(st.integers(0, 7))
    check = this.check({tile.path: bytes(raw)})
    assert [(f.kind, f.path, f.index) for f in check.faults] == [(FaultKind.TILE, tile.path, place // 32)]
    assert check.entries == size


@given(st.sampled_from([600, 1027]), st.data())
def test_an_entry_and_a_hash_flipped_together_are_both_named(size: int, data: st.DataObject) -> None:
    this = log(size)
    bundle = data.draw(st.sampled_from([t for t in tiles_for(size) if t.level is None]))
    at = data.draw(st.integers(0, bundle.width - 1))
    other = data.draw(st.integers(0, bundle.width - 1))
    assume(at != other)
    first = bundle.index * TILE_WIDTH
    entries = list(this.entries[first : first + bundle.width])
    entries[at] = entries[at].upper()
    tile = tile_path(0, bundle.index, bundle.width)
    raw = bytearray(this.files[tile])
    raw[other * 32] ^= 1
    check = this.check({bundle.path: encode_entries(entries), tile: bytes(raw)})
    assert {(f.kind, f.path, f.index) for f in check.faults} == {
        (FaultKind.TILE, tile, other),
        (FaultKind.ENTRY, bundle.path, first + at),
    }


@pytest.mark.parametrize("size", SIZES)
def test_every_missing_or_shortened_file_is_named(size: int) -> None:
    this = log(size)
    for tile in tiles_for(size):
        for fault in (None, this.files[tile.path][:-1]):
            check = this.check({tile.path: fault})
            expected = FaultKind.ENTRY if tile.level is None and fault is not None else FaultKind.MISSING
            assert [(f.kind, f.path) for f in check.faults] == [(expected, tile.path)]


@given(st.data())
def test_a_flipped_checkpoint_is_named_as_such(data: st.DataObject) -> None:
    this = log(5)
    raw = bytearray(this.files["checkpoint"])
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= 1 << data.draw(st.integers(0, 7))
    check = this.check({"checkpoint": bytes(raw)})
    assert [f.kind for f in check.faults] == [FaultKind.CHECKPOINT]
    assert check.signed is None
    assert not check.holds


def test_a_log_without_checkpoint_or_files_does_not_hold() -> None:
    assert [f.kind for f in log(5).check({"checkpoint": None}).faults] == [FaultKind.CHECKPOINT]
    nothing = check_tiles({"checkpoint": log(5).files["checkpoint"]}.get, SIGNER.public)
    assert {f.kind for f in nothing.faults} == {FaultKind.MISSING}
    assert nothing.entries == 0


@pytest.mark.parametrize("size", [1, 5, 256, 600, 1027])
def test_a_log_rewritten_throughout_does_not_lead_to_the_signed_root(size: int) -> None:
    this = log(size)
    forged = build([b"forged", *this.entries[1:]])
    check = this.check({**forged.files, "checkpoint": this.files["checkpoint"]})
    assert [f.kind for f in check.faults] == [FaultKind.ROOT]
    assert not check.holds


def test_a_tile_rewritten_with_its_entries_is_named() -> None:
    this = log(600)
    forged = build([b"forged", *this.entries[1:]])
    both = ("tile/entries/000", "tile/0/000")
    check = this.check({path: forged.files[path] for path in both})
    assert [(f.kind, f.path) for f in check.faults] == [(FaultKind.ROOT, "tile/0/000")]


def test_an_empty_log_with_another_root_does_not_hold() -> None:
    assert log(0).check().holds
    note = SIGNER.sign_checkpoint(Checkpoint(origin=SIGNER.name, size=0, root=bytes(32)), AT)
    assert bytes(32) != EMPTY_ROOT
    assert [f.kind for f in log(0).check({"checkpoint": note}).faults] == [FaultKind.ROOT]


def test_the_list_of_faults_ends() -> None:
    this = log(1027)
    changed: dict[str, bytes | None] = {
        t.path: bytes(len(this.files[t.path])) for t in tiles_for(1027) if t.level is not None
    }
    assert len(this.check(changed).faults) == 100


@pytest.mark.slow
def test_faults_are_named_in_a_log_of_three_levels() -> None:
    this = log(70_000)
    assert this.check().holds
    for path, place in (("tile/2/000.p/1", 0), ("tile/1/000", 200), ("tile/1/001.p/17", 16), ("tile/0/255", 3)):
        raw = bytearray(this.files[path])
        raw[place * 32 + 5] ^= 4
        check = this.check({path: bytes(raw)})
        assert [(f.kind, f.path, f.index) for f in check.faults] == [(FaultKind.TILE, path, place)]
    raw = bytearray(this.files["tile/entries/272"])
    raw[2] ^= 1
    check = this.check({"tile/entries/272": bytes(raw)})
    assert [(f.kind, f.index) for f in check.faults] == [(FaultKind.ENTRY, 272 * 256)]
