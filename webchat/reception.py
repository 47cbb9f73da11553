"""How the web server receives bodies: on the disk of the data, and only those that it has room for.

Daphne keeps a whole body before anybody sees it, and drops the connection without a word when the disk is full by then.
"""

from __future__ import annotations

import io
import json
import shutil
import tempfile
from typing import Any

from daphne import http_protocol
from django.conf import settings

from webchat.documents.room import needed_bytes
from webchat.documents.storage import NoRoom


class Discarded(io.BytesIO):
    """A body that nobody will read. It is taken off the line all the same: a browser reads no answer before that."""

    def write(self, data: Any) -> int:
        return len(data)


class Request(http_protocol.WebRequest):  # type: ignore[misc]
    """A request whose body is weighed when its length is known."""

    lacking_bytes = 0

    def gotLength(self, length: int | None) -> None:  # noqa: N802 - Twisted's name
        needed = needed_bytes(length or 0, copies=3)  # this one, and the two that the application makes of it
        if needed and shutil.disk_usage(settings.FILE_UPLOAD_TEMP_DIR).free < needed:
            self.lacking_bytes, self.content = needed, Discarded()
        else:
            super().gotLength(length)

    def process(self) -> Any:
        if not self.lacking_bytes:
            return super().process()
        self.setResponseCode(507)
        self.setHeader(b"Content-Type", b"application/json")
        self.write(json.dumps({"detail": str(NoRoom(self.lacking_bytes))}).encode())
        return self.finish()


def open_reception() -> None:
    """From here on Daphne receives in this way. It has no setting for either."""
    tempfile.tempdir = str(settings.FILE_UPLOAD_TEMP_DIR)  # a system's own folder may be small, or in memory
    http_protocol.WebRequest = Request
