"""Tampers of the policy and of the keys that open an item."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

from taking_apart import Sample, b64, edited, flip, info, pack, parts
from tampering import holder, stranger

from gsomia.keys import canonical

__all__ = []


@stranger("not the one that was stated|policy was altered")
def policy_loses_its_attribute(s: Sample) -> bytes:
    policy = json.loads(base64.b64decode(info(parts(s.good)[1])["policy"]))
    policy["body"]["dataAttributes"] = []
    return edited(s, lambda m: info(m).update(policy=b64(canonical(policy))))


@stranger("is of another item|policy was altered")
def policy_of_another_item(s: Sample) -> bytes:
    return edited(s, lambda m: info(m).update(policy=info(parts(s.other)[1])["policy"]))


@stranger("policy is not base64")
def policy_is_not_base64(s: Sample) -> bytes:
    return edited(s, lambda m: info(m).update(policy="{}"))


@stranger("policy was altered")
def policy_bindings_of_another_item(s: Sample) -> bytes:
    bound = info(parts(s.other)[1])["keyAccess"][0]["policyBinding"]
    return edited(s, lambda m: info(m)["keyAccess"][0].update(policyBinding=bound))


@stranger("policy binding is not text")
def policy_binding_dropped(s: Sample) -> bytes:
    return edited(s, lambda m: info(m)["keyAccess"][0].pop("policyBinding"))


@stranger("not by HS256")
def policy_binding_of_another_kind(s: Sample) -> bytes:
    return edited(s, lambda m: info(m)["keyAccess"][0]["policyBinding"].update(alg="none"))


@stranger("root signature|policy was altered")
def key_access_of_another_item(s: Sample) -> bytes:
    return edited(s, lambda m: info(m).update(keyAccess=info(parts(s.other)[1])["keyAccess"]))


@stranger("none of the keys")
def wrapped_key_altered(s: Sample) -> bytes:
    def alter(manifest: dict[str, Any]) -> None:
        access = info(manifest)["keyAccess"][0]
        access["wrappedKey"] = b64(flip(base64.b64decode(access["wrappedKey"]), 50))

    return edited(s, alter)


@stranger("none of the keys")
def key_renamed(s: Sample) -> bytes:
    return edited(s, lambda m: info(m)["keyAccess"][0].update(kid="k2"))


@stranger("none of the keys|not in the form")
def kind_of_wrapping_renamed(s: Sample) -> bytes:
    return edited(s, lambda m: info(m)["keyAccess"][0].update(type="wrapped"))


@stranger("none of the keys|out of its order")
def share_renamed(s: Sample) -> bytes:
    return edited(s, lambda m: info(m)["keyAccess"][0].update(sid="2"))


def _access(s: Sample, change: Callable[[list[dict[str, Any]]], object]) -> bytes:
    """The good item with altered key access objects: the first is the X-Wing key's, the second the RSA key's."""
    payload, manifest = parts(s.good)
    change(info(manifest)["keyAccess"])
    return pack(payload, manifest)


@holder("names a share where there is but one")
def all_shares_renamed(s: Sample) -> bytes:
    return _access(s, lambda found: [one.update(sid="1") for one in found])


@holder("not in the form that gsomia writes")
def junk_among_the_keys(s: Sample) -> bytes:
    return _access(s, lambda found: found.append({**found[0], "kid": "z", "wrappedKey": b64(bytes(100))}))


@holder("stands twice, or out of its order")
def key_access_doubled(s: Sample) -> bytes:
    return _access(s, lambda found: found.insert(1, found[0]))


@holder("stands twice, or out of its order")
def key_access_reordered(s: Sample) -> bytes:
    return _access(s, lambda found: found.reverse())


@holder("stands twice, or out of its order")
def key_access_for_another_place(s: Sample) -> bytes:
    return _access(s, lambda found: found[0].update(url="https://other.example"))


@holder("not in the form that gsomia writes")
def field_added_to_a_key_access_object(s: Sample) -> bytes:
    return _access(s, lambda found: found[0].update(encryptedMetadata="AAAA"))


@holder("not in the form that gsomia writes")
def key_access_of_another_version(s: Sample) -> bytes:
    return _access(s, lambda found: found[0].update(schemaVersion="9.9"))


@holder("not in the form that gsomia writes")
def ephemeral_key_where_none_belongs(s: Sample) -> bytes:
    return _access(s, lambda found: found[0].update(ephemeralPublicKey="junk"))


@holder("not in the form that gsomia writes")
def policy_binding_without_its_kind(s: Sample) -> bytes:
    return _access(s, lambda found: found[0].update(policyBinding=found[0]["policyBinding"]["hash"]))


@holder("not in the form that gsomia writes")
def key_without_a_name(s: Sample) -> bytes:
    return _access(s, lambda found: found[0].update(kid=""))


@holder("not in the form that gsomia writes")
def key_access_of_no_known_kind(s: Sample) -> bytes:
    return _access(s, lambda found: found[1].update(type="remote"))


@stranger("1 to 256 key access objects")
def nobody_may_open(s: Sample) -> bytes:
    return edited(s, lambda m: info(m)["keyAccess"].clear())


@stranger("1 to 256 key access objects")
def too_many_may_open(s: Sample) -> bytes:
    return edited(s, lambda m: info(m)["keyAccess"].extend([info(m)["keyAccess"][0]] * 256))


@stranger("not the one base64 spelling")
def wrapped_key_spelt_another_way(s: Sample) -> bytes:
    # Four bits of the last group are left over, and one of them is set.
    return edited(s, lambda m: info(m)["keyAccess"][0].update(wrappedKey="AB=="))
