"""Sealing and opening, against what bounds them: copying, the cipher and the hash alone, and other people's tools.

File rows are wall time on tmpfs where there is room (otherwise the temporary folder), the rest CPU time of one thread.
`age`, `gpg` and `otdf-python` are measured where they are installed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bench.measure import Result, compare
from bench.release import release_rows
from gsomia.keys import SigningKey, sign
from gsomia.sealed import (
    PROVENANCE_TYPE,
    Assertion,
    BegunItem,
    CompositePrivateKey,
    Identity,
    Policy,
    PrivateKey,
    Recipient,
    XWingPrivateKey,
    begin,
    check_provenance,
    label,
    private_pem,
    provenance,
    provenance_assertion,
    public_pem,
    read,
    read_provenance,
    seal,
    sign_batch,
)
from gsomia.sealed.container import crc32
from gsomia.sealed.wrap import unwrap, wrap

ITEM = "8c1b4f0e-3a52-4b6e-9d33-6f1d1f6f2a11"
LABEL: dict[str, Any] = {"ocl": {"cls": "SECRET", "dcr": "2016-11-23T00:00:00Z"}}
POLICY = Policy(uuid=ITEM)
KEY = XWingPrivateKey.generate()
NODE = SigningKey.generate()
IDENTITY = Identity(kid=KEY.kid, key=KEY)
TO = [Recipient(kid=KEY.kid, url="https://node.example", key=KEY.public)]


class Nowhere:
    """A sink that takes everything and keeps nothing."""

    def write(self, data: memoryview) -> None:
        """Forget the data."""


def stated(payload_digest: bytes, core_digest: bytes) -> Assertion:
    """The originator's statement, signed."""
    statement = provenance(
        item=ITEM,
        label=LABEL,
        policy=POLICY,
        payload_digest=payload_digest,
        core_digest=core_digest,
        exercise=True,
    )
    return provenance_assertion(sign(statement, PROVENANCE_TYPE, [NODE]))


def beginning(source: Any, sink: Any) -> tuple[BegunItem, bytes]:
    """Seal a payload, and what the originator says of it: to be signed with others in a batch."""
    begun = begin(source, sink, recipients=TO, policy=POLICY, mime_type="", assertions=[label(LABEL)])
    digests = {"payload_digest": begun.payload_digest, "core_digest": begun.core_digest}
    return begun, provenance(item=ITEM, label=LABEL, policy=POLICY, exercise=True, **digests)


def sealing(source: Any, sink: Any, *, proven: bool, workers: ThreadPoolExecutor | None = None) -> None:
    """Seal with or without provenance."""
    if proven:
        seal(
            source,
            sink,
            recipients=TO,
            policy=POLICY,
            mime_type="",
            assertions=[label(LABEL)],
            provenance=stated,
            workers=workers,
        )
    else:
        seal(source, sink, recipients=TO, policy=POLICY, mime_type="", digest=False)


def opening(file: Any, sink: Any, *, proven: bool, workers: ThreadPoolExecutor | None = None) -> None:
    """Open, after checking the provenance where there is one to be had."""
    item = read(file)
    if not proven:
        item.open([IDENTITY], sink, workers=workers)
        return
    envelope = read_provenance(item)
    assert envelope is not None
    statement = check_provenance(item, envelope, NODE.public, workers=workers)
    item.open([IDENTITY], sink, payload_digest=statement.payload_digest, workers=workers)


def run(short: bool) -> Iterator[Result]:
    """Yield every figure of sealing; `short` does each on little data, to prove that it runs."""
    yield from memory_rows(short)
    yield from file_rows(short)
    yield from sink_rows(short)
    yield from peer_rows(short)
    yield from key_rows(short)
    yield from release_rows(short)


# --- files ------------------------------------------------------------------------------------------------------------


def _folder(size: int) -> Path | None:
    tmpfs = Path("/dev/shm")
    return tmpfs if tmpfs.is_dir() and shutil.disk_usage(tmpfs).free > 6 * size else None


