"""Drafts are copied from the text itself, and only where they pay."""

from __future__ import annotations

from inference.speculation import LONGEST_DRAFT, Prices, PromptLookup

CHEAP, DEAR = 0.1, 0.95
TEXT = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]


def test_what_followed_before_is_drafted() -> None:
    assert PromptLookup().draft([*TEXT, 20, 3, 4, 5], CHEAP, 3) == [6, 7, 8]


def test_the_latest_place_counts() -> None:
    assert PromptLookup().draft([1, 2, 3, 70, 1, 2, 3, 80, 1, 2, 3], CHEAP, 1) == [80]


def test_without_the_same_words_there_is_no_draft() -> None:
    lookup = PromptLookup()
    assert lookup.draft([*TEXT, 20, 5, 4], CHEAP, 3) == []
    assert lookup.draft([1, 2], CHEAP, 3) == []


def test_a_dear_token_is_not_drafted() -> None:
    assert PromptLookup().draft([*TEXT, 3, 4, 5], DEAR, 3) == []


def test_drafts_grow_while_they_come_true_and_end_when_they_do_not() -> None:
    lookup = PromptLookup()
    tokens = [*TEXT, *TEXT[:3]]
    first = len(lookup.draft(tokens, 0.5, LONGEST_DRAFT))
    for _ in range(30):
        lookup.draft(tokens, 0.5, LONGEST_DRAFT)
        lookup.judge([4])
    assert first < len(lookup.draft(tokens, 0.5, LONGEST_DRAFT)) == LONGEST_DRAFT
    for _ in range(30):
        lookup.draft(tokens, 0.5, LONGEST_DRAFT)
        lookup.judge([99])
    assert lookup.draft(tokens, 0.5, LONGEST_DRAFT) == []


def test_what_was_only_foreseen_counts_too() -> None:
    lookup = PromptLookup()
    tokens = [*TEXT, *TEXT[:3]]
    assert lookup.draft(tokens, DEAR, LONGEST_DRAFT) == []
    for _ in range(60):
        lookup.draft(tokens, DEAR, LONGEST_DRAFT)
        lookup.judge([4])
    assert lookup.draft(tokens, DEAR, LONGEST_DRAFT)


def test_a_token_is_cheap_where_steps_take_equally_long_and_dear_where_they_add_up() -> None:
    assert Prices(1.0, 1.1, 8).price(1) < 0.05
    assert Prices(1.0, 8.0, 8).price(1) == 1
    # With many answers in a step little is left to gain.
    assert Prices(1.0, 4.5, 8).price(8) > Prices(1.0, 4.5, 8).price(1) == 0.5


def test_prices_follow_what_is_measured() -> None:
    prices = Prices(1.0, 8.0, 8)
    for _ in range(100):
        prices.measured(1, 1, 1.0)
        prices.measured(1, 4, 1.3)
    assert prices.price(1) < 0.2
