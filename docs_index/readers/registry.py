"""Which reader takes which file. Adding a format is one file beside this one and one line below.

Readers are imported when first needed, so that asking which suffixes exist costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import cast

from docs_index.errors import UnsupportedFormat
from docs_index.readers import code_suffixes, ocr
from docs_index.types import Extraction

READERS_VERSION = 2  # raised whenever a reader takes another text from the same bytes

Reader = Callable[[Path], Extraction]

READERS = {
    ".txt .text": "text.read",
    ".log": "text.read_log",
    ".md .markdown": "markdown.read",
    ".rst": "rst.read",
    ".html .htm .xhtml": "html.read",
    ".pdf": "pdf.read",
    ".docx .docm": "docx.read",
    ".pptx .pptm": "pptx.read",
    ".xlsx .xlsm": "spreadsheet.read_xlsx",
    ".ods": "spreadsheet.read_ods",
    ".odt": "odt.read",
    ".rtf": "rtf.read",
    ".epub": "epub.read",
    ".csv": "csv.read_csv",
    ".tsv .tab": "csv.read_tsv",
    ".json .geojson": "json.read_json",
    ".jsonl .ndjson": "json.read_jsonl",
    ".xml": "xml.read",
    ".eml": "eml.read",
    ".ipynb": "ipynb.read",
    " ".join(code_suffixes.SUFFIXES): "code.read",
}
MODULES = {suffix: reader for suffixes, reader in READERS.items() for suffix in suffixes.split()}


def suffixes() -> frozenset[str]:
    """Every suffix that can be read, in lower case and with its dot."""
    return frozenset(MODULES)


SUCCESSORS = {".doc": ".docx", ".ppt": ".pptx", ".xls": ".xlsx"}  # what any office program saves the old ones as


def way_out(suffix: str) -> str:
    """What to do with a file that is not read, as a sentence with a space before it. Empty where nobody knows."""
    successor = SUCCESSORS.get(suffix.lower())
    return f" Save it as {successor}." if successor else ""


def require_suffix(suffix: str) -> str:
    """The suffix as the table spells it; raises UnsupportedFormat for one that no reader takes."""
    known = suffix.lower()
    if known in MODULES:
        return known
    named = f"{suffix} files" if suffix else "files without an ending"
    raise UnsupportedFormat(
        f"Inglenook cannot read {named} yet. It reads {', '.join(named_suffixes())} and source code.{way_out(suffix)}"
    )


def named_suffixes() -> list[str]:
    """The first suffix of each format, source code left out: what a sentence has room for."""
    return sorted(suffixes.split()[0] for suffixes, reader in READERS.items() if reader != "code.read")


def source_of(digest: str, suffix: str) -> str:
    """Names the text that is read from these bytes. The same name, the same text: it need not be read again."""
    is_recognized = suffix.lower() == ".pdf" and ocr.is_available()  # installing Tesseract makes another text of scans
    return f"{digest}{suffix.lower()}#{READERS_VERSION}{'+ocr' if is_recognized else ''}"


def is_read_from(source: str | None, digest: str) -> bool:
    """Whether a text of that source was read from these bytes, by whatever reader on whichever machine."""
    return source is not None and source.startswith(digest)


def reader_for(suffix: str) -> Reader:
    module, function = MODULES[require_suffix(suffix)].split(".")
    return cast(Reader, getattr(import_module(f"docs_index.readers.{module}"), function))
