"""Reconciliation of two registers on loopback: what it costs by their size, and by how much differs.

A walk reads what is kept of what is shared, and the register only where something differs. So of BENCH_ITEMS entries
most stand there as digests alone, as they would after any number of exchanges; those that differ are items with their
copies, rungs and acts in both registers, and Korea's receipts of them are lost at Japan's. What an item costs to be
brought into the entries is measured by itself. The growth is drawn in `build/reconcile-growth.svg`.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import sys
import tempfile
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import log10
from pathlib import Path

from bench.measure import Result
from bench.nodes import LAW as ADOPTED
from bench.nodes import make_pair, running
from gsomia.keys import Envelope, b64, unb64
from gsomia.link import HttpLink
from gsomia.node import Statement, reconcile, refresh
from gsomia.node.acts.signed import Signer
from gsomia.node.comparison.entries import ITEM
from gsomia.registry import Copy, CopyState, Direction, Item, Rung, RungEntry, copy_id, position, regrow

AT = datetime(2018, 1, 10, 3, tzinfo=UTC)
(LAW,) = ADOPTED
MARK = "군사II급비밀"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One reconciliation: entries, differing items, seconds, bytes of the bodies, bytes on the wire, questions."""

    entries: int
    differing: int
    seconds: float
    bodies: int
    wire: int
    rounds: int


def run(short: bool) -> Iterator[Result]:
    """Bytes where nothing differs; seconds and bytes where ten items do; growth by size and by difference."""
    most = 1_000 if short else int(os.environ.get("BENCH_ITEMS", "1000000"))
    sizes = [size for size in (10_000, 100_000) if size < most] + [most]
    counts = [0, 10, 100] if short else [0, 10, 100, 1_000, 10_000]
    by_size: list[Point] = []
    by_difference: list[Point] = []
    for size in sizes:
        last = size == most
        with tempfile.TemporaryDirectory() as folder, Registers(Path(folder)) as registers:
            registers.fill(size, counts[-1] if last else 10)
            with running(registers.japan, registers.korea):
                taken = [registers.take(size, count) for count in (counts if last else counts[:2])]
            by_size.append(taken[1])
            if last:
                by_difference = taken
                whole = registers.exchange_whole()
                built = registers.built
    Path("build").mkdir(exist_ok=True)
    Path("build/reconcile-growth.svg").write_text(_svg(by_size, by_difference), encoding="utf-8")
    for point in (*by_size, *by_difference):
        print(point, file=sys.stderr)
    nothing, ten = by_difference[0], by_difference[1]
    seconds, size_of_all = whole
    yield _row("registry.reconcile_0", nothing.wire, f"bytes of {most:,}, heads too", "the bound", 2_000)
    yield _row("registry.reconcile_10", ten.seconds, f"s of {most:,}", "ids and digests of all", seconds)
    yield _row("registry.reconcile_10_bytes", ten.wire, "bytes, heads too", "ids and digests of all", size_of_all)
    yield _row("registry.entry", built, "us an item", "a document at 200 a second", 5_000)


def _row(name: str, value: float, unit: str, baseline: str, other: float) -> Result:
    return Result(name=name, value=value, unit=unit, baseline=baseline, baseline_value=other, ratio=value / other)


