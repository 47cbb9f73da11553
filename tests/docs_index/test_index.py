"""The public face, as the worker and the pages use it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from docs_index.chunker import Chunker
from docs_index.index import Index
from docs_index.reading import PACKAGE_PARENT, ReaderProcess
from docs_index.types import Coverage, DocumentKey, Extraction, Heading, Numbered, ReadLimits, Surroundings
from tests.docs_index.conftest import embed, pages_at, paragraphs, put
from tests.docs_index.files import write_pdf


def found(index: Index, query: str, *collections: str) -> list[str]:
    return [passage.text for passage in index.search(query, None, collections=collections or ["zoo"])]


def test_a_file_becomes_passages(index: Index, word_tokenizer: Path, tmp_path: Path) -> None:
    reader = ReaderProcess(ReadLimits())
    extraction = reader.read(write_pdf(tmp_path / "a.pdf", ["Lions roar at night.", "Tigers swim by day."]), ".pdf")
    reader.close()
    chunks = Chunker(word_tokenizer, max_tokens=6).split(extraction)
    missing = index.missing_vectors(chunks)
    index.remember_vectors([chunks[i] for i in missing], embed([chunks[i].text for i in missing]))
    index.add(DocumentKey("zoo", "7"), "cats.pdf", extraction, chunks)
    best = index.search("who swims?", embed(["tigers swim"])[0], collections=["zoo"])[0]
    assert (best.document, best.name, best.page, best.text) == ("7", "cats.pdf", 2, "Tigers swim by day.")
    assert extraction.text[best.start : best.end] == best.text
    assert (best.lexical_rank, best.dense_rank, best.score) == (1, 1, pytest.approx(1.0))


def test_words_are_found_before_their_vectors(index: Index) -> None:
    extraction, chunks = paragraphs("lions roar")
    index.add(DocumentKey("zoo", "1"), "a", extraction, chunks)
    assert found(index, "lion") == ["lions roar"]
    assert index.search("lion", embed(["lion"])[0], collections=["zoo"])[0].dense_rank is None


def test_meaning_is_found_without_a_common_word(index: Index) -> None:
    put(index, "zoo", "1", "lions roar", "tigers swim")
    [first] = index.search("xyzzy", embed(["tigers"])[0], collections=["zoo"])
    assert (first.text, first.lexical_rank) == ("tigers swim", None)


@pytest.mark.parametrize(
    "query, text",
    [
        ("lion", "The lions roared."),
        ("LOWE", "Ein Löwe brüllt."),
        ("管道", "使用管道符连接命令"),
        ("符", "使用管道符"),
        ("管", "使用管道符"),
        ("ネコ", "吾輩はネコである"),
        ("한국어", "한국어로 씁니다"),
        ("ERR_CONN-42", "It says ERR_CONN-42 then."),
        ("10.1.2.3", "The host 10.1.2.3 is down."),
        ("find file", "the ﬁle"),
        ("don't panic", "Don’t panic!"),
    ],
)
def test_words_of_any_script_are_found(index: Index, query: str, text: str) -> None:
    put(index, "zoo", "1", text)
    assert found(index, query) == [text]


def test_an_exact_identifier_comes_first(index: Index) -> None:
    put(index, "zoo", "1", *(f"err 42 of the conn, conn 42 of the err {n}" for n in range(20)))
    put(index, "zoo", "2", "Some long story that mentions ERR_CONN-42 once and then goes on about other things.")
    assert "ERR_CONN-42" in found(index, "ERR_CONN-42")[0]


SYNTAX = """
    " "" NEAR( NEAR(lions_tigers) ^lions name:lions body: lions* * AND NOT lions_AND -lions {lions} )(
    lions'_OR_1=1_-- \0
