"""An index that an older Inglenook made in PostgreSQL goes on answering, with all that it held."""

from __future__ import annotations

import threading

import psycopg
import pytest

from docs_index.errors import IndexDamaged
from docs_index.index import Index
from docs_index.postgres import schema
from docs_index.terms import terms_of
from tests import postgres
from tests.docs_index.conftest import embed, paragraphs, put

TEXTS = ["lions roar", "tigers swim"]
BACK_TO_VERSION_1 = """
SET search_path = docs_index;
ALTER TABLE chunks DROP COLUMN lead;
ALTER TABLE words SET (toast_tuple_target = 128);
DROP TABLE sentence_vectors, findings, segments, postings;
ALTER TABLE state DROP COLUMN answering;
UPDATE state SET version = 1
"""


@pytest.fixture
def old_database(empty_database: str) -> str:
    """Of version 1, with two paragraphs in it."""
    index = open_index(empty_database)
    put(index, "zoo", "1", *TEXTS)
    index.close()
    postgres.execute(empty_database, BACK_TO_VERSION_1)
    return empty_database


def open_index(url: str) -> Index:
    return Index(url, embedding_model="words")


def version(url: str) -> int:
    return int(postgres.execute(url, "SELECT version FROM docs_index.state").fetchone()[0])


def test_an_index_of_version_1_is_brought_forward(old_database: str) -> None:
    index = open_index(old_database)
    assert version(old_database) == schema.VERSION
    assert [index.search("tigers", vector, collections=["zoo"])[0].text for vector in (None, embed(["tigers"])[0])] == [
        "tigers swim"
    ] * 2
    first, second = index.chunks(*index.documents("zoo"))
    assert index._store.leads([first.id, second.id]) == {first.id: first.id, second.id: first.id}
    _, chunks = paragraphs(*TEXTS)
    assert index.missing_vectors(chunks) == [0, 1]  # those of sentences
    index.remember_vectors(chunks, embed(TEXTS))
    assert index.missing_vectors(chunks) == []
    index._store.keep_findings("zoo", "known")
    put(index, "zoo", "2", "bears climb")
    assert index.coverage("zoo").vectors == 3
    index.close()


def test_in_one_of_version_4_the_beginning_of_a_section_leads_all_of_it(empty_database: str) -> None:
    index = open_index(empty_database)
    put(index, "zoo", "1", *(f"animal {n}" for n in range(1, 13)))
    known = index._store.leads(range(1, 13))
    index.close()
    postgres.execute(empty_database, "UPDATE docs_index.chunks SET lead = 10 WHERE id >= 10")
    postgres.execute(empty_database, "UPDATE docs_index.state SET version = 4")
    index = open_index(empty_database)
    assert index._store.leads(range(1, 13)) == known == dict.fromkeys(range(1, 13), 1)
    index.close()


def test_several_processes_may_bring_it_forward_at_once(old_database: str) -> None:
    opened: list[Index] = []
    threads = [threading.Thread(target=lambda: opened.append(open_index(old_database))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [index.collections() for index in opened] == [["zoo"]] * 4
    for index in opened:
        index.close()


def test_a_step_that_fails_leaves_the_index_as_it_was(old_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(connection: schema.Connection) -> None:
        connection.execute("SELECT 1 / 0")

    with monkeypatch.context() as patch, pytest.raises(psycopg.errors.DivisionByZero):
        patch.setattr(schema, "STEPS", [*schema.STEPS, fail])
        open_index(old_database)
    assert version(old_database) == 1
    open_index(old_database).close()


def test_an_index_of_a_newer_version_is_left_alone(empty_database: str) -> None:
    open_index(empty_database).close()
    postgres.execute(empty_database, "UPDATE docs_index.state SET version = 99")
    with pytest.raises(IndexDamaged, match="is of a newer Inglenook. Update this one to use it"):
        open_index(empty_database)
    assert version(empty_database) == 99


def test_an_index_without_a_version_is_damage(empty_database: str) -> None:
    open_index(empty_database).close()
    postgres.execute(empty_database, "DELETE FROM docs_index.state")
    with pytest.raises(IndexDamaged, match="Drop its schema docs_index"):
        open_index(empty_database)


def test_one_of_version_2_lets_another_model_take_over(empty_database: str) -> None:
    open_index(empty_database).close()
    postgres.execute(empty_database, "ALTER TABLE docs_index.state DROP COLUMN answering")
    postgres.execute(empty_database, "DROP TABLE docs_index.segments, docs_index.postings")
    postgres.execute(empty_database, "UPDATE docs_index.state SET version = 2")
    index = open_index(empty_database)
    assert index.answering_model() == ""
    assert index.take_over(0)
    assert index.answering_model() == index.embedding_model
    index.close()


def test_one_of_version_3_gets_its_lists_of_postings(empty_database: str) -> None:
    """Which had an index of terms instead, and a term of its own for a word that is there twice."""
    index = open_index(empty_database)
    put(index, "zoo", "1", "lions and lions", "one lion", "tigers swim", "bears climb", "wolves")
    hits = index._store.lexical(terms_of("lions"), ["zoo"], 5)
    index.close()
    for query in (
        "UPDATE docs_index.words SET terms = terms || $$'lion 2'$$::tsvector WHERE chunk = 1",
        "CREATE INDEX words_terms ON docs_index.words USING gin (terms)",
        "DROP TABLE docs_index.segments, docs_index.postings",
        "UPDATE docs_index.state SET version = 3",
    ):
        postgres.execute(empty_database, query)
    index = open_index(empty_database)
    assert index._store.lexical(terms_of("lions"), ["zoo"], 5) == hits
    assert [passage.text for passage in index.search("lion 2", None, collections=["zoo"])][0] == "lions and lions"
    index.remove_collection("zoo")
    assert postgres.rows(empty_database, "docs_index.vocabulary") == 0
    assert postgres.rows(empty_database, "docs_index.postings") == 0
    index.close()