class Registers:
    """Two nodes' registers that share many entries."""

    def __init__(self, folder: Path) -> None:
        self.japan, self.korea = make_pair(folder)
        self._items: list[str] = []
        self._lost = 0
        self.built = 0.0

    def __enter__(self) -> Registers:
        return self

    def __exit__(self, *_: object) -> None:
        self.japan.close()
        self.korea.close()

    def fill(self, entries: int, items: int) -> None:
        """So many entries in both, of which the last so many stand for items in both registers."""
        lives = [_life(number) for number in range(items)]
        self._items = [item.id for item, _, _ in lives]
        for home, peer in ((self.japan, "KOR"), (self.korea, "JPN")):
            own = home.node.party
            with home.store.writing() as tx:
                for item, copy, _ in lives:
                    direction = Direction.SENT if copy.giver == own else Direction.RECEIVED
                    tx.put_item(item)
                    tx.put_copy(replace(copy, direction=direction, control_number=f"{own}-{copy.id}"))
                    for rung in copy.rungs:
                        tx.put_rung(rung)
            acts = [(act, home.node.party) for _, _, told in lives for act in told]
            with closing(sqlite3.connect(home.folder / "register.sqlite")) as register, register:
                register.executemany(
                    "INSERT INTO act (id, type, party, item, statement, batch, position, size, path, source, "
                    "recorded_at) VALUES (?, ?, ?, ?, ?, '', 0, 1, x'', ?, '2018-01-10T03:00:00.000000Z')",
                    [(a.id, a.type, a.party, a.item, a.to_bytes(), a.party) for a, _ in acts],
                )
            with home.store.writing() as tx:
                for name in self._items:
                    tx.follow(peer, name)
            start = time.process_time()
            refresh(home.node, peer)
            self.built = (time.process_time() - start) / items * 1e6
            with home.store.writing() as tx:
                places = []
                for number in range(entries - items):
                    place = position(ITEM, f"item {number}")
                    tx.put_shared(peer, ITEM, f"item {number}", place, hashlib.sha256(place).digest())
                    places.append(place)
                regrow(tx.ranges(peer), places)

    def take(self, entries: int, differing: int) -> Point:
        """Let receipts be lost at Japan's until so many items differ, and reconcile."""
        new = self._items[self._lost : differing]
        self._lost = differing
        with closing(sqlite3.connect(self.japan.folder / "register.sqlite", timeout=20)) as register, register:
            for name in new:
                register.execute("DELETE FROM act WHERE item = ? AND type IN ('mark', 'receipted')", (name,))
                register.execute("DELETE FROM rung WHERE copy = ? AND rung = 'receipted'", (copy_id(name, "JPN", 1),))
                register.execute(
                    "UPDATE copy SET state = 'delivered', custodian = 'JPN', own_mark = '', origin_mark = '' "
                    "WHERE item = ?",
                    (name,),
                )
        with self.japan.store.writing() as tx:
            for name in new:
                tx.follow("KOR", name)
        refresh(self.japan.node, "KOR")
        way = self.japan.node.link("KOR")
        if not isinstance(way, HttpLink):
            raise TypeError("the peer is reached by wire")
        counted = Counting(way)
        node = replace(self.japan.node, link=lambda _: counted)
        # The first word of a process to a peer is about checkpoints, and is none of this.
        node.unasked.told("KOR")
        start = time.perf_counter()
        found = reconcile(node, "KOR")
        seconds = time.perf_counter() - start
        if len({one.about for one in found.discrepancies}) != differing:
            raise RuntimeError(f"{len(found.discrepancies)} differences were found where {differing} items differ")
        while self._waiting():
            time.sleep(0.05)
        return Point(
            entries=entries,
            differing=differing,
            seconds=seconds,
            bodies=found.said + found.heard,
            wire=counted.bytes,
            rounds=found.rounds,
        )

    def _waiting(self) -> bool:
        with self.japan.store.reading() as one, self.korea.store.reading() as other:
            return bool(one.outgoing(limit=1)) or bool(other.outgoing(limit=1))

    def exchange_whole(self) -> tuple[float, int]:
        """The baseline: all positions and digests written out by the one, read and compared by the other; no wire."""
        start = time.perf_counter()
        with self.korea.store.reading() as reader:
            told = json.dumps({"all": [[b64(place), b64(digest)] for place, _, _, digest in reader.shared("JPN")]})
        data = told.encode()
        theirs = {unb64(place): unb64(digest) for place, digest in json.loads(data)["all"]}
        with self.japan.store.reading() as reader:
            own = {place: digest for place, _, _, digest in reader.shared("KOR")}
        if not any(own.get(place) != digest for place, digest in theirs.items()):
            raise RuntimeError("nothing differs")
        return time.perf_counter() - start, len(data)


class Counting:
    """A way to a peer that counts what goes over it: questions and answers with their heads, beneath TLS."""

    def __init__(self, way: HttpLink) -> None:
        self._way = way
        self.bytes = 0

    def exchange(self, message: Envelope) -> Envelope:
        """Send a message and return the answer."""
        before = self._way.carried
        answer = self._way.exchange(message)
        self.bytes += self._way.carried - before
        return answer

    def shared_digest(self) -> bytes:
        """Ask for the digest of what is shared, and count question and answer as HTTP writes them."""
        before = self._way.carried
        digest = self._way.shared_digest()
        self.bytes += self._way.carried - before
        return digest

    def upload(self, copy: str, chunks: Iterable[bytes], size: int, same: int) -> None:
        """Send a sealed item's bytes; they are no part of what is counted."""
        self._way.upload(copy, chunks, size, same)


