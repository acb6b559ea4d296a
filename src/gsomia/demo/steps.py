"""The steps of the demo, each with the outcome it must have; the demo succeeds only if every one has it."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Any, BinaryIO, cast

from gsomia.app import offered_law, shipped_acts
from gsomia.demo.dealings import JK, arrive, ask, legal_state, mark_and_receipt, refused_open, send
from gsomia.demo.drawing import KST
from gsomia.demo.launches import all_routes, launches
from gsomia.demo.left_running import say_how
from gsomia.demo.paper import LEVEL, Digest, Paper, read_paper
from gsomia.demo.place import COPY, NODES, REPORT, make_place
from gsomia.demo.report import write_report, year_table
from gsomia.demo.stage import PARTIES, Stage
from gsomia.demo.teller import Teller, cites_article, kst
from gsomia.errors import GsomiaError, RefusedError
from gsomia.node import (
    Case,
    PersonDetails,
    Role,
    Sending,
    answer_consent,
    ask_consent,
    ask_release,
    ask_transmit,
    audit,
    held_copy,
    open_item,
    release,
)
from gsomia.registry import Copy, Rung
from gsomia.verdict import Facts, Item, Person, Request, decide

__all__ = ["play"]
SENT = kst("2016-11-23T15:00")


def play(out: Path, *, document: Path | None, keep: bool, write: Callable[[str], None]) -> int:
    """Play the demo.

    Args:
        out: a folder that is the demo's own or made now; of an earlier demo's only what that wrote is replaced.
        document: what Japan sends in step 2, or None for a launch report from the real record.
        keep: leave the nodes running at the end and say how to talk to them.
        write: takes each line.

    Returns:
        0 if every step had the expected outcome, else 1.

    Raises:
        UsageError: the folder is not the demo's, its nodes are running, or the document cannot be sent as it is.
    """
    started = time.monotonic()
    paper = read_paper(document, SENT)
    make_place(out, PARTIES)
    tell = Teller(write)
    stage = Stage(out / NODES, keep=keep)
    write("EXERCISE  three nodes on this machine, fictional people, real law and a real record. Times are KST.")
    try:
        with _ended_by_signals():
            for step in (_step_1, _step_2, _step_3, _step_4, _step_5):
                step(stage, tell, paper)
            _step_6(tell, out / REPORT)
            _step_7(stage, tell, out)
    except GsomiaError as error:
        tell.failures.append(str(error))
        write(f"   FAIL {error}")
    except BaseException:
        if keep:
            say_how(stage, write)
        raise
    finally:
        if not keep:
            stage.stop()
    for failure in tell.failures:
        write(f"not as expected: {failure}")
    ended = "ended as expected" if not tell.failures else "failed"
    write(f"\nEXERCISE {ended} after {time.monotonic() - started:.0f} s")
    if keep:
        say_how(stage, write)
    return 1 if tell.failures else 0


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP end the demo as an interrupt does, so that its nodes are stopped; status 128 + the signal."""

    def end(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = {}
    for number in (signal.SIGTERM, signal.SIGHUP):
        # One that is ignored, as by nohup, stays ignored.
        if signal.getsignal(number) is not signal.SIG_IGN:
            before[number] = signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


# --- one step after the other ---------------------------------------------------------------------------------------


def _step_1(stage: Stage, tell: Teller, _paper: Paper) -> None:
    at = kst("2014-12-30T12:00")
    stage.build(kst("2014-12-30T09:00"))
    stage.adopt("usa-jpn-2007", "usa-kor-1987", "tisa-2014")
    stage.enter("usa-jpn-2007", "usa-kor-1987", "tisa-2014")
    stage.start()
    stage.settle()
    stage.set_clock(at)
    tell.step(1, "2014: Korea has a paper on a North Korean nuclear test. No agreement with Japan exists.")
    kor = stage.homes["KOR"]
    paper = Sending(
        to="JPN",
        level="군사III급비밀",
        subject="dprk-nuclear",
        purpose="defence",
        title="EXERCISE nuclear test",
        mime_type="text/plain",
    )
    with kor.node.store.reading() as reader:
        _, _, verdict = ask_transmit(kor.node, reader, paper, at=at)
    tell.verdict(at, "KOR sends it to JPN directly", verdict, "refuse")
    hub = Sending(**_words(paper) | {"via": ("USA",), "under": "tisa-2014"})
    text = b"EXERCISE EXERCISE EXERCISE\nAssessment of a nuclear test. Fictional.\nEXERCISE EXERCISE EXERCISE\n"
    leg1 = send(
        stage,
        tell,
        "KOR",
        hub,
        io.BytesIO(text),
        "KOR sends it by the USA, with its written approval",
        "tisa-2014:1",
        "tisa-2014:3",
        "tisa-2014:4",
    )
    mark_and_receipt(stage, tell, leg1, "CONFIDENTIAL")
    usa = stage.homes["USA"]
    leg2 = release(usa.node, leg1.item, "JPN", by=usa.acting("", Role.DISCLOSURE))
    arrive(stage, tell, leg2, "USA passes it on to JPN, under TISA")
    mark_and_receipt(stage, tell, leg2, "秘")
    stage.settle()
    followed = stage.copy("KOR", leg2.id)
    receipted = followed is not None and followed.rung(Rung.RECEIPTED) is not None
    tell.line(
        at,
        "KOR's register follows both legs to the last receipt",
        "two receipts" if receipted else "lost",
        "two receipts",
    )


def _step_2(stage: Stage, tell: Teller, paper: Paper) -> None:
    tell.step(
        2,
        "2016: the agreement is signed, both Governments notify, it is in force. A paper travels and is read.",
    )
    at = kst("2016-11-22T12:00")
    stage.set_clock(at)
    stage.adopt(JK)
    stage.settle()
    kor = stage.homes["KOR"]
    sending = Sending(
        to="KOR",
        level=LEVEL,
        subject="dprk-missile",
        purpose="missile-defence",
        title=paper.title,
        mime_type=paper.mime_type,
        as_is=paper.as_is,
    )
    tell.verdict(
        at,
        "the day before, initialled and approved: JPN to KOR",
        ask(stage, "JPN", sending, at),
        "refuse",
        f"{JK}:21.1",
    )
    at = SENT
    stage.set_clock(at)
    stage.enter(f"{JK}/sign", f"{JK}/notify-entry-jpn", f"{JK}/notify-entry-kor")
    tell.line(
        at,
        "signature, and both notifications entered by the legal officers",
        legal_state(stage, at),
        "in-force",
        f"{JK}:21.1",
    )
    for remark in paper.remarks:
        tell.note(remark)
    with paper.open() as content:
        copy = send(stage, tell, "JPN", sending, content, f"JPN transmits a {LEVEL} paper to KOR", f"{JK}:21.1")
    mark_and_receipt(stage, tell, copy, "군사II급비밀")
    stage.enter_person(
        "KOR", PersonDetails(id="official Han", clearance="SECRET", needs=("dprk-missile",), rosters=("main",))
    )
    stage.enter_person("KOR", PersonDetails(id="general Seo", clearance="SECRET", rosters=("main",), rank="general"))
    opened = Digest()
    opening = open_item(kor.node, copy.id, "official Han", cast("BinaryIO", opened))
    same = opened.hexdigest() == paper.digest
    tell.verdict(
        at, "KOR's official Han, cleared, with need, on the roster, opens it", opening.verdict, "permit", f"{JK}:7.2"
    )
    tell.line(at, "what Han reads is what Japan sent", "the same bytes" if same else "other bytes", "the same bytes")
    tell.verdict(
        at,
        "KOR's general Seo, cleared, without need, asks to open it",
        refused_open(kor, copy.id, "general Seo"),
        "refuse",
        f"{JK}:7.1",
        f"{JK}:7.2",
    )
    stage.settle()
    theirs = stage.copy("JPN", copy.id)
    agree = theirs is not None and theirs.custodian == "KOR" and theirs.own_mark == "군사II급비밀"
    tell.line(
        at,
        "JPN's register agrees: custodian KOR, mark JPN + 군사II급비밀",
        "agree" if agree else "differ",
        "agree",
    )


def _step_3(stage: Stage, tell: Teller, _paper: Paper) -> None:
    tell.step(
        3, "2019: Korea announces the end, gives notice, and suspends the notice six hours before it takes effect."
    )
    paper = Sending(
        to="KOR",
        level="特定秘密",
        subject="dprk-missile",
        purpose="missile-defence",
        title="EXERCISE report",
        mime_type="text/plain",
    )
    at = kst("2019-08-22T20:00")
    stage.set_clock(at)
    stage.enter(f"{JK}/announce-kor-2019")
    tell.line(at, "announced before the press, no note: nothing changes", legal_state(stage, at), "in-force")
    at = kst("2019-08-24T10:00")
    stage.set_clock(at)
    stage.enter(f"{JK}/give-notice-kor-2019")
    tell.line(at, "the note of 08-23 is notice of termination", legal_state(stage, at), "notice-pending", f"{JK}:21.3")
    at = kst("2019-11-22T17:00")
    stage.set_clock(at)
    send(
        stage, tell, "JPN", paper, io.BytesIO(b"EXERCISE 1700\n"),
        "seven hours before the end JPN still transmits", f"{JK}:21.3",
    )  # fmt: skip
    at = kst("2019-11-22T18:00")
    stage.set_clock(at)
    stage.enter(f"{JK}/suspend-notice-kor-2019")
    tell.line(at, "the second note suspends the effect of the first", legal_state(stage, at), "notice-suspended")
    at = kst("2019-11-23T00:01")
    stage.set_clock(at)
    send(stage, tell, "JPN", paper, io.BytesIO(b"EXERCISE 0001\n"), "after midnight JPN transmits as before")
    _counterfactual(stage, tell, paper, at)


def _counterfactual(stage: Stage, tell: Teller, paper: Sending, at: datetime) -> None:
    """The same minute, had the second note never come: asked, not acted."""
    jpn = stage.homes["JPN"]
    with jpn.node.store.reading() as reader:
        own = Case.of(jpn.node, reader)
    ended = Case(law=own.law, record=own.record.without([f"{JK}/suspend-notice-kor-2019"]))
    tell.verdict(at, "had it not come: directly", ask(stage, "JPN", paper, at, ended), "refuse", f"{JK}:21.3")
    hub = Sending(**_words(paper) | {"via": ("USA",)})
    tell.verdict(
        at,
        "had it not come: by the USA, on a North Korean missile",
        ask(stage, "JPN", hub, at, ended, consent=True),
        "permit",
        "tisa-2014:1",
    )
    old = Item(originator="JPN", level="特定秘密", subject="dprk-missile", form="electronic", contains=("JPN",),
               received=kst("2016-11-23T15:00"), purpose="missile-defence")  # fmt: skip
    onward = Request(act="release", by="KOR", to="USA", via=(), item=old, under=JK)
    refused = decide(ended.law, onward, Facts(consent="none", combined_staff=False), ended.record, at)
    tell.verdict(
        at, "had it not come: KOR hands old Japanese material on", refused, "refuse", f"{JK}:6(a)", f"{JK}:21.4"
    )
    reader_ = Person(role="official", clearance="SECRET", need=True, roster=True, rank="")
    read = decide(
        ended.law,
        Request(act="open", by="KOR", to="person", item=old),
        Facts(person=reader_, purpose="missile-defence", purpose_ended=False, consent="none"),
        ended.record,
        at,
    )
    tell.verdict(at, "had it not come: an entitled official reads old material", read, "permit", f"{JK}:21.4")


def _step_4(stage: Stage, tell: Teller, _paper: Paper) -> None:
    tell.step(4, "2020: Korea would hand a Japanese paper on to a third country.")
    at = kst("2020-01-15T10:00")
    stage.set_clock(at)
    jpn, kor = stage.homes["JPN"], stage.homes["KOR"]
    with kor.node.store.reading() as reader:
        held = held_copy(reader, kor.node, _first_received(reader.copies(), "KOR"))
    by = kor.acting("", Role.DISCLOSURE)
    try:
        release(kor.node, held.id, "USA", by=by)
        verdict: dict[str, Any] = {"outcome": "permit", "grounds": []}
    except RefusedError as error:
        verdict = error.verdict
    cites = [f"{g['instrument']}:{g['article']}" for g in verdict["grounds"] if g["effect"] == "refuse"]
    refused = str(verdict["outcome"]) if cites_article(cites, f"{JK}:6(a)") else "without 6(a)"
    tell.line(at, "KOR hands it to the USA unasked", refused, "refuse", f"{JK}:6(a)")
    ask_consent(kor.node, held.id, "USA", "EXERCISE combined assessment", by=by)
    stage.settle()
    with jpn.node.store.reading() as reader:
        asked = [c for c in reader.consents() if c.state == "asked"]
    tell.line(at, "KOR asks; the request lies before Japan's disclosure officer", f"{len(asked)} request", "1 request")
    answer_consent(
        jpn.node, asked[0].id, grant=True, conditions="for missile defence only", by=jpn.acting("", Role.DISCLOSURE)
    )
    stage.settle()
    with kor.node.store.reading() as reader:
        item = reader.item(held.item)
        assert item is not None  # held
        permitted, _, carrying = ask_release(kor.node, reader, held, item, "USA", at=kor.clock.now())
    tell.verdict(at, "JPN consents in writing: KOR hands it to the USA", permitted, "permit", f"{JK}:6(a)")
    if carrying is not None:
        tell.verdict(at, "and the agreement of KOR and USA carries it", carrying, "permit")
    onward = release(kor.node, held.id, "USA", by=by)
    arrive(stage, tell, onward, "it arrives, the same sealed payload, Japan's statement intact")
    mark_and_receipt(stage, tell, onward, "SECRET")
    stage.settle()
    shown = stage.copy("JPN", onward.id)
    tell.line(
        at,
        "JPN's register shows where its paper went",
        f"held by {shown.holder}" if shown else "nothing",
        "held by USA",
    )


def _step_5(stage: Stage, tell: Teller, _paper: Paper) -> None:
    tell.step(5, "2023: Korea withdraws the notice and its suspension.")
    at = kst("2023-03-16T20:00")
    stage.set_clock(at)
    stage.enter(f"{JK}/announce-kor-2023")
    tell.line(at, "normalisation declared, not yet the act", legal_state(stage, at), "notice-suspended")
    at = kst("2023-03-21T13:00")
    stage.set_clock(at)
    stage.enter(f"{JK}/withdraw-notice-kor-2023")
    tell.line(at, "the note of withdrawal: normalised", legal_state(stage, at), "in-force")


def _step_6(tell: Teller, report: Path) -> None:
    tell.step(
        6,
        "Every launch on record, 1984-2026: by which route could a SECRET report have passed between JPN and KOR?",
    )
    law, record = offered_law(), shipped_acts()
    routes = all_routes(law, record, launches())
    for line in year_table(routes).splitlines():
        tell.write(f"   {line}".rstrip())
    write_report(report, law, record, routes, made_at=datetime.now(KST))
    tell.line(None, f"asked of each, and drawn in {report}", f"{len(routes)} launches", "339 launches")


def _step_7(stage: Stage, tell: Teller, out: Path) -> None:
    tell.step(
        7, "Everything is checked again from the nodes' own records; then one byte of a copy of a log is flipped."
    )
    stage.settle()
    stage.witnessed()
    now = stage.homes["JPN"].clock.now()
    for party in PARTIES:
        checks = list(audit(stage.homes[party].node))
        failed = [check for check in checks if not check.holds]
        told = [check for check in checks if check.name.endswith((" acts", " rows", " items"))]
        counted = ", ".join(f"{check.counted} {check.name.split(' ')[-1]}" for check in told)
        tell.line(now, f"verify {party}", failed[0].fault if failed else "holds", "holds", counted)
    home = stage.homes["JPN"]
    copy = out / COPY
    home.export_log("KOR", copy)
    bundle = next((copy / "tile" / "entries").rglob("*.p/*"))
    data = bytearray(bundle.read_bytes())
    index = 5
    data[index * 34 + 20] ^= 0xFF
    bundle.write_bytes(bytes(data))
    result = subprocess.run(
        [sys.executable, "-m", "gsomia", "verify", str(copy)], capture_output=True, text=True, check=False
    )
    named = f"entry {index}" in result.stdout + result.stderr
    tell.line(now, "verify a copy of JPN's log with KOR, one byte flipped", f"exit {result.returncode}", "exit 5")
    tell.line(now, "it names what was altered", f"entry {index}" if named else "nothing", f"entry {index}")


def _words(sending: Sending) -> dict[str, Any]:
    return {name: getattr(sending, name) for name in Sending.__dataclass_fields__}


def _first_received(copies: Sequence[Copy], party: str) -> str:
    return next(copy.id for copy in copies if copy.holder == party and copy.giver == "JPN")
