"""The classes of attack that systems of this kind were found open to, each with the tests that try it here."""

from __future__ import annotations

import pytest
from defined import missing_of

CLASSES: dict[str, tuple[str, ...]] = {
    "guard on one verb only": (
        "api/test_attacks.py::test_guard_on_one_verb_only",
        "api/test_every_route.py::test_no_route_has_a_method_that_is_not_described",
        "wire/test_tls.py::test_other_paths_and_methods_are_refused",
    ),
    "guard depends on a field being present": (
        "api/test_attacks.py::test_guard_depends_on_a_field_being_present",
        "node/test_strict_forms.py::test_a_body_with_something_else_in_it_is_answered",
        "node/test_lying_offers.py::test_a_message_that_is_not_right_is_refused_whole",
    ),
    "check A, change B": (
        "api/test_attacks.py::test_check_a_change_b",
        "api/test_every_route.py::test_ids_of_one_are_not_taken_with_the_body_of_another",
        "node/test_elsewhere.py::test_what_would_say_something_else_now_is_not_entered",
        "node/test_lying_content.py::test_an_item_under_the_id_of_another_does_not_touch_it",
    ),
    "bulk action by role, not by object": (
        "api/test_bulk.py::test_one_that_is_forbidden_among_the_allowed_takes_all_with_it",
        "api/test_bulk.py::test_a_stream_tells_of_the_one_and_nothing_of_the_other",
        "api/test_bulk.py::test_of_an_item_with_a_copy_that_is_hidden_nothing_is_shown",
        "api/test_bulk.py::test_who_may_see_one_item_lists_none",
        "api/test_every_route.py::test_no_route_takes_a_list_past_its_bound_or_shows_what_is_hidden_in_one",
        "node/test_many.py::test_each_document_is_judged_by_itself",
        "node/test_many.py::test_an_officer_without_the_role_sends_none",
    ),
    "child stricter than parent": (
        "node/test_derivatives.py::test_a_mark_below_the_rolled_up_label_contradicts_it",
        "node/test_assessments.py::test_no_act_message_or_byte_that_a_party_gets_depends_on_what_is_withheld",
        "documents/test_visible.py::test_a_label_with_its_own_banner_holds_the_portions_too",
    ),
    "view re-queries without access filter": (
        "api/test_every_route.py::test_what_is_another_s_is_answered_as_what_is_not_there",
        "api/test_attacks.py::test_every_route_asks_the_table_of_rights",
        "api/test_reads.py::test_what_a_party_owes_names_items_to_who_may_see_the_register_alone",
    ),
    "forced overwrite through sync": (
        "node/test_refusals.py::test_what_only_a_peer_entered_is_reported_and_changes_nothing",
        "node/test_key_ends.py::test_nobody_ends_the_keys_of_another_party",
        "node/test_lying_holders.py::test_an_act_id_with_other_contents_is_refused",
    ),
    "trusted-peer header from anyone": (
        "api/test_attacks.py::test_trusted_peer_headers",
        "api/test_hostile_words.py::test_no_answer_repeats_where_a_request_says_that_it_was_sent",
        "wire/test_tls.py::test_a_good_channel_with_anothers_signature_is_refused",
    ),
    "impersonation, default admin": (
        "api/test_attacks.py::test_impersonation",
        "node/test_refusals.py::test_only_the_first_officer_enrols_alone",
    ),
    "escalation through organisation admin": (
        "node/test_escalation.py::test_nobody_comes_to_a_role_or_a_right_by_their_own_hand",
        "node/test_escalation.py::test_an_act_that_one_s_own_node_would_enter_is_held_against_the_register",
        "node/test_escalation.py::test_who_left_comes_back_by_nobody_s_hand_but_an_officer_s",
        "api/test_scim.py::test_what_would_grant_something_is_refused_and_nothing_of_it_done",
        "api/test_attacks.py::test_check_a_change_b",
        "node/test_persons.py::test_nobody_signs_what_is_about_themselves",
        "identity/test_rights.py::test_nobody_reads_contents_by_running_or_auditing_the_node",
    ),
    "attribute allow-list bypass": (
        "api/test_attacks.py::test_guard_depends_on_a_field_being_present",
        "node/test_strict_forms.py::test_an_offer_reads_strictly",
    ),
    "SSRF, redirect carries credentials": (
        "node/test_redirects.py::test_a_peer_leads_nobody_elsewhere",
        "wire/test_tls.py::test_the_client_speaks_to_the_pinned_certificate_alone",
        "documents/test_docx_renditions.py::test_bad_docx",
    ),
    "template / webhook code execution": (
        "api/test_hostile_words.py::test_a_title_from_a_partner_is_shown_and_never_run",
        "documents/test_glyphs.py::test_a_line_is_data_and_never_a_command",
    ),
    "stored script from a partner's data": (
        "api/test_hostile_words.py::test_a_title_from_a_partner_is_shown_and_never_run",
        "api/test_hostile_words.py::test_every_answer_forbids_that_it_is_shown_as_a_page",
        "browser/test_report_page.py::test_the_page_shows_something_and_asks_nobody",
        "documents/test_bad_pdfs.py::test_active_pdfs_are_refused",
    ),
    "SQL injection by sort": (
        "api/test_hostile_requests.py::test_sort_and_filter_injection",
        "api/test_hostile_words.py::test_no_filter_is_more_than_a_word",
    ),
    "path traversal in mapping / upload": (
        "api/test_hostile_words.py::test_a_separator_leads_nowhere_else",
        "cli/test_setup_cli.py::test_an_officers_id_leaves_no_file_elsewhere",
        "store/test_files.py::test_an_item_has_a_plain_name",
        "documents/test_docx_renditions.py::test_bad_docx",
    ),
    "replay of set-up call": (
        "api/test_prepared_acts.py::test_a_prepared_act_that_is_lost_entered_nothing_and_says_so",
        "api/test_prepared_acts.py::test_what_was_entered_is_told_as_done_to_those_who_signed_it",
        "api/test_replays.py::test_replay",
        "api/test_replays.py::test_replay_of_an_act",
        "node/test_wire_tampers.py::test_a_replayed_message_is_refused",
        "node/test_wire_tampers.py::test_a_message_is_refused_on_another_peers_channel",
        "node/test_key_custody.py::test_a_request_that_is_sent_again_is_a_replay",
    ),
    "API key grants more than its maker has": ("api/test_replays.py::test_api_key_grants_more_than_its_maker_has",),
    "shipped secrets, plaintext passwords": (
        "cli/test_guessed_passphrase.py::test_start_refuses_a_word_that_everybody_tries",
        "cli/test_setup_cli.py::test_a_real_nodes_keys_never_lie_in_the_clear",
    ),
    "unauthenticated flood": (
        "api/test_hostile_requests.py::test_floods_and_slow_readers",
        "api/test_hostile_requests.py::test_a_slow_body_is_not_waited_for",
        "wire/test_slow_heads.py::test_a_head_that_drips_is_cut",
        "wire/test_tls.py::test_a_message_without_end_is_cut_off",
        "node/test_flood.py::test_a_flood_is_kept_within_a_bound_and_told_once",
    ),
    "revocation ignored": (
        "api/test_ended_rights.py::test_revocation_during_an_open_stream",
        "api/test_ended_rights.py::test_a_right_withdrawn_is_enforced_at_the_next_request",
        "node/test_key_ends.py::test_acts_signed_with_a_key_that_ended_are_refused_whatever_instant_they_name",
    ),
    "pin taken from the network": (
        "node/test_refusals.py::test_a_peer_is_enrolled_by_its_fingerprint_alone",
        "node/test_node_keys.py::test_a_replacement_that_does_not_hold_changes_nothing",
    ),
    "leak by side channel": (
        "api/test_attacks.py::test_leak_by_side_channel",
        "api/test_every_route.py::test_what_is_another_s_is_answered_as_what_is_not_there",
        "api/test_work_done.py::test_what_is_hidden_takes_no_more_the_more_there_is",
    ),
    "lost silently": (
        "wire/test_crash.py::test_kill_9_loses_nothing_and_doubles_nothing",
        "wire/test_disk_full.py::test_receive_on_a_full_disk",
        "wire/test_network.py::test_a_network_that_is_cut_loses_nothing_and_doubles_nothing",
        "wire/test_network.py::test_what_comes_twice_or_out_of_order_is_taken_once_wherever_the_tests_run",
        "node/test_faults.py::test_with_a_clock_a_day_wrong_nothing_moves_and_both_are_told",
        "node/test_reconciling.py::test_rungs_that_never_came_are_named_with_custody_and_sent_again",
    ),
}
"""Each class by its name, and where it is tried."""


@pytest.mark.parametrize("named", CLASSES)
def test_a_class_of_attack_is_tried(named: str) -> None:
    """Each test of the class is defined, at the head of its file, where it is collected."""
    assert CLASSES[named] and missing_of(CLASSES[named]) == []


def test_every_class_stands_here() -> None:
    assert len(CLASSES) == 24