"""


@pytest.mark.parametrize("query", [word.replace("_", " ") for word in SYNTAX.split()])
def test_nothing_a_person_types_is_syntax(index: Index, query: str) -> None:
    put(index, "zoo", "1", "lions roar")
    put(index, "zoo", "2", "tigers swim")
    assert found(index, query) in ([], ["lions roar"], ["lions roar", "tigers swim"], ["tigers swim", "lions roar"])


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.one_of(st.text(), st.text(alphabet="\"*^():+-{}'aN, 管")))
def test_no_question_breaks_the_search(index: Index, query: str) -> None:
    if not index.documents("zoo"):
        put(index, "zoo", "1", "lions a N 管道")
        put(index, "secret", "1", "lions a N 管道 secret")
    assert all("secret" not in text for text in found(index, query))


@pytest.mark.parametrize("query", [" ", "?", " … ", "😀", "_"])
def test_signs_alone_find_nothing(index: Index, query: str) -> None:
    put(index, "zoo", "1", "lions roar?")
    assert index.search(query, embed(["lions"])[0], collections=["zoo"]) == []
    assert index.search("lions?", embed(["lions"])[0], collections=["zoo"])


def test_an_empty_list_of_collections_finds_nothing(index: Index) -> None:
    put(index, "zoo", "1", "lions roar")
    assert index.search("lions", embed(["lions"])[0], collections=[]) == []


def test_collections_that_were_not_named_are_not_searched(index: Index) -> None:
    put(index, "alice", "1", "lions roar at alice")
    put(index, "bob", "1", "lions roar at bob")
    for query in ("lions", "alice roar"):
        passages = index.search(query, embed([query])[0], collections=["bob", "nobody", "bob"])
        assert [passage.collection for passage in passages] == ["bob"]
    assert index.search("alice", embed(["alice"])[0], collections=["bob"]) == []


def test_replacing_a_document_leaves_nothing_of_the_old(index: Index) -> None:
    put(index, "zoo", "1", "lions roar", "lions sleep")
    put(index, "zoo", "1", "tigers swim")
    assert found(index, "lions tigers") == ["tigers swim"]
    assert index.coverage("zoo").chunks == 1


def test_equal_passages_are_shown_once(index: Index) -> None:
    put(index, "zoo", "1", "lions roar")
    put(index, "zoo", "2", "lions  roar")
    put(index, "zoo", "3", "lions roar louder")
    assert len(found(index, "lions roar")) == 2


def test_it_gives_as_many_as_asked_for(index: Index) -> None:
    put(index, "zoo", "1", *(f"lions {n}" for n in range(300)))
    for limit in (1, 10, 250):
        assert len(index.search("lions", embed(["lions"])[0], collections=["zoo"], limit=limit)) == limit


def test_the_whole_text_comes_back(index: Index) -> None:
    extraction = Extraction(
        "Lions.\n\nTigers.",
        pages_at(0, 8),
        "Cats",
        ("1 of 3 pages holds no text",),
        is_markdown=True,
        headings=(Heading(0, 1, "Lions"),),
        numbering=(Numbered(0, 12),),
        counts="row",
    )
    key = DocumentKey("zoo", "1")
    index.add(key, "cats.pdf", extraction, [])
    assert index.text(key) == extraction
    assert index.text(DocumentKey("zoo", "2")) is None


@pytest.mark.parametrize(
    "chars, surroundings",
    [
        (4, Surroundings("日本👩 ", "Löwe", " ñ b")),
        (0, Surroundings("", "Löwe", "")),
        (99, Surroundings("a 日本👩 ", "Löwe", " ñ b")),
    ],
)
def test_a_passage_is_shown_in_its_surroundings(index: Index, chars: int, surroundings: Surroundings) -> None:
    key = put(index, "zoo", "1", "a 日本👩 Löwe ñ b")
    assert index.surroundings(key, 6, 10, chars) == surroundings
    assert index.surroundings(DocumentKey("zoo", "2"), 6, 10, chars) is None


def test_coverage_counts_what_can_be_found(index: Index) -> None:
    assert index.coverage("zoo") == Coverage()
    put(index, "zoo", "1", "lions roar", "tigers swim")
    extraction, chunks = paragraphs("bears climb")
    index.add(DocumentKey("zoo", "2"), "b", extraction, chunks)
    coverage = index.coverage("zoo")
    assert (coverage.documents, coverage.chunks, coverage.vectors) == (2, 3, 2)
    assert coverage.size_bytes > len("lions roar\n\ntigers swimbears climb")


def test_the_room_it_takes_is_told_as_the_disk_has_it(sqlite_index: Index, index_path: Path) -> None:
    random = np.random.default_rng(0)
    for document in range(40):
        extraction, chunks = paragraphs(*(f"{document} {n} " + "lions roar at night " * 40 for n in range(8)))
        sentences = [random.normal(size=(5, 384)).astype(np.float16) for _ in chunks]
        sqlite_index.remember_vectors(chunks, random.normal(size=(8, 384)).astype(np.float32), sentences)
        sqlite_index.add(DocumentKey("zoo", str(document)), "a.txt", extraction, chunks)
    told = sqlite_index.coverage("zoo").size_bytes
    sqlite_index.close()  # and so all of it comes into the one file
    assert 0.7 * index_path.stat().st_size < told < 1.3 * index_path.stat().st_size


def test_a_new_name_is_shown(index: Index) -> None:
    key = put(index, "zoo", "1", "lions roar", name="old.txt")
    index.rename(key, "new.txt")
    assert index.search("lions", None, collections=["zoo"])[0].name == "new.txt"


def test_it_lists_what_it_holds(index: Index) -> None:
    put(index, "zoo", "2", "lions")
    put(index, "zoo", "1", "tigers")
    put(index, "farm", "1", "cows")
    assert index.documents("zoo") == [DocumentKey("zoo", "1"), DocumentKey("zoo", "2")]
    assert index.collections() == ["farm", "zoo"]


def test_it_is_there_after_a_restart(location: Path | str) -> None:
    first = Index(location, embedding_model="words")
    put(first, "zoo", "1", "lions roar")
    first.close()
    second = Index(location, embedding_model="words")
    assert second.search("", embed(["lions"])[0], collections=["zoo"])[0].text == "lions roar"
    second.close()


def test_importing_it_loads_no_model_library() -> None:
    program = "import sys, docs_index.index; print(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=PACKAGE_PARENT, capture_output=True, text=True, check=True
    )
    assert not {"torch", "transformers", "tokenizers", "django", "inference"} & set(run.stdout.split())
