"""The child that reads files: `python -m docs_index.reader_process`.

The first line of stdin is its configuration; each further line is one request, answered by one line of JSON on stdout,
one after the other. Before an answer there may be lines that only say that the work gets on. It ends when stdin closes,
also in the middle of a file, so it never outlives its parent.
Limits that the system enforces (address space, processor time) are set here; the parent keeps the wall clock.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from docs_index.errors import LimitExceeded, ReadError
from docs_index.extraction_json import extraction_fields
from docs_index.readers.registry import reader_for
from docs_index.readers.steps import heard_by
from docs_index.structure import bounded
from docs_index.types import Extraction, ReadLimits

try:
    import fcntl
    import resource
    import signal
except ImportError:  # Windows: no limits but the parent's wall clock
    HAS_LIMITS = False
else:
    HAS_LIMITS = True

STEP = {"step": True}


def main() -> None:
    answers = _private_stdout()
    limits = ReadLimits(**json.loads(sys.stdin.buffer.readline()))
    _limit_process(limits)
    requests: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(requests,), daemon=True).start()
    while True:
        request = json.loads(requests.get())
        _limit_next_read(limits)
        with _LeaveWithParent(), heard_by(partial(_get_on, answers, limits)):
            answer = _answer(request, limits)
        _send(answers, answer)


def _send(answers: TextIO, message: dict[str, Any]) -> None:
    answers.write(json.dumps(message, ensure_ascii=False) + "\n")
    answers.flush()


def _get_on(answers: TextIO, limits: ReadLimits) -> None:
    """A long read has done one piece of its work: time counts anew, here and in the parent."""
    _limit_next_read(limits)
    _send(answers, STEP)


def _private_stdout() -> TextIO:
    """Answers get a descriptor of their own; what a library prints goes to stderr and spoils nothing."""
    private = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="replace", newline="\n")
    os.dup2(2, 1)
    return private


def _receive(requests: queue.SimpleQueue[bytes]) -> None:
    for line in iter(sys.stdin.buffer.readline, b""):
        requests.put(line)
    os._exit(0)


def _answer(request: dict[str, Any], limits: ReadLimits) -> dict[str, Any]:
    try:
        if "picture" in request:
            return _picture(Path(request["path"]), request["picture"])
        extraction = reader_for(request["suffix"])(Path(request["path"]))
        _check_length(extraction, limits)
    except ReadError as error:
        return _failure(type(error).__name__, str(error))
    except MemoryError:
        return _failure("LimitExceeded", out_of_memory(limits))
    except OSError as error:
        return _failure("ReadError", f"This file could not be opened: {error.strerror or error}.")
    except Exception as error:  # the top of the process: a reader's mistake must not look like a crash
        sys.excepthook(type(error), error, error.__traceback__)
        return _failure("DamagedDocument", "This file could not be understood; it is probably damaged.")
    return {"extraction": extraction_fields(bounded(extraction))}


def _picture(path: Path, request: dict[str, Any]) -> dict[str, Any]:
    from docs_index.readers import pdf_picture  # noqa: PLC0415 pdfium only where a picture is wanted

    return {"picture": pdf_picture.draw(path, **request)}


def _failure(error: str, message: str) -> dict[str, Any]:
    return {"error": error, "message": message}


def _check_length(extraction: Extraction, limits: ReadLimits) -> None:
    if len(extraction.text) > limits.text_chars:
        raise LimitExceeded(
            f"This file holds {len(extraction.text):,} characters of text; up to {limits.text_chars:,} can be indexed."
        )


def out_of_memory(limits: ReadLimits) -> str:
    return f"Reading this file took more memory than the {limits.memory_bytes // (1 << 20):,} MB that are allowed."


def _limit_process(limits: ReadLimits) -> None:
    if HAS_LIMITS:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))


def _limit_next_read(limits: ReadLimits) -> None:
    """Moves the soft limit ahead of what is used up; passing it is SIGXCPU, which ends the process."""
    if HAS_LIMITS:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        allowed = int(usage.ru_utime + usage.ru_stime) + 1 + limits.cpu_s
        resource.setrlimit(resource.RLIMIT_CPU, (allowed if hard < 0 else min(allowed, hard), hard))


class _LeaveWithParent:
    """While a file is read, the kernel itself ends the process when stdin closes.

    The receiving thread needs the interpreter's lock for that, which a parser in C may hold for a minute. The signal
    (SIGIO, whose default is to end the process) needs nothing. Nobody writes to stdin meanwhile: requests are serial.
    """

    def __enter__(self) -> None:
        self._arm(True)

    def __exit__(self, *_: object) -> None:
        self._arm(False)

    def _arm(self, on: bool) -> None:
        if HAS_LIMITS and hasattr(os, "O_ASYNC"):
            signal.signal(signal.SIGIO, signal.SIG_DFL)
            fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
            flags = fcntl.fcntl(0, fcntl.F_GETFL)
            fcntl.fcntl(0, fcntl.F_SETFL, flags | os.O_ASYNC if on else flags & ~os.O_ASYNC)


if __name__ == "__main__":
    main()
