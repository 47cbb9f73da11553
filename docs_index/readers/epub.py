"""Books in EPUB, in the order of their spine: a place for each chapter, named by its first heading.

The package document says which files are the book (EPUB 3.3, 5.7: the spine). Pictures and styles are left out.
"""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from lxml import etree

from docs_index.errors import EmptyDocument, ProtectedDocument
from docs_index.readers import html
from docs_index.readers.archive import Container, opened
from docs_index.readers.decoding import decode_bytes
from docs_index.readers.draft import Draft
from docs_index.readers.guarded_xml import parse
from docs_index.types import Extraction, PlaceKind

CONTAINER = "META-INF/container.xml"
ENCRYPTION = "META-INF/encryption.xml"
BOOK = Container("EPUB book", CONTAINER)
PAGES = ("application/xhtml+xml", "text/html")


def read(path: Path) -> Extraction:
    with opened(path, BOOK) as archive:
        package_path = _package_path(archive)
        package = parse(archive.read(package_path))
        chapters = list(_chapters(package, posixpath.dirname(package_path)))
        names = set(archive.namelist())
        _check_lock(archive, names, chapters)
        draft, missing = Draft(), 0
        for name in chapters:
            if name in names:
                _add(draft, archive.read(name))
            else:
                missing += 1
        warnings = (f"{missing} of {len(chapters)} chapters are missing in this book",) if missing else ()
        return draft.finish("There is no text in this book.", title=_title(package), warnings=warnings)


def _package_path(archive: zipfile.ZipFile) -> str:
    root = parse(archive.read(CONTAINER)).find(".//{*}rootfile")
    if root is None:
        raise KeyError("rootfile")
    return str(root.get("full-path", ""))


def _chapters(package: etree._Element, folder: str) -> Iterator[str]:
    items = {item.get("id"): item for item in package.iterfind("{*}manifest/{*}item")}
    for reference in package.iterfind("{*}spine/{*}itemref"):
        item = items.get(reference.get("idref"))
        if item is not None and item.get("media-type") in PAGES:
            yield posixpath.normpath(posixpath.join(folder, unquote(str(item.get("href", "")))))


def _check_lock(archive: zipfile.ZipFile, names: set[str], chapters: list[str]) -> None:
    """Fonts are often scrambled; a book whose chapters are cannot be read."""
    if ENCRYPTION not in names:
        return
    locked = {unquote(str(each.get("URI", ""))) for each in parse(archive.read(ENCRYPTION)).iter("{*}CipherReference")}
    if locked & set(chapters):
        raise ProtectedDocument("This book is locked by its seller (DRM) and can only be read in the seller's program.")


def _title(package: etree._Element) -> str:
    title = package.find("{*}metadata/{*}title")
    return title.text or "" if title is not None else ""


def _add(draft: Draft, page: bytes) -> None:
    try:
        chapter = html.extract(decode_bytes(page, names_itself=True))
    except EmptyDocument:  # a cover is only a picture
        return
    first = chapter.headings[0].title if chapter.headings else chapter.title
    draft.begin(PlaceKind.CHAPTER, first[:80] or "Untitled chapter")
    draft.include(chapter)
