"""Text in pictures, by the Tesseract program when it is installed. Nothing is sent anywhere.

Knows pictures as portable graymaps, and no documents. Tesseract inherits the limits of the process that starts it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache

PAGE_S = 60.0  # a dense page takes 2 to 8 seconds on one core
MAX_LANGUAGES = 4  # each makes it slower and lets it mistake one script for another
NO_LANGUAGES = frozenset({"osd", "equ"})  # Tesseract lists these among the languages


def is_available() -> bool:
    """Whether the program and at least one language are there."""
    return bool(_languages(shutil.which("tesseract")))


def text_of(graymap: bytes) -> str | None:
    """The text in the picture; None when Tesseract gave up."""
    program = shutil.which("tesseract")
    if program is None:
        return None
    command = [program, "stdin", "stdout", "-l", "+".join(_languages(program))]
    # Its threads wait for each other more than they win, and the chat wants the other cores.
    environment = os.environ | {"OMP_THREAD_LIMIT": "1"}
    try:
        done = subprocess.run(command, input=graymap, capture_output=True, timeout=PAGE_S, env=environment)
    except (subprocess.TimeoutExpired, OSError):
        return None
    return done.stdout.decode("utf-8", errors="replace").replace("\f", "") if done.returncode == 0 else None


@cache
def _languages(program: str | None) -> tuple[str, ...]:
    """What is installed, English first."""
    if program is None:
        return ()
    try:
        done = subprocess.run([program, "--list-langs"], capture_output=True, text=True, timeout=PAGE_S)
    except (subprocess.TimeoutExpired, OSError):
        return ()
    found = [line.strip() for line in done.stdout.splitlines()[1:] if line.strip()]
    return tuple(sorted(set(found) - NO_LANGUAGES, key=lambda name: (name != "eng", name))[:MAX_LANGUAGES])
