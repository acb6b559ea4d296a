"""Notes, checkpoints and their signatures: published examples, strict reading, and every signature tampered with."""

from __future__ import annotations

import base64
import copy
import pickle
from datetime import UTC, datetime, timedelta, timezone

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from gsomia.errors import LogError, SignatureError, VerificationError
from gsomia.tlog import (
    EMPTY_ROOT,
    Algorithm,
    Checkpoint,
    LogSigner,
    LogVerifier,
    NoteKey,
    add_signatures,
    commitment,
    parse_note,
    verify_checkpoint,
    verify_cosignatures,
    verify_signed,
)

AT = datetime(2031, 7, 1, 9, 30, tzinfo=UTC)
LOG = LogSigner("node.jpn.example/log/KOR", bytes(range(64)))
WITNESS = LogSigner("node.kor.example", bytes(range(64, 128)))
CHECKPOINT = Checkpoint(origin=LOG.name, size=5, root=bytes(range(32)))
NOTE = LOG.sign_checkpoint(CHECKPOINT, AT)
COSIGNED = add_signatures(NOTE, WITNESS.cosign(NOTE, AT + timedelta(seconds=3)))

# The example of the Go package golang.org/x/mod/sumdb/note and a checkpoint of the Go checksum database, both public.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def test_the_go_note_verifies_with_its_key() -> None:
    key = NoteKey.from_text(GO_KEY)
    note = parse_note(GO_NOTE.encode())
    assert key.algorithm is Algorithm.ED25519
    assert key.verify(note, note.signatures[0]) is None
    altered = parse_note(GO_NOTE.replace("answer", "Answer").encode())
    with pytest.raises(SignatureError):
        key.verify(altered, altered.signatures[0])


