"""What is searched for."""

from __future__ import annotations

import pytest

from docs_index.types import Passage
from webchat.chat.retrieval import leans_on_previous, query_of, worth_reading


@pytest.mark.parametrize(
    "question",
    [
        "And then?",
        "Why?",
        "What about Paris?",
        "When was it built?",
        "Who were their neighbors in the north?",
        "为什么？",
    ],
)
def test_a_follow_up_leans_on_the_question_before(question: str):
    assert leans_on_previous(question)
    assert query_of(question, "How high is the tower?") == f"How high is the tower?\n{question}"


@pytest.mark.parametrize(
    "question", ["How much can the bridge at Marlow Ford carry?", "Which council decided to repair the clock tower?"]
)
def test_a_question_that_stands_alone_is_searched_alone(question: str):
    assert query_of(question, "How high is the tower?") == question


def test_the_first_question_has_none_before_it():
    assert query_of("Why?", None) == "Why?"


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
