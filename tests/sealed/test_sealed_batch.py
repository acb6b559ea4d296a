"""Statements signed in batches: the tree against the log's own, items that hold, and what does not."""

from __future__ import annotations

import copy
import io
import pickle
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sealing import LABEL, identity, originator, private_keys, recipient

from gsomia.errors import SealError, SignatureError
from gsomia.keys import SigningKey, b64, canonical, sign
from gsomia.sealed import (
    BatchedStatement,
    BegunItem,
    Policy,
    begin,
    check_provenance,
    label,
    provenance,
    provenance_assertion,
    read,
    read_provenance,
    sign_batch,
)
from gsomia.sealed.batch import BATCH_TYPE, MAX_BATCH
from gsomia.tlog import batch, batch_root

KEY = originator()


@given(st.lists(st.binary(max_size=3), min_size=1, max_size=70))
@settings(max_examples=60)
def test_the_tree_is_the_logs(statements: list[bytes]) -> None:
    signed = sign_batch(statements, KEY)
    root, paths = batch(statements)
    assert [entry.path for entry in signed] == paths
    assert signed[0].envelope.payload == canonical({"v": 1, "root": b64(root), "size": len(statements)})
    for entry, statement in zip(signed, statements, strict=True):
        assert entry.verify(KEY.public) == statement
        assert batch_root(statement, entry.index, entry.size, entry.path) == root


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8])
def test_a_statement_elsewhere_in_the_batch_does_not_verify(size: int) -> None:
    signed = sign_batch([b"statement %d" % n for n in range(size)], KEY)
    for entry in signed:
        wrong = [
            replace(entry, statement=b"another"),
            replace(entry, size=entry.size + 1),
            replace(entry, path=(*entry.path, bytes(32))),
            replace(entry, index=(entry.index + 1) % (size + 1)),
        ]
        if entry.path:
            wrong += [
                replace(entry, path=entry.path[:-1]),
                replace(entry, path=(entry.path[0][:-1], *entry.path[1:])),
                replace(entry, path=(bytes(32), *entry.path[1:])),
            ]
        for bent in wrong:
            with pytest.raises(SignatureError, match=r"path does not fit|not in the batch|no such place"):
                bent.verify(KEY.public)
        with pytest.raises(SignatureError):
            entry.verify(SigningKey.generate().public)


def test_a_node_of_the_tree_is_no_statement() -> None:
    first, second = sign_batch([b"a", b"b"], KEY)
    both = b"\x01" + second.path[0] + first.path[0]
    with pytest.raises(SignatureError):
        BatchedStatement(statement=both, index=0, size=1, path=(), envelope=first.envelope).verify(KEY.public)


@pytest.mark.parametrize("kind", ["application/vnd.gsomia.acts.v1+json", "application/vnd.gsomia.provenance.v1+json"])
def test_a_signature_over_something_else_is_none_over_a_batch(kind: str) -> None:
    (entry,) = sign_batch([b"statement"], KEY)
    with pytest.raises(SignatureError, match="payload type"):
        replace(entry, envelope=sign(entry.envelope.payload, kind, [KEY])).verify(KEY.public)


def test_a_batch_has_a_size() -> None:
    with pytest.raises(ValueError, match="a batch has 1 to"):
        sign_batch([], KEY)
    with pytest.raises(ValueError, match="a batch has 1 to"):
        sign_batch([b""] * (MAX_BATCH + 1), KEY)


# --- items ------------------------------------------------------------------------------------------------------------


def begun(number: int) -> tuple[BegunItem, io.BytesIO, bytes]:
    """An item whose payload is sealed, its sink, and the statement to sign."""
    item, sink = f"item-{number}", io.BytesIO()
    policy = Policy(uuid=item)
    made = begin(
        io.BytesIO(b"EXERCISE " * number),
        sink,
        recipients=[recipient(private_keys()["hpqt:xwing"])],
        policy=policy,
        mime_type="text/plain",
        assertions=[label(LABEL)],
        segment_bytes=1024,
    )
    statement = provenance(
        item=item,
        label=LABEL,
        policy=policy,
        payload_digest=made.payload_digest,
        core_digest=made.core_digest,
        exercise=True,
    )
    return made, sink, statement


def items(count: int) -> list[bytes]:
    """Sealed items of one batch."""
    made = [begun(number) for number in range(count)]
    for (item, _, _), signed in zip(made, sign_batch([one[2] for one in made], KEY), strict=True):
        item.finish(provenance_assertion(signed))
    return [sink.getvalue() for _, sink, _ in made]


@pytest.mark.parametrize("count", [1, 7])
def test_items_of_a_batch_open_each_by_itself(count: int) -> None:
    for number, data in enumerate(items(count)):
        item = read(io.BytesIO(data))
        signed = read_provenance(item)
        assert isinstance(signed, BatchedStatement) and (signed.index, signed.size) == (number, count)
        statement = check_provenance(item, signed, KEY.public)
        assert (statement.item, statement.label) == (f"item-{number}", LABEL)
        out = io.BytesIO()
        item.open([identity(private_keys()["hpqt:xwing"])], out, payload_digest=statement.payload_digest)
        assert out.getvalue() == b"EXERCISE " * number
        with pytest.raises(SignatureError):
            check_provenance(item, signed, SigningKey.generate().public)


def test_a_statement_of_another_item_of_the_batch_is_of_another_item() -> None:
    one, two = (read(io.BytesIO(data)) for data in items(2))
    signed = read_provenance(two)
    assert signed is not None
    with pytest.raises(SealError, match="another item"):
        check_provenance(one, signed, KEY.public)


@pytest.mark.parametrize(
    "change",
    [{"index": 2}, {"index": -1}, {"index": True}, {"size": 0}, {"size": MAX_BATCH + 1}, {"size": "2"}, {"path": {}},
     {"path": [5]}, {"path": ["AA="]}, {"path": ["AA=="] * 18}, {"statement": 5}, {"statement": "\ud800"}, {"more": 1}],
)  # fmt: skip
def test_what_is_no_batched_statement_is_said_so(change: dict[str, object]) -> None:
    good = sign_batch([b"one", b"two"], KEY)[0].to_json()
    assert BatchedStatement.from_json(good).to_json() == good
    with pytest.raises(SealError, match="batched statement"):
        BatchedStatement.from_json(good | change)
    with pytest.raises(SealError, match="batched statement"):
        BatchedStatement.from_json([])


def test_a_begun_item_keeps_its_key_to_itself() -> None:
    made, _, statement = begun(1)
    key = made._key
    for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="not pickled"):
            attempt(made)
    assert key.hex() not in repr(made) and repr(key) not in repr(made)
    made.finish(provenance_assertion(sign_batch([statement], KEY)[0]))
    assert made._key == b""
    with pytest.raises(ValueError, match="finished before"):
        made.finish()


def test_a_payload_without_digest_states_nothing() -> None:
    (signed,) = sign_batch([b"x"], KEY)
    made = begin(
        io.BytesIO(),
        io.BytesIO(),
        recipients=[recipient(private_keys()["hpqt:xwing"])],
        policy=Policy(uuid="1"),
        mime_type="",
        digest=False,
    )
    with pytest.raises(ValueError, match="needs the payload digest"):
        made.finish(provenance_assertion(signed))
    assert BATCH_TYPE == "application/vnd.gsomia.provenance-batch.v1+json"
