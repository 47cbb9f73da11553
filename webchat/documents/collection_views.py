"""Pages of collections: all of them, and one with its files and its upload."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from docs_index.readers.registry import named_suffixes, suffixes
from webchat.documents import removal
from webchat.documents.access import collection_of
from webchat.documents.costs import cost_of
from webchat.documents.folder_listing import folders_of
from webchat.documents.forms import CollectionForm
from webchat.documents.intake import Change, Intake, PathsMismatch, take_in
from webchat.documents.listing import Listing, listing_of, with_counts
from webchat.documents.models import Collection, Status


@require_GET
def collections(request: HttpRequest) -> HttpResponse:
    return render_collections(request, CollectionForm(owner=request.user))


@require_POST
def create(request: HttpRequest) -> HttpResponse:
    form = CollectionForm(request.POST, owner=request.user)
    if not form.is_valid():
        return render_collections(request, form, status=422)
    return redirect("documents:detail", form.save().pk)


@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    listing = require_listing(request, pk)
    return render_detail(request, listing, CollectionForm(instance=collection_of(request.user, pk), owner=request.user))


@require_GET
def files(request: HttpRequest, pk: int) -> HttpResponse:
    """The table alone. 204 when the browser has it as it is, so that nothing under the cursor is replaced in vain."""
    listing = require_listing(request, pk)
    if request.GET.get("seen") == listing.state:
        return HttpResponse(status=204)
    return render_files(request, listing)


@require_POST
def upload(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes one batch of files. The page's script sends several of them and wants JSON; a plain form wants the page."""
    collection = collection_of(request.user, pk)
    try:
        intake = take_in(collection, request.FILES.getlist("files"), request.POST.getlist("paths"))
    except PathsMismatch as error:
        return JsonResponse({"detail": str(error)}, status=422)
    if "application/json" in request.headers.get("accept", ""):
        return JsonResponse(report(intake))
    for left_out in intake.left_out:
        messages.warning(request, f"{left_out.name} was left out: {left_out.reason}")
    return redirect("documents:detail", pk)


@require_POST
def rename(request: HttpRequest, pk: int) -> HttpResponse:
    form = CollectionForm(request.POST, instance=collection_of(request.user, pk), owner=request.user)
    if not form.is_valid():
        return render_detail(request, require_listing(request, pk), form, status=422)
    form.save()
    return redirect("documents:detail", pk)


@require_POST
def retry_failed(request: HttpRequest, pk: int) -> HttpResponse:
    for document in collection_of(request.user, pk).documents.filter(status=Status.FAILED):
        document.retry()
    return render_files(request, require_listing(request, pk))


@require_POST
def pause(request: HttpRequest, pk: int) -> HttpResponse:
    """Stops the work on a collection, or lets it go on. What a worker has in hand it still finishes: seconds."""
    collection = collection_of(request.user, pk)
    Collection.objects.filter(pk=collection.pk).update(is_paused=request.POST.get("paused") == "yes")
    return render_files(request, require_listing(request, pk))


@require_http_methods(["GET", "POST"])
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    listing = require_listing(request, pk)
    if request.method == "GET":
        context = {
            "collection": listing.collection,
            "conversations": listing.collection.conversations.count(),
            "cost": cost_of(listing.collection.documents.all()),
            "folders": listing.collection.folders.all(),
        }
        return render(request, "documents/delete.html", context)
    removal.remove_collection(collection_of(request.user, pk))
    messages.success(request, f"“{listing.collection.name}” is deleted.")
    return redirect("documents:list")


def require_listing(request: HttpRequest, pk: int) -> Listing:
    listing = listing_of(request, pk)
    if listing is None:
        raise Http404
    return listing


def render_files(request: HttpRequest, listing: Listing) -> HttpResponse:
    """The table alone. When nothing moves any more the page is told, for the line above it counts the same files."""
    response = render(request, "documents/_files.html", {"listing": listing})
    if not listing.is_moving:
        response["HX-Trigger"] = "settled"
    return response


def render_collections(request: HttpRequest, form: CollectionForm, status: int = 200) -> HttpResponse:
    rows = with_counts(Collection.objects.readable_by(request.user))
    return render(request, "documents/list.html", {"collections": rows, "form": form}, status=status)


def render_detail(request: HttpRequest, listing: Listing, form: CollectionForm, status: int = 200) -> HttpResponse:
    context = {
        "folders": folders_of(listing.collection) if request.user.is_staff else None,
        "listing": listing,
        "collection": listing.collection,
        "form": form,
        "suffixes": sorted(suffixes()),
        "formats": named_suffixes(),
        "max_bytes": settings.MAX_UPLOAD_BYTES,
    }
    return render(request, "documents/detail.html", context, status=status)


def report(intake: Intake) -> dict[str, object]:
    """What the upload script adds up."""
    return {
        **{str(change): intake.count(change) for change in Change},
        "left_out": [{"name": left_out.name, "reason": left_out.reason} for left_out in intake.left_out],
    }