def test_the_checkpoint_example_of_the_standard_is_read() -> None:
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    checkpoint = Checkpoint.from_text(text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.to_text() == text


def test_a_signed_checkpoint_says_what_was_signed_and_when() -> None:
    seen = verify_signed(NOTE, LOG.public)
    assert seen.checkpoint == CHECKPOINT == verify_checkpoint(NOTE, LOG.public)
    assert seen.signed_at == AT
    assert seen.note == NOTE
    assert [s.name for s in parse_note(NOTE).signatures] == [LOG.name, LOG.name]


def test_the_time_is_that_instant_in_any_zone() -> None:
    seoul = timezone(timedelta(hours=9))
    note = LOG.sign_checkpoint(CHECKPOINT, AT.astimezone(seoul))
    assert verify_signed(note, LOG.public).signed_at == AT
    for bad in (AT.replace(tzinfo=None), datetime(1969, 1, 1, tzinfo=UTC)):
        with pytest.raises(ValueError, match="time"):
            LOG.sign_checkpoint(CHECKPOINT, bad)


@pytest.mark.parametrize("index", [0, 1])
def test_each_of_the_logs_two_signatures_is_needed(index: int) -> None:
    lines = NOTE.decode().splitlines(keepends=True)
    del lines[4 + index]
    with pytest.raises(SignatureError, match="missing"):
        verify_checkpoint("".join(lines).encode(), LOG.public)


@pytest.mark.parametrize("index", [0, 1, 2, 3])
@pytest.mark.parametrize("place", [0, 4, 11, 12, -1])
def test_each_signature_altered_in_any_part_does_not_count(index: int, place: int) -> None:
    lines = COSIGNED.decode().splitlines(keepends=True)
    dash, name, blob = lines[4 + index].split()
    raw = bytearray(base64.b64decode(blob))
    raw[place] ^= 1
    lines[4 + index] = f"{dash} {name} {base64.b64encode(raw).decode()}\n"
    altered = "".join(lines).encode()
    if place == 0 and index >= 2:
        # Another key id is another key: its signature is not looked at, and the witness has only one left.
        assert verify_cosignatures(altered, [WITNESS.public]) == ()
        return
    with pytest.raises(SignatureError):
        verify_checkpoint(altered, LOG.public)
        verify_cosignatures(altered, [WITNESS.public])


@pytest.mark.parametrize(
    ("old", "new"),
    [("KOR\n", "USA\n"), ("\n5\n", "\n6\n"), ("AAECAwQF", "AAECAwQG")],
)
def test_each_line_of_the_checkpoint_is_signed(old: str, new: str) -> None:
    assert old in NOTE.decode()
    altered = NOTE.decode().replace(old, new, 1).encode()
    with pytest.raises(VerificationError):
        verify_checkpoint(altered, LOG.public)
    with pytest.raises(SignatureError):
        verify_cosignatures(COSIGNED.decode().replace(old, new, 1).encode(), [WITNESS.public])


@given(st.integers(0, 8 * len(NOTE) - 1))
def test_no_bit_of_a_signed_checkpoint_can_be_flipped(bit: int) -> None:
    altered = bytearray(NOTE)
    altered[bit // 8] ^= 1 << bit % 8
    with pytest.raises(VerificationError):
        verify_checkpoint(bytes(altered), LOG.public)


def test_another_logs_keys_or_name_do_not_verify() -> None:
    with pytest.raises(LogError):
        verify_checkpoint(NOTE, WITNESS.public)
    with pytest.raises(SignatureError, match="missing"):
        verify_checkpoint(NOTE, WITNESS.public.named(LOG.name))
    with pytest.raises(LogError):
        verify_checkpoint(NOTE, LOG.public.named("node.jpn.example/log/USA"))
    with pytest.raises(LogError):
        LOG.sign_checkpoint(Checkpoint(origin="node.jpn.example/log/USA", size=0, root=EMPTY_ROOT), AT)


def test_a_known_key_that_fails_rejects_the_note_even_beside_a_good_signature() -> None:
    other = LOG.sign_checkpoint(Checkpoint(origin=LOG.name, size=6, root=bytes(32)), AT)
    stolen = other.decode().splitlines(keepends=True)[4]
    with pytest.raises(SignatureError):
        verify_checkpoint(NOTE + stolen.encode(), LOG.public)


def test_cosignatures_count_only_by_named_witnesses_and_with_both_keys() -> None:
    third = LogSigner("node.usa.example", bytes(64))
    assert verify_cosignatures(NOTE, [WITNESS.public]) == ()
    assert verify_cosignatures(COSIGNED, []) == ()
    assert verify_cosignatures(COSIGNED, [third.public]) == ()
    (found,) = verify_cosignatures(COSIGNED, [third.public, WITNESS.public])
    assert (found.name, found.signed_at) == (WITNESS.name, AT + timedelta(seconds=3))
    assert verify_checkpoint(COSIGNED, LOG.public) == CHECKPOINT
    for index in (6, 7):
        lines = COSIGNED.decode().splitlines(keepends=True)
        del lines[index]
        assert verify_cosignatures("".join(lines).encode(), [WITNESS.public]) == ()


def test_a_signature_without_time_does_not_count() -> None:
    # C2SP allows the time 0; ours must say when, so the two signatures are made by hand as the standard writes them.
    text = CHECKPOINT.to_text()
    name = WITNESS.name.encode()
    size = (5).to_bytes(8, "big")
    origin = LOG.name.encode()
    message = b"subtree/v1\n\0" + bytes([len(name)]) + name + b"%s" + bytes([len(origin)]) + origin + bytes(8) + size
    ed25519 = Ed25519PrivateKey.from_private_bytes(WITNESS.seed[:32])
    ml_dsa_44 = MLDSA44PrivateKey.from_seed_bytes(WITNESS.seed[32:])
    ids = [key.key_id for key in WITNESS.public.witness_keys()]
    for stamp, counts in ((int(AT.timestamp()), True), (0, False)):
        time = stamp.to_bytes(8, "big")
        plain = ed25519.sign(f"cosignature/v1\ntime {stamp}\n{text}".encode())
        post_quantum = ml_dsa_44.sign(message.replace(b"%s", time) + CHECKPOINT.root)
        lines = "".join(
            f"— {WITNESS.name} {base64.b64encode(key_id + time + signature).decode()}\n"
            for key_id, signature in zip(ids, (plain, post_quantum), strict=True)
        )
        note = add_signatures(NOTE, lines.encode())
        if counts:
            (found,) = verify_cosignatures(note, [WITNESS.public])
            assert found.signed_at == AT
        else:
            with pytest.raises(SignatureError, match="no time"):
                verify_cosignatures(note, [WITNESS.public])


def test_signatures_are_added_once() -> None:
    lines = WITNESS.cosign(NOTE, AT)
    once = add_signatures(NOTE, lines)
    assert add_signatures(once, lines + lines) == once
    with pytest.raises(LogError):
        add_signatures(NOTE, b"not a line\n")


def test_keys_have_one_text_form() -> None:
    for key in (*LOG.public.log_keys(), *LOG.public.witness_keys()):
        text = key.to_text()
        assert NoteKey.from_text(text) == key
        name, key_id, blob = text.split("+", 2)
        other_id = f"{int(key_id, 16) ^ 1:08x}"
        for bad in (
            f"{name}+{other_id}+{blob}",
            f"x{text}",
            f"{text}=",
            f"{name}+{key_id}",
            f"{name}+{key_id}+",
            f"{name}+{key_id.upper()}A+{blob}",
        ):
            with pytest.raises(LogError):
                NoteKey.from_text(bad)
    assert LogVerifier.from_text(LOG.public.to_text()) == LOG.public
    first, second = LOG.public.to_text().splitlines(keepends=True)
    cosigner = LOG.public.witness_keys()[0].to_text() + "\n"
    for bad in (WITNESS.public.to_text().splitlines(keepends=True)[0] + second, cosigner + second, first + first):
        with pytest.raises(LogError):
            LogVerifier.from_text(bad)
    swapped = "".join(reversed(LOG.public.to_text().splitlines(keepends=True)))
    for bad in (swapped, LOG.public.to_text()[:-1], "", LOG.public.to_text() + "\n"):
        with pytest.raises(LogError):
            LogVerifier.from_text(bad)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a\n1\n",
        "a\n01\n{root}\n",
        "a\n+1\n{root}\n",
        "a\n-1\n{root}\n",
        "a\n1 \n{root}\n",
        "a\n١\n{root}\n",
        "a\n\n{root}\n",
        "a\n9223372036854775808\n{root}\n",
        "\n1\n{root}\n",
        "a b\n1\n{root}\n",
        "a+b\n1\n{root}\n",
        "a\u2003b\n1\n{root}\n",
        "a\n1\n{root}",
        "a\n1\n{root}\nextension\n",
        "a\n1\n{root}\n\n",
        "a\n1\nAAAA\n",
        "a\n1\n{root}=\n",
        "a\n1\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=\n",
        "a\n1\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n",
        "a\r\n1\n{root}\n",
        "x" * 256 + "\n1\n{root}\n",
    ],
)
def test_a_checkpoint_has_one_spelling(text: str) -> None:
    with pytest.raises(LogError):
        Checkpoint.from_text(text.replace("{root}", base64.b64encode(bytes(range(32))).decode()))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"text\n",
        b"text\n\n",
        GO_NOTE.encode()[:-1],
        GO_NOTE.encode() + b"\n",
        GO_NOTE.replace("—", "-").encode(),
        GO_NOTE.replace("— ", "—  ").encode(),
        GO_NOTE.replace("=\n", "\n").encode(),
        GO_NOTE.replace("If", "I\tf").encode(),
        GO_NOTE.replace("If", "I\rf").encode(),
        GO_NOTE.encode().replace(b"If", b"I\xff"),
        b"text\n\n" + "— name AAAA\n".encode(),
        b"text\n\n" + "— na+me AAAAAAAA\n".encode(),
        b"text\n\n" + "— name AAAAAAAA\n".encode() * 65,
        b"x" * (1 << 20) + GO_NOTE.encode(),
    ],
)
def test_a_note_has_one_spelling(data: bytes) -> None:
    with pytest.raises(LogError):
        parse_note(data)


