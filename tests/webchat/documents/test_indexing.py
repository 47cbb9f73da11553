"""From a queued document to passages that can be found, with a real service and a real reading process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest
from asgiref.sync import async_to_sync, sync_to_async

from docs_index.types import Chunk
from inference.errors import EndpointError, ServiceUnavailable
from inference.span_vectors import Embedded, Span
from tests.webchat.documents.conftest import Recorder
from webchat.documents import claims, indexing, removal, shelf, storage
from webchat.documents.indexing import BATCH_CHUNKS, Indexer
from webchat.documents.models import Collection, Document, Status

Put = Callable[..., Document]
IndexAll = Callable[[], int]
Spans = Sequence[Sequence[Span]]


def paragraphs(count: int, word: str = "paragraph") -> str:
    return "\n\n".join(f"The {word} number {i} tells of " + f"things{i} " * 50 for i in range(count))


def test_a_document_is_indexed_whole(put: Put, index_all: IndexAll) -> None:
    document = put("tides.txt", paragraphs(10))
    assert index_all() == 1
    document.refresh_from_db()
    coverage = shelf.index().coverage(document.index_key.collection)
    assert (document.status, document.progress, document.error) == (Status.INDEXED, 100, "")
    assert document.passages == coverage.chunks == coverage.vectors > 5


def test_sentences_get_vectors_of_their_own(put: Put, index_all: IndexAll, indexer: Indexer) -> None:
    document = put("tides.txt", "The moon pulls at the sea, and the tide comes. Nobody in the harbor minds the tide.")
    index_all()
    [passage] = shelf.index().search("tide", None, collections=[document.index_key.collection])
    sentences = shelf.index()._store.sentences([1])
    assert passage.text.count(".") == len(sentences.rows) == 2
    assert indexer._index().missing_vectors([Chunk(passage.text, 0, len(passage.text))]) == []


def test_an_empty_queue_is_no_work(db: None, index_all: IndexAll) -> None:
    assert index_all() == 0


def test_the_same_text_is_embedded_once(put: Put, index_all: IndexAll, embedder: Recorder) -> None:
    put("a.txt", paragraphs(5))
    put("b.txt", paragraphs(5))
    assert index_all() == 2
    put("c.txt", paragraphs(6))
    index_all()
    assert len(embedder.texts) == len(set(embedder.texts))


def test_many_small_files_share_their_batches(put: Put, index_all: IndexAll, indexer: Indexer) -> None:
    sizes: list[int] = []
    embed = indexer._embed

    async def count(model: str, texts: Sequence[str], spans: Spans) -> Embedded:
        sizes.append(len(texts))
        return await embed(model, texts, spans)

    indexer._embed = count
    for i in range(30):
        put(f"{i}.txt", f"Letter number {i} is short.")
    assert index_all() == 30
    assert sum(sizes) == 30
    assert len(sizes) < 15
    assert max(sizes) <= BATCH_CHUNKS


def test_a_retry_indexes_what_failed(put: Put, index_all: IndexAll) -> None:
    document = put("a.txt", "")
    index_all()
    storage.path_of(document.digest).write_text("Now there is text.")
    document.retry()
    assert index_all() == 1


def test_lanes_that_found_nothing_are_filled_by_what_is_read_meanwhile(
    put: Put, indexer: Indexer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "LOT_DOCUMENTS", 1)
    embed, begun, are_two_at_work = indexer._embed, [], asyncio.Event()

    async def together(model: str, texts: Sequence[str], spans: Spans) -> Embedded:
        begun.append(texts)
        if len(begun) == 1:
            await sync_to_async(put)("b.txt", "Sweet water.")
            await sync_to_async(put)("c.txt", "Hard water.")
            await indexer.read_all()
        else:
            if len(begun) == 3:
                are_two_at_work.set()
            async with asyncio.timeout(60):
                await are_two_at_work.wait()
        return await embed(model, texts, spans)

    put("a.txt", "Salt water.")
    indexer._embed = together
    assert async_to_sync(indexer.drain)() == 3


def test_an_embedder_that_is_away_fails_nothing(put: Put, indexer: Indexer, embedder: Recorder) -> None:
    async def away(model: str, texts: Sequence[str], spans: Spans) -> Embedded:
        raise ServiceUnavailable("Nobody answers.")

    put("a.txt", paragraphs(3))
    indexer._embed = away
    with pytest.raises(ServiceUnavailable):
        async_to_sync(indexer.drain)()
    assert Document.objects.get().status == Status.INDEXING


def test_what_was_embedded_is_not_embedded_again_after_an_interruption(
    put: Put, indexer: Indexer, embedder: Recorder
) -> None:
    async def interrupted(model: str, texts: Sequence[str], spans: Spans) -> Embedded:
        if len(embedder.texts) >= 2 * BATCH_CHUNKS:
            raise ServiceUnavailable("Nobody answers.")
        return await embedder(model, texts, spans)

    put("long.txt", paragraphs(200))
    indexer._embed = interrupted
    with pytest.raises(ServiceUnavailable):
        async_to_sync(indexer.drain)()
    claims.give_back(indexer.worker)
    indexer._embed = embedder
    async_to_sync(indexer.drain)()
    assert Document.objects.get().status == Status.INDEXED
    assert len(embedder.texts) == len(set(embedder.texts))


def test_a_text_the_embedder_refuses_costs_its_own_document_alone(
    put: Put, indexer: Indexer, embedder: Recorder
) -> None:
    async def choosy(model: str, texts: Sequence[str], spans: Spans) -> Embedded:
        if any("poison" in text for text in texts):
            raise EndpointError("This text breaks me.", status=500)
        return await embedder(model, texts, spans)

    put("a.txt", "Some water.")
    put("b.txt", "Some poison.")
    put("c.txt", "Some bread.")
    indexer._embed = choosy
    assert async_to_sync(indexer.drain)() == 2
    assert "This text breaks me." in Document.objects.get(status=Status.FAILED).error


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("moment", ["stage", "publish"])
@pytest.mark.parametrize(
    "remove", [lambda row: removal.remove_document(row), lambda row: removal.remove_collection(row.collection)]
)
def test_a_document_removed_in_mid_indexing_leaves_no_chunk(
    put: Put, indexer: Indexer, embedder: Recorder, remove: Callable[[Document], None], moment: str
) -> None:
    document = put("a.txt", paragraphs(3))
    key = document.index_key
    indexer._index = indexer._reading._index = interrupted_at(
        moment, lambda: remove(Document.objects.get(pk=document.pk))
    )
    assert async_to_sync(indexer.drain)() == 0
    assert shelf.index().text(key) is None
    assert shelf.index().coverage(key.collection).chunks == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("moment", ["stage", "publish"])
def test_a_new_version_in_mid_indexing_is_the_one_that_stays(
    put: Put, indexer: Indexer, embedder: Recorder, moment: str
) -> None:
    document = put("a.txt", "Old water.")
    indexer._index = indexer._reading._index = interrupted_at(moment, lambda: put("a.txt", "New water."))
    async_to_sync(indexer.drain)()
    async_to_sync(indexer.drain)()
    assert Document.objects.get().status == Status.INDEXED
    assert shelf.index().text(document.index_key).text == "New water."


@pytest.mark.django_db(transaction=True)
def test_removing_a_twin_takes_no_vectors_along(put: Put, indexer: Indexer, embedder: Recorder) -> None:
    twin = put("a.txt", paragraphs(3))
    async_to_sync(indexer.drain)()
    put("b.txt", paragraphs(3))
    indexer._index = indexer._reading._index = interrupted_at("publish", lambda: removal.remove_document(twin))
    async_to_sync(indexer.drain)()
    coverage = shelf.index().coverage(Document.objects.get().index_key.collection)
    assert coverage.vectors == coverage.chunks > 0


def test_a_suspect_is_embedded_alone_and_last(put: Put, indexer: Indexer, embedder: Recorder) -> None:
    for i in range(5):
        put(f"{i}.txt", f"Letter number {i}.")
    async_to_sync(indexer.read_all)()
    Document.objects.filter(name="2.txt").update(attempts=1)
    lots: list[list[str]] = []
    embed_lot = indexer._embed_lot

    async def watched(lot: Sequence) -> int:
        lots.append([claim.name for claim in lot])
        return await embed_lot(lot)

    indexer._embed_lot = watched
    assert async_to_sync(indexer.embed_all)() == 5
    assert lots[-1] == ["2.txt"]


class Interrupted:
    """The real index, but something happens once, just before one of its methods."""

    def __init__(self, moment: str, happen: Callable[[], object]) -> None:
        self._moment = moment
        self._happen = [happen]

    def __getattr__(self, name: str) -> object:
        return self._interrupted if name == self._moment else getattr(shelf.index(), name)

    def _interrupted(self, *arguments: object, **options: object) -> object:
        if self._happen:
            self._happen.pop()()
        return getattr(shelf.index(), self._moment)(*arguments, **options)


def interrupted_at(moment: str, happen: Callable[[], object]) -> Callable[[], Interrupted]:
    index = Interrupted(moment, happen)
    return lambda: index


def test_the_old_version_answers_until_the_new_one_is_whole(
    put: Put, indexer: Indexer, index_all: IndexAll, shelf_of_alice: Collection
) -> None:
    def texts() -> list[str]:
        found = async_to_sync(shelf.find)("water", [shelf_of_alice], 5)
        return [passage.text for passage in found.passages]

    put("a.txt", "Old water.")
    index_all()
    put("a.txt", "New water.")
    async_to_sync(indexer.read_all)()
    document = Document.objects.get()
    assert (document.is_renewal, document.is_read, texts()) == (True, False, ["Old water."])
    async_to_sync(indexer.embed_all)()
    document.refresh_from_db()
    assert (document.is_renewal, document.is_read, texts()) == (False, True, ["New water."])


def test_a_collection_of_another_name_finds_nothing_of_it(
    put: Put, index_all: IndexAll, shelf_of_bob: Collection
) -> None:
    put("a.txt", "Salt water.")
    index_all()
    found = async_to_sync(shelf.find)("water", [shelf_of_bob], 5)
    assert found.passages == []
