"""What is promised of people, roles, sign-in and the API, line by line, each with the tests that hold it to that."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

PROMISES: dict[str, tuple[str, ...]] = {
    # officers and roles
    "no role reads content by running or auditing the node": (
        "identity/test_rights.py::test_nobody_reads_contents_by_running_or_auditing_the_node",
        "api/test_house_roles.py::test_an_auditor_sees_everything_but_contents",
    ),
    "default deny": (
        "identity/test_rights.py::test_what_no_row_permits_is_refused",
        "identity/test_rights.py::test_nobody_without_a_role_may_anything",
        "identity/test_rights.py::test_an_act_without_rows_is_for_nobody",
    ),
    "the table of rights against every route and every command, in every role": (
        "api/test_attacks.py::test_every_route_asks_the_table_of_rights",
        "api/test_attacks.py::test_every_act_asks_the_table_of_rights",
        "identity/test_commands_walk.py::test_every_command_asks_for_the_roles_of_the_table",
        "identity/test_commands_walk.py::test_every_command_stands_in_the_table_and_every_one_of_the_table_is_there",
        "identity/test_commands_walk.py::test_the_walk_finds_what_differs",
    ),
    "nobody approves their own request": (
        "identity/test_principals.py::test_nobody_approves_what_they_asked_for_under_another_key",
    ),
    "two-person acts need two persons": (
        "api/test_attacks.py::test_two_person_acts_need_two_persons",
        "node/test_persons.py::test_two_persons_destroy_and_not_two_keys_of_one",
        "api/test_prepared_acts.py::test_after_a_restart_no_officer_s_signature_is_left",
    ),
    "nobody comes to a role or a right by their own hand": (
        "node/test_persons.py::test_nobody_signs_what_is_about_themselves",
        "node/test_escalation.py::test_nobody_comes_to_a_role_or_a_right_by_their_own_hand",
    ),
    # clearances, need, roster
    "clearance, need and roster decide what a person opens and sees": (
        "node/test_persons.py::test_a_clearance_ends_at_its_instant",
        "node/test_persons.py::test_a_need_for_one_item_goes_before_the_subjects",
        "node/test_persons.py::test_the_roster_is_that_of_the_facility_that_holds_the_copy",
        "identity/test_principals.py::test_a_row_of_the_register_is_seen_by_need_clearance_and_roster",
    ),
    "briefings and assurances": (
        "node/test_persons.py::test_an_act_about_a_person_is_held_against_the_register",
        "node/test_standing.py::test_an_assurance_names_a_level_and_the_agreement_of_the_two",
        "node/test_standing.py::test_the_recipient_refuses_what_its_own_assurance_does_not_reach",
    ),
    "an expired clearance takes effect at once, open streams included, and is listed": (
        "api/test_ended_rights.py::test_an_expired_clearance_takes_effect_at_once_open_streams_included_and_is_listed",
        "api/test_house_roles.py::test_a_clearance_that_ends_takes_the_item_with_it",
        "node/test_signing_ends.py::test_whose_access_has_ended_signs_nothing",
        "node/test_persons.py::test_what_lapses_is_listed_with_what_follows",
    ),
    "a leaver's access ends at once, open streams included, and is listed": (
        "api/test_scim.py::test_a_leavers_access_ends_at_once_and_an_officers_act_is_owed",
        "api/test_scim.py::test_a_leavers_open_stream_is_cut",
        "node/test_signing_ends.py::test_whose_access_has_ended_signs_nothing",
        "node/test_persons.py::test_who_leaves_has_nothing_left_and_peers_take_no_more_of_their_keys",
    ),
    # sign-in
    "TLS client certificates, smart cards": (
        "api/test_over_tls.py::test_who_is_let_in",
        "keystore/test_officer_keys.py::test_cards_sign_in_and_sign_what_a_node_prepares",
    ),
    "passkeys": (
        "api/test_passkey_sign_in.py::test_it_signs_in_and_signs_an_act",
        "node/test_passkey_officers.py::test_a_prepared_act_is_signed_by_its_digest",
        "browser/test_passkey_in_browser.py::test_what_a_real_browser_signs_holds_at_both_nodes",
    ),
    "a one-time code for the first officer": (
        "api/test_first_officer.py::test_it_enrols_one_security_officer_who_then_signs_in",
        "api/test_first_officer.py::test_replayed_code",
        "api/test_first_officer.py::test_a_code_is_shown_on_a_terminal_alone",
    ),
    "a new sign-in for release, destruction, key and legal acts": (
        "api/test_step_up.py::test_the_acts_that_take_a_new_sign_in_are_those_listed",
        "api/test_step_up.py::test_each_act_asks_for_what_the_table_says",
    ),
    "joiners and leavers by SCIM": (
        "api/test_scim.py::test_a_joiner_is_known_and_has_nothing",
        "api/test_scim.py::test_what_would_grant_something_is_refused_and_nothing_of_it_done",
    ),
    "sessions end": (
        "api/test_sessions.py::test_a_token_ends_at_its_instant_however_often_it_is_used",
        "api/test_sessions.py::test_a_token_that_nothing_is_asked_with_ends",
        "api/test_sessions.py::test_every_session_ends_at_the_next_request",
        "api/test_sessions.py::test_every_open_stream_ends",
    ),
    "tokens are bound to a key": (
        "api/test_replays.py::test_replay",
        "api/test_replays.py::test_api_key_grants_more_than_its_maker_has",
    ),
    "no default password or secret anywhere": (
        "cli/test_guessed_passphrase.py::test_start_refuses_a_word_that_everybody_tries",
        "cli/test_guessed_passphrase.py::test_start_refuses_a_real_node_s_that_is_soon_guessed",
        "cli/test_guessed_passphrase.py::test_no_real_node_and_no_officer_s_key_is_made_under_one",
        "cli/test_setup_cli.py::test_a_real_nodes_keys_never_lie_in_the_clear",
        "cli/test_guessed_passphrase.py::test_two_nodes_that_are_made_alike_share_no_secret",
    ),
    # the API
    "described, versioned, and the description is the reference's": (
        "api/test_reads.py::test_the_description_is_the_one_in_the_reference",
        "api/test_every_route.py::test_no_route_has_a_method_that_is_not_described",
        "api/test_schemathesis.py::test_nothing_is_found",
    ),
    "problems carry the verdict's grounds": ("api/test_attacks.py::test_every_act_asks_the_table_of_rights",),
    "idempotency keys": (
        "api/test_reads.py::test_the_same_request_under_one_key_is_done_once",
        "api/test_reads.py::test_two_at_once_under_one_key_get_one_answer",
        "api/test_prepared_acts.py::test_a_prepared_act_that_is_lost_entered_nothing_and_says_so",
    ),
    "pages by cursor": (
        "api/test_reads.py::test_every_list_comes_in_pages",
        "api/test_reads.py::test_pages_hold_still_while_rows_are_added",
        "api/test_hostile_requests.py::test_a_cursor_is_good_for_its_list_its_filters_and_its_officer_alone",
    ),
    "ETags": ("api/test_reads.py::test_an_item_that_changed_since_it_was_read_is_not_acted_on",),
    "commands work by address": (
        "cli/test_by_address.py::test_each_command_is_on_one_list",
        "cli/test_by_address.py::test_the_commands_that_take_an_address_are_those_listed",
        "api/test_over_tls.py::test_a_command_prints_the_same_by_address_as_by_folder",
    ),
    "may X do Y, for other systems": ("api/test_reads.py::test_may_x_do_y",),
    "a stream of acts, filtered by right": (
        "api/test_ended_rights.py::test_events_go_on_where_they_were_left",
        "api/test_bulk.py::test_a_stream_tells_of_the_one_and_nothing_of_the_other",
    ),
    "a right withdrawn is enforced at the very next request": (
        "api/test_ended_rights.py::test_a_right_withdrawn_is_enforced_at_the_next_request",
        "api/test_house_roles.py::test_what_the_register_takes_away_is_gone_at_the_next_request",
        "store/test_standing_reads.py::test_what_was_read_once_is_forgotten_at_the_next_commit",
    ),
    # attacks that are no class of their own
    "CSRF": (
        "api/test_other_sites.py::test_csrf",
        "api/test_other_sites.py::test_a_body_that_a_form_could_send_is_none",
        "api/test_other_sites.py::test_no_answer_sets_anything_that_a_browser_would_send_again",
    ),
    "session fixation": ("api/test_other_sites.py::test_session_fixation",),
    "brute force": (
        "api/test_other_sites.py::test_brute_force",
        "api/test_first_officer.py::test_brute_force",
    ),
    "IDOR on every route": (
        "api/test_every_route.py::test_what_is_another_s_is_answered_as_what_is_not_there",
        "api/test_every_route.py::test_every_route_that_takes_a_name_is_asked_below",
    ),
    "floods": (
        "api/test_hostile_requests.py::test_floods_and_slow_readers",
        "api/test_hostile_requests.py::test_so_many_requests_of_an_officer_and_no_more",
    ),
    "slow readers": (
        "api/test_hostile_requests.py::test_a_reader_who_does_not_take_what_is_sent_is_cut_off",
        "api/test_hostile_requests.py::test_a_slow_body_is_not_waited_for",
        "wire/test_slow_heads.py::test_a_head_that_drips_is_cut",
    ),
    "timing: hidden and absent cost the same statements": (
        "api/test_work_done.py::test_what_is_hidden_takes_no_more_the_more_there_is",
        "api/test_work_done.py::test_the_counter_sees_every_statement",
    ),
    "existence and counts": (
        "api/test_attacks.py::test_leak_by_side_channel",
        "api/test_bulk.py::test_who_may_see_one_item_lists_none",
    ),
    "bidi and zero-width characters in names are shown for what they are": (
        "api/test_hostile_requests.py::test_bidi_and_zero_width_are_shown_for_what_they_are",
        "api/test_hostile_words.py::test_a_title_that_hides_characters_shows_them",
        "node/test_hidden_characters.py::test_no_name_takes_a_character_that_hides",
        "node/test_hidden_characters.py::test_a_terminal_shows_what_hides",
    ),
    "archive names": (
        "sealed/test_sealed_tampers.py::test_refused_with_provenance",
        "documents/test_docx_renditions.py::test_bad_docx",
        "store/test_files.py::test_an_item_has_a_plain_name",
    ),
    "templates": (
        "api/test_hostile_words.py::test_a_title_from_a_partner_is_shown_and_never_run",
        "documents/test_glyphs.py::test_a_line_is_data_and_never_a_command",
    ),
    "sort and filter injection": (
        "api/test_hostile_requests.py::test_sort_and_filter_injection",
        "api/test_hostile_words.py::test_no_filter_is_more_than_a_word",
        "api/test_scim.py::test_filter_injection",
    ),
    "replay after a restart and on the other node": (
        "api/test_replays.py::test_replay",
        "api/test_replays.py::test_replay_of_an_act",
        "api/test_prepared_acts.py::test_what_was_entered_is_told_as_done_to_those_who_signed_it",
    ),
    "the threat model's rows": ("docs/test_threat_model.py::test_every_row_has_a_test",),
}
"""Each promise, and where it is tried."""


@pytest.mark.parametrize("promised", PROMISES)
def test_a_promise_is_tried(promised: str) -> None:
    """Each test is defined, at the head of its file, where it is collected."""
    assert PROMISES[promised]
    for test in PROMISES[promised]:
        file, _, name = test.partition("::")
        assert f"\ndef {name}(" in (ROOT / file).read_text(encoding="utf-8"), test
