"""What a node does: a package for each part of its work, a module for each use case.

Read from the bottom; a line imports the lines beneath it alone, and names on one line do not import each other:

- `bundle`: an item's life in one file, written and checked offline; `parcel`: what travels as a file
- `verify`: a node's own records checked; `views`: what is told as data
- `consultations`: Parties consult; `exchange`: the outbox, and what a peer sends
- `holding`: what is done with a held item, and its key asked for
- `people`: officers, peers, persons
- `transmission`: an item leaves
- `standing`: law, legal acts, assurances and systems between the Parties
- `comparison`: the records of two Parties
- `logs`: what proves a node's logs to others
- `ledger`: an act is signed, verified, logged and applied in one transaction
- `effects`: what a recorded act changes
- `facts`: what a node may put to the agreement as a question
- `messages`: signed between nodes; `refusals`: kept for people; `instants`: of acts, against the clock
- `node`: the node as its use cases see it
- `record`: what the store holds
- `acts`: what is signed
- `ports`: what is needed from outside; `check`: what a check found
"""

from __future__ import annotations

from gsomia.node.acts.elsewhere import PREPARED_FOR, AwaitedKey, Batch, Prepared, StandingClock, prepare, sign_prepared
from gsomia.node.acts.signed import (
    Officer,
    SignedAct,
    Statement,
    instant,
    pack,
    read_instant,
)
from gsomia.node.acts.types import ACT_TYPES, CONSULTED, HANDLING, TOLD, Role
from gsomia.node.bundle.life import check_bundle
from gsomia.node.bundle.logs import WITNESSES
from gsomia.node.bundle.reading import MAX_BUNDLE_JSON, TrustedKeys
from gsomia.node.bundle.writing import BUNDLE_JSON, write_bundle
from gsomia.node.check import Check, check_row
from gsomia.node.comparison.disputes import Difference, check_disputes, differences
from gsomia.node.comparison.entries import behind, refresh
from gsomia.node.comparison.rangeanswers import answer_shared
from gsomia.node.comparison.reconciling import Reconciled, reconcile
from gsomia.node.comparison.repairs import send_again
from gsomia.node.comparison.schedule import begin_reconciling, overdue, reconciled_at
from gsomia.node.comparison.summaries import ask_by_parcel, reconcile_by_parcel
from gsomia.node.consultations.assessing import assess, present_view, sign_view, views_left, where_view_lies
from gsomia.node.consultations.assessment import ASSESSMENT_BYTES, Assessment, Shown, read_assessment, render_view
from gsomia.node.consultations.opening import open_consultation
from gsomia.node.consultations.steps import (
    circulate_text,
    close_consultation,
    consultation_named,
    draft_named,
    propose_draft,
    sign_joint_text,
    state_position,
    version_text,
    withdraw_from_consultation,
)
from gsomia.node.consultations.texts import Change, differences_of, read_text
from gsomia.node.consultations.view_drafts import view_row, views_of
from gsomia.node.effects.consultations import standing_of, standings_of, view_of
from gsomia.node.effects.leftovers import remove_leftovers
from gsomia.node.exchange.outbox import dead_letter, step, try_now
from gsomia.node.exchange.receive import answer
from gsomia.node.exchange.recovering import Recovery, recover
from gsomia.node.exchange.tracers import Awaited, TracerDays, awaited, trace
from gsomia.node.exchange.uploads import held_of, upload
from gsomia.node.facts.asserted import Case, rank_of
from gsomia.node.facts.labels import alike_marks, item_label, labels_of, marks_of
from gsomia.node.facts.levels import Review
from gsomia.node.holding.consent import Terms, ask_consent, give_consent, passed_under, refuse_consent, revoke_consent
from gsomia.node.holding.contractors import (
    FacilityDetails,
    clear_facility,
    contractor_rows,
    release_to_contractor,
    return_from_contractor,
)
from gsomia.node.holding.custody import Opening, ask_open, mark, mark_many, open_item, receipt
from gsomia.node.holding.disclosures import Telling, disclose_orally, disclosure_named, disclosure_rows, disclosure_view
from gsomia.node.holding.handling import CERTIFIED, TOLD_CERTIFIED, destroy, handle, tell
from gsomia.node.holding.ordering import end_order, give_order, order_rows
from gsomia.node.holding.owed import Owing, owing
from gsomia.node.holding.regrading import Regraded, follow_regrade, notify_regrade, regraded, reviews
from gsomia.node.holding.renditions import MadeRendition, MarkedOnce, make_rendition
from gsomia.node.holding.revocation import answer_recall, recall
from gsomia.node.logs.publish import KEYS_PATH, check_log, log_files, log_named, log_tile, prove
from gsomia.node.logs.timestamps import Stamp, audit_stamps, stamp_logs, stamps_of
from gsomia.node.logs.witnessing import ask_witness, checkpoints_due
from gsomia.node.node import Acting, KnownKeys, Limits, Node
from gsomia.node.parcel.export import Made, export_parcel
from gsomia.node.parcel.form import sender_of
from gsomia.node.parcel.taking_in import TakenIn, import_parcel, shown_log
from gsomia.node.people.lapsing import Lapse, lapses
from gsomia.node.people.nodekeys import NewKeys, key_settings, replace_node_keys
from gsomia.node.people.officerkeys import (
    declare_compromised,
    replace_officer_key,
    retire_officer_key,
    signed_by,
    signed_since,
)
from gsomia.node.people.officers import enrol_officer
from gsomia.node.people.peers import check_identity, enrol_peer, fingerprint, identity, identity_after
from gsomia.node.people.persons import (
    CLEARANCES,
    PERSON_ROLES,
    PersonDetails,
    brief,
    change_person,
    end_access,
    enter_need,
    enter_person,
    known_person,
    place,
    strike_person,
)
from gsomia.node.ports import Blobs, Clock, Documents, KeysInUse, Look, Marked, NodeKeys, PeerAddresses, PeerLink
from gsomia.node.record.access import MAIN_FACILITY, facility_of
from gsomia.node.record.approval import PARTS
from gsomia.node.record.consultation_rules import Consultation, Standing, Step, View
from gsomia.node.record.keyholding import Recalled, recalls
from gsomia.node.record.lognames import is_log_of, log_origin
from gsomia.node.record.oral import OralDisclosure
from gsomia.node.record.order import StandingOrder
from gsomia.node.record.recall_answers import ANSWERS, WHAT_WAS_MADE, AskedBack, asked_back
from gsomia.node.record.sites import ContractorCopy, ContractorFacility
from gsomia.node.record.store_port import Reader, Store, Writer
from gsomia.node.record.stored import (
    Binding,
    Briefing,
    Carried,
    Consent,
    Cosigned,
    Credential,
    Discrepancy,
    EnteredAct,
    InformationRequest,
    LogLie,
    LogState,
    Need,
    Outgoing,
    Passage,
    Peer,
    PendingOpening,
    Person,
    Question,
    Refused,
    Reply,
    Rows,
    SignInKey,
)
from gsomia.node.record.succession import check_successor, distrusted
from gsomia.node.refusals import FLOOD, keep_denied, keep_refused
from gsomia.node.standing import LEGAL_WORDS, Note, accredit, adopt_law, assure, concerned, enter_legal_acts
from gsomia.node.transmission.contents import PIECE_BYTES, Content, Contents
from gsomia.node.transmission.looking import LOOK_BYTES
from gsomia.node.transmission.prospect import holdings, waiting
from gsomia.node.transmission.releasing import Onward, ask_release, held_copy, release, release_many
from gsomia.node.transmission.requests import (
    REQUEST_CERTIFIED,
    InformationWanted,
    ask_information,
    refuse_request,
    request_named,
    request_rows,
    request_view,
)
from gsomia.node.transmission.sending import SealedOnce, Sending, ask_transmit, discard
from gsomia.node.transmission.sharing import share
from gsomia.node.transmission.transmitting import transmit, transmit_many
from gsomia.node.transmission.underway import stop_closed
from gsomia.node.transmission.ways import lawful_ways, way_rows
from gsomia.node.verify.actchecks import ActsPart, check_acts, check_acts_of, divide_acts, joined
from gsomia.node.verify.auditing import audit
from gsomia.node.verify.checks import audit_logs, check_register
from gsomia.node.verify.witnessed import audit_witnesses
from gsomia.node.views.consultations import standing_row, standing_view
from gsomia.node.views.passed import consent_row, consent_views, recalled_rows, regraded_view
from gsomia.node.views.people import (
    lapse_row,
    node_key_rows,
    officer_row,
    peer_rows,
    person_row,
    person_view,
    roster_rows,
)
from gsomia.node.views.proofs import (
    awaited_row,
    discrepancy_row,
    entry_rows,
    lie_rows,
    log_rows,
    numbered_renditions,
    parcel_rows,
    proof_view,
    reconciled_view,
    sent_row,
    witness_rows,
)
from gsomia.node.views.records import (
    act_row,
    act_views,
    acts_about,
    copy_row,
    entered_rows,
    inbox_lists,
    outgoing_row,
    owed_rows,
    record_order,
    refused_row,
    register_rows,
    rendition_row,
    rung_rows,
    told_differences,
)
from gsomia.node.views.verdicts import may_open, may_release, may_transmit

