"""From a claimed file to its words in the index. Blocks, and only says what is to be written to the document's row.

Knows the index, the reader and the chunker; neither the line nor the rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from docs_index.errors import EmptyDocument, ReadError
from docs_index.index import Index
from docs_index.types import Chunk, Extraction
from webchat.documents import naming, storage, versions
from webchat.documents.claims import Claim
from webchat.documents.models import Cutting


class Reader(Protocol):
    """Whatever turns a file into text."""

    def read(self, path: Path, suffix: str) -> Extraction: ...


class Chunker(Protocol):
    """Whatever cuts text into chunks."""

    def split(self, extraction: Extraction, max_tokens: int | None = None) -> list[Chunk]: ...


@dataclass(frozen=True, slots=True)
class Brought:
    """Its words are in the index; `vectors` of its passages were known, from another document or an old version."""

    claim: Claim
    passages: int
    vectors: int
    pages: int
    warning: str
    is_renewal: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """Why there is nothing to be had from it; `is_passing` where the next look at its folder may find it otherwise."""

    claim: Claim
    reason: str
    is_passing: bool = False


Outcome = Brought | Refused


class Reading:
    """`index` gives the index as the model that answers sees it, at the time."""

    def __init__(self, index: Callable[[], Index], reader: Reader, chunker: Chunker) -> None:
        self._index = index
        self._reader = reader
        self._chunker = chunker

    def bring(self, claim: Claim, length: int) -> Outcome:
        """Puts its text and words into the index, cut into passages of so many tokens at most."""
        try:
            return self._bring(claim, length)
        except (OSError, storage.FileChanged) as error:
            if claim.origin.folder is not None:
                return Refused(claim, in_folder_words(error), is_passing=True)
            return Refused(claim, "The file is no longer in Inglenook's folder. Upload it again.")
        except ReadError as error:
            return Refused(claim, str(error))

    def _bring(self, claim: Claim, length: int) -> Brought:
        extraction = self._known_text(claim) or self._read(claim)
        chunks = self._chunker.split(extraction, None if length == Cutting.STANDARD else length)
        if not chunks:
            raise EmptyDocument("There is no text in this file.")
        index = self._index()
        is_renewal = index.stage(claim.key, claim.name, extraction, chunks, source=versions.of(claim, length))
        vectors, warning = index.embedded(claim.key), "\n".join(extraction.warnings)
        return Brought(claim, len(chunks), vectors, extraction.page_count, warning, is_renewal)

    def _known_text(self, claim: Claim) -> Extraction | None:
        """The text of any document that was read from the same bytes, however it was cut."""
        found = (self._index().read_before(version) for version in versions.of_any_length(claim))
        return next((text for text in found if text is not None), None)

    def _read(self, claim: Claim) -> Extraction:
        with storage.opened(claim.origin) as path:
            return self._reader.read(path, naming.suffix_of(claim.name))


def in_folder_words(error: OSError | storage.FileChanged) -> str:
    """Why a file in a person's folder cannot be read at the moment."""
    if isinstance(error, storage.FileChanged):
        return str(error)
    if isinstance(error, PermissionError):
        return "Inglenook may not read this file. Give it the right to, and press Retry."
    return "The file is not in its folder at the moment. It is read when it is back."
