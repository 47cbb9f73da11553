"""Collections, their folders on this machine, their documents, and how these are indexed."""

from webchat.documents.models.collection import ARRIVAL, LAST_PLACE, Collection, CollectionQuerySet
from webchat.documents.models.document import (
    MAX_ATTEMPTS,
    STALE_AFTER,
    Document,
    DocumentQuerySet,
    Status,
    Step,
)
from webchat.documents.models.folder import Folder, FolderQuerySet, FolderState
from webchat.documents.models.indexing import Cutting, EmbedderPace, EmbeddingChange, Worker

__all__ = [
    "ARRIVAL",
    "LAST_PLACE",
    "MAX_ATTEMPTS",
    "STALE_AFTER",
    "Collection",
    "CollectionQuerySet",
    "Cutting",
    "Document",
    "DocumentQuerySet",
    "EmbedderPace",
    "EmbeddingChange",
    "Folder",
    "FolderQuerySet",
    "FolderState",
    "Status",
    "Step",
    "Worker",
]
