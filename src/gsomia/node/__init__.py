"""What a node does, one module for each use case; `ports` says what it needs from outside.

Where to read, and where a new line belongs:

- what is signed: `acts`, `act_types`, `bodies`, `ledger`, `instants`; `node`, `ports`, `stored`
- what an act changes: `effects`, `legal_effects`, `peer_effects`, `copy_effects`, `consent_effects`, `registering`
- what is asked: `facts`, `words`, `prospect`, `ways`; what stands before that: `standing`, `peers`, `officers`
- an item leaves: `looking`, `labels`, `derivatives`, `sealing`, `wrapping`, `transmitting`, `sharing`, `sending`,
  `approval`, `releasing`
- it travels: `leaving`, `offers`, `messages`, `exchange`, `receive`, `judging`, `uploads`, `intake`, `refusals`,
  `tracers`, `equivalents`, `underway`
- it travels as a file: `parcels`, `parcel_export`, `parcel_import`
- it is held: `custody`, `renditions`, `consent`, `revocation`, `handling`
- its key is asked for: `keyholding`, `keyrequests`, `keyasking`, `keyrelease`
- keys end: `officerkeys`, `nodekeys`, `keyends`, `succession`
- it is proven: `publish`, `lognames`, `witnessing`, `recovering`, `timestamps`, `bundles`
- it is checked: `auditing` (`verify`, all of it), `checks`, `replay`, `keychecks`, `treenodes`, `witnessed`,
  `disputes`; `life` (a bundle: `bundle_reading`, `bundle_keys`, `bundle_law`, `bundle_item`, `bundle_logs`)
"""

from __future__ import annotations

from gsomia.node.act_types import ACT_TYPES, HANDLING, TOLD, Role
from gsomia.node.acts import (
    Officer,
    SignedAct,
    Statement,
    instant,
    pack,
    read_instant,
)
from gsomia.node.approval import PARTS
from gsomia.node.auditing import audit
from gsomia.node.bundle_reading import MAX_BUNDLE_JSON, TrustedKeys
from gsomia.node.bundles import BUNDLE_JSON, write_bundle
from gsomia.node.checks import Check, audit_logs, check_acts, check_register
from gsomia.node.consent import Terms, ask_consent, give_consent, passed_under, refuse_consent, revoke_consent
from gsomia.node.custody import Opening, ask_open, mark, mark_many, open_item, receipt
from gsomia.node.disputes import Difference, check_disputes, differences
from gsomia.node.exchange import dead_letter, step
from gsomia.node.facts import Case, record_of
from gsomia.node.handling import CERTIFIED, TOLD_CERTIFIED, destroy, handle, tell
from gsomia.node.keyholding import Recalled, recall_of, recalls
from gsomia.node.labels import alike_marks, item_label, labels_of, marks_of
from gsomia.node.life import check_bundle
from gsomia.node.lognames import is_log_of, log_origin
from gsomia.node.looking import LOOK_BYTES
from gsomia.node.node import Acting, KnownKeys, Limits, Node
from gsomia.node.nodekeys import NewKeys, key_settings, replace_node_keys
from gsomia.node.officerkeys import declare_compromised, replace_officer_key, retire_officer_key, signed_by
from gsomia.node.officers import CLEARANCES, PersonDetails, enrol_officer, enter_person
from gsomia.node.parcel_export import Made, export_parcel
from gsomia.node.parcel_import import TakenIn, import_parcel
from gsomia.node.parcels import sender_of
from gsomia.node.peers import enrol_peer, fingerprint, identity
from gsomia.node.ports import Blobs, Clock, Documents, Look, Marked, NodeKeys, PeerLink, Reader, Store, Writer
from gsomia.node.prospect import holdings, waiting
from gsomia.node.publish import KEYS_PATH, check_log, log_files, log_named, prove
from gsomia.node.receive import answer
from gsomia.node.recovering import Recovery, recover
from gsomia.node.refusals import FLOOD, keep_refused
from gsomia.node.releasing import Onward, ask_release, held_copy, release, release_many
from gsomia.node.renditions import MadeRendition, ask_reproduce, make_rendition, rendition_of
from gsomia.node.revocation import recall
from gsomia.node.sending import Sending, ask_transmit
from gsomia.node.sharing import share
from gsomia.node.standing import Note, accredit, adopt_law, assure, concerned, enter_legal_acts
from gsomia.node.stored import (
    Carried,
    Consent,
    Cosigned,
    Credential,
    EnteredAct,
    LogLie,
    LogState,
    Outgoing,
    Peer,
    PendingOpening,
    Person,
    Question,
    Refused,
    Reply,
    Rows,
)
from gsomia.node.succession import distrusted
from gsomia.node.timestamps import Stamp, audit_stamps, stamp_logs, stamps_of
from gsomia.node.tracers import Awaited, TracerDays, awaited, trace
from gsomia.node.transmitting import transmit, transmit_many
from gsomia.node.underway import stop_closed
from gsomia.node.uploads import held_of, upload
from gsomia.node.ways import lawful_ways
from gsomia.node.witnessed import audit_witnesses
from gsomia.node.witnessing import ask_witness, checkpoints_due

