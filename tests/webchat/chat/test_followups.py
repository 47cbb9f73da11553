"""Questions that lean on those before them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from docs_index.index import Index
from docs_index.types import Chunk, DocumentKey, Extraction
from inference.embedder import Embedder
from tests.webchat.chat.written_conversations import DOUBTFUL, FOLLOW_UPS, PASSAGES, STAND_ALONE, Talk
from webchat.chat.followups import READINGS, leans_back, readings
from webchat.chat.retrieval import best_reading


@pytest.mark.parametrize(
    "question",
    [
        "And then?",
        "Why?",
        "What about Paris?",
        "When was it built?",
        "Who were their neighbors in the north?",
        "Und was kostet er?",
        "Et quand a-t-il été construit ?",
        "¿Y cuánto cuesta?",
        "为什么？",
        "那它多少钱？",
    ],
)
def test_a_follow_up_leans_on_the_question_before(question: str) -> None:
    assert leans_back(question)


@pytest.mark.parametrize(
    "question",
    [
        "How much can the bridge at Marlow Ford carry?",
        "Which council decided to repair the clock tower?",
        "How long does it take to bake rye bread?",
        "Is it true that the mill is a museum?",
        "Rust borrow checker",
        "Was kostet der Kachelofen Hesta?",
        "云雾绿茶产于哪里？",
    ],
)
def test_a_question_that_stands_alone_is_searched_alone(question: str) -> None:
    assert readings(question, ["How high is the tower?"]) == [question]


@pytest.mark.parametrize(
    "earlier, question, meant",
    [
        ([], "Why?", ["Why?"]),
        (["What is the Heron made of?"], "And how much does it cost?", ["Heron And how much does it cost?"]),
        (["What is the Heron made of?"], "and how do I fold it?", ["Heron and how do I fold it?"]),
        (["How much is the Heron?"], "What about the Swift?", ["How much is the Swift"]),
        (["How much is the Heron?", "And the Swift?"], "How heavy is it?", ["Swift How heavy is it?"]),
        (["Where is the Heron?"], "Does the Swift need it?", ["Heron Does the Swift need it?"]),
        (["which bread is sour?"], "how long does it rest?", ["bread sour how long does it rest?"]),
        (["Was kostet der Hesta?"], "und wie installiere ich es?", ["Hesta und wie installiere ich es?"]),
        (["Was kostet der Hesta?"], "Gibt es davon Fotos?", ["Hesta Gibt es davon Fotos?"]),
        (["Was kostet der Hesta?"], "Gibt es einen Parkplatz?", ["Gibt es einen Parkplatz?"]),
        (["如何安装红隼热泵？"], "它多少钱？", ["安装红隼热泵 它多少钱？"]),
        (["Why?"], "Why?", [" Why?"]),
    ],
)
def test_it_gets_what_it_lacks(earlier: list[str], question: str, meant: list[str]) -> None:
    assert readings(question, earlier) == meant


@pytest.mark.parametrize(
    "earlier, question, meant",
    [
        (["How much is the Heron?"], "And the weight?", ["Heron And the weight?", "And the weight?"]),
        (["Was kostet Hesta?"], "Und die Garantie?", ["Was kostet Garantie", "Hesta Und die Garantie?"]),
        (["Wo ist der Hesta?"], "Wie heize ich sie?", ["Hesta Wie heize ich sie?", "Wie heize ich sie?"]),
        (["云雾绿茶产于哪里？"], "那桂花米酒呢？", ["云雾绿茶产于 那桂花米酒呢？", "那桂花米酒呢？"]),
    ],
)
def test_what_words_cannot_tell_is_read_both_ways(earlier: list[str], question: str, meant: list[str]) -> None:
    assert readings(question, earlier) == meant


def test_a_long_conversation_brings_no_more_than_a_few_readings() -> None:
    assert len(readings("and the weight?", ["How much is the Heron?", "and the price?", "and the colour?"])) <= READINGS


@pytest.mark.model
class TestWithMiniLm:
    @pytest.fixture
    def found(self, starter_models, tmp_path: Path) -> Callable[[Talk, Sequence[str]], bool]:
        """Whether a search for one of these readings finds first what the talk's last question asks for."""
        embedder = Embedder(starter_models.embedder)
        index = Index(tmp_path / "index.sqlite3", embedding_model="minilm")
        for name, text in PASSAGES.items():
            chunks = [Chunk(text, 0, len(text))]
            index.add(DocumentKey("all", name), name, Extraction(text), chunks, embedder.embed([text]))

        def find(talk: Talk, queries: Sequence[str]) -> bool:
            vectors = embedder.embed(list(queries))
            searches = [
                index.search(query, vector, collections=["all"], limit=5)
                for query, vector in zip(queries, vectors, strict=True)
            ]
            return searches[best_reading(searches)][0].document == talk.wanted

        return find

    def test_follow_ups_find_what_they_mean(self, found: Callable[[Talk, Sequence[str]], bool]) -> None:
        whole = sum(found(talk, readings(talk.questions[-1], talk.questions[:-1])) for talk in FOLLOW_UPS)
        alone = sum(found(talk, talk.questions[-1:]) for talk in FOLLOW_UPS)
        assert whole >= 0.85 * len(FOLLOW_UPS)
        assert alone <= 0.7 * len(FOLLOW_UPS)  # or these conversations show nothing

    def test_where_words_cannot_tell_the_documents_do(self, found: Callable[[Talk, Sequence[str]], bool]) -> None:
        meant = [readings(talk.questions[-1], talk.questions[:-1]) for talk in DOUBTFUL]
        right = sum(found(talk, queries) for talk, queries in zip(DOUBTFUL, meant, strict=True))
        first = sum(found(talk, queries[:1]) for talk, queries in zip(DOUBTFUL, meant, strict=True))
        assert right >= 0.9 * len(DOUBTFUL)
        assert first < right

    def test_questions_that_stand_alone_are_left_alone(self) -> None:
        for talk in STAND_ALONE:
            assert readings(talk.questions[-1], talk.questions[:-1]) == [talk.questions[-1]]
