"""The page that says why something was not found."""

from __future__ import annotations

from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from docs_index.explanation import Explanation, Standing
from webchat.documents import shelf
from webchat.documents.forms import FilterForm
from webchat.documents.highlight import snippet
from webchat.documents.models import Collection, Document
from webchat.documents.search_views import chosen_of, document_asked_for, limit_of, same_search, scope_asked_for
from webchat.documents.why import Asked, sentence_of, verdict_on

FILES = 20  # to choose from, when a name fits several
OWN = {"q", "s", "file", "f"}  # what the page adds to the address of a search


@require_GET
def why(request: HttpRequest) -> HttpResponse:
    """Why the file `?file=…` (or `?f=…`, its number) or the sentence `?s=…` is not found by the search of the rest."""
    query = request.GET.get("q", "").strip()[: shelf.QUERY_CHARS]
    collections = list(Collection.objects.readable_by(request.user))
    form = FilterForm(request.GET)
    sentence = request.GET.get("s", "").strip()[: shelf.QUERY_CHARS]
    subject, matches = subject_of(request)
    searched = document_asked_for(request)
    verdict = None
    if query and form.is_valid() and (subject or (sentence and not file_name(request))):
        scope = scope_asked_for(request, form, chosen_of(request, collections), searched)
        asked = Asked(query, scope, limit_of(request), subject, sentence)
        verdict = async_to_sync(verdict_on)(asked, collections)
    context = {
        "query": query,
        "sentence": sentence,
        "file": subject.name if subject else file_name(request),
        "matches": matches[:FILES],
        "has_more_matches": len(matches) > FILES,
        "subject": subject,
        "verdict": verdict,
        "standings": [standing_of(one, verdict.explanation, query) for one in verdict.standings] if verdict else [],
        "kept": [(name, value) for name, values in request.GET.lists() if name not in OWN for value in values],
        "this_search": same_search(request, "s", "file", "f"),
        "form": form,
    }
    return render(request, "documents/why.html", context)


def file_name(request: HttpRequest) -> str:
    return request.GET.get("file", "").replace("\x00", "").strip()[:300]


def subject_of(request: HttpRequest) -> tuple[Document | None, list[Document]]:
    """The file that is asked about, or those to choose from. 404 for one of somebody else."""
    chosen = document_asked_for(request, "f")
    if chosen is not None:
        return chosen, [chosen]
    name = file_name(request)
    if not name:
        return None, []
    readable = Document.objects.readable_by(request.user).select_related("collection")
    some = FILES + 1
    matches = list(readable.filter(name=name)[:some]) or list(readable.filter(name__icontains=name)[:some])
    return (matches[0] if len(matches) == 1 else None), matches


def standing_of(standing: Standing, explanation: Explanation | None, query: str) -> dict[str, object]:
    """How one passage fared, as the page shows it."""
    sentence = sentence_of(standing, explanation) if explanation else ""
    parts = snippet(standing.passage.text, query)
    return {"passage": standing.passage, "standing": standing, "sentence": sentence, "parts": parts}