def _life(number: int) -> tuple[Item, Copy, list[Statement]]:
    """An item of Japan's that Korea has receipted: as registered, and the acts of both about it."""
    name = str(uuid.UUID(int=number + 1))
    copy = copy_id(name, "JPN", 1)
    digest = hashlib.sha256(name.encode()).hexdigest()
    told = [
        *(("JPN", "KOR", kind) for kind in ("transmit", "dispatched")),
        *(("KOR", "JPN", kind) for kind in ("accepted", "delivered", "mark", "receipted")),
    ]
    acts = [
        Statement(
            id=str(uuid.uuid4()),
            type=kind,
            at=AT,
            party=party,
            instrument=LAW,
            parties=(peer,),
            item=name,
            copy=copy,
            signers=(Signer(role="node", key=digest),),
            exercise=True,
            body={"payload_digest": digest, "title": "report", "verdict": digest},
        )
        for party, peer, kind in told
    ]
    rungs = tuple(
        RungEntry(copy=copy, rung=Rung(act.type), act=act.id, party=act.party, at=AT)
        for act in acts
        if act.type in {*Rung}
    )
    item = Item(
        id=name,
        originator="JPN",
        level="極秘",
        subject="dprk-missile",
        form="document",
        purpose="defence",
        contains=("JPN",),
        title="report",
        mime_type="text/plain",
        label='{"policy": "JPN", "classification": "極秘"}',
        payload_digest=digest,
        core_digest=digest,
        plaintext_bytes=6,
        sealed_bytes=4_000,
        created_at=AT,
        exercise=True,
    )
    entry = Copy(
        id=copy,
        item=name,
        number=1,
        direction=Direction.SENT,
        act="transmit",
        giver="JPN",
        holder="KOR",
        via=(),
        destination="KOR",
        instrument=LAW,
        state=CopyState.RECEIPTED,
        control_number="",
        custodian="KOR",
        at=AT,
        own_mark=MARK,
        origin_mark="JPN",
        rungs=rungs,
    )
    return item, entry, acts


def _svg(by_size: Sequence[Point], by_difference: Sequence[Point]) -> str:
    """Seconds (blue) and kilobytes (red), by entries and by differing items."""
    left = _plot(70, "entries, 10 items differ", [(p.entries, p.seconds, p.wire) for p in by_size])
    words = f"differing items of {by_difference[0].entries:,}"
    right = _plot(430, words, [(max(p.differing, 1), p.seconds, p.wire) for p in by_difference])
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 320" font-family="sans-serif" font-size="10">'
        '<rect width="760" height="320" fill="#fff"/>'
        '<text x="70" y="20">Reconciliation on loopback: <tspan fill="#05c">seconds</tspan>, '
        '<tspan fill="#c20">kilobytes on the wire</tspan></text>'
        f"{left}{right}</svg>\n"
    )


def _plot(at: int, words: str, points: Sequence[tuple[int, float, int]]) -> str:
    low, high = log10(points[0][0]), max(log10(points[-1][0]), log10(points[0][0]) + 0.1)
    out = f'<path d="M{at} 30V270H{at + 290}" fill="none" stroke="#333"/>'
    for column, colour, unit in ((1, "#05c", 1.0), (2, "#c20", 1_000.0)):
        top = max(point[column] for point in points) * 1.25
        dots = [
            (at + 20 + 240 * (log10(point[0]) - low) / (high - low), 270 - 230 * point[column] / top, point)
            for point in points
        ]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in dots)
        out += f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>'
        for x, y, point in dots:
            shown = f"{point[column] / unit:,.2f}" if column == 1 else f"{point[column] / unit:,.0f}"
            shift = -8 if column == 1 else 14
            out += f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>'
            out += f'<text x="{x:.1f}" y="{y + shift:.1f}" text-anchor="middle" fill="{colour}">{shown}</text>'
            out += f'<text x="{x:.1f}" y="285" text-anchor="middle">{point[0]:,}</text>' if column == 1 else ""
    return out + f'<text x="{at + 290}" y="310" text-anchor="end">{words}</text>'
