"""A sentence-transformers CrossEncoder behind `scores(question, texts)`. Beside the embedder the only file with torch.

It blocks while it computes and is used from one thread; `RerankQueue` hands it small batches. A folder may bring
weights (safetensors) and words, but no code: what would have to be run or unpickled is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import psutil
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from sentence_transformers import CrossEncoder as SentenceCrossEncoder
from transformers.utils.logging import disable_progress_bar

from inference.embedder_folder import require_cross_encoder
from inference.errors import ModelLoadError


class CrossEncoder:
    """One loaded model that reads a question and a text together."""

    def __init__(
        self, path: Path, *, threads: int | None = None, on_progress: Callable[[float], None] = lambda progress: None
    ) -> None:
        torch.set_num_threads(threads or psutil.cpu_count(logical=False) or 1)
        on_progress(0.4)  # what takes longest, importing the libraries, is over by now
        self._model = _load(path)
        self.context_length = int(self._model.max_seq_length or 512)
        self._model.eval()
        if not np.isfinite(self.scores("question", ["text"])).all():
            raise ModelLoadError(f"What the cross-encoder in {path} computes is no number: its weights are damaged.")

    def scores(self, question: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """How well each text answers, 0 to 1. Of what both are too long for, the end of the text is not seen."""
        with torch.inference_mode():
            found = self._model.predict(
                [(question, text) for text in texts],
                batch_size=max(len(texts), 1),
                activation_fn=torch.nn.Sigmoid(),
                show_progress_bar=False,
            )
        return np.asarray(found, dtype=np.float32)


def _load(path: Path) -> SentenceCrossEncoder:
    disable_progress_bar()  # type: ignore[no-untyped-call]
    require_cross_encoder(path)
    try:
        model: SentenceCrossEncoder = SentenceCrossEncoder(
            str(path),
            device="cpu",
            trust_remote_code=False,
            local_files_only=True,
            model_kwargs={"use_safetensors": True},
            activation_fn=torch.nn.Sigmoid(),  # not the one that the folder names: that would be looked up and called
        )
    except (OSError, ValueError, KeyError, RuntimeError, TypeError, AttributeError, SafetensorError) as error:
        raise ModelLoadError(f"The cross-encoder in {path} could not be loaded: {error}") from error
    if model.num_labels != 1:
        raise ModelLoadError(
            f"The model in {path} gives {model.num_labels} numbers for a text; a cross-encoder gives one."
        )
    return model
