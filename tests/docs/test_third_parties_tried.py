"""What Parties do with each other beyond sending, line by line: what is promised, what is refused, and the tests."""

from __future__ import annotations

import pytest
from defined import missing_of

PROMISED: dict[str, tuple[str, ...]] = {
    "consent is asked, given or refused, and shown in the originator's register": (
        "node/test_consent.py::test_what_is_asked_and_consented_stands_in_three_registers",
        "wire/test_consent_wire.py::test_consent_by_the_command",
    ),
    "conditions, purpose, expiry, a part alone": (
        "node/test_consent.py::test_a_consent_on_other_terms_lets_nothing_pass",
        "node/test_consent.py::test_the_receivers_node_asks_the_terms_itself",
        "node/test_consent.py::test_a_part_goes_in_a_document_that_draws_on_the_item_and_is_certified",
    ),
    "material of several originators asks each": (
        "node/test_consent.py::test_material_of_several_originators_asks_each",
    ),
    "a withdrawn consent stops further release and tells the holders": (
        "node/test_consent.py::test_a_withdrawal_stops_what_waits_and_reaches_every_holder",
        "node/test_consent.py::test_a_withdrawal_that_comes_before_its_consent_counts",
        "wire/test_consent_wire.py::test_a_withdrawn_consent_reaches_a_connected_node_within_a_second",
    ),
    "approval by telephone is no consent": (
        "node/test_consent.py::test_an_approval_by_telephone_is_no_consent_and_is_kept_as_refused",
    ),
    "two legs, each judged and marked by itself, and a chain to the last recipient": (
        "node/test_hub.py::test_the_originator_follows_its_item_to_the_last_recipient",
        "node/test_hub.py::test_a_leg_whose_agreement_no_longer_carries_it_stops_and_the_originator_sees_it",
        "node/test_walk.py::test_the_hub_cannot_hand_on_what_the_originator_did_not_send_on",
    ),
    "routes in order of lawfulness": ("node/test_hub.py::test_the_sender_is_offered_the_ways_that_are_lawful_now",),
    "a route that closes stops an item on its way, with notice to all": (
        "node/test_hub.py::test_a_consent_withdrawn_while_the_item_lies_at_the_hub",
        "node/test_hub.py::test_a_consent_withdrawn_while_the_second_leg_waits",
        "node/test_hub.py::test_a_recipient_that_had_accepted_is_told_that_nothing_comes",
        "node/test_hub.py::test_a_way_that_closes_while_the_item_waits_for_the_hubs_officer",
    ),
    "a recall is answered by an act, with a due date, and silence is overdue on both sides": (
        "node/test_recall_answers.py::test_an_answer_stands_at_both_nodes",
        "node/test_recall_answers.py::test_silence_is_overdue_at_both",
        "node/test_recall_answers.py::test_where_no_day_is_named_the_settings_name_it",
        "node/test_persons.py::test_two_persons_destroy_and_not_two_keys_of_one",
    ),
    "regrade notices reach every copy at both nodes": (
        "node/test_regrading.py::test_a_notice_is_followed_and_both_registers_say_so",
        "node/test_regrading.py::test_it_reaches_all_down_the_chain_and_each_follows",
        "node/test_regrading.py::test_who_handed_it_on_passes_it_on_where_the_originator_has_not_heard",
    ),
    "regrade notices reach translations and renditions": (
        "node/test_regrading.py::test_what_was_made_from_it_bears_the_mark_too",
    ),
    "regrade notices reach documents that draw on it": (
        "node/test_regraded_sources.py::test_a_document_beneath_its_source_is_to_be_raised_and_protected_at_once",
        "node/test_regraded_sources.py::test_a_notice_reaches_who_holds_a_document_that_draws_on_it",
    ),
    "consultations of two and three Parties: positions in turn, drafts, a text signed by all": (
        "node/test_consultations.py::test_positions_in_turn_then_drafts_then_a_text_signed_by_all",
        "node/test_consultation_rules.py::test_what_one_node_permits_every_other_takes_and_all_end_alike",
        "cli/test_consult_cli.py::test_a_joint_text_from_the_opening_to_the_end",
    ),
    "on a dispute, a regrade, an arrangement or a threat": (
        "cli/test_consult_cli.py::test_a_dispute_is_consulted_on_and_settled_elsewhere",
        "node/test_consultations.py::test_what_is_not_to_be_consulted_on_is_refused_before_anybody_hears",
        "node/test_consultations.py::test_what_is_consulted_on_names_who_signs",
    ),
    "a common assessment, each Party its own view, and no hint of what was withheld": (
        "node/test_assessments.py::test_each_party_gets_and_signs_its_own_view",
        "node/test_assessments.py::test_no_act_message_or_byte_that_a_party_gets_depends_on_what_is_withheld",
    ),
    "a view through the hub, which reads it": (
        "node/test_views_through_the_hub.py::test_a_view_goes_by_two_legs_and_its_party_signs_it",
        "node/test_views_through_the_hub.py::test_the_hub_reads_no_portion_that_its_own_view_does_not_hold",
    ),
    "reconciliation grows with the difference, and names each": (
        "registry/test_ranges.py::test_what_goes_grows_with_the_difference_and_not_with_the_set",
        "node/test_reconciling.py::test_rungs_that_never_came_are_named_with_custody_and_sent_again",
        "node/test_discrepancies.py::test_words_that_differ_under_the_same_acts",
        "node/test_reconciling.py::test_destroyed_at_the_holders_and_not_told",
        "node/test_reconciling.py::test_another_version_of_the_law_and_another_record_are_named",
        "node/test_reconciling.py::test_a_difference_is_kept_since_it_was_found_first_and_cleared_when_it_is_gone",
    ),
    "reconciliation each day, and a difference that stands too long is a duty": (
        "docs/test_documented.py::test_what_is_compared_daily_and_when_it_is_owed_is_as_the_reference_says",
        "wire/test_reconcile_wire.py::test_a_receipt_that_was_lost_is_found_owed_and_sent_again",
    ),
}
"""Each thing that is promised, and the tests that show it."""

