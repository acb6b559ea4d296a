"""What a node does, one module for each use case; `ports` says what it needs from outside.

Where to read, and where a new line belongs:

- what is signed: `acts`, `act_types`, `bodies`, `ledger`, `instants`; `node`, `ports`, `stored`
- what an act changes: `effects`, `legal_effects`, `peer_effects`, `copy_effects`, `consent_effects`, `person_effects`,
  `registering`
- what is asked: `facts`, `access`, `words`, `prospect`; what stands before anything moves: `standing`, `peers`,
  `officers`, `persons`, `lapsing`
- an item leaves: `looking`, `labels`, `derivatives`, `sealing`, `wrapping`, `transmitting`, `sharing`, `sending`
- it travels: `leaving`, `offers`, `messages`, `exchange`, `receive`, `judging`, `uploads`, `intake`, `refusals`,
  `tracers`
- it travels as a file: `parcels`, `parcel_export`, `parcel_import`
- it is held: `custody`, `renditions`, `consent`, `revocation`, `handling`
- its key is asked for: `keyholding`, `keyrequests`, `keyasking`, `keyrelease`
- keys end: `officerkeys`, `nodekeys`, `keyends`, `succession`
- it is proven: `publish`, `lognames`, `witnessing`, `recovering`, `timestamps`, `bundles`
- it is checked: `auditing` (`verify`, all of it), `checks`, `replay`, `keychecks`, `treenodes`, `witnessed`,
  `disputes`; `life` (a bundle: `bundle_reading`, `bundle_keys`, `bundle_law`, `bundle_item`, `bundle_logs`)
"""

from __future__ import annotations

