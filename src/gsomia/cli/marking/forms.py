"""The forms that a label comes in, told apart by their bytes, read, and written."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from gsomia.cli.marking.group import note
from gsomia.errors import DataError
from gsomia.marking import (
    Label,
    Policy,
    UsMarking,
    XmlLabel,
    breaches,
    has_ism,
    parse_banner,
    parse_portion,
    read_ism,
    read_ism_attributes,
    read_label,
    read_spiffy,
    render_banner,
    render_label,
    render_portion,
    us_label,
    us_marking,
    write_ism,
    write_ism_attributes,
    write_label,
)

__all__ = ["FORMS", "Form", "form_of", "read_form", "write_form"]

FORMS: Final = ("xml", "json", "ocl", "ism", "ism-xml", "banner", "portion", "text")
"""Every form; `text` is written and not read."""

NO_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands where a form needs a time and `--lenient` reads a label that has none; it is always told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A label that was read.

    Args:
        name: its form, one of `FORMS`.
        label: what it says.
        dated: the label itself has a time of creation, or the caller gave one.
        source: the label in XML that it was read from, or None.
    """

    name: str
    label: Label
    dated: bool
    source: XmlLabel | None = None


def form_of(data: bytes) -> tuple[str, Any]:
    """Which form some bytes are, by their first character and outermost names; with the JSON value where it is one.

    Raises:
        DataError: not JSON where it begins like it.
    """
    head = data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if head == b"<":
        return ("ism-xml" if has_ism(data) else "xml"), None
    if head in (b"{", b"["):
        try:
            value = json.loads(data, object_pairs_hook=_no_doubles)
        except (ValueError, RecursionError) as error:
            raise DataError(f"not JSON: {error}") from error
        if not isinstance(value, dict):
            raise DataError("a label is a JSON object")
        if "ocl" in value:
            return "ocl", value
        return ("ism" if {"ownerProducer", "ism:ownerProducer"} & value.keys() else "json"), value
    return ("portion" if head == b"(" else "banner"), None


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key stands there twice")
    return value


def read_form(
    data: bytes, *, policy: Policy | None = None, lenient: bool = False, created: datetime | None = None
) -> Form:
    """Read a label in whatever form.

    Args:
        data: the bytes.
        policy: the label's policy, where it is known.
        lenient: accept a label without a time of creation.
        created: the time of a label that has none.

    Raises:
        DataError: no such label, or one without a time.
    """
    name, value = form_of(data)
    stand_in = created or (NO_TIME if lenient else None)
    dated = created is not None
    if name == "xml" and b"http://surevine.com/xmlns/spiffy" in data:
        if policy is None:
            raise DataError("a label in the short form holds numbers", hint="give its SPIF with --policy")
        return Form(name=name, label=read_spiffy(data, policy, created=_needed(stand_in)), dated=dated)
    if name == "xml":
        found = read_label(data, created=stand_in)
        return Form(name=name, label=found.label, dated=found.dated or dated, source=found)
    if name == "ocl":
        label = Label.from_ocl(value, policy=policy.name if policy is not None else "")
        return Form(name=name, label=label, dated=True)
    if name == "json":
        return Form(name=name, label=Label.from_json(value), dated=True)
    marking, at = _marking(name, data, value)
    _check(marking)
    label = us_label(marking, created=at or _needed(stand_in))
    return Form(name=name, label=label, dated=at is not None or dated)


def _marking(name: str, data: bytes, value: Any) -> tuple[UsMarking, datetime | None]:
    if name in ("ism", "ism-xml"):
        found = read_ism_attributes(value) if name == "ism" else read_ism(data)
        if found.unshown:
            note(f"a label has no place for {', '.join(f'`{part}`' for part in found.unshown)}")
        return found.marking, found.created
    try:
        text = data.decode("utf-8-sig").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as error:
        raise DataError(f"not UTF-8 at byte {error.start}") from error
    return (parse_portion if name == "portion" else parse_banner)(text), None


def _needed(at: datetime | None) -> datetime:
    if at is None:
        raise DataError(
            "the label has no time of creation, which STANAG 4774 requires",
            hint="give it with --created, or accept the label as it is with --lenient",
        )
    return at


def _check(marking: UsMarking, *, portion: bool = False) -> None:
    found = breaches(marking, portion=portion)
    if found:
        raise DataError(f"a marking that the register does not allow: {found[0].message} ({found[0].rule})")


def write_form(read: Form, form: str, *, policy: Policy | None = None, lang: str = "en") -> bytes:
    """Write a label in a form.

    A label that is XML and stays XML keeps its bytes. Where the label has no time of its own, forms that need one get
    `NO_TIME`, and a note says so.

    Raises:
        DataError: the label has no place in that form.
    """
    label = read.label
    if not read.dated:
        stands = form in ("xml", "json", "ocl")
        note(
            "the label has no time of creation"
            + (f"; {NO_TIME:%Y-%m-%dT%H:%M:%SZ} stands in for it: give the time with --created" if stands else "")
        )
    if form == "xml":
        return read.source.encoded() if read.source is not None and read.source.dated else write_label(label)
    if form == "text":
        if policy is None:
            raise DataError("`--to text` shows a label as its policy has it shown", hint="give its SPIF with --policy")
        return (render_label(policy, label, lang=lang) + "\n").encode()
    if form in ("json", "ocl"):
        value = label.to_json() if form == "json" else label.to_ocl()
        return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()
    marking = us_marking(label)
    _check(marking, portion=form == "portion")
    created = label.created if read.dated else None
    if form == "ism":
        return (json.dumps(write_ism_attributes(marking, created), indent=2) + "\n").encode()
    if form == "ism-xml":
        return write_ism(marking, created)
    names = frozenset(t.removeprefix("ACCM-").replace("_", " ") for t in marking.non_ic if t.startswith("ACCM-"))
    text = render_banner(marking) if form == "banner" else render_portion(marking)
    (parse_banner if form == "banner" else parse_portion)(text, nicknames=names)  # what is written can be read
    return (text + "\n").encode()
