"""Collections and documents in Django's admin. Removing goes the same way as on the pages: rows, index, bytes."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from webchat.documents import removal
from webchat.documents.models import Collection, Document


@admin.register(Collection)
class CollectionAdmin(admin.ModelAdmin):
    list_display = ["name", "owner", "created"]
    list_filter = ["owner"]
    search_fields = ["name"]

    def delete_model(self, request: HttpRequest, obj: Collection) -> None:
        removal.remove_collection(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Collection]) -> None:
        for collection in queryset:
            removal.remove_collection(collection)


@admin.register(Document)
class DocumentAdmin(admin.ModelAdmin):
    list_display = ["name", "collection", "status", "size_bytes", "passages", "added"]
    list_filter = ["status", "collection"]
    search_fields = ["name", "error"]
    actions = ["retry"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # a document comes with its bytes

    def has_change_permission(self, request: HttpRequest, obj: Document | None = None) -> bool:
        return False

    def delete_model(self, request: HttpRequest, obj: Document) -> None:
        removal.remove_document(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Document]) -> None:
        for document in queryset:
            removal.remove_document(document)

    @admin.action(description="Try failed documents again", permissions=["delete"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Document]) -> None:
        for document in queryset:
            document.retry()
