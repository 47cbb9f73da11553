from __future__ import annotations

import pytest

from docs_index import rare_first
from docs_index.index import Index
from docs_index.rare_first import ROW_COST, Plan, Sought, plan
from docs_index.sqlite import lexical
from docs_index.terms import Term
from tests.docs_index.conftest import put


def held(word: str, by: int) -> Sought:
    return Sought(Term(word), word, by)


@pytest.fixture(autouse=True)
def few_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rare_first, "READ", 120)
    monkeypatch.setattr(rare_first, "READ_OF_LITTLE", 50)
    monkeypatch.setattr(lexical, "COUNTED", 20)


def test_in_a_small_collection_every_word_is_looked_up() -> None:
    words = held("pump", 40), held("water", 30), held("e4711", 1)
    assert set(plan(words, 45).rare) == {words[2]} | {words[1]}  # pump would be more than what tells little may cost
    assert set(plan(words, 1000).rare) == set(words)


def test_the_rarest_words_are_taken_as_long_as_they_are_cheap() -> None:
    pump, water, code = held("pump", 60), held("water", 900), held("e4711", 50)
    assert plan([pump, water, code], 10_000) == Plan((code, pump))


def test_words_in_a_row_cost_more() -> None:
    row = Sought(Term("e-4711"), "", 120 // ROW_COST)
    assert plan([row, held("pump", 1)], 10_000).rare == (held("pump", 1),)


def test_common_words_are_asked_where_the_rare_ones_find_little() -> None:
    pump, water, code = held("pump", 500), held("water", 900), held("e4711", 1)
    assert plan([pump, water, code], 10_000) == Plan((code,), (pump.term, water.term))
    assert plan([water], 10_000) == Plan((), (water.term,))


@pytest.fixture
def crowded(index: Index) -> Index:
    """A collection whose words are common beyond what is read, and a code that stands in one passage of it."""
    put(index, "works", "1", *(f"the pump moves water through pipe {n}" for n in range(200)))
    put(
        index,
        "works",
        "2",
        "A long report of the works: valve, motor, belt and, under water, the pump said E-4711 once.",
    )
    put(index, "other", "1", "E-4711 is nobody's business here, pump or water")
    return index


def test_a_rare_code_is_never_buried_under_common_words(crowded: Index) -> None:
    found = crowded.search("why does the water pump say E-4711 again?", None, collections=["works"])
    assert "E-4711" in found[0].text
    assert all(passage.collection == "works" for passage in found)


def test_common_words_alone_still_find_something(crowded: Index) -> None:
    found = crowded.search("water pump", None, collections=["works"], limit=5)
    assert len(found) == 5
    assert all("pump" in passage.text and "water" in passage.text for passage in found)


def test_a_small_collection_is_found_beside_a_large_one(crowded: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rare_first, "READ", 1000)
    monkeypatch.setattr(rare_first, "READ_OF_LITTLE", 1000)
    put(crowded, "few", "1", "the pump of the few")
    assert [passage.text for passage in crowded.search("pump few", None, collections=["few"])] == [
        "the pump of the few"
    ]
