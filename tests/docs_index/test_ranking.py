from __future__ import annotations

import pytest

from docs_index.ranking import LEXICAL_WEIGHT, LEXICAL_WEIGHT_BEYOND_LATIN, fuse, lexical_weight

WORDS = [(1, 8.0), (2, 4.0)]
MEANING = [(2, 0.6), (3, 0.3), (4, -0.1)]


def test_what_both_find_comes_first() -> None:
    hits = fuse(WORDS, MEANING, weight=0.5)
    assert [hit.chunk for hit in hits] == [2, 1, 3, 4]
    assert [round(hit.score, 2) for hit in hits] == [0.78, 0.44, 0.28, 0.0]  # the words count .44 here


def test_who_stands_out_counts_more() -> None:
    sure, unsure = [(1, 8.0), (2, 4.0)], [(1, 8.0), (2, 7.5)]
    meaning = [(2, 0.60), (1, 0.50)]
    assert fuse(sure, meaning, weight=0.4)[0].chunk == 1
    assert fuse(unsure, meaning, weight=0.4)[0].chunk == 2


def test_equal_passages_do_not_hide_that_they_stand_out() -> None:
    twice = [(1, 8.0), (3, 8.0), (2, 4.0)]
    assert fuse(twice, [(2, 0.60), (1, 0.50)], weight=0.4)[0].chunk == 1


def test_it_says_where_each_hit_comes_from() -> None:
    ranks = {hit.chunk: (hit.lexical_rank, hit.dense_rank) for hit in fuse(WORDS, MEANING, weight=0.5)}
    assert ranks == {1: (1, None), 2: (2, 1), 3: (None, 2), 4: (None, 3)}


@pytest.mark.parametrize("weight, first", [(0.9, 1), (0.1, 2)])
def test_the_weight_decides(weight: float, first: int) -> None:
    assert fuse(WORDS, MEANING, weight=weight)[0].chunk == first


def test_one_list_alone_keeps_its_order_and_its_scores() -> None:
    assert [(hit.chunk, hit.score) for hit in fuse(WORDS, [], weight=0.1)] == [(1, 1.0), (2, 0.5)]
    assert [(hit.chunk, hit.score) for hit in fuse([], MEANING, weight=0.9)] == [(2, 1.0), (3, 0.5), (4, 0.0)]
    assert fuse([], [], weight=0.5) == []


def test_words_weigh_more_where_the_embedder_reads_less() -> None:
    assert lexical_weight("how do lions hunt?") == LEXICAL_WEIGHT
    assert lexical_weight("wie jagen Löwen?") == LEXICAL_WEIGHT
    assert lexical_weight("狮子怎么打猎") == lexical_weight("как охотится лев?") == LEXICAL_WEIGHT_BEYOND_LATIN
    assert LEXICAL_WEIGHT < lexical_weight("linux kernel 管道") < LEXICAL_WEIGHT_BEYOND_LATIN