from gsomia.node.access import MAIN_FACILITY, facility_of
from gsomia.node.act_types import ACT_TYPES, HANDLING, TOLD, Role
from gsomia.node.acts import (
    Officer,
    SignedAct,
    Statement,
    instant,
    pack,
    read_instant,
)
from gsomia.node.auditing import audit
from gsomia.node.bundle_reading import MAX_BUNDLE_JSON, TrustedKeys
from gsomia.node.bundles import BUNDLE_JSON, write_bundle
from gsomia.node.checks import Check, audit_logs, check_acts, check_register
from gsomia.node.consent import answer_consent, ask_consent, revoke_consent
from gsomia.node.custody import Opening, ask_open, mark, open_item, receipt
from gsomia.node.disputes import Difference, check_disputes, differences
from gsomia.node.elsewhere import AwaitedKey, Prepared, StandingClock, prepare, sign_prepared
from gsomia.node.exchange import dead_letter, step
from gsomia.node.facts import Case, rank_of, record_of
from gsomia.node.handling import CERTIFIED, TOLD_CERTIFIED, destroy, handle, tell
from gsomia.node.keyholding import Recalled, recall_of, recalls
from gsomia.node.labels import alike_marks, item_label, labels_of, marks_of
from gsomia.node.lapsing import Lapse, lapses
from gsomia.node.life import check_bundle
from gsomia.node.lognames import is_log_of, log_origin
from gsomia.node.looking import LOOK_BYTES
from gsomia.node.node import Acting, KnownKeys, Limits, Node
from gsomia.node.nodekeys import NewKeys, key_settings, replace_node_keys
from gsomia.node.officerkeys import declare_compromised, replace_officer_key, retire_officer_key, signed_by
from gsomia.node.officers import enrol_officer
from gsomia.node.parcel_export import Made, export_parcel
from gsomia.node.parcel_import import TakenIn, import_parcel
from gsomia.node.parcels import sender_of
from gsomia.node.peers import enrol_peer, fingerprint, identity
from gsomia.node.persons import (
    CLEARANCES,
    PERSON_ROLES,
    PersonDetails,
    brief,
    change_person,
    enter_need,
    enter_person,
    known_person,
    place,
    strike_person,
)
from gsomia.node.ports import Blobs, Clock, Documents, Look, Marked, NodeKeys, PeerLink, Reader, Store, Writer
from gsomia.node.prospect import holdings, waiting
from gsomia.node.publish import KEYS_PATH, check_log, log_files, log_named, prove
from gsomia.node.receive import answer
from gsomia.node.recovering import Recovery, recover
from gsomia.node.refusals import FLOOD, keep_refused
from gsomia.node.renditions import MadeRendition, ask_reproduce, make_rendition, rendition_of
from gsomia.node.revocation import recall
from gsomia.node.sending import Sending, ask_release, ask_transmit, held_copy, release
from gsomia.node.sharing import share
from gsomia.node.standing import Note, accredit, adopt_law, assure, concerned, enter_legal_acts
from gsomia.node.stored import (
    Briefing,
    Carried,
    Consent,
    Cosigned,
    Credential,
    EnteredAct,
    LogLie,
    LogState,
    Need,
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
from gsomia.node.uploads import held_of, upload
from gsomia.node.verdicts import may_open, may_release, may_transmit
from gsomia.node.views import (
    act_named,
    act_row,
    act_view,
    act_views,
    acts_about,
    asked_rows,
    copy_row,
    entered_rows,
    inbox_view,
    log_rows,
    officer_row,
    opening_rows,
    outgoing_row,
    owing,
    person_row,
    refused_row,
    register_rows,
    rendition_row,
    told_differences,
    waiting_copies,
)
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
    "MAIN_FACILITY",
    "MAX_BUNDLE_JSON",
    "PERSON_ROLES",
    "TOLD",
    "TOLD_CERTIFIED",
    "Acting",
    "Awaited",
    "AwaitedKey",
    "Blobs",
    "Briefing",
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
    "Lapse",
    "Limits",
    "LogLie",
    "LogState",
    "Look",
    "Made",
    "MadeRendition",
    "Marked",
    "Need",
    "NewKeys",
    "Node",
    "NodeKeys",
    "Note",
    "Officer",
    "Opening",
    "Outgoing",
    "Peer",
    "PeerLink",
    "PendingOpening",
    "Person",
    "PersonDetails",
    "Prepared",
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
    "StandingClock",
    "Statement",
    "Store",
    "TakenIn",
    "TracerDays",
    "TrustedKeys",
    "Writer",
    "accredit",
    "act_named",
    "act_row",
    "act_view",
    "act_views",
    "acts_about",
    "adopt_law",
    "alike_marks",
    "answer",
    "answer_consent",
    "ask_consent",
    "ask_open",
    "ask_release",
    "ask_reproduce",
    "ask_transmit",
    "ask_witness",
    "asked_rows",
    "assure",
    "audit",
    "audit_logs",
    "audit_stamps",
    "audit_witnesses",
    "awaited",
    "brief",
    "change_person",
    "check_acts",
    "check_bundle",
    "check_disputes",
    "check_log",
    "check_register",
    "checkpoints_due",
    "concerned",
    "copy_row",
    "dead_letter",
    "declare_compromised",
    "destroy",
    "differences",
    "distrusted",
    "enrol_officer",
    "enrol_peer",
    "enter_legal_acts",
    "enter_need",
    "enter_person",
    "entered_rows",
    "export_parcel",
    "facility_of",
    "fingerprint",
    "handle",
    "held_copy",
    "held_of",
    "holdings",
    "identity",
    "import_parcel",
    "inbox_view",
    "instant",
    "is_log_of",
    "item_label",
    "keep_refused",
    "key_settings",
    "known_person",
    "labels_of",
    "lapses",
    "log_files",
    "log_named",
    "log_origin",
    "log_rows",
    "make_rendition",
    "mark",
    "marks_of",
    "may_open",
    "may_release",
    "may_transmit",
    "officer_row",
    "open_item",
    "opening_rows",
    "outgoing_row",
    "owing",
    "pack",
    "person_row",
    "place",
    "prepare",
    "prove",
    "rank_of",
    "read_instant",
    "recall",
    "recall_of",
    "recalls",
    "receipt",
    "record_of",
    "recover",
    "refused_row",
    "register_rows",
    "release",
    "rendition_of",
    "rendition_row",
    "replace_node_keys",
    "replace_officer_key",
    "retire_officer_key",
    "revoke_consent",
    "sender_of",
    "share",
    "sign_prepared",
    "signed_by",
    "stamp_logs",
    "stamps_of",
    "step",
    "strike_person",
    "tell",
    "told_differences",
    "trace",
    "transmit",
    "transmit_many",
    "upload",
    "waiting",
    "waiting_copies",
    "write_bundle",
]
