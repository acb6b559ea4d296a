"""Puts a node together from its folder: the only package that knows all the parts.

DIR/node.toml       settings
DIR/keys/           the node's keys, and its TLS certificate
DIR/officers/       officers' key files (an EXERCISE node's; smart cards and passkeys take their place)
DIR/law/            the agreements that were adopted, each in its version
DIR/register.sqlite acts, logs, register, outbox
DIR/api.sqlite      what the API remembers: answers given once, proofs used, tokens; nothing decisive
DIR/items/          sealed items
DIR/.resealed/      keys sealed under another passphrase, on the way to their places
DIR/*.lock          taken by the process at work, whose id they hold
DIR/clock           how far an EXERCISE node's clock is set off
"""

from gsomia.app.auditing import audit_home, audit_home_logs
from gsomia.app.home import Home
from gsomia.app.law import offered_law, shipped_acts
from gsomia.app.locks import serving
from gsomia.app.making import init
from gsomia.app.parcels import export_file, import_file, log_in_file, parcel_file, parcel_path, parcel_reading
from gsomia.app.resealing import reseal_keys
from gsomia.app.running import run

__all__ = [
    "Home",
    "audit_home",
    "audit_home_logs",
    "export_file",
    "import_file",
    "init",
    "log_in_file",
    "offered_law",
    "parcel_file",
    "parcel_path",
    "parcel_reading",
    "reseal_keys",
    "run",
    "serving",
    "shipped_acts",
]
