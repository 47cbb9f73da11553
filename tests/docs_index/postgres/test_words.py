from __future__ import annotations

import threading

import pytest

from docs_index.postgres.words import tsvector
from docs_index.word_cutter import WordCutter


@pytest.fixture
def cutter() -> WordCutter:
    return WordCutter()


def test_words_are_those_of_the_other_store(cutter: WordCutter) -> None:
    assert cutter.cut(["The Lions' roaring", "", "ERR_CONN-42 Löwe 管道 道"]) == [
        ["the", "lion", "roar"],
        [],
        ["err", "conn", "42", "low", "管道", "道"],
    ]


def test_threads_do_not_mix_their_texts(cutter: WordCutter) -> None:
    wrong = []

    def cut(word: str) -> None:
        wrong.extend(found for _ in range(50) if (found := cutter.cut([f"{word} {word}"])) != [[word, word]])

    threads = [threading.Thread(target=cut, args=[word]) for word in ("bear", "wolf", "fox")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_term_says_where_it_stands() -> None:
    assert tsvector(["lion", "bear", "lion"]) == "'lion':1,3 'bear':2"


def test_nothing_in_a_term_is_syntax() -> None:
    assert tsvector(["it's", "a\\b"]) == "'it''s':1 'a\\\\b':2"
