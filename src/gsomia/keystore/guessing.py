"""Whether a passphrase is one that an intruder who holds the files would soon try."""

from __future__ import annotations

from itertools import pairwise

__all__ = ["HOW", "guessable"]

LEAST = 15
"""Characters that a passphrase which alone guards something has at least (NIST SP 800-63B-4, section 3.1.1.2)."""

HOW = "put another into the file that GSOMIA_PASSPHRASE_FILE names, such as `openssl rand -base64 24` makes"
"""What to do about one that is."""

_WORDS = (
    "admin", "asdfghjkl", "changeit", "changeme", "correcthorsebatterystaple", "default", "geheim", "gsomia", "letmein",
    "passphrase", "passw0rd", "password", "qwertyuiop", "secret", "test", "welcome", "zxcvbnm",
)  # fmt: skip
_LITTLE = frozenset(" 0123456789-_.,:;!/@#")
"""What people put around words that they were told not to use."""
_REST = 4
"""So many characters beside such words, names and digits make it another's than everybody's."""


def guessable(passphrase: bytes, *, party: str, exercise: bool) -> str:
    """Why a passphrase would soon be guessed.

    One that guards a real node's keys is long, and no word, name, repetition or row (NIST SP 800-63B-4, 3.1.1.2); what
    kinds of characters stand in it does not matter. An EXERCISE node's is no word that everybody tries.

    Args:
        passphrase: as it was given.
        party: the Party's code; "" where it is not known.
        exercise: whether an EXERCISE node's.

    Returns:
        What it is, without showing it; "" where nothing is said against it.
    """
    text = _text(passphrase).strip().lower()
    if (text.rstrip("0123456789!.") or text) in _WORDS:
        return "is one that everybody tries first"
    if exercise:
        return ""
    if len(text) < LEAST:
        return f"has fewer than {LEAST} characters"
    if len({*text}) < _REST or text in (text + text)[1:-1]:
        return "repeats itself"
    if 2 * sum(abs(ord(one) - ord(other)) == 1 for one, other in pairwise(text)) >= len(text):
        return "is a row of letters or digits"
    rest = "".join(character for character in text if character not in _LITTLE)
    for word in sorted({*_WORDS, party.lower()} - {""}, key=len, reverse=True):
        rest = rest.replace(word, "")
    if len(rest) < _REST:
        return "is made of digits, names and words that everybody tries first"
    return ""


def _text(passphrase: bytes) -> str:
    try:
        return passphrase.decode()
    except UnicodeDecodeError:
        return passphrase.decode("latin-1")
