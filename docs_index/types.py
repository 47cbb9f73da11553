"""The values that travel through docs_index and out of it. Offsets are always characters of the extracted text."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Page:
    """Where a page of the original begins in the extracted text. It ends where the next begins."""

    number: int  # as a person counts: from 1
    start: int


@dataclass(frozen=True, slots=True)
class Extraction:
    """The text of one file, as everything downstream sees it."""

    text: str
    pages: tuple[Page, ...] = ()  # empty where the format has none
    title: str = ""
    warnings: tuple[str, ...] = ()
    is_markdown: bool = False  # its marks show where sections begin


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stretch of text small enough for the embedder. Always `text == extraction.text[start:end]`."""

    text: str
    start: int
    end: int
    page: int | None = None


@dataclass(frozen=True, slots=True)
class DocumentKey:
    """Which document of which collection. The index gives both names no meaning."""

    collection: str
    document: str


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk that a search found, with where it stands and why it was found."""

    collection: str
    document: str
    name: str
    page: int | None
    start: int
    end: int
    text: str
    score: float
    lexical_rank: int | None = None  # from 1; None: not found by words
    dense_rank: int | None = None  # from 1; None: not found by meaning


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A passage and the text it stands in. The three strings follow one another in the document."""

    before: str
    passage: str
    after: str


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """What one file may cost while it is read."""

    memory_bytes: int = 1 << 30  # address space of the reading process
    cpu_s: int = 60
    wall_s: float = 120.0
    text_chars: int = 20_000_000


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of a collection can be found."""

    documents: int = 0
    chunks: int = 0
    vectors: int = 0
    size_bytes: int = field(default=0)
