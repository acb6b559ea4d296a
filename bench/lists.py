"""How long a page of a long list of people takes over the API: each page by its cursor, the slowest one told.

The rows are put into the store by its own writes, without acts. Officers are another Party's: those of its own a node
must also know at the handshake, which is not measured here.
"""

from __future__ import annotations

import http.client
import json
import statistics
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from bench.measure import Result, folder_here
from bench.nodes import answering, free_port, make_one, with_api
from gsomia.app import Home
from gsomia.keys import SigningKey
from gsomia.node import Briefing, Consultation, Officer, Person, Step

__all__ = ["run"]

_BOUND = 50.0
"""A page is answered within so many milliseconds."""
_LISTS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "officers": ("officers", {}),
    "persons": ("persons", {}),
    "roster": ("persons", {"facility": "main"}),
    "rosters": ("rosters", {}),
    "consultations": ("consultations", {}),
    "lapsed": ("lapses", {"lapsed": "true"}),
    "lapsing": ("lapses", {"due": "3650"}),
}
"""The route of each list that is measured, and what it is asked; `lapses` has one page, the first of each kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Size:
    """How many rows there are: so many officers, as many persons, a tenth of it rosters and consultations.

    Args:
        page: rows of a page; the longest that the API gives is 500.
        rounds: how often each list is gone through.
    """

    people: int
    page: int
    rounds: int


def run(short: bool) -> Iterator[Result]:
    """10,000 officers, 10,000 persons, 1,000 rosters and 1,000 consultations in pages of 500."""
    size = _Size(people=200, page=10, rounds=1) if short else _Size(people=10_000, page=500, rounds=5)
    with folder_here() as folder:
        home = make_one(folder)
        port = free_port()
        context = with_api(home, port)
        _fill(home, size.people)
        home.close()
        with answering(home.folder):
            line = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=60)
            _page(line, "me", {})
            for name, (route, words) in _LISTS.items():
                walks = [_walk(line, route, words, size.page) for _ in range(size.rounds)]
                slowest = max(statistics.median(times) for times in zip(*walks, strict=True))
                yield Result(
                    name=f"console.list_{name}",
                    value=slowest,
                    unit=f"ms, worst of {len(walks[0])}",
                    baseline=f"the bound, pages of {size.page}",
                    baseline_value=_BOUND,
                    ratio=slowest / _BOUND,
                )
            line.close()


def _walk(line: http.client.HTTPSConnection, route: str, words: Mapping[str, str], page: int) -> list[float]:
    """Milliseconds of each page of a list, first to last."""
    times: list[float] = []
    cursor: str | None = ""
    while cursor is not None:
        took, told = _page(line, route, {**words, "limit": str(page), **({"cursor": cursor} if cursor else {})})
        if not told[route]:
            raise RuntimeError(f"/v1/{route}: page {len(times) + 1} is empty")
        times.append(took)
        cursor = told.get("next")
    return times


def _page(line: http.client.HTTPSConnection, route: str, words: Mapping[str, str]) -> tuple[float, dict[str, Any]]:
    """Milliseconds of one request, and what was answered."""
    start = time.perf_counter()
    line.request("GET", f"/v1/{route}?{urlencode(words)}")
    answer = line.getresponse()
    body = answer.read()
    took = (time.perf_counter() - start) * 1000
    if answer.status != 200:
        raise RuntimeError(f"/v1/{route}: {body.decode()}")
    told: dict[str, Any] = json.loads(body)
    return took, told


def _fill(home: Home, people: int) -> None:
    """Put the rows, in one transaction."""
    now = datetime.now(UTC)
    keys = [SigningKey.generate().public for _ in range(people)]
    with home.store.writing() as tx:
        for number, key in enumerate(keys):
            tx.put_officer(
                Officer(
                    id=f"officer-{number:05}",
                    party="KOR",
                    roles=("registry",),
                    key=key,
                    act=f"enrol-{number:05}",
                    enrolled_at=now,
                    person=f"theirs-{number:05}",
                )
            )
        for number in range(people):
            tx.put_person(_person(number, people // 10, now))
            day = now + _days(number)
            given = f"{day - timedelta(days=365):%Y-%m-%d}"
            tx.put_briefing(
                Briefing(
                    person=f"person-{number:05}",
                    act=f"brief-{number:05}",
                    what="EXERCISE annual",
                    day=given,
                    until=f"{day:%Y-%m-%d}",
                )
            )
        for number in range(people // 10):
            opened = _consultation(number, now)
            tx.put_consultation(opened)
            for step in _steps(opened):
                tx.put_consultation_step(step)


def _days(number: int) -> timedelta:
    """From 500 days ago to 500 days ahead, neighbours a week apart."""
    return timedelta(days=7 * number % 1000 - 500, hours=1)


def _person(number: int, rosters: int, now: datetime) -> Person:
    """One of the persons: half have a clearance that has expired, a tenth have left."""
    return Person(
        id=f"person-{number:05}",
        role="official",
        rank="",
        clearance="SECRET",
        basis=f"EXERCISE decision {number}",
        expires=now + _days(number),
        needs=("dprk-missile",),
        purposes=("defence",),
        rosters=("main", f"facility-{number % rosters:04}"),
        house_roles=(),
        accounts=(),
        sign_in_keys=(),
        left_at=now - timedelta(days=1, seconds=number) if number % 10 == 0 else None,
        returned="",
        act=f"enter-{number:05}",
    )


def _consultation(number: int, now: datetime) -> Consultation:
    return Consultation(
        id=f"consultation-{number:04}",
        instrument="jpn-kor-2016",
        about="article",
        reference="21",
        title=f"EXERCISE consultation {number}",
        subject="dprk-missile",
        purpose="defence",
        parties=("JPN", "KOR"),
        opened_by="JPN",
        digest=f"{number:064x}",
        at=now - timedelta(days=2, seconds=number),
    )


def _steps(opened: Consultation) -> list[Step]:
    """Four positions, in turn."""
    steps: list[Step] = []
    for place in range(4):
        steps.append(
            Step(
                act=f"{opened.id}-{place}",
                consultation=opened.id,
                kind="state-position",
                party=opened.parties[place % 2],
                parties=opened.parties,
                digest=f"{place + 1}{opened.digest[1:]}",
                after=(steps[-1].digest if steps else opened.digest,),
                number=place // 2,
                at=opened.at + timedelta(hours=place + 1),
            )
        )
    return steps
