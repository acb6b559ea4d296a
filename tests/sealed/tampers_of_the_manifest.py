"""Tampers of the manifest: no strict JSON, or words that say something else."""

from __future__ import annotations

import json

from taking_apart import Sample, edited, info, pack, parts
from tampering import holder, stranger

from gsomia.keys import canonical

__all__ = []


@stranger("not strict JSON")
def manifest_is_not_json(s: Sample) -> bytes:
    return pack(parts(s.good)[0], b"manifest")


@stranger("not a JSON object")
def manifest_is_a_list(s: Sample) -> bytes:
    return pack(parts(s.good)[0], b"[]")


@stranger("not UTF-8")
def manifest_is_not_utf8(s: Sample) -> bytes:
    return pack(parts(s.good)[0], canonical(parts(s.good)[1]).replace(b"text/plain", b"text/pl\xffin"))


@stranger("stands twice")
def policy_key_twice(s: Sample) -> bytes:
    policy = info(parts(s.other)[1])["policy"].encode()
    data = canonical(parts(s.good)[1]).replace(b'"policy":', b'"policy":"' + policy + b'","policy":', 1)
    return pack(parts(s.good)[0], data)


@stranger("not strict JSON: too deep")
def manifest_too_deep(s: Sample) -> bytes:
    return pack(parts(s.good)[0], b'{"a":' * 100_000 + b"1" + b"}" * 100_000)


@stranger("is not JSON")
def manifest_with_not_a_number(s: Sample) -> bytes:
    return pack(
        parts(s.good)[0], canonical(parts(s.good)[1]).replace(b'"segmentSizeDefault":1024', b'"segmentSizeDefault":NaN')
    )


@stranger("manifest is longer than")
def manifest_padded_beyond_the_limit(s: Sample) -> bytes:
    return pack(parts(s.good)[0], canonical(parts(s.good)[1]) + b" " * (8 << 20))


@stranger("schemaVersion")
def unknown_version(s: Sample) -> bytes:
    return edited(s, lambda m: m.update(schemaVersion="9.9.9"))


@stranger("hexadecimal")
def version_dropped_to_read_it_the_old_way(s: Sample) -> bytes:
    return edited(s, lambda m: m.pop("schemaVersion"))


@stranger("does not say that the payload is encrypted")
def said_not_to_be_encrypted(s: Sample) -> bytes:
    return edited(s, lambda m: m["payload"].update(isEncrypted=False))


@stranger("`url` is not")
def payload_elsewhere(s: Sample) -> bytes:
    return edited(s, lambda m: m["payload"].update(url="https://elsewhere.example/0.payload"))


@stranger("`algorithm` is not")
def another_algorithm(s: Sample) -> bytes:
    return edited(s, lambda m: info(m)["method"].update(algorithm="AES-128-CBC"))


@stranger("say once that the payload is streamable")
def said_twice_to_be_streamable(s: Sample) -> bytes:
    return edited(s, lambda m: info(m)["method"].update(IsStreamable=False))


@stranger("`segmentHashAlg` is not")
def segment_hashes_of_another_kind(s: Sample) -> bytes:
    return edited(s, lambda m: info(m)["integrityInformation"].update(segmentHashAlg="CRC32"))


@holder("not the one that was stated")
def mime_type_altered(s: Sample) -> bytes:
    return edited(s, lambda m: m["payload"].update(mimeType="application/x-executable"))


@holder("not the one that was stated")
def field_added_to_the_manifest(s: Sample) -> bytes:
    return edited(s, lambda m: info(m).update(note="declassified"))


@holder("not in the form")
def manifest_spelt_another_way(s: Sample) -> bytes:
    return pack(parts(s.good)[0], json.dumps(parts(s.good)[1], indent=1).encode())
