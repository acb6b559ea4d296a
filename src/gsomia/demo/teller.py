"""The demo's lines: when, what, what came of it and whether it was what had to come."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from gsomia.demo.drawing import KST
from gsomia.verdict import Verdict

__all__ = ["Teller", "cites_article", "kst"]


def kst(text: str) -> datetime:
    """An instant in Tokyo and Seoul time."""
    return datetime.fromisoformat(text).replace(tzinfo=KST)


@dataclass
class Teller:
    """Prints each step and what came of it, and remembers what was not as it should be."""

    write: Callable[[str], None]
    failures: list[str] = field(default_factory=list)

    def step(self, number: int, title: str) -> None:
        """Begin a step."""
        self.write(f"\n{number}  {title}")

    def line(self, at: datetime | None, what: str, got: str, want: str, why: str = "") -> None:
        """One line: when, what, what came of it; `want` is what must have come."""
        right = got == want
        when = at.astimezone(KST).strftime("%Y-%m-%d %H:%M") if at is not None else " " * 16
        self.write(f"   {'ok  ' if right else 'FAIL'} {when}  {_pad(what, 66)} {_pad(got, 17)} {why}".rstrip())
        if not right:
            self.failures.append(f"{when} {what}: {got}, expected {want}")

    def note(self, remark: str) -> None:
        """What people should know of the line that follows."""
        self.write(f"   note {' ' * 17} {remark}")

    def verdict(self, at: datetime, what: str, verdict: Verdict, want: str, *needed: str) -> None:
        """A verdict with its articles; `needed` are articles that it must cite."""
        cited = _cited(verdict)
        missing = [article for article in needed if not cites_article(cited, article)]
        self.line(at, what, verdict.outcome if not missing else f"without {missing[0]}", want, _shown(cited, needed))


def _pad(text: str, width: int) -> str:
    from unicodedata import east_asian_width

    return text + " " * (width - sum(2 if east_asian_width(c) in "WF" else 1 for c in text))


def _cited(verdict: Verdict) -> list[str]:
    """Instrument and article of the grounds that made the outcome, each once."""
    decisive = [g for g in verdict.grounds if g.effect == verdict.outcome] or list(verdict.grounds)
    return list(dict.fromkeys(f"{g.instrument}:{g.article}" for g in decisive if g.article))


def _shown(cited: Sequence[str], needed: Sequence[str]) -> str:
    """The articles on which the line turns, then how many more the verdict cites."""
    first = [one for one in cited if any(cites_article([one], article) for article in needed)] or list(cited[:3])
    by_instrument: dict[str, list[str]] = {}
    for one in first:
        instrument, _, article = one.partition(":")
        by_instrument.setdefault(instrument, []).append(article)
    text = "; ".join(f"{instrument} {', '.join(articles)}" for instrument, articles in by_instrument.items())
    return text + (f" (+{len(cited) - len(first)})" if len(cited) > len(first) else "")


def cites_article(cited: Sequence[str], article: str) -> bool:
    """Whether an article, or a part of it, is among those cited."""
    return any(one == article or one.startswith((f"{article}.", f"{article}(")) for one in cited)