@given(st.binary(max_size=40), st.sampled_from([NOTE, GO_NOTE.encode()]), st.data())
def test_what_is_read_as_a_note_writes_back_the_same(patch: bytes, note: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(note)))
    mutated = note[:at] + patch + note[at + data.draw(st.integers(0, 3)) :]
    try:
        parsed = parse_note(mutated)
    except LogError:
        return
    assert parsed.to_bytes() == mutated


def test_private_keys_are_not_shown_pickled_or_copied() -> None:
    shown = repr(LOG)
    assert LOG.name in shown
    assert "seed" not in shown
    assert LOG.seed.hex() not in shown
    for way in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            way(LOG)


def test_a_signer_is_its_name_and_seed() -> None:
    fresh = LogSigner.generate("node.example")
    assert LogSigner(fresh.name, fresh.seed).public == fresh.public
    assert LogSigner.generate("node.example").public != fresh.public
    assert fresh.named("other.example").public == fresh.public.named("other.example")
    with pytest.raises(ValueError, match="64 bytes"):
        LogSigner("node.example", bytes(32))
    with pytest.raises(LogError):
        LogSigner("a name", bytes(64))


def test_a_commitment_tells_its_statement_only_with_the_salt() -> None:
    first = commitment(bytes(32), b"statement")
    assert len(first) == 32
    assert len({first, commitment(b"\1" * 32, b"statement"), commitment(bytes(32), b"statemenu")}) == 3
    assert first.hex() == "7faf1b953b0a5fa8a5fe4323efc7cf5809ed2af77751b06e902ff359943c21a1"
    with pytest.raises(ValueError, match="32 bytes"):
        commitment(b"", b"statement")
