"""The search page. It needs no language model."""

from __future__ import annotations

from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from docs_index.types import Passage
from webchat.documents import shelf
from webchat.documents.highlight import Part, snippet
from webchat.documents.models import Collection

RESULTS = 20
PATIENCE_S = 2.0  # results come while one types


@require_GET
@vary_on_headers("HX-Request")  # the way back from a passage leads to the page, not to the stored results alone
def search(request: HttpRequest) -> HttpResponse:
    """`?q=…` in the chosen collections `?c=…`, or in all. htmx gets the results alone."""
    query = request.GET.get("q", "").strip()[: shelf.QUERY_CHARS]
    collections = list(Collection.objects.readable_by(request.user))
    chosen = chosen_of(request, collections)
    found = async_to_sync(shelf.find)(query, chosen or collections, RESULTS, patience_s=PATIENCE_S)
    context = {
        "query": query,
        "collections": collections,
        "chosen": {collection.pk for collection in chosen},
        "results": [result_of(passage, query, collections) for passage in found.passages],
        "note": found.note,
    }
    return render(request, "documents/_results.html" if request.htmx else "documents/search.html", context)


def chosen_of(request: HttpRequest, collections: list[Collection]) -> list[Collection]:
    wanted = set(request.GET.getlist("c"))
    return [collection for collection in collections if collection.index_key in wanted]


def result_of(passage: Passage, query: str, collections: list[Collection]) -> dict[str, object]:
    """A passage as the page shows it."""
    names = {collection.index_key: collection.name for collection in collections}
    parts: list[Part] = snippet(passage.text, query)
    return {"passage": passage, "collection": names[passage.collection], "parts": parts}
