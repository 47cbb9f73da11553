"""Pages of one document: its text with the passage marked, and the original as a download."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import PurePosixPath
from typing import BinaryIO

from asgiref.sync import sync_to_async
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET, require_POST

from docs_index.structure import Structure
from docs_index.types import Extraction
from webchat.documents import pictures, removal, shelf, storage, viewer
from webchat.documents.access import document_of
from webchat.documents.collection_views import render_files, require_listing
from webchat.documents.models import Document

BLOCK_BYTES = 1 << 18
LARGEST_OFFSET = 2**31


@require_GET
def document(request: HttpRequest, pk: int) -> HttpResponse:
    """The text around `?start=…&end=…`, or from its beginning, or from `?from=…`."""
    row = document_of(request.user, pk)
    extraction = shelf.index().text(row.index_key)
    context: dict[str, object] = {"document": row}
    if extraction is not None:
        passage = viewer.passage_within(extraction, offset(request, "start"), offset(request, "end"))
        start = offset(request, "from")
        stretch = viewer.around(extraction, passage) if start is None else viewer.after(extraction, start)
        page = pictures.page_of(row, extraction, passage[0] if passage else stretch.start)
        context |= {"stretch": stretch, "passage": passage, "picture_page": page, "has_pictures": page is not None}
        if passage:
            structure = Structure(extraction)
            context |= {"place": structure.label(*passage), "headings": structure.sections(*passage)}
    return render(request, "documents/document.html", context)


@require_GET
def text(request: HttpRequest, pk: int) -> HttpResponse:
    """More of the text: what comes after `?from=…`, or before `?until=…`."""
    row = document_of(request.user, pk)
    extraction = require_text(row)
    start, until = offset(request, "from"), offset(request, "until")
    if until is not None:
        context: dict[str, object] = {"stretch": viewer.before(extraction, until), "more_before": True}
    else:
        context = {"stretch": viewer.after(extraction, start or 0), "more_after": True}
    context["has_pictures"] = pictures.page_of(row, extraction, 0) is not None
    return render(request, "documents/_stretch.html", {"document": row, **context})


@require_GET
async def download(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """The bytes as they came. Never shown by the browser: a page or an SVG could be anything."""
    row = await sync_to_async(document_of)(request.user, pk)
    try:
        file = await asyncio.to_thread(original, row)
    except (OSError, storage.StorageError) as error:
        raise Http404 from error
    headers = {
        "Content-Length": str(os.fstat(file.fileno()).st_size),
        "Content-Disposition": content_disposition_header(True, PurePosixPath(row.name).name) or "attachment",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    return StreamingHttpResponse(blocks(file), content_type="application/octet-stream", headers=headers)


@require_POST
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    """From the table of files, which htmx puts anew, or from the document's own page."""
    row = document_of(request.user, pk)
    row.retry()
    if not request.htmx:
        return redirect("documents:document", pk)
    return render_files(request, require_listing(request, row.collection_id))


@require_POST
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    row = document_of(request.user, pk)
    removal.remove_document(row)
    return render_files(request, require_listing(request, row.collection_id))


def require_text(row: Document) -> Extraction:
    extraction = shelf.index().text(row.index_key)
    if extraction is None:
        raise Http404
    return extraction


def offset(request: HttpRequest, name: str) -> int | None:
    """A position in the text. What is no such number counts as none: links are passed around and cut."""
    value = request.GET.get(name, "")
    return min(int(value), LARGEST_OFFSET) if value.isascii() and value.isdigit() and len(value) < 16 else None


def original(row: Document) -> BinaryIO:
    """The file as it is now: one in a person's folder may be newer than what was read of it."""
    with storage.opened(row.origin, in_any_version=True) as path:
        return path.open("rb")


async def blocks(file: BinaryIO) -> AsyncIterator[bytes]:
    with file:
        while block := await asyncio.to_thread(file.read, BLOCK_BYTES):
            yield block