def file_rows(short: bool) -> Iterator[Result]:
    """File to file, against `cp`, `age` and `gpg` of the same file."""
    size, rounds = (2**20, 1) if short else (2**30, 5)
    mb = size // 10**6
    with tempfile.TemporaryDirectory(dir=_folder(size)) as name, ThreadPoolExecutor(1) as workers:
        folder = Path(name)
        source, sink, item = folder / "source", folder / "sink", folder / "item"
        with source.open("wb") as file:
            for _ in range(size // 2**20):
                file.write(os.urandom(2**20))

        def emptied() -> None:
            # Giving back the pages of a file of 1 GiB takes a tenth of a second, which is no part of writing it.
            sink.unlink(missing_ok=True)

        def sealed(*, proven: bool, workers: ThreadPoolExecutor | None = None) -> Callable[[], int]:
            def work() -> int:
                with source.open("rb", buffering=0) as a, sink.open("wb", buffering=0) as b:
                    sealing(a, b, proven=proven, workers=workers)
                return mb

            return work

        def opened(*, proven: bool, workers: ThreadPoolExecutor | None = None) -> Callable[[], int]:
            with source.open("rb", buffering=0) as a, item.open("wb", buffering=0) as b:
                sealing(a, b, proven=proven)

            def work() -> int:
                with item.open("rb", buffering=0) as a, sink.open("wb", buffering=0) as b:
                    opening(a, b, proven=proven, workers=workers)
                return mb

            return work

        def command(*args: str) -> Callable[[], int]:
            def work() -> int:
                subprocess.run(args, check=True, capture_output=True)
                return mb

            return work

        def one_after_another(*, proven: bool) -> Callable[[], int]:
            """What no program of one thread with these parts beats: copying, the cipher, the CRC, and the hash."""
            cipher, buffer, out = AESGCM(AESGCM.generate_key(256)), bytearray(2**21), bytearray(2**21 + 16)

            def work() -> int:
                crc, rest = 0, size
                with source.open("rb", buffering=0) as a, sink.open("wb", buffering=0) as b:
                    while got := a.readinto(buffer):
                        cipher.encrypt_into(bytes(12), memoryview(buffer)[:got], None, memoryview(out)[: got + 16])
                        crc = crc32(out, crc)
                        if proven:
                            hashlib.sha256(out).digest()
                        b.write(memoryview(out)[:got])
                        rest -= got
                assert rest == 0
                return mb

            return work

        copy = command("cp", str(source), str(sink))
        taken: dict[str, Any] = {"clock": time.perf_counter, "before": emptied}
        variants: list[tuple[str, Callable[[], int]]] = [
            ("seal.file", sealed(proven=False)),
            ("seal.file_proven", sealed(proven=True)),
            ("seal.file_2", sealed(proven=False, workers=workers)),
            ("seal.file_proven_2", sealed(proven=True, workers=workers)),
        ]
        for title, work in variants:
            yield compare(title, "MB/s", work, "cp of the same file", copy, rounds=rounds, **taken)
        for name_, work, proven in ((*variants[0], False), (*variants[1], True)):
            parts = one_after_another(proven=proven)
            yield compare(f"{name_}_bound", "MB/s", work, "its parts alone, one thread", parts, rounds=rounds, **taken)
        for title, others in _others(folder, source, sink):
            for name_, work in variants:
                yield compare(f"{name_}_{title}", "MB/s", work, title, command(*others), rounds=min(rounds, 3), **taken)
        yield compare("open.file", "MB/s", opened(proven=False), "cp", copy, rounds=rounds, **taken)
        yield compare("open.file_proven", "MB/s", opened(proven=True), "cp", copy, rounds=rounds, **taken)
        two = opened(proven=True, workers=workers)
        yield compare("open.file_proven_2", "MB/s", two, "cp", copy, rounds=rounds, **taken)


def _others(folder: Path, source: Path, sink: Path) -> Iterator[tuple[str, list[str]]]:
    age, keygen, gpg = (shutil.which(tool) for tool in ("age", "age-keygen", "gpg"))
    if age and keygen:
        made = subprocess.run([keygen], capture_output=True, text=True, check=True).stdout
        to = next(line.split()[-1] for line in made.splitlines() if line.startswith("# public key"))
        yield "age", [age, "-r", to, "-o", str(sink), str(source)]
    else:
        print(f"{'seal.file_age':<28}not measured: age is not installed (`make system` installs it)")
    if not gpg:
        print(f"{'seal.file_gpg':<28}not measured: gpg is not installed (`make system` installs it)")
    else:
        home = folder / "gnupg"
        home.mkdir(mode=0o700)
        yield (
            "gpg",
            [
                gpg, "--homedir", str(home), "--batch", "--yes", "--passphrase", "EXERCISE", "--pinentry-mode",
                "loopback", "--cipher-algo", "AES256", "-z0", "-o", str(sink), "-c", str(source),
            ],
        )  # fmt: skip


# --- memory, sink, peers, keys ----------------------------------------------------------------------------------------


def memory_rows(short: bool) -> Iterator[Result]:
    """Peak memory above idle of sealing and opening a large file, in a process of its own."""
    size = (64 if short else 1024) * 2**20
    with tempfile.TemporaryDirectory(dir=_folder(size)) as name:
        run = subprocess.run(
            [sys.executable, "-m", "bench.seal", name, str(size)], capture_output=True, text=True, check=True
        )
    used = int(run.stdout) / 1024
    limit = 64.0
    yield Result(
        name="seal.memory",
        value=used,
        unit="MiB above idle",
        baseline="the promise",
        baseline_value=limit,
        ratio=used / limit,
    )


def _memory(folder: Path, size: int) -> None:
    class Zeros:
        left = size

        def readinto(self, view: memoryview) -> int:
            got = min(len(view), self.left)
            self.left -= got
            return got

    def peak() -> int:
        # Not ru_maxrss: that begins with what the parent process held.
        status = Path("/proc/self/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))

    before = peak()
    with (folder / "item").open("w+b", buffering=0) as file:
        sealing(Zeros(), file, proven=True)
        opening(file, Nowhere(), proven=True)
    print(peak() - before)


def sink_rows(short: bool) -> Iterator[Result]:
    """To a sink, against the cipher and the hash of the same bytes in memory."""
    count, rounds = (4, 1) if short else (256, 5)
    block = os.urandom(2**20)
    data = io.BytesIO(block * count)
    cipher, target = AESGCM(AESGCM.generate_key(256)), bytearray(2**20 + 16)

    def sealed(*, proven: bool) -> Callable[[], int]:
        def work() -> int:
            data.seek(0)
            sealing(data, Nowhere(), proven=proven)
            return count

        return work

    def encrypted() -> int:
        for number in range(count):
            cipher.encrypt_into(number.to_bytes(12, "big"), block, None, target)
        return count

    def hashed() -> int:
        running = hashlib.sha256()
        for _ in range(count):
            running.update(block)
        return count

    def both() -> int:
        for number in range(count):
            cipher.encrypt_into(number.to_bytes(12, "big"), block, None, target)
            crc32(target)
        return count + hashed() - count

    yield compare("seal.sink", "MiB/s", sealed(proven=False), "encrypt_into in memory", encrypted, rounds=rounds)
    yield compare("seal.sink_proven", "MiB/s", sealed(proven=True), "SHA-256 in memory", hashed, rounds=rounds)
    name = "cipher, CRC-32 and SHA-256"
    yield compare("seal.sink_proven_bound", "MiB/s", sealed(proven=True), name, both, rounds=rounds)


def peer_rows(short: bool) -> Iterator[Result]:
    """Against otdf-python on one payload, CPU time, both with an RSA-2048 key and everything in memory."""
    if importlib.util.find_spec("otdf_python") is None:
        return
    config, tdf = importlib.import_module("otdf_python.config"), importlib.import_module("otdf_python.tdf")
    size, rounds = (2**20, 1) if short else (100 * 10**6, 3)
    mb, plain = max(1, size // 10**6), os.urandom(size)
    key = rsa.generate_private_key(65537, 2048)
    kas = config.KASInfo(url="https://kas.example", public_key=public_pem(key.public_key()), kid="k")
    to = [*TO, Recipient(kid="k", url="https://kas.example", key=key.public_key())]
    theirs = io.BytesIO()
    tdf.TDF().create_tdf(io.BytesIO(plain), config.TDFConfig(kas_info_list=[kas]), theirs)
    pem = private_pem(key)

    # Both write to one buffer that keeps its room from round to round, so that no row measures how memory is got.
    kept = io.BytesIO()

    def their_seal() -> int:
        kept.seek(0)
        tdf.TDF().create_tdf(io.BytesIO(plain), config.TDFConfig(kas_info_list=[kas]), kept)
        return mb

    def their_open() -> int:
        tdf.TDF().load_tdf(theirs.getvalue(), tdf.TDFReaderConfig(kas_private_key=pem))
        return mb

    def our_seal(proven: bool) -> Callable[[], int]:
        def work() -> int:
            kept.seek(0)
            source, sink = io.BytesIO(plain), kept
            if proven:
                seal(
                    source,
                    sink,
                    recipients=to,
                    policy=POLICY,
                    mime_type="",
                    provenance=stated,
                    assertions=[label(LABEL)],
                )
            else:
                seal(source, sink, recipients=to, policy=POLICY, mime_type="", digest=False)
            return mb

        return work

    def our_open(proven: bool) -> Callable[[], int]:
        item = io.BytesIO()
        sealing(io.BytesIO(plain), item, proven=proven)

        def work() -> int:
            kept.seek(0)
            opening(item, kept, proven=proven)
            return mb

        return work

    def hashed() -> int:
        hashlib.sha256(plain).digest()
        return mb

    # No program whose provenance rests on SHA-256 is faster than this row.
    yield compare("seal.otdf_python_sha256", "MB/s", hashed, "otdf-python", their_seal, rounds=rounds)
    for proven in (False, True):
        with_ = "_proven" if proven else ""
        yield compare(f"seal.otdf_python{with_}", "MB/s", our_seal(proven), "otdf-python", their_seal, rounds=rounds)
        yield compare(f"open.otdf_python{with_}", "MB/s", our_open(proven), "otdf-python", their_open, rounds=rounds)


def key_rows(short: bool) -> Iterator[Result]:
    """Wrapping and unwrapping by every kind of key, and small items whole, a second."""
    count = 5 if short else 400
    share = bytes(32)
    held: dict[str, PrivateKey] = {
        "rsa2048": rsa.generate_private_key(65537, 2048),
        "p256": ec.generate_private_key(ec.SECP256R1()),
        "xwing": KEY,
        "p384_mlkem1024": CompositePrivateKey.generate("secp384r1-mlkem1024"),
    }
    for name, key in held.items():
        public = key.public_key() if isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) else key.public
        wrapped, ephemeral = wrap(share, public)

        def unwraps(key: PrivateKey = key, wrapped: bytes = wrapped, ephemeral: str = ephemeral) -> int:
            for _ in range(count):
                unwrap(wrapped, ephemeral, key)
            return count

        def wraps(public: Any = public) -> int:
            for _ in range(count):
                wrap(share, public)
            return count

        yield compare(f"seal.unwrap_{name}", "ops/s", unwraps, "wrap of the same", wraps, rounds=1 if short else 3)
    plain, small = os.urandom(1024), 5 if short else 256

    def items() -> int:
        for _ in range(small):
            sealing(io.BytesIO(plain), Nowhere(), proven=True)
        return small

    def signatures() -> int:
        for number in range(small):
            NODE.sign(number.to_bytes(8, "big"))
        return small

    def batched() -> int:
        begun = [beginning(io.BytesIO(plain), Nowhere()) for _ in range(small)]
        signed = sign_batch([statement for _, statement in begun], NODE)
        for (item, _), entry in zip(begun, signed, strict=True):
            item.finish(provenance_assertion(entry))
        return small

    rounds = 1 if short else 7
    yield compare("seal.small_proven", "items/s", items, "both signatures alone", signatures, rounds=rounds)
    wrapping = _times(small, lambda: wrap(share, KEY.public))
    yield compare("seal.small_batched", "items/s", batched, "X-Wing wrap alone", wrapping, rounds=rounds)


def _times(count: int, work: Callable[[], object]) -> Callable[[], int]:
    def many() -> int:
        for _ in range(count):
            work()
        return count

    return many


if __name__ == "__main__":
    _memory(Path(sys.argv[1]), int(sys.argv[2]))
