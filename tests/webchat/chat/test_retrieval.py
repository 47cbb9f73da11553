"""Which finds are read."""

from __future__ import annotations

from dataclasses import replace

from docs_index.types import Passage
from webchat.chat.retrieval import best_reading, worth_reading


def passage(score: float, lexical_rank: int | None = None, dense_rank: int | None = None) -> Passage:
    return Passage("1", "1", "a.txt", None, 0, 1, "x", score, lexical_rank, dense_rank)


def test_weak_passages_are_not_read():
    strong, near, weak = passage(1.0, 1, 2), passage(0.4, 2, 3), passage(0.1, 3, 4)
    assert worth_reading([strong, near, weak]) == [strong, near]


def test_the_first_by_meaning_is_read_even_when_words_speak_against_it():
    by_words, by_meaning = passage(0.9, 1, None), passage(0.1, None, 1)
    assert worth_reading([by_words, by_meaning]) == [by_words, by_meaning]


def test_nothing_found_is_nothing_to_read():
    assert worth_reading([]) == []


def test_the_reading_whose_passages_are_nearest_is_gone_by():
    assert best_reading([[near_by(0.3), near_by(0.4)], [near_by(0.1), near_by(0.6)]]) == 1


def test_where_nothing_is_known_of_nearness_the_likeliest_reading_counts_that_found_anything():
    assert best_reading([[], [passage(0.2, 1)], [passage(0.9, 1)]]) == 1


def near_by(cosine: float) -> Passage:
    return replace(passage(1.0, dense_rank=1), dense_score=cosine)
