"""When the rows' database does not answer: which errors say so, and how to be ready for the moment it is back."""

from __future__ import annotations

import logging

from asgiref.sync import sync_to_async
from django.db import InterfaceError, OperationalError, close_old_connections

UNREACHABLE = (OperationalError, InterfaceError)


class BrieflyAway(logging.Filter):
    """Of a request that failed because a database server is away, the log says why in a line. A trace says no more."""

    def filter(self, record: logging.LogRecord) -> bool:
        fault = record.exc_info[1] if record.exc_info else None
        if isinstance(fault, UNREACHABLE):
            record.msg = f"{record.getMessage()} ({' '.join(str(fault).split())})"
            record.args, record.exc_info, record.exc_text = (), None, None
        return True


async def forget_connection() -> None:
    """A connection that was cut off stays so; the next query makes a new one."""
    await sync_to_async(close_old_connections)()
