"""Another length of passages: cut anew from the texts, beside what answers, and taken back when one likes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from asgiref.sync import async_to_sync
from django.test import Client
from django.urls import reverse

from docs_index.types import Extraction
from tests.webchat.documents.conftest import Recorder
from webchat.documents import cutting, shelf
from webchat.documents.indexing import Indexer
from webchat.documents.models import Collection, Cutting, Document, Status
from webchat.documents.progress import progress_of

Put = Callable[..., Document]
IndexAll = Callable[[], int]
TEXT = " ".join(f"Sentence number {n} tells of thing {n}." for n in range(60))


class NoReader:
    def read(self, path: Path, suffix: str) -> Extraction:
        raise AssertionError(f"{path} is read again")


@pytest.fixture
def indexed(put: Put, index_all: IndexAll) -> Document:
    document = put("a.txt", TEXT)
    index_all()
    document.refresh_from_db()
    return document


def found(collection: Collection) -> list[str]:
    return [passage.text for passage in async_to_sync(shelf.find)("thing 7", [collection], 50).passages]


def test_the_old_passages_answer_until_the_new_ones_are_whole(
    indexed: Document, indexer: Indexer, shelf_of_alice: Collection
) -> None:
    before, reader = found(shelf_of_alice), indexer._reading._reader
    assert cutting.change_to(120) == 1
    indexer._reading._reader = NoReader()
    async_to_sync(indexer.read_all)()
    row = Document.objects.get()
    assert (row.is_renewal, row.is_read, found(shelf_of_alice)) == (True, True, before)
    async_to_sync(indexer.embed_all)()
    after = found(shelf_of_alice)
    assert max(map(len, after)) > max(map(len, before))  # this test's own standard is 60
    assert Document.objects.get().status == Status.INDEXED
    reader.close()


def test_going_back_before_it_is_done_changes_nothing(
    indexed: Document, indexer: Indexer, embedder: Recorder, shelf_of_alice: Collection
) -> None:
    before, embedded = found(shelf_of_alice), len(embedder.texts)
    cutting.change_to(120)
    async_to_sync(indexer.read_all)()
    cutting.change_to(Cutting.STANDARD)
    assert async_to_sync(indexer.drain)() == 1
    assert (found(shelf_of_alice), len(embedder.texts)) == (before, embedded)


def test_what_is_new_meanwhile_goes_first(indexed: Document, indexer: Indexer, put: Put) -> None:
    cutting.change_to(120)
    put("new.txt", "Something new.")
    assert [claim.name for claim in indexer._unread.take()] == ["new.txt"]


def test_a_worker_loses_its_hold_on_what_is_cut_the_old_way(indexed: Document, indexer: Indexer, put: Put) -> None:
    put("b.txt", "Some water.")
    (claim,) = indexer._unread.take()
    cutting.change_to(120)
    assert not claim.is_good()


def test_the_page_tells_the_cost_and_is_for_staff(owner_client: Client, indexed: Document) -> None:
    url = reverse("documents:cutting")
    page = owner_client.get(url).text
    assert "1 document cut anew into about" in page
    assert owner_client.post(url, {"max_tokens": "120"}).url == url
    assert Cutting.current() == 120
    assert owner_client.post(url, {"max_tokens": "9999"}).status_code == 422


def test_while_texts_are_cut_nobody_guesses_from_passages_of_the_old_length(
    owner_client: Client, indexed: Document, indexer: Indexer, shelf_of_alice: Collection
) -> None:
    cutting.change_to(120)
    page = owner_client.get(reverse("documents:cutting")).text
    assert "1 document cut anew" in page and "cut anew into" not in page
    assert progress_of(shelf_of_alice).expected.startswith("about ")
    async_to_sync(indexer.drain)()
    assert "cut anew into about" in owner_client.get(reverse("documents:cutting")).text


def test_others_neither_see_the_page_nor_change_anything(client_of: Callable[..., Client], bob) -> None:
    client = client_of(bob)
    url = reverse("documents:cutting")
    assert (client.get(url).status_code, client.post(url, {"max_tokens": "120"}).status_code) == (403, 403)
    assert Cutting.current() == Cutting.STANDARD
