"""An Extraction as JSON: on its way from the reading process to its parent, and its structure in the index file.

Places, headings and numbers are written as bare lists, because a long document has ten thousands of them.
"""

from __future__ import annotations

import json
from typing import Any

from docs_index.types import Extraction, Heading, Numbered, Place, PlaceKind


def structure_json(extraction: Extraction) -> str:
    """Everything about how the original is built, without its text."""
    return json.dumps(_structure(extraction), ensure_ascii=False, separators=(",", ":"))


def with_structure(text: str, title: str, warnings: tuple[str, ...], structure: str) -> Extraction:
    """The extraction that `structure_json` was made from."""
    return _extraction(text, title, warnings, json.loads(structure))


def extraction_fields(extraction: Extraction) -> dict[str, Any]:
    """Plain values for json.dumps."""
    return {
        "text": extraction.text,
        "title": extraction.title,
        "warnings": list(extraction.warnings),
        "structure": _structure(extraction),
    }


def extraction_of(fields: dict[str, Any]) -> Extraction:
    """The extraction that `extraction_fields` was made from."""
    return _extraction(fields["text"], fields["title"], tuple(fields["warnings"]), fields["structure"])


def _structure(extraction: Extraction) -> dict[str, Any]:
    return {
        "places": [[p.start, p.kind, p.number, p.label, p.is_ocr] for p in extraction.places],
        "headings": [[h.start, h.level, h.title] for h in extraction.headings],
        "numbering": [[n.start, n.number] for n in extraction.numbering],
        "counts": extraction.counts,
        "is_markdown": extraction.is_markdown,
    }


def _extraction(text: str, title: str, warnings: tuple[str, ...], structure: dict[str, Any]) -> Extraction:
    return Extraction(
        text,
        tuple(Place(start, PlaceKind(kind), *rest) for start, kind, *rest in structure["places"]),
        title,
        warnings,
        structure["is_markdown"],
        tuple(Heading(*heading) for heading in structure["headings"]),
        tuple(Numbered(*numbered) for numbered in structure["numbering"]),
        structure["counts"],
    )
