"""Looking inside: how much of a collection can be found, which files failed, and the passages of one file."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET

from docs_index.types import Coverage
from webchat.documents import shelf
from webchat.documents.access import collection_of, document_of
from webchat.documents.collection_views import require_listing
from webchat.documents.models import Collection, Status

PASSAGES = 50  # on a page
FORMULA_SIGNS = (*"=+-@＝＋－＠", "\t", "\r")  # what makes a spreadsheet compute a cell instead of showing it


class Line:
    """A file for csv.writer that keeps nothing: what is written is handed on."""

    def write(self, line: str) -> str:
        return line


@require_GET
def coverage(request: HttpRequest, pk: int) -> HttpResponse:
    """One line, fetched after the page: counting the passages of a large collection takes a moment."""
    collection = require_listing(request, pk).collection
    found = shelf.index().coverage(collection.index_key)
    context = {"collection": collection, "coverage": found, "by_meaning": percent_by_meaning(found)}
    return render(request, "documents/_coverage.html", context)


@require_GET
def failures(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """The files that could not be read, with their reasons, as CSV that a spreadsheet does not execute."""
    collection = collection_of(request.user, pk)
    headers = {
        "Content-Disposition": content_disposition_header(True, f"{collection.name} failures.csv") or "attachment"
    }
    return StreamingHttpResponse(failure_lines(collection), content_type="text/csv; charset=utf-8", headers=headers)


@require_GET
def passages(request: HttpRequest, pk: int) -> HttpResponse:
    """What was cut from one file's text: each passage with its offsets, sections and whether it has a vector."""
    row = document_of(request.user, pk)
    number = page_number(request)
    chunks = shelf.index().chunks(row.index_key, (number - 1) * PASSAGES, PASSAGES + 1)
    with_vectors = shelf.index().with_vectors(chunks)
    context = {
        "document": row,
        "passages": [(chunk, chunk.id in with_vectors) for chunk in chunks[:PASSAGES]],
        "first": (number - 1) * PASSAGES + 1,
        "previous": number - 1,
        "next": number + 1 if len(chunks) > PASSAGES else 0,
    }
    return render(request, "documents/passages.html", context)


def percent_by_meaning(found: Coverage) -> int:
    """Rounded down, so that 100 means all of them."""
    return found.vectors * 100 // found.chunks if found.chunks else 0


def failure_lines(collection: Collection) -> Iterator[str]:
    writer = csv.writer(Line(), quoting=csv.QUOTE_NONNUMERIC)  # where ";" parts cells, it would part a name as well
    yield "\ufeff"  # or Excel takes the rest for another character set
    yield writer.writerow(["file", "reason", "size in bytes", "added"])
    for row in collection.documents.filter(status=Status.FAILED).iterator():
        yield writer.writerow([harmless(row.name), harmless(row.error), row.size_bytes, row.added.isoformat()])


def harmless(cell: str) -> str:
    """A cell that begins like a formula gets an apostrophe, which spreadsheets take for "this is text"."""
    return f"'{cell}" if cell.lstrip(" \n").startswith(FORMULA_SIGNS) or cell.startswith("\n") else cell


def page_number(request: HttpRequest) -> int:
    wanted = request.GET.get("page", "")
    return max(1, int(wanted)) if wanted.isascii() and wanted.isdigit() and len(wanted) < 7 else 1
