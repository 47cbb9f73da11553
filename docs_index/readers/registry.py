"""Which reader takes which file. Adding a format is one file beside this one and one line below.

Readers are imported when first needed, so that asking which suffixes exist costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import cast

from docs_index.errors import UnsupportedFormat
from docs_index.types import Extraction

Reader = Callable[[Path], Extraction]

MODULES = {
    ".txt": "docs_index.readers.text",
    ".text": "docs_index.readers.text",
    ".md": "docs_index.readers.markdown",
    ".markdown": "docs_index.readers.markdown",
    ".html": "docs_index.readers.html",
    ".htm": "docs_index.readers.html",
    ".pdf": "docs_index.readers.pdf",
    ".docx": "docs_index.readers.docx",
}


def suffixes() -> frozenset[str]:
    """Every suffix that can be read, in lower case and with its dot."""
    return frozenset(MODULES)


def require_suffix(suffix: str) -> str:
    """The suffix as the table spells it; raises UnsupportedFormat for one that no reader takes."""
    known = suffix.lower()
    if known in MODULES:
        return known
    named = f"{suffix} files" if suffix else "files without an ending"
    raise UnsupportedFormat(f"Inglenook cannot read {named} yet. It reads {', '.join(sorted(MODULES))}.")


def reader_for(suffix: str) -> Reader:
    return cast(Reader, import_module(MODULES[require_suffix(suffix)]).read)
