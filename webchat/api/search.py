"""Search in one's own collections, for programs, and why something was not found."""

from __future__ import annotations

from asgiref.sync import sync_to_async
from django.http import Http404, HttpRequest
from ninja import Router
from ninja.errors import HttpError

from webchat.api.search_schemas import FoundOut, PassageOut, SearchIn, WhyIn, WhyOut
from webchat.documents import shelf
from webchat.documents.access import document_of
from webchat.documents.models import Collection
from webchat.documents.scope import NotYours, Scope, scope_of
from webchat.documents.why import Asked, verdict_on

router = Router(tags=["documents"])


@router.post("/search", response=FoundOut, summary="Find passages")
async def search(request: HttpRequest, body: SearchIn) -> FoundOut:
    """Searches by words and by meaning, in your own collections: in all, or in those named by `collections`."""
    scope = await sync_to_async(scope_for)(request, body)
    found = await shelf.find(body.query, scope.collections, body.limit, where=scope.where)
    return FoundOut(passages=[PassageOut.of(passage, body.query) for passage in found.passages], note=found.note)


@router.post("/search/why", response=WhyOut, summary="Why something was not found")
async def why(request: HttpRequest, body: WhyIn) -> WhyOut:
    """Where the passages of a document, or those that hold a sentence, stand in a search, and what keeps them off."""
    if body.document is None and not body.sentence.strip():
        raise HttpError(422, "Name the document that was missed, or a sentence of it.")
    document = await sync_to_async(document_of)(request.user, body.document) if body.document else None
    scope = await sync_to_async(scope_for)(request, body)
    everywhere = [row async for row in Collection.objects.readable_by(request.user)]
    asked = Asked(body.query, scope, body.limit, document, body.sentence.strip())
    return WhyOut.of(await verdict_on(asked, everywhere))


def scope_for(request: HttpRequest, body: SearchIn) -> Scope:
    try:
        return scope_of(request.user, body.wish)
    except NotYours as error:
        raise Http404 from error
