"""Collections and their documents, for programs. What belongs to somebody else is not there: 404."""

from __future__ import annotations

from django.db.models import Count
from django.http import Http404, HttpRequest
from ninja import File, Form, Router, Status, UploadedFile
from ninja.errors import HttpError

from webchat.api.shelves_schemas import (
    CollectionIn,
    CollectionOut,
    DocumentOut,
    DocumentsOut,
    IntakeOut,
    RowId,
)
from webchat.documents import removal
from webchat.documents.access import collection_of, document_of
from webchat.documents.forms import CollectionForm
from webchat.documents.intake import PathsMismatch, take_in
from webchat.documents.models import Collection

router = Router(tags=["documents"])


@router.get("/collections", response=list[CollectionOut], summary="Your collections")
def collections(request: HttpRequest) -> list[CollectionOut]:
    rows = Collection.objects.readable_by(request.user).annotate(size=Count("documents")).order_by("pk")
    return [CollectionOut(id=row.pk, name=row.name, created=row.created, documents=row.size) for row in rows]


@router.post("/collections", response={201: CollectionOut}, summary="Make a collection")
def make_collection(request: HttpRequest, body: CollectionIn) -> Status[CollectionOut]:
    form = CollectionForm({"name": body.name}, owner=request.user)
    if not form.is_valid():
        raise HttpError(409 if form.is_taken else 422, form.sentence)
    row = form.save()
    return Status(201, CollectionOut(id=row.pk, name=row.name, created=row.created))


@router.delete("/collections/{collection_id}", response={204: None}, summary="Delete a collection with its documents")
def delete_collection(request: HttpRequest, collection_id: RowId) -> Status[None]:
    removal.remove_collection(collection_of(request.user, collection_id))
    return Status(204, None)


@router.get("/collections/{collection_id}/documents", response=DocumentsOut, summary="Documents and their status")
def documents(request: HttpRequest, collection_id: RowId) -> DocumentsOut:
    rows = collection_of(request.user, collection_id).documents.all()
    return DocumentsOut(documents=[DocumentOut.of(row) for row in rows])


@router.post(
    "/collections/{collection_id}/documents",
    response={201: IntakeOut, 422: IntakeOut, 507: IntakeOut},
    summary="Upload files",
)
def upload(
    request: HttpRequest,
    collection_id: RowId,
    files: File[list[UploadedFile]],
    paths: Form[list[str]] = [],  # noqa: B006
) -> Status[IntakeOut]:
    """`paths` gives each file's place in its folder, in the order of `files`.

    What could not be taken is in `left_out` with its reason. When nothing was, `detail` says it too, and the status is
    422, or 507 for lack of room on the disk.
    """
    try:
        intake = take_in(collection_of(request.user, collection_id), files, paths)
    except PathsMismatch as error:
        raise HttpError(422, str(error)) from error
    if intake.documents or not intake.left_out:
        return Status(201, IntakeOut.of(intake))
    return Status(507 if intake.lacked_room else 422, IntakeOut.of(intake))


@router.delete(
    "/collections/{collection_id}/documents/{document_id}", response={204: None}, summary="Delete a document"
)
def delete_document(request: HttpRequest, collection_id: RowId, document_id: RowId) -> Status[None]:
    document = document_of(request.user, document_id)
    if document.collection_id != collection_id:
        raise Http404
    removal.remove_document(document)
    return Status(204, None)