__all__ = [
    "ACT_TYPES",
    "ANSWERS",
    "ASSESSMENT_BYTES",
    "BUNDLE_JSON",
    "CERTIFIED",
    "CLEARANCES",
    "CONSULTED",
    "FLOOD",
    "HANDLING",
    "KEYS_PATH",
    "LEGAL_WORDS",
    "LOOK_BYTES",
    "MAIN_FACILITY",
    "MAX_BUNDLE_JSON",
    "PARTS",
    "PERSON_ROLES",
    "PIECE_BYTES",
    "PREPARED_FOR",
    "REQUEST_CERTIFIED",
    "TOLD",
    "TOLD_CERTIFIED",
    "WHAT_WAS_MADE",
    "WITNESSES",
    "Acting",
    "ActsPart",
    "AskedBack",
    "Assessment",
    "Awaited",
    "AwaitedKey",
    "Batch",
    "Binding",
    "Blobs",
    "Briefing",
    "Carried",
    "Case",
    "Change",
    "Check",
    "Clock",
    "Consent",
    "Consultation",
    "Content",
    "Contents",
    "ContractorCopy",
    "ContractorFacility",
    "Cosigned",
    "Credential",
    "Difference",
    "Discrepancy",
    "Documents",
    "EnteredAct",
    "FacilityDetails",
    "InformationRequest",
    "InformationWanted",
    "KeysInUse",
    "KnownKeys",
    "Lapse",
    "Limits",
    "LogLie",
    "LogState",
    "Look",
    "Made",
    "MadeRendition",
    "Marked",
    "MarkedOnce",
    "Need",
    "NewKeys",
    "Node",
    "NodeKeys",
    "Note",
    "Officer",
    "Onward",
    "Opening",
    "OralDisclosure",
    "Outgoing",
    "Owing",
    "Passage",
    "Peer",
    "PeerAddresses",
    "PeerLink",
    "PendingOpening",
    "Person",
    "PersonDetails",
    "Prepared",
    "Question",
    "Reader",
    "Recalled",
    "Reconciled",
    "Recovery",
    "Refused",
    "Regraded",
    "Reply",
    "Review",
    "Role",
    "Rows",
    "SealedOnce",
    "Sending",
    "Shown",
    "SignInKey",
    "SignedAct",
    "Stamp",
    "Standing",
    "StandingClock",
    "StandingOrder",
    "Statement",
    "Step",
    "Store",
    "TakenIn",
    "Telling",
    "Terms",
    "TracerDays",
    "TrustedKeys",
    "View",
    "Writer",
    "accredit",
    "act_row",
    "act_views",
    "acts_about",
    "adopt_law",
    "alike_marks",
    "answer",
    "answer_recall",
    "answer_shared",
    "ask_by_parcel",
    "ask_consent",
    "ask_information",
    "ask_open",
    "ask_release",
    "ask_transmit",
    "ask_witness",
    "asked_back",
    "assess",
    "assure",
    "audit",
    "audit_logs",
    "audit_stamps",
    "audit_witnesses",
    "awaited",
    "awaited_row",
    "begin_reconciling",
    "behind",
    "brief",
    "change_person",
    "check_acts",
    "check_acts_of",
    "check_bundle",
    "check_disputes",
    "check_identity",
    "check_log",
    "check_register",
    "check_row",
    "check_successor",
    "checkpoints_due",
    "circulate_text",
    "clear_facility",
    "close_consultation",
    "concerned",
    "consent_row",
    "consent_views",
    "consultation_named",
    "contractor_rows",
    "copy_row",
    "dead_letter",
    "declare_compromised",
    "destroy",
    "differences",
    "differences_of",
    "discard",
    "disclose_orally",
    "disclosure_named",
    "disclosure_rows",
    "disclosure_view",
    "discrepancy_row",
    "distrusted",
    "divide_acts",
    "draft_named",
    "end_access",
    "end_order",
    "enrol_officer",
    "enrol_peer",
    "enter_legal_acts",
    "enter_need",
    "enter_person",
    "entered_rows",
    "entry_rows",
    "export_parcel",
    "facility_of",
    "fingerprint",
    "follow_regrade",
    "give_consent",
    "give_order",
    "handle",
    "held_copy",
    "held_of",
    "holdings",
    "identity",
    "identity_after",
    "import_parcel",
    "inbox_lists",
    "instant",
    "is_log_of",
    "item_label",
    "joined",
    "keep_denied",
    "keep_refused",
    "key_settings",
    "known_person",
    "labels_of",
    "lapse_row",
    "lapses",
    "lawful_ways",
    "lie_rows",
    "log_files",
    "log_named",
    "log_origin",
    "log_rows",
    "log_tile",
    "make_rendition",
    "mark",
    "mark_many",
    "marks_of",
    "may_open",
    "may_release",
    "may_transmit",
    "node_key_rows",
    "notify_regrade",
    "numbered_renditions",
    "officer_row",
    "open_consultation",
    "open_item",
    "order_rows",
    "outgoing_row",
    "overdue",
    "owed_rows",
    "owing",
    "pack",
    "parcel_rows",
    "passed_under",
    "peer_rows",
    "person_row",
    "person_view",
    "place",
    "prepare",
    "present_view",
    "proof_view",
    "propose_draft",
    "prove",
    "rank_of",
    "read_assessment",
    "read_instant",
    "read_text",
    "recall",
    "recalled_rows",
    "recalls",
    "receipt",
    "reconcile",
    "reconcile_by_parcel",
    "reconciled_at",
    "reconciled_view",
    "record_order",
    "recover",
    "refresh",
    "refuse_consent",
    "refuse_request",
    "refused_row",
    "register_rows",
    "regraded",
    "regraded_view",
    "release",
    "release_many",
    "release_to_contractor",
    "remove_leftovers",
    "render_view",
    "rendition_row",
    "replace_node_keys",
    "replace_officer_key",
    "request_named",
    "request_rows",
    "request_view",
    "retire_officer_key",
    "return_from_contractor",
    "reviews",
    "revoke_consent",
    "roster_rows",
    "rung_rows",
    "send_again",
    "sender_of",
    "sent_row",
    "share",
    "shown_log",
    "sign_joint_text",
    "sign_prepared",
    "sign_view",
    "signed_by",
    "signed_since",
    "stamp_logs",
    "stamps_of",
    "standing_of",
    "standing_row",
    "standing_view",
    "standings_of",
    "state_position",
    "step",
    "stop_closed",
    "strike_person",
    "tell",
    "told_differences",
    "trace",
    "transmit",
    "transmit_many",
    "try_now",
    "upload",
    "version_text",
    "view_of",
    "view_row",
    "views_left",
    "views_of",
    "waiting",
    "way_rows",
    "where_view_lies",
    "withdraw_from_consultation",
    "witness_rows",
    "write_bundle",
]
