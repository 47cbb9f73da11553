"""What the routes for collections and documents take and answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from ninja import Schema
from pydantic import Field

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
