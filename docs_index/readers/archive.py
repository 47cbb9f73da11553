"""Documents that are zip files: docx, pptx, xlsx, odt, ods, epub.

The directory is weighed before anything is unpacked; zipfile never unpacks more than the directory says, so a directory
that lies only damages the file. What breaks inside becomes a sentence.
"""

from __future__ import annotations

import errno
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.parsers.expat import ExpatError

from docs_index.errors import (
    DamagedDocument,
    EmptyDocument,
    LimitExceeded,
    ProtectedDocument,
    ReadError,
    UnsupportedFormat,
)

MAX_UNPACKED_BYTES = 300_000_000
MAX_RATIO = 200  # a table of equal cells packs about 100 : 1
PACKED_ALREADY = 1.5
RATIO_COUNTS_FROM = 20_000_000
OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED_MARK = "EncryptedPackage".encode("utf-16-le")
OPEN_DOCUMENT_LOCK = b"<manifest:encryption-data"
MANIFEST = "META-INF/manifest.xml"
BROKEN = (
    *(zipfile.BadZipFile, zlib.error, ExpatError, EOFError, SyntaxError, NotImplementedError, RuntimeError),
    *(LookupError, ValueError, TypeError, AttributeError, ArithmeticError),
)


@dataclass(frozen=True, slots=True)
class Container:
    """What a kind of document must look like, and what it is called."""

    name: str  # "Word document", after "this"
    part: str  # how the name of the entry begins without which it is something else
    older: str = ""  # what the same program wrote before: "a document of an old Word (.doc). Open it and …"


@contextmanager
def opened(path: Path, container: Container) -> Iterator[zipfile.ZipFile]:
    """The archive, after it was weighed; whatever breaks while it is used is told as damage."""
    with told(container):
        weigh(path, container)
        with zipfile.ZipFile(path) as archive:
            yield archive


@contextmanager
def told(container: Container) -> Iterator[None]:
    """What parsers throw at a broken file, as a sentence about it."""
    try:
        yield
    except RecursionError:
        raise LimitExceeded(f"This {container.name} is nested too deeply to be read.") from None
    except (*BROKEN, OSError) as error:
        if isinstance(error, OSError) and error.errno != errno.EINVAL:  # that is a place before the file's beginning
            raise
        raise DamagedDocument(
            f"This {container.name} is damaged and cannot be opened. Get or save it again."
        ) from error


def weigh(path: Path, container: Container) -> None:
    """Refuses what is no such document, is locked, or would unpack to more than is safe."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            is_locked = _is_locked(archive)
    except (zipfile.BadZipFile, ValueError, EOFError) as error:
        raise _explain(path, container) from error
    if not any(entry.filename.startswith(container.part) for entry in entries):
        raise UnsupportedFormat(f"This is not {_a(container.name)}, although its name says so.")
    if is_locked or any(entry.flag_bits & 1 for entry in entries):
        raise ProtectedDocument("This file asks for a password. Save a copy without one and add that.")
    # Pictures and films are packed already, and no text is looked for in them.
    texts = [entry for entry in entries if entry.file_size > PACKED_ALREADY * entry.compress_size]
    unpacked, packed = sum(entry.file_size for entry in texts), sum(entry.compress_size for entry in texts)
    if unpacked > MAX_UNPACKED_BYTES or (unpacked > RATIO_COUNTS_FROM and unpacked > MAX_RATIO * packed):
        raise LimitExceeded(
            f"This {container.name} would unpack to {unpacked // 1_000_000:,} MB, which is more than is safe."
        )


def _is_locked(archive: zipfile.ZipFile) -> bool:
    """OpenDocument locks its parts one by one and says so in the manifest."""
    try:
        with archive.open(MANIFEST) as manifest:
            return OPEN_DOCUMENT_LOCK in manifest.read(1_000_000)
    except (KeyError, RuntimeError, NotImplementedError, zlib.error):
        return False


def _explain(path: Path, container: Container) -> ReadError:
    """Why the file is no zip file."""
    data = path.read_bytes()[:MAX_UNPACKED_BYTES]
    if not data.strip():
        return EmptyDocument("There is no text in this file: it is empty.")
    if not data.startswith(OLE_MAGIC):
        return DamagedDocument(
            f"This is not a whole {container.name}: its contents are damaged or something else. Save it again."
        )
    if ENCRYPTED_MARK in data:
        return ProtectedDocument(f"This {container.name} asks for a password. Save a copy without one and add that.")
    return UnsupportedFormat(f"This is {container.older or 'something else than its name says'}.")


def _a(name: str) -> str:
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
