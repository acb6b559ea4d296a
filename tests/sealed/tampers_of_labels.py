"""Tampers of the label and the other assertions that are bound to an item."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from sealing import LABEL
from taking_apart import Sample, assertion_of, edited, parts, put_assertion, statement_of, tags_of
from tampering import holder, stranger

from gsomia.keys import canonical
from gsomia.sealed import Assertion, label, provenance_assertion
from gsomia.sealed.assertion import bind

__all__ = []


LOWER = {**LABEL, "ocl": {**LABEL["ocl"], "cls": "UNCLASSIFIED"}}


@stranger("label is not the one|was altered")
def label_lowered(s: Sample) -> bytes:
    def lower(manifest: dict[str, Any]) -> None:
        entry = assertion_of(manifest, "label")
        entry["statement"] = {**entry["statement"], "value": canonical(LOWER).decode()}
        put_assertion(manifest, "label", entry)

    return edited(s, lower)


@holder("label is not the one")
def label_lowered_and_bound_anew(s: Sample) -> bytes:
    return edited(s, lambda m: put_assertion(m, "label", bind(label(LOWER), key=s.key, tags=tags_of(s))))


@holder("label is not the one")
def label_dropped(s: Sample) -> bytes:
    return edited(s, lambda m: put_assertion(m, "label", None))


@stranger("two labels|is not bound by the payload key")
def second_label(s: Sample) -> bytes:
    foreign = {**assertion_of(parts(s.other)[1], "label"), "id": "label-2"}
    return edited(s, lambda m: m["assertions"].append(foreign))


@holder("two labels")
def second_label_bound_by_a_reader(s: Sample) -> bytes:
    lower = Assertion(id="label-2", type="handling", schema=label(LOWER).schema, value=label(LOWER).value)
    return edited(s, lambda m: m["assertions"].append(bind(lower, key=s.key, tags=tags_of(s))))


@holder("two provenance statements")
def second_statement_bound_by_a_reader(s: Sample) -> bytes:
    entry = provenance_assertion(statement_of(s.other))
    second = Assertion(id="provenance-2", format=entry.format, schema=entry.schema, value=entry.value)
    return edited(s, lambda m: m["assertions"].append(bind(second, key=s.key, tags=tags_of(s))))


@stranger("two assertions have one")
def assertion_doubled(s: Sample) -> bytes:
    return edited(s, lambda m: m["assertions"].append(m["assertions"][0]))


@stranger("is not bound by the payload key")
def label_of_another_item(s: Sample) -> bytes:
    """The same words, bound to another payload."""
    entry = assertion_of(parts(s.other)[1], "label")
    return edited(s, lambda m: put_assertion(m, "label", entry))


@holder("is not bound to the item")
def binding_stripped_from_the_label(s: Sample) -> bytes:
    def strip(manifest: dict[str, Any]) -> None:
        entry = assertion_of(manifest, "label")
        del entry["binding"]
        put_assertion(manifest, "label", entry)

    return edited(s, strip)


@holder("is not bound to the item")
def binding_of_another_kind(s: Sample) -> bytes:
    def alter(manifest: dict[str, Any]) -> None:
        entry = assertion_of(manifest, "label")
        entry["binding"] = {**entry["binding"], "method": "other"}
        put_assertion(manifest, "label", entry)

    return edited(s, alter)


@holder("other assertions than")
def note_added(s: Sample) -> bytes:
    note = {"id": "note", "type": "other", "scope": "tdo", "statement": {"format": "string", "value": "DOWNGRADED"}}
    return edited(s, lambda m: m["assertions"].append(note))


@holder("other assertions than")
def handling_added_by_a_reader(s: Sample) -> bytes:
    note = Assertion(id="handling", type="handling", value="DOWNGRADED")
    return edited(s, lambda m: m["assertions"].append(bind(note, key=s.key, tags=tags_of(s))))


@holder("other assertions than")
def label_of_another_schema_added_by_a_reader(s: Sample) -> bytes:
    schema = "urn:nato:stanag:4774:confidentialitymetadatalabel:1:0"
    second = Assertion(id="label-2", type="handling", format="json", schema=schema, value='{"cls":"UNCLASSIFIED"}')
    return edited(s, lambda m: m["assertions"].append(bind(second, key=s.key, tags=tags_of(s))))


@holder("other assertions than")
def assertions_reordered(s: Sample) -> bytes:
    return edited(s, lambda m: m["assertions"].reverse())


@holder("label` is not in the form")
def label_of_another_scope(s: Sample) -> bytes:
    moved = replace(label(LABEL), scope="payload")
    return edited(s, lambda m: put_assertion(m, "label", bind(moved, key=s.key, tags=tags_of(s))))


@holder("label` is not in the form")
def label_spelt_another_way(s: Sample) -> bytes:
    spelt = replace(label(LABEL), value=json.dumps(LABEL, indent=1))
    return edited(s, lambda m: put_assertion(m, "label", bind(spelt, key=s.key, tags=tags_of(s))))
