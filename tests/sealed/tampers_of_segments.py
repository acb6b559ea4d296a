"""Tampers of the payload's segments, their tags and the root signature over them."""

from __future__ import annotations

from typing import Any

from taking_apart import SEGMENT, Sample, b64, edited, flip, info, pack, parts, places, segments
from tampering import stranger

__all__ = []


@stranger("altered|not the one")
def bit_flipped_in_a_segment(s: Sample) -> bytes:
    payload, manifest = parts(s.good)
    return pack(flip(payload, SEGMENT + 500), manifest)


@stranger("CRC-32|altered|not the one")
def bit_flipped_in_the_file_alone(s: Sample) -> bytes:
    return flip(s.good, places(s.good).payload + 500)


@stranger("altered|not the one")
def nonce_altered(s: Sample) -> bytes:
    payload, manifest = parts(s.good)
    return pack(flip(payload, SEGMENT), manifest)


@stranger("does not end in the tag")
def tag_altered_in_the_payload(s: Sample) -> bytes:
    payload, manifest = parts(s.good)
    return pack(flip(payload, SEGMENT - 1), manifest)


@stranger("not the one that was stated|root signature")
def tag_altered_in_both_places(s: Sample) -> bytes:
    payload, manifest = parts(s.good)
    payload = flip(payload, SEGMENT - 1)
    segments(manifest)[0]["hash"] = b64(payload[SEGMENT - 16 : SEGMENT])
    return pack(payload, manifest)


@stranger("do not add up")
def last_segment_cut_from_the_payload(s: Sample) -> bytes:
    payload, manifest = parts(s.good)
    return pack(payload[: 3 * SEGMENT], manifest)


@stranger("not the one that was stated|root signature")
def last_segment_cut_from_both(s: Sample) -> bytes:
    payload, manifest = parts(s.good)
    segments(manifest).pop()
    return pack(payload[: 3 * SEGMENT], manifest)


@stranger("not the one that was stated|root signature")
def every_segment_dropped(s: Sample) -> bytes:
    _, manifest = parts(s.good)
    segments(manifest).clear()
    return pack(b"", manifest)


@stranger("not the one that was stated|root signature")
def segment_dropped_from_the_middle(s: Sample) -> bytes:
    payload, manifest = parts(s.good)
    del segments(manifest)[1]
    return pack(payload[:SEGMENT] + payload[2 * SEGMENT :], manifest)


@stranger("not the one that was stated|root signature")
def segments_reordered_in_both(s: Sample) -> bytes:
    payload, manifest = parts(s.good)
    listed = segments(manifest)
    listed[0], listed[1] = listed[1], listed[0]
    return pack(payload[SEGMENT : 2 * SEGMENT] + payload[:SEGMENT] + payload[2 * SEGMENT :], manifest)


@stranger("does not end in the tag")
def segments_reordered_in_the_payload(s: Sample) -> bytes:
    payload, manifest = parts(s.good)
    return pack(payload[SEGMENT : 2 * SEGMENT] + payload[:SEGMENT] + payload[2 * SEGMENT :], manifest)


@stranger("not the one that was stated|root signature")
def segment_doubled(s: Sample) -> bytes:
    payload, manifest = parts(s.good)
    segments(manifest).insert(1, segments(manifest)[0])
    return pack(payload[:SEGMENT] + payload, manifest)


@stranger("do not differ by nonce and tag")
def plaintext_size_altered(s: Sample) -> bytes:
    return edited(s, lambda m: segments(m)[0].update(segmentSize=1000))


@stranger("not the one that was stated|does not end in the tag")
def segment_boundary_moved(s: Sample) -> bytes:
    def move(manifest: dict[str, Any]) -> None:
        first, second = segments(manifest)[:2]
        first.update(segmentSize=1023, encryptedSegmentSize=1051)
        second.update(segmentSize=1025, encryptedSegmentSize=1053)

    return edited(s, move)


@stranger("is not a size")
def segment_of_a_negative_size(s: Sample) -> bytes:
    return edited(s, lambda m: segments(m)[0].update(segmentSize=-28, encryptedSegmentSize=0))


@stranger("is not a size")
def segment_of_four_gigabytes(s: Sample) -> bytes:
    return edited(s, lambda m: segments(m)[0].update(segmentSize=2**32, encryptedSegmentSize=2**32 + 28))


@stranger("is not a size")
def segment_size_that_is_no_whole_number(s: Sample) -> bytes:
    return edited(s, lambda m: segments(m)[0].update(segmentSize=1024.5))


@stranger("list of at most")
def too_many_segments(s: Sample) -> bytes:
    return edited(s, lambda m: segments(m).extend([segments(m)[0]] * 2**16))


@stranger("not the one that was stated|root signature")
def root_signature_altered(s: Sample) -> bytes:
    root = info(parts(s.other)[1])["integrityInformation"]["rootSignature"]
    return edited(s, lambda m: info(m)["integrityInformation"].update(rootSignature=root))


@stranger("not 32 bytes")
def root_signature_emptied(s: Sample) -> bytes:
    return edited(s, lambda m: info(m)["integrityInformation"]["rootSignature"].update(sig=""))


@stranger("`alg` is not")
def root_signature_of_another_kind(s: Sample) -> bytes:
    return edited(s, lambda m: info(m)["integrityInformation"]["rootSignature"].update(alg="GMAC"))


@stranger("do not add up|does not end in the tag")
def payload_of_another_item(s: Sample) -> bytes:
    return pack(parts(s.other)[0], parts(s.good)[1])


@stranger("does not end in the tag")
def manifest_of_another_item(s: Sample) -> bytes:
    return pack(parts(s.good)[0], parts(s.other)[1])
