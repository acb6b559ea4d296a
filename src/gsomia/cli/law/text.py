"""`gsomia agreement show`: the articles, levels and sources of an agreement, for people and for programs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import click

from gsomia.agreement import Agreement, Article
from gsomia.cli.law.shared import asking, json_option, node_option, out, shipped, tell_disputed
from gsomia.errors import UsageError

__all__ = ["show_command"]


@click.command("show")
@click.argument("name", required=False)
@click.argument("article", required=False)
@json_option
@node_option
def show_command(name: str | None, article: str | None, as_json: bool, node_dir: str | None) -> None:
    """The articles, levels and sources of NAME, or one ARTICLE of it; without a name, what there is."""
    with asking(node_dir) as asked:
        adopted = asked.law.agreements if asked.of_node else None
        if name is None:
            _list({**shipped()[0].agreements, **asked.law.agreements}, adopted, as_json)
            return
        _, _, a = asked.of(name, text=True)
        said = {"adopted": adopted.get(a.name) == a} if adopted is not None else {}
        disputed = asked.disputed(a.name)
    chosen = _chosen(a, article)
    if as_json:
        rows = {"articles": [_article_json(a, one) for one in chosen]} if article is not None else {}
        out("agreement", {**_as_json(a), **rows, **said, **disputed})
        return
    if article is not None:
        for one in chosen:
            _tell_article(one)
        return
    click.echo(f"{a.title}\n{a.name}, version {a.version}")
    if adopted is not None:
        click.echo("adopted by this node" if said["adopted"] else "not adopted by this node in this version")
    tell_disputed({**disputed, "consultation": a.dispute_article or "unread"})
    click.echo(f"{a.kind}, {'binding' if a.binding else 'not binding'}; authentic text: {a.authentic}")
    click.echo(f"since {a.since.isoformat()}, and so is every article and clause that names no later day")
    if a.term:
        days = a.term.notice // timedelta(hours=24)
        click.echo(f"term {a.term.years} year(s), notice {days} x 24 hours before its end ({a.term.article})")
    for level in a.levels:
        covered = "" if level.covered else "  not covered"
        click.echo(
            f"  {level.party} {level.mark} ({level.romanised or level.mark}), {level.english or 'no English name'}"
            f" [{level.confidence}]{covered}"
        )
    for (mark, from_, to), gives in a.levels_table.equivalences.items():
        click.echo(f"  {from_} {mark} becomes {to} {' or '.join(gives)}")
    click.echo("Tags: A text read, B official or press, C sister texts, not confirmed, I our own reading.")
    for one in a.articles:
        click.echo()
        _tell_article(one)


def _chosen(a: Agreement, article: str | None) -> list[Article]:
    """The article of this number with its parts; all where none is named.

    Raises:
        UsageError: there is none; names those that there are.
    """
    found = [
        one
        for one in a.articles
        if article is None or one.number == article or one.number.startswith((f"{article}.", f"{article}("))
    ]
    if not found:
        known = ", ".join(dict.fromkeys(one.number for one in a.articles))
        raise UsageError(f"`{a.name}` has no article `{article}`", hint=f"known: {known}")
    return found


def _tell_article(one: Article) -> None:
    later = {use: f" since {use.since.isoformat()}" for use in one.clauses if use.since is not None}
    how = ", ".join(use.name + later.get(use, "") for use in one.clauses) or f"by hand: {one.by_hand}"
    click.echo(f"{one.number} [{one.confidence}] {one.source}\n  {one.text}\n  ({how})")


def _list(known: dict[str, Agreement], adopted: dict[str, Agreement] | None, as_json: bool) -> None:
    if as_json:
        rows = [{"name": a.name, "title": a.title, "version": a.version} for a in known.values()]
        told = rows if adopted is None else [{**row, "adopted": row["name"] in adopted} for row in rows]
        out("agreements", {"agreements": told})
        return
    for a in known.values():
        binds = "binding" if a.binding else "not binding"
        here = "" if adopted is None else ", adopted" if a.name in adopted else ", not adopted"
        click.echo(f"{a.name:<14} {', '.join(a.parties):<14} {a.kind}, {binds}{here}\n{'':<14} {a.title}")


def _article_json(a: Agreement, one: Article) -> dict[str, Any]:
    return {
        "number": one.number,
        "text": one.text,
        "clauses": [{"is": u.name, "since": a.begins(u).isoformat(), **u.settings} for u in one.clauses],
        "by_hand": one.by_hand,
        "since": min((a.begins(u) for u in one.clauses), default=a.since).isoformat(),
        "source": one.source,
        "confidence": one.confidence,
    }


def _as_json(a: Agreement) -> dict[str, Any]:
    return {
        "name": a.name,
        "title": a.title,
        "version": a.version,
        "kind": a.kind,
        "binding": a.binding,
        "parties": list(a.parties),
        "authentic": a.authentic,
        "since": a.since.isoformat(),
        "readings": a.readings,
        "levels": [
            {
                "party": x.party,
                "mark": x.mark,
                "romanised": x.romanised,
                "english": x.english,
                "covered": x.covered,
                "source": x.source,
                "confidence": x.confidence,
            }
            for x in a.levels
        ],
        "equivalences": [
            {"mark": mark, "from": from_, "to": to, "gives": list(gives)}
            for (mark, from_, to), gives in a.levels_table.equivalences.items()
        ],
        "articles": [_article_json(a, one) for one in a.articles],
    }
