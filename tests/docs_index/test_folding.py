"""What counts as saying the same."""

from __future__ import annotations

import pytest

from docs_index.folding import Fold, are_alike, fold_equal, wording_of
from docs_index.index import Index
from docs_index.ranking import Hit
from tests.docs_index.conftest import embed, put

NOTICE = """The reading room on the second floor stays open until late in the evening on every day of the week except on
Sunday. Whoever borrows a book from the closed stacks brings it back within 28 days, or asks at the desk for more time.
The desk is there for questions about old newspapers, maps of the harbor, and letters that families have left to us."""


def test_the_best_of_equal_texts_stays_and_knows_the_others() -> None:
    hits = [Hit(1, 0.9, 1, 1), Hit(2, 0.8, 2, 2), Hit(3, 0.7, 3, 3), Hit(4, 0.6, 4, 4)]
    assert fold_equal(hits, {1: b"a", 2: b"a", 4: b"b"}) == [Fold(hits[0], (2,)), Fold(hits[3])]


@pytest.mark.parametrize(
    "other, alike",
    [
        (NOTICE.replace("harbor", "port"), True),
        (NOTICE.upper(), True),
        (NOTICE.replace("\n", "  "), True),
        (NOTICE.replace("28", "14"), False),
        (NOTICE.replace("stays open", "does not stay open"), False),
        (NOTICE.replace("or asks", "and never asks"), False),
        (NOTICE.replace("28 days", "28-B days"), False),
        (NOTICE + " It costs 3 dollars.", False),
        (NOTICE[:200], False),
        (NOTICE.replace("the", "a"), False),
        (NOTICE.replace("harbor", "port").replace("evening", "night").replace("questions", "help"), False),
        ("", False),
    ],
)
def test_a_word_may_differ_and_a_number_or_a_denial_may_not(other: str, alike: bool) -> None:
    assert are_alike(wording_of(NOTICE), wording_of(other)) is alike


def test_short_texts_are_only_the_same_when_they_are_equal() -> None:
    assert not are_alike(wording_of("Lions roar at night."), wording_of("Lions roar at night!"))


def test_texts_without_spaces_are_compared_by_their_characters() -> None:
    text = "图书馆二楼的阅览室除星期日外每天晚上都开放到很晚借书的人应当按时归还或在服务台申请延长"
    assert are_alike(wording_of(text), wording_of(text + "。"))
    assert not are_alike(wording_of(text), wording_of(text[::-1]))
    assert not are_alike(wording_of(text), wording_of(text.replace("都开放", "都不开放")))


def test_a_search_shows_one_of_those_that_say_the_same_and_names_the_others(index: Index) -> None:
    put(index, "zoo", "1", NOTICE, name="notice.txt")
    put(index, "zoo", "2", NOTICE.replace("harbor", "port"), name="newer.txt")
    put(index, "zoo", "3", NOTICE, name="copy.txt")
    put(index, "zoo", "4", NOTICE.replace("28", "14"), name="other rule.txt")
    question = "which maps are in the reading room"
    found = index.search(question, embed([question])[0], collections=["zoo"])
    assert len(found) == 2
    [folded] = [passage for passage in found if passage.name != "other rule.txt"]
    names = {folded.name, *(repeat.name for repeat in folded.repeats)}
    assert names == {"notice.txt", "newer.txt", "copy.txt"}
    assert all((repeat.collection, repeat.start) == ("zoo", 0) for repeat in folded.repeats)


def test_what_stands_in_an_unsearched_collection_is_no_repeat(index: Index) -> None:
    put(index, "alice", "1", NOTICE)
    put(index, "bob", "2", NOTICE)
    [passage] = index.search("reading room", embed(["reading room"])[0], collections=["alice"])
    assert passage.repeats == ()
