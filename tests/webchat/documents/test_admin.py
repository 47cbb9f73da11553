"""Django's admin removes as the pages do: rows, index and bytes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from webchat.documents import shelf, storage
from webchat.documents.models import Collection, Document, Status

LISTS = ["admin:documents_collection_changelist", "admin:documents_document_changelist"]


@pytest.mark.parametrize("name", LISTS)
def test_lists_are_shown(owner_client: Client, put: Callable[..., Document], name: str) -> None:
    put("a.txt", "Salt water.")
    assert owner_client.get(reverse(name)).status_code == 200


@pytest.mark.parametrize("name", LISTS)
def test_only_staff_get_in(client_of: Callable[..., Client], alice, name: str) -> None:
    assert client_of(alice).get(reverse(name)).status_code == 302


@pytest.mark.parametrize("model, row", [("collection", Collection), ("document", Document)])
@pytest.mark.parametrize("way", ["one", "action"])
def test_removing_takes_index_and_bytes_along(
    owner_client: Client, put: Callable[..., Document], index_all: Callable[[], int], model: str, row: type, way: str
) -> None:
    key = put("a.txt", "Salt water.").index_key
    index_all()
    pk = row.objects.get().pk
    if way == "one":
        owner_client.post(reverse(f"admin:documents_{model}_delete", args=[pk]), {"post": "yes"})
    else:
        data = {"action": "delete_selected", "_selected_action": [pk], "post": "yes"}
        owner_client.post(reverse(f"admin:documents_{model}_changelist"), data)
    assert not row.objects.exists()
    assert shelf.index().text(key) is None
    assert list(storage.kept()) == []


def test_failed_documents_are_tried_again(owner_client: Client, put: Callable[..., Document]) -> None:
    document = put("a.txt", "Salt water.")
    Document.objects.update(status=Status.FAILED, error="Bad day.")
    data = {"action": "retry", "_selected_action": [document.pk]}
    owner_client.post(reverse("admin:documents_document_changelist"), data)
    assert Document.objects.get().status == Status.QUEUED


def test_a_document_comes_with_its_bytes_and_not_from_here(owner_client: Client) -> None:
    assert owner_client.get(reverse("admin:documents_document_add")).status_code == 403
