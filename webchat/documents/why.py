"""Why was this not found? Follows a file or a sentence through the search that somebody made."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Q

from docs_index.errors import DocsIndexError
from docs_index.explanation import Cut, Explanation, Standing
from docs_index.searching import CANDIDATES
from docs_index.stores import StoredChunk
from webchat.documents import shelf
from webchat.documents.models import Collection, Document, Status
from webchat.documents.scope import Scope

PATIENCE_S = 8.0  # for an embedding model that is still loading
STANDINGS = 10  # passages that are told of, the best ones


@dataclass(frozen=True, slots=True)
class Asked:
    """A search, and what was missed in it: a file, a sentence, or a sentence of a file."""

    query: str
    scope: Scope
    limit: int
    document: Document | None = None
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer in a sentence, and how the passages in question fared, the best first."""

    sentence: str
    standings: tuple[Standing, ...] = ()
    explanation: Explanation | None = None
    note: str = ""


async def verdict_on(asked: Asked, everywhere: Sequence[Collection]) -> Verdict:
    """`everywhere` is what the person may read, whether it was searched or not."""
    names = {collection.index_key: collection.name for collection in everywhere}
    if asked.document is not None and asked.document.collection_id not in {row.pk for row in asked.scope.collections}:
        return Verdict(left_out(asked.document.name, names[str(asked.document.collection_id)]))
    try:
        chunks = await asyncio.to_thread(_chunks, asked, list(names))
        if not chunks:
            return Verdict(await _nowhere(asked, everywhere))
        searched = {collection.index_key for collection in asked.scope.collections}
        if not any(chunk.key.collection in searched for chunk in chunks):
            return Verdict(left_out(chunks[0].name, names[chunks[0].key.collection]))
        index = await asyncio.to_thread(shelf.index)
        vector, note = await shelf.query_vector(asked.query, PATIENCE_S, model=index.embedding_model)
        explanation = await asyncio.to_thread(
            index.explain,
            asked.query,
            vector,
            chunks,
            collections=sorted(searched),
            limit=asked.limit,
            where=asked.scope.where,
        )
    except DocsIndexError as error:
        return Verdict(str(error))
    standings = explanation.standings[:STANDINGS]
    notes = " ".join(filter(None, (note, _trouble(asked.document))))
    return Verdict(sentence_of(standings[0], explanation), standings, explanation, notes)


def left_out(name: str, collection: str) -> str:
    return f"It stands in “{name}” of the collection “{collection}”, and this search leaves that collection out."


def sentence_of(standing: Standing, explanation: Explanation) -> str:
    """What became of one passage."""
    passage = standing.passage
    match standing.cut:
        case Cut.NOTHING:
            return f"It was found, and stands at number {standing.rank}."
        case Cut.BELOW:
            beaten = f" The last of these scores {explanation.last.score:.2f}, it has {passage.score:.2f}."
            end = beaten if explanation.last else ""
            shown = "only the first is" if explanation.limit == 1 else f"the first {explanation.limit} are"
            return f"It stands at number {standing.rank}, and {shown} shown.{end}"
        case Cut.FOLDED:
            name = standing.same_as.name if standing.same_as else ""
            return f"A passage of “{name}” says the same and stands higher, so this one is folded into it."
        case Cut.FILTERED:
            return "The filters of this search leave its file out."
        case Cut.FAR:
            return f"It is too far down: {_ranks(standing)}. The first {CANDIDATES} of each are weighed."
        case Cut.UNLIKE if not standing.has_vector:
            return "It shares no telling word with the search, and what it means is not worked out yet."
        case _:
            return "It shares no telling word with the search, and many others are nearer to it in meaning."


def _ranks(standing: Standing) -> str:
    passage = standing.passage
    by_words = f"number {passage.lexical_rank:,} by words" if passage.lexical_rank else "not found by words"
    by_meaning = f"number {passage.dense_rank:,} by meaning" if passage.dense_rank else "not found by meaning"
    return f"{by_words}, {by_meaning}"


def _chunks(asked: Asked, readable: list[str]) -> list[StoredChunk]:
    index = shelf.index()
    key = asked.document.index_key if asked.document else None
    if asked.sentence:
        found = index.holding(asked.sentence, readable, limit=CANDIDATES)
        return [chunk for chunk in found if key is None or chunk.key == key]
    return index.chunks(key) if key else []


def _trouble(document: Document | None) -> str:
    """Of a file that is found although its last reading or embedding failed."""
    if document is None or document.status != Status.FAILED:
        return ""
    return f"Something went wrong with “{document.name}” lately: {document.error}"


async def _nowhere(asked: Asked, everywhere: Sequence[Collection]) -> str:
    if asked.document is not None and asked.document.status == Status.FAILED:
        return f"“{asked.document.name}” could not be read: {asked.document.error}"
    if asked.document is not None and not asked.sentence:
        return f"“{asked.document.name}” is still waiting to be read. It is found as soon as it has been."
    if asked.document is not None:
        return f"No passage of “{asked.document.name}” holds this sentence. Look into its text to see how it was read."
    keys = [collection.pk for collection in everywhere]
    counts = await Document.objects.filter(collection__in=keys).aaggregate(
        waiting=Count("pk", filter=Q(status__in=[Status.QUEUED, Status.INDEXING])),
        failed=Count("pk", filter=Q(status=Status.FAILED)),
    )
    files = [
        f"{counts['waiting']:,} still wait{'s' if counts['waiting'] == 1 else ''} to be read" * bool(counts["waiting"]),
        f"{counts['failed']:,} could not be read" * bool(counts["failed"]),
    ]
    also = " and ".join(filter(None, files))
    return f"This sentence stands in no passage that you can read.{f' Of your files, {also}.' if also else ''}"