REFUSED: dict[str, tuple[str, ...]] = {
    "consent for another item, for another third party, by the wrong Party, after expiry": (
        "node/test_consent.py::test_what_is_no_consent_is_refused_and_kept",
        "node/test_consent.py::test_a_consent_that_names_another_third_party_lets_nothing_pass",
        "node/test_consent.py::test_a_consent_that_expired_lets_nothing_pass_at_the_release",
        "node/test_consent.py::test_a_consent_that_expires_in_the_outbox_stops_what_waits_there",
    ),
    "consent by an officer without authority": (
        "node/test_consent.py::test_an_officer_without_authority_consents_to_nothing",
        "node/test_consent.py::test_a_consent_that_no_disclosure_officer_signed_is_none",
    ),
    "a hub that skips a leg": (
        "node/test_hub.py::test_a_hub_that_lies_to_the_last_recipient",
        "node/test_hub.py::test_a_release_of_what_was_never_delivered_to_it_skips_a_leg",
    ),
    "a hub that changes the payload": ("node/test_hub.py::test_a_hub_that_lies_to_the_last_recipient",),
    "a hub that marks too low": ("node/test_hub.py::test_a_mark_too_low_is_refused_by_the_originators_node",),
    "a hub that claims a rung it never got": ("node/test_hub.py::test_a_rung_that_the_hub_never_got",),
    "a recall answered twice": (
        "node/test_recall_answers.py::test_what_is_refused_at_the_holders_own_node",
        "node/test_recall_answers.py::test_a_recall_answered_twice_by_a_peer_keeps_its_first_answer",
    ),
    "a consultation with edits crossing": (
        "node/test_consultations.py::test_edits_that_cross_are_both_kept_and_brought_together_by_a_draft_on_both",
        "node/test_consultations.py::test_a_signature_that_crosses_a_new_version_is_kept_and_makes_nothing_stand",
    ),
    "a peer that offers ranges for ever": (
        "node/test_lying_ranges.py::test_a_peer_that_offers_ranges_for_ever_comes_to_an_end",
        "node/test_lying_ranges.py::test_rounds_bytes_and_time_are_bounded",
    ),
    "a set made to defeat the hashing": ("registry/test_ranges.py::test_a_set_made_to_meet_a_sum_is_found",),
}
"""Each bad input, and the tests in which it is refused, logged and shown."""


@pytest.mark.parametrize("line", [*PROMISED, *REFUSED])
def test_a_line_is_shown_by_tests_that_are_there(line: str) -> None:
    tests = (PROMISED | REFUSED)[line]
    assert tests and missing_of(tests) == []


def test_no_line_stands_on_both_sides() -> None:
    assert not PROMISED.keys() & REFUSED.keys()
