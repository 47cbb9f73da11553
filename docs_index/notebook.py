"""The index as a notebook uses it: give it a function that embeds, add files and folders, search.

    from docs_index import Index

    index = Index("notes.sqlite3", embed=SentenceTransformer("all-MiniLM-L6-v2").encode)
    index.add_folder("notes")
    index.ask("when did it rain?")

It reads, cuts, embeds and stores in the calling thread. What has not changed is neither read nor embedded again. How
far words and meaning are to be trusted in a collection is found out with the first question after it changed much.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from docs_index import index as core
from docs_index.chunker import Chunker
from docs_index.errors import EmptyDocument, ReadError
from docs_index.probes import texts_of
from docs_index.readers.registry import source_of, suffixes
from docs_index.reading import ReaderProcess
from docs_index.stores import Vectors
from docs_index.types import DocumentKey, Extraction, Filter, Passage, ReadLimits

BATCH_CHUNKS = 64
CHUNK_WORDS = 160  # without the embedder's tokenizer words are counted; these are about 240 of its tokens in English
COLLECTION = "files"

Embed = Callable[[list[str]], Any]  # texts → an array with a row for each


@dataclass(frozen=True, slots=True)
class Added:
    """What came of adding files: how many are in, how many were already, and why the others could not be read."""

    added: int = 0
    unchanged: int = 0
    failed: dict[str, str] = field(default_factory=dict)  # name → a sentence


class Index(core.Index):
    """`embed` may be left out: then search goes by words alone. `tokenizer` is the embedder's tokenizer.json."""

    def __init__(
        self,
        location: Path | str,
        *,
        embed: Embed | None = None,
        embedding_model: str = "embed",
        tokenizer: Path | None = None,
    ) -> None:
        is_address = isinstance(location, str) and "://" in location
        super().__init__(location if is_address else Path(location), embedding_model=embedding_model)
        self._embed = embed
        self._tokenizer = tokenizer
        self._looked_into: set[str] = set()  # collections that have not changed since `probes` was asked

    def add_text(self, name: str, text: str, *, collection: str = COLLECTION) -> None:
        """Adds a text or replaces the one of that name. Raises EmptyDocument when there is nothing in it."""
        self._add(DocumentKey(collection, name), Extraction(text), "")

    def add_file(self, path: Path | str, *, collection: str = COLLECTION, name: str = "") -> bool:
        """Adds a file or its new version, under its own name. False: it is there as it is. Raises ReadError."""
        with closing(new_reader()) as reader:
            return self._add_file(Path(path), DocumentKey(collection, name or Path(path).name), reader)

    def add_folder(self, folder: Path | str, *, collection: str = COLLECTION) -> Added:
        """Adds every file in it that can be read, however deep; what begins with a dot is left out.

        Files have their paths within it as names. What was added before and is gone from it stays until `remove`.
        Raises NotADirectoryError where there is no such folder.
        """
        folder = Path(folder)
        if not folder.is_dir():
            raise NotADirectoryError(f"There is no folder {folder}.")
        added = unchanged = 0
        failed: dict[str, str] = {}
        with closing(new_reader()) as reader:
            for path in sorted(folder.rglob("*")):
                name = path.relative_to(folder).as_posix()
                if not path.is_file() or path.suffix.lower() not in suffixes() or _is_hidden(name):
                    continue
                try:
                    is_new = self._add_file(path, DocumentKey(collection, name), reader)
                except (ReadError, OSError) as error:
                    failed[name] = str(error)
                    continue
                added, unchanged = added + is_new, unchanged + (not is_new)
        return Added(added, unchanged, failed)

    def embed_anew(self) -> int:
        """Embeds what lacks a vector of this `embedding_model`, as all does after a change of it. How many texts.

        The former model's vectors stay, for going back, until `forget_model` is called with its name.
        """
        if self._embed is None:
            raise ValueError("Give the index a function that embeds: Index(…, embed=…).")
        count = beyond = 0
        while lacking := self.lacking(beyond, BATCH_CHUNKS):
            texts = list(dict.fromkeys(text for _, text in lacking))
            self.remember_texts(texts, self._vectors_of(texts))
            count, beyond = count + len(texts), lacking[-1][0]
        self.take_over(beyond)
        return count

    def ask(
        self,
        question: str,
        *,
        collections: Sequence[str] | None = None,
        limit: int = 10,
        where: Filter = core.EVERYTHING,
    ) -> list[Passage]:
        """The best passages, by words and by meaning; of all collections, or of those that are named."""
        if isinstance(collections, str):
            raise TypeError(f"Name collections in a list: collections=[{collections!r}].")
        chosen = self.collections() if collections is None else collections
        if not question.strip():
            return []
        for name in chosen:
            self._find_out(name)
        vector = self._vectors_of([question])[0] if self._embed else None
        return self.search(question, vector, collections=chosen, limit=limit, where=where)

    def _find_out(self, collection: str) -> None:
        """How far words and meaning are to be trusted there: some seconds, when it has changed much."""
        if self._embed is None or collection in self._looked_into:
            return
        if probes := self.probes(collection):
            self.learn(collection, probes, self._vectors_of(texts_of(probes)))
        self._looked_into.add(collection)

    def _add_file(self, path: Path, key: DocumentKey, reader: ReaderProcess) -> bool:
        with path.open("rb") as file:
            source = source_of(hashlib.file_digest(file, "sha256").hexdigest(), path.suffix)
        if self.source(key) == source:
            return False
        self._add(key, reader.read(path, path.suffix), source)
        return True

    def _add(self, key: DocumentKey, extraction: Extraction, source: str) -> None:
        chunks = self._chunker.split(extraction)
        if not chunks:
            raise EmptyDocument(f"There is no text in {key.document}.")
        missing = [chunks[position] for position in self.missing_vectors(chunks)] if self._embed else []
        for start in range(0, len(missing), BATCH_CHUNKS):
            batch = missing[start : start + BATCH_CHUNKS]
            self.remember_vectors(batch, self._vectors_of([chunk.text for chunk in batch]))
        self.add(key, key.document, extraction, chunks, source=source)
        self._looked_into.discard(key.collection)

    def _vectors_of(self, texts: list[str]) -> Vectors:
        assert self._embed is not None
        return np.asarray(self._embed(texts), dtype=np.float32)

    @cached_property
    def _chunker(self) -> Chunker:
        if self._tokenizer is not None:
            return Chunker(self._tokenizer)
        from tokenizers import Tokenizer, models, pre_tokenizers

        words = Tokenizer(models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
        words.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "tokenizer.json"
            words.save(str(path))
            return Chunker(path, CHUNK_WORDS)


def new_reader() -> ReaderProcess:
    """A process of its own, with limits: a file may be anything. It starts with the first file that has to be read."""
    return ReaderProcess(ReadLimits())


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") for part in name.split("/"))