__all__ = [
    "ACT_TYPES",
    "BUNDLE_JSON",
    "CERTIFIED",
    "CLEARANCES",
    "FLOOD",
    "HANDLING",
    "KEYS_PATH",
    "LOOK_BYTES",
    "MAX_BUNDLE_JSON",
    "PARTS",
    "TOLD",
    "TOLD_CERTIFIED",
    "Acting",
    "Awaited",
    "Blobs",
    "Carried",
    "Case",
    "Check",
    "Clock",
    "Consent",
    "Cosigned",
    "Credential",
    "Difference",
    "Documents",
    "EnteredAct",
    "KnownKeys",
    "Limits",
    "LogLie",
    "LogState",
    "Look",
    "Made",
    "MadeRendition",
    "Marked",
    "NewKeys",
    "Node",
    "NodeKeys",
    "Note",
    "Officer",
    "Onward",
    "Opening",
    "Outgoing",
    "Peer",
    "PeerLink",
    "PendingOpening",
    "Person",
    "PersonDetails",
    "Question",
    "Reader",
    "Recalled",
    "Recovery",
    "Refused",
    "Reply",
    "Role",
    "Rows",
    "Sending",
    "SignedAct",
    "Stamp",
    "Statement",
    "Store",
    "TakenIn",
    "Terms",
    "TracerDays",
    "TrustedKeys",
    "Writer",
    "accredit",
    "adopt_law",
    "alike_marks",
    "answer",
    "ask_consent",
    "ask_open",
    "ask_release",
    "ask_reproduce",
    "ask_transmit",
    "ask_witness",
    "assure",
    "audit",
    "audit_logs",
    "audit_stamps",
    "audit_witnesses",
    "awaited",
    "check_acts",
    "check_bundle",
    "check_disputes",
    "check_log",
    "check_register",
    "checkpoints_due",
    "concerned",
    "dead_letter",
    "declare_compromised",
    "destroy",
    "differences",
    "distrusted",
    "enrol_officer",
    "enrol_peer",
    "enter_legal_acts",
    "enter_person",
    "export_parcel",
    "fingerprint",
    "give_consent",
    "handle",
    "held_copy",
    "held_of",
    "holdings",
    "identity",
    "import_parcel",
    "instant",
    "is_log_of",
    "item_label",
    "keep_refused",
    "key_settings",
    "labels_of",
    "lawful_ways",
    "log_files",
    "log_named",
    "log_origin",
    "make_rendition",
    "mark",
    "mark_many",
    "marks_of",
    "open_item",
    "pack",
    "passed_under",
    "prove",
    "read_instant",
    "recall",
    "recall_of",
    "recalls",
    "receipt",
    "record_of",
    "recover",
    "refuse_consent",
    "release",
    "release_many",
    "rendition_of",
    "replace_node_keys",
    "replace_officer_key",
    "retire_officer_key",
    "revoke_consent",
    "sender_of",
    "share",
    "signed_by",
    "stamp_logs",
    "stamps_of",
    "step",
    "stop_closed",
    "tell",
    "trace",
    "transmit",
    "transmit_many",
    "upload",
    "waiting",
    "write_bundle",
]
