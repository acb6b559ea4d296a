"""The table of tampers: every one, in order, from the outside of the file to the originator's statement."""

from __future__ import annotations

import tampers_of_keys
import tampers_of_labels
import tampers_of_provenance
import tampers_of_segments
import tampers_of_the_file
import tampers_of_the_manifest
from tampering import made_in

__all__ = ["TAMPERS"]

TAMPERS = [
    tamper
    for module in (
        tampers_of_the_file,
        tampers_of_the_manifest,
        tampers_of_segments,
        tampers_of_keys,
        tampers_of_labels,
        tampers_of_provenance,
    )
    for tamper in made_in(module)
]
