from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docs_index.terms import MAX_TERMS, digest, match_expression, searchable, share_beyond_latin, terms_of


@pytest.mark.parametrize(
    "query, expression",
    [
        ("lions tigers", '"lions" OR "tigers"'),
        ("What is the lion?", '"lion"'),
        ("to be or not to be", '"to" OR "be" OR "or" OR "not"'),
        ("管道符", '"管道" OR "道符"'),
        ("the 管道", '"管道"'),
        ("水", '"水"*'),
        ("什么是管道符？", '"管道" OR "道符"'),
        ("水是什么？", '"水"*'),
        ("你的目的是什么", '"目的"'),
        ("linux是什么", '"linux"'),
        ("什么", '"什么"'),
        ("終了したのは誰", '"終了" OR "了し" OR "した" OR "たの" OR "のは" OR "は誰"'),
        ("ERR_CONN-42", '"err_conn-42" OR "err" OR "conn" OR "42"'),
        ("ﬁle", '"file"'),
        ('"lions" AND NOT (name: x)', '"lions" OR "name" OR "x"'),
        ('*^"+-():', ""),
        ("", ""),
    ],
)
def test_a_question_becomes_quoted_terms(query: str, expression: str) -> None:
    assert match_expression(terms_of(query)) == expression


def test_a_pasted_page_becomes_a_question_of_some_length() -> None:
    assert match_expression(terms_of(" ".join(f"w{n}" for n in range(10_000)))).count('"') == 2 * MAX_TERMS


def test_cjk_is_written_in_pairs() -> None:
    assert searchable("使用管道").split() == ["使用", "用管", "管道", "道"]
    assert searchable("use 管 now").split() == ["use", "管", "now"]


def test_alphabets_stay_as_they_are() -> None:
    assert searchable("Löwen brüllen") == "Löwen brüllen"


@pytest.mark.parametrize(
    "text, share",
    [
        ("lion", 0.0),
        ("Łódź, việc, ＡＢＣ", 0.0),
        ("管道", 1.0),
        ("лев 2024", 1.0),
        ("ab管道", 0.5),
        ("42", 0.0),
        ("", 0.0),
    ],
)
def test_the_share_of_letters_beyond_latin(text: str, share: float) -> None:
    assert share_beyond_latin(text) == share


def test_a_digest_looks_past_white_space_and_spellings_of_one_character() -> None:
    assert digest("caf\u00e9  au\nlait ") == digest("cafe\u0301 au lait")
    assert digest("Lion") != digest("lion")


@given(st.text())
def test_quotes_are_always_balanced(query: str) -> None:
    assert match_expression(terms_of(query)).count('"') % 2 == 0
