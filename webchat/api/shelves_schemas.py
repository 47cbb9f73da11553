"""What the routes for collections, documents and search take and answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from ninja import Schema
from pydantic import Field

from docs_index.types import Passage
from webchat.documents.intake import Intake
from webchat.documents.models import Document

RowId = Annotated[int, Field(ge=1, le=2**63 - 1)]


class CollectionIn(Schema):
    name: Annotated[str, Field(min_length=1, max_length=120)]


class CollectionOut(Schema):
    id: int
    name: str
    created: datetime
    documents: int = 0


class DocumentOut(Schema):
    id: int
    name: str
    status: str
    error: str
    warning: str
    warnings: list[str]
    progress: int
    size: int
    pages: int
    passages: int

    @staticmethod
    def of(document: Document) -> DocumentOut:
        return DocumentOut(
            id=document.pk,
            name=document.name,
            status=document.status,
            error=document.error,
            warning=document.warning,
            warnings=document.warnings,
            progress=document.progress,
            size=document.size_bytes,
            pages=document.pages,
            passages=document.passages,
        )


class DocumentsOut(Schema):
    documents: list[DocumentOut]


class LeftOutOut(Schema):
    name: str
    reason: str


class IntakeOut(Schema):
    """`changes` stands beside `documents`, one word each: added, updated or unchanged."""

    documents: list[DocumentOut]
    changes: list[str]
    left_out: list[LeftOutOut]
    detail: str = ""

    @staticmethod
    def of(intake: Intake) -> IntakeOut:
        return IntakeOut(
            documents=[DocumentOut.of(document) for document, _ in intake.documents],
            changes=[str(change) for _, change in intake.documents],
            left_out=[LeftOutOut(name=left_out.name, reason=left_out.reason) for left_out in intake.left_out],
            detail="" if intake.documents else " ".join(f"{one.name}: {one.reason}" for one in intake.left_out[:10]),
        )


class SearchIn(Schema):
    query: Annotated[str, Field(min_length=1, max_length=10_000)]
    collections: Annotated[list[RowId], Field(max_length=1000)] = []
    limit: Annotated[int, Field(ge=1, le=100)] = 10


class PassageOut(Schema):
    document: str
    document_id: int
    page: int | None
    place: str
    headings: list[str]
    start: int
    end: int
    text: str
    score: float

    @staticmethod
    def of(passage: Passage) -> PassageOut:
        return PassageOut(
            document=passage.name,
            document_id=int(passage.document),
            page=passage.page,
            place=passage.place,
            headings=list(passage.headings),
            start=passage.start,
            end=passage.end,
            text=passage.text,
            score=passage.score,
        )


class FoundOut(Schema):
    passages: list[PassageOut]
    note: str
