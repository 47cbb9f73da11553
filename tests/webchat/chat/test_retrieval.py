"""What is searched for."""

from __future__ import annotations

import pytest

from webchat.chat.retrieval import leans_on_previous, query_of


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
