"""Each threat we know has a control, and each control a test that attacks it (intake.md, 17)."""

import ast
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]

THREATS: Mapping[str, tuple[str, ...]] = {
    "a spoofed owner, an address hidden from a parser": (
        "test_a_name_that_looks_like_the_owner_is_nobody",
        "test_two_addresses_in_from_are_no_identity",
        "test_a_domain_in_other_letters_is_asked_all_the_same",
        "test_our_own_domain_in_other_letters_is_forged",
    ),
    "a name server that is slow on purpose": (
        "test_a_stranger_s_broken_dns_does_not_silence_the_author_s",
        "test_a_silent_domain_delays_nobody_else",
    ),
    "two From fields": ("test_a_second_from_is_refused",),
    "a provider's verdict with a stranger's words in it": (
        "test_what_a_stranger_made_the_server_write_names_nobody_else",
        "test_foreign_authentication_results_are_ignored",
        "test_a_claim_may_be_written_in_many_ways",
    ),
    "a signature that two programs read differently": (
        "test_a_signature_behind_a_bare_line_feed_lends_its_word_to_no_other",
        "test_a_signature_that_libraries_read_differently_stops_nobody",
    ),
    "smuggled mail, inbound": ("test_six_false_endings_never_end_data",),
    "smuggled mail, outbound": ("test_a_relayed_body_cannot_end_data",),
    "header injection, poison for the composer": (
        "test_an_encoded_newline_stays_a_space",
        "test_any_parsed_subject_can_be_answered",
    ),
    "STARTTLS injection": ("test_commands_before_tls_are_forgotten",),
    "an open relay": ("test_the_service_will_not_start_as_a_relay", "test_nobody_is_relayed_for"),
    "an endless line, a bomb for the parser": (
        "test_a_line_without_end_is_not_collected",
        "test_a_command_without_end_is_not_collected",
        "test_each_bomb_ends_in_a_refusal_or_a_hold",
        "test_markup_without_an_end_costs_no_time",
        "test_octets_made_to_be_slow_are_not",
    ),
    "a flood, a full disk": (
        "test_a_flood_is_told_to_come_back",
        "test_a_full_disk_promises_nothing",
        "test_a_commit_that_fails_promises_nothing_to_anybody",
    ),
    "the replay of a mail that acts": (
        "test_the_same_order_twice_moves_stock_once",
        "test_what_failed_is_tried_again_and_its_effects_come_once",
    ),
    "the replay of a signature that was given to others": (
        "test_a_notice_to_another_shop_orders_nothing_here",
        "test_what_the_owner_wrote_to_others_commands_nothing",
    ),
    "a leaked token, a guessed number": (
        "test_a_forwarded_token_shows_but_changes_nothing",
        "test_a_visible_number_alone_opens_nothing",
        "test_a_forged_token_sounds_like_an_unknown_address",
    ),
    "a forged bounce, a forged STOP": (
        "test_a_bounce_without_token_never_suppresses",
        "test_a_forged_stop_costs_only_marketing",
    ),
    "backscatter": ("test_no_bounce_is_ever_sent_to_a_stranger",),
    "regular expressions that take for ever": ("test_no_module_on_mail_text_imports_re",),
    "script in a mail that is shown": ("test_a_shown_mail_runs_nothing",),
    "bombs in attachments, formulas in tables": (
        "test_attachments_are_listed_not_opened",
        "test_a_cell_cannot_calculate",
    ),
    "injection into templates and logs": (
        "test_a_customer_called_braces_is_printed_as_such",
        "test_a_newline_in_helo_is_one_log_line",
        "test_a_digest_shows_hostile_subjects_harmlessly",
        "test_a_digest_shows_hostile_order_numbers_harmlessly",
    ),
    "escapes for the terminal that shows a mail": (
        "test_neither_the_mail_nor_its_file_commands_the_terminal",
        "test_a_control_that_is_written_as_a_reference_is_none",
    ),
    "a crash after a promise": (
        "test_250_means_it_survives_kill_minus_nine",
        "test_a_client_that_hangs_up_during_commit_is_a_duplicate_later",
    ),
}

# What nothing can be attacked by yet, and what will bring it.
LATER: Mapping[str, str] = {
    "test_a_shown_mail_runs_nothing": "no page shows a mail yet",
    "test_a_cell_cannot_calculate": "tables leave as JSON Lines only, which no program calculates",
}


@cache
def names() -> frozenset[str]:
    """All tests there are."""
    return frozenset(
        node.name
        for module in TESTS.rglob("test_*.py")
        for node in ast.walk(ast.parse(module.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    )


@pytest.mark.parametrize("threat", THREATS)
def test_each_threat_is_mounted_by_a_test(threat: str):
    assert [name for name in THREATS[threat] if name not in names() and name not in LATER] == []


def test_what_comes_later_is_named_in_the_table():
    assert set(LATER) <= {name for tests in THREATS.values() for name in tests}
