"""What the routes for search take and answer: passages, and why one was not found."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from ninja import Schema
from pydantic import Field, model_validator

from docs_index.explanation import Explanation, Standing
from docs_index.types import Passage, Repeat
from webchat.api.shelves_schemas import RowId
from webchat.documents.reasons import reason_of
from webchat.documents.scope import Wish
from webchat.documents.why import Verdict, sentence_of

Suffix = Annotated[str, Field(min_length=1, max_length=40)]


class SearchIn(Schema):
    """Whatever is left out restricts nothing."""

    query: Annotated[str, Field(min_length=1, max_length=10_000)]
    collections: Annotated[list[RowId], Field(max_length=1000)] = []
    limit: Annotated[int, Field(ge=1, le=100)] = 10
    documents: Annotated[list[RowId], Field(max_length=1000, description="Only in these.")] = []
    name: Annotated[
        str, Field(max_length=300, description="A part of the file's name, or a pattern of the whole: `*.pdf`.")
    ] = ""
    folder: Annotated[str, Field(max_length=300, description="Only what lies in it, however deep.")] = ""
    types: Annotated[list[Suffix], Field(max_length=100, description="Suffixes: `.pdf`.")] = []
    since: Annotated[date | None, Field(description="Added, or changed, on that day or later.")] = None
    until: Annotated[date | None, Field(description="Added, or changed, on that day or before.")] = None

    @model_validator(mode="before")
    @classmethod
    def null_is_left_out(cls, values: Any) -> Any:
        """Ninja wraps what was sent; only a body that is an object has fields."""
        sent = getattr(values, "_obj", values)
        return {name: value for name, value in sent.items() if value is not None} if isinstance(sent, dict) else values

    @property
    def wish(self) -> Wish:
        return Wish(
            collections=frozenset(self.collections),
            documents=frozenset(self.documents),
            name=self.name,
            folder=self.folder,
            suffixes=frozenset(f".{suffix.lstrip('.')}" for suffix in self.types),
            since=self.since,
            until=self.until,
        )


class RepeatOut(Schema):
    """Another place that says the same, or nearly."""

    document: str
    document_id: int
    collection_id: int
    page: int | None
    place: str
    start: int
    end: int

    @staticmethod
    def of(repeat: Repeat) -> RepeatOut:
        return RepeatOut(
            document=repeat.name,
            document_id=int(repeat.document),
            collection_id=int(repeat.collection),
            page=repeat.page,
            place=repeat.place,
            start=repeat.start,
            end=repeat.end,
        )


class RerankedOut(Schema):
    """From where to where a cross-encoder put a passage, and its score, 0 to 1."""

    was: int
    now: int
    score: float


class PassageOut(Schema):
    """Ranks count from 1; null: not found in this way. The scores are BM25, a cosine, and both weighed together.

    `reranked` is null where no cross-encoder has read the passage.
    """

    document: str
    document_id: int
    collection_id: int
    page: int | None
    place: str
    headings: list[str]
    start: int
    end: int
    text: str
    score: float
    reason: str
    lexical_rank: int | None
    lexical_score: float | None
    dense_rank: int | None
    dense_score: float | None
    reranked: RerankedOut | None
    repeats: list[RepeatOut]

    @staticmethod
    def of(passage: Passage, query: str) -> PassageOut:
        return PassageOut(
            document=passage.name,
            document_id=int(passage.document),
            collection_id=int(passage.collection),
            page=passage.page,
            place=passage.place,
            headings=list(passage.headings),
            start=passage.start,
            end=passage.end,
            text=passage.text,
            score=passage.score,
            reason=reason_of(passage, query),
            lexical_rank=passage.lexical_rank,
            lexical_score=passage.lexical_score,
            dense_rank=passage.dense_rank,
            dense_score=passage.dense_score,
            reranked=RerankedOut.from_orm(passage.reranked) if passage.reranked else None,
            repeats=[RepeatOut.of(repeat) for repeat in passage.repeats],
        )


class FoundOut(Schema):
    passages: list[PassageOut]
    note: str


class WhyIn(SearchIn):
    """A search, and what was missed in it: a document, a sentence, or a sentence of a document."""

    document: RowId | None = None
    sentence: Annotated[str, Field(max_length=4000)] = ""


class StandingOut(Schema):
    """How a passage fared. `cut`: nothing, below, folded, far, unlike or filtered; `why` says it in a sentence.

    `rank` counts the list that is shown; those of the two ways of searching count all that was searched.
    """

    document: str
    document_id: int
    page: int | None
    place: str
    start: int
    end: int
    text: str
    cut: str
    why: str
    rank: int | None
    score: float
    lexical_rank: int | None
    dense_rank: int | None
    has_vector: bool
    same_as: RepeatOut | None

    @staticmethod
    def of(standing: Standing, explanation: Explanation) -> StandingOut:
        passage = standing.passage
        return StandingOut(
            document=passage.name,
            document_id=int(passage.document),
            page=passage.page,
            place=passage.place,
            start=passage.start,
            end=passage.end,
            text=passage.text,
            cut=str(standing.cut),
            why=sentence_of(standing, explanation),
            rank=standing.rank,
            score=passage.score,
            lexical_rank=passage.lexical_rank,
            dense_rank=passage.dense_rank,
            has_vector=standing.has_vector,
            same_as=RepeatOut.of(standing.same_as) if standing.same_as else None,
        )


class WhyOut(Schema):
    """`verdict` is the answer in a sentence."""

    verdict: str
    passages: list[StandingOut]
    note: str

    @staticmethod
    def of(verdict: Verdict) -> WhyOut:
        standings = [StandingOut.of(one, verdict.explanation) for one in verdict.standings if verdict.explanation]
        return WhyOut(verdict=verdict.sentence, passages=standings, note=verdict.note)
