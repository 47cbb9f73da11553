"""A sentence-transformers model behind `embed(texts)`. The only file that imports torch.

It blocks while it computes, on one core a call; `EmbeddingQueue` decides who comes first, and calls from as many
threads as there are cores. Nothing here reaches for the network: the service sets the offline switches before this
process begins.
"""

from __future__ import annotations

import copy
import logging
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
from transformers.utils.logging import disable_progress_bar

from inference.errors import ModelFileError, ModelLoadError
from inference.span_vectors import Embedded, Span, pool
from inference.text_role import TextRole

PADDED_TO = 8  # tokens: for each length there is code that stays in memory; with every length 885 MB, so 677
TRIAL_TEXTS = 2
TRIAL_TEXT = "The quick brown fox jumps over the lazy dog near the old stone bridge. " * 12
ROUNDS = 2
WORTHWHILE = 1.2  # times faster; less is noise
ALIKE = 0.99  # cosine

log = logging.getLogger(__name__)


class Embedder:
    """One loaded embedding model.

    Threads that share a call wait for each other at every operation, and all of them for the one whose core another
    process has. Calls side by side embed 1.3 times as many passages, and 1.5 times beside a process that computes.
    """

    def __init__(
        self, path: Path, *, threads: int | None = None, on_progress: Callable[[float], None] = lambda progress: None
    ) -> None:
        self.calls_at_a_time = threads or psutil.cpu_count(logical=False) or 1
        self._reading = threading.Lock()  # a tokenizer is set anew for some calls
        on_progress(0.4)  # what takes longest, importing the libraries, is over by now
        self._model = _load(path)
        self.context_length = int(self._model.max_seq_length or 512)
        on_progress(0.8)
        self._model = _faster_of(self._model)
        self._model.eval()

    @property
    def dimensions(self) -> int:
        """The length of a vector."""
        return int(self._model.get_embedding_dimension() or 0)

    def embed(self, texts: Sequence[str], role: TextRole = TextRole.PASSAGE) -> NDArray[np.float32]:
        """One L2-normalized row a text. What lies beyond `context_length` tokens of a text is not seen. One batch."""
        with self._reading:
            features = _read(self._model, texts, _mark(self._model, role))
        return _rows(_computed(self._model, features))

    @property
    def pools_spans(self) -> bool:
        """Whether the model's vectors are means of its tokens' states, and offsets are counted in the text itself."""
        return _is_mean_pooled(self._model) and not _mark(self._model, TextRole.PASSAGE)

    def embed_with_spans(
        self, texts: Sequence[str], spans: Sequence[Sequence[Span]], role: TextRole = TextRole.PASSAGE
    ) -> Embedded:
        """The rows of `embed`, and those of each text's spans out of the same pass. One batch: all texts at once."""
        with self._reading:
            features = _read(self._model, texts, return_offsets_mapping=True)
        offsets = features.pop("offset_mapping").numpy()
        found = _computed(self._model, features)
        states = found["token_embeddings"].to(torch.float32).numpy()
        pooled = tuple(pool(*of_one) for of_one in zip(states, offsets, spans, strict=True))
        return Embedded(_rows(found), pooled)

    def token_counts(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text is, those that begin and end it included."""
        with self._reading:
            read = self._model.tokenizer(list(texts), truncation=False, verbose=False)
        return [len(tokens) for tokens in read["input_ids"]]


def _is_mean_pooled(model: SentenceTransformer) -> bool:
    modules = list(model)
    return (
        len(modules) >= 2
        and isinstance(modules[0], Transformer)
        and isinstance(modules[1], Pooling)
        and modules[1].pooling_mode in ("mean", ("mean",))
        and all(isinstance(module, Normalize) for module in modules[2:])
        and getattr(modules[0].tokenizer, "is_fast", False)  # others tell no offsets
    )


def _mark(model: SentenceTransformer, role: TextRole) -> str:
    """What the model's folder says is to stand before such a text; mostly nothing."""
    names = {TextRole.QUERY: ("query",), TextRole.PASSAGE: ("document", "passage", "corpus")}[role]
    marks = [model.prompts.get(name) for name in (*names, model.default_prompt_name) if name]
    return next((mark for mark in marks if mark), "")


def _load(path: Path) -> SentenceTransformer:
    disable_progress_bar()  # type: ignore[no-untyped-call]
    if not (path / "config.json").is_file():
        raise ModelFileError(f"There is no embedding model in {path}: a folder with a config.json is needed.")
    try:
        # Remote code would be code out of the model's folder: a model may not bring any.
        return SentenceTransformer(
            str(path),
            device="cpu",
            trust_remote_code=False,
            local_files_only=True,
            model_kwargs={"use_safetensors": True},
        )
    except (OSError, ValueError, KeyError, RuntimeError, TypeError) as error:
        raise ModelLoadError(f"The embedding model in {path} could not be loaded: {error}") from error


def _embed(model: SentenceTransformer, texts: Sequence[str]) -> NDArray[np.float32]:
    return _rows(_computed(model, _read(model, texts)))


def _read(model: SentenceTransformer, texts: Sequence[str], mark: str = "", **options: object) -> dict[str, Any]:
    """Texts as tokens, filled up to like lengths, none of them beyond what the model has places for."""
    padded_to = PADDED_TO if (model.max_seq_length or 1) % PADDED_TO == 0 else None
    asked = {"text": {"pad_to_multiple_of": padded_to, **options}}
    features: dict[str, Any] = model.preprocess(list(texts), prompt=mark, processing_kwargs=asked)
    return features


def _computed(model: SentenceTransformer, features: dict[str, Any]) -> dict[str, Any]:
    """The pass through the network, on one core."""
    if torch.get_num_threads() != 1:  # which each thread has a number of its own for
        torch.set_num_threads(1)
    with torch.inference_mode():
        found: dict[str, Any] = model(features)
    return found


def _rows(found: dict[str, Any]) -> NDArray[np.float32]:
    # Normalized here, because in bf16 a "unit" vector may be 0.4 % too long.
    rows = found["sentence_embedding"].to(torch.float32).numpy()
    unit: NDArray[np.float32] = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.float32(1e-12))
    return unit


def _faster_of(model: SentenceTransformer) -> SentenceTransformer:
    """The model in bf16 where this CPU gains from it and the vectors agree, else as it is.

    With AVX512_BF16 or AMX it is 2.5 times faster; without, slower. No flag tells for sure, so both are tried.
    """
    texts = [TRIAL_TEXT] * TRIAL_TEXTS
    plain_s, plain = _trial(model, texts)
    # A copy: what has been rounded to bf16 does not become exact again.
    half_model = copy.deepcopy(model).to(torch.bfloat16)
    half_s, half = _trial(half_model, texts)
    cosine = float((plain * half).sum(axis=1).min())
    log.info("embedding %d texts took %.3f s in fp32, %.3f s in bf16; cosine %.4f", len(texts), plain_s, half_s, cosine)
    return half_model if is_worthwhile(plain_s, half_s, cosine) else model


def is_worthwhile(plain_s: float, half_s: float, cosine: float) -> bool:
    """Whether half precision gains time and its vectors agree with the full ones."""
    return plain_s > half_s * WORTHWHILE and cosine > ALIKE


def _trial(model: SentenceTransformer, texts: Sequence[str]) -> tuple[float, NDArray[np.float32]]:
    """CPU time: at the lowest priority beside a busy chat the clock on the wall says nothing."""
    vectors = _embed(model, texts[:1])  # the first run allocates
    took = []
    for _ in range(ROUNDS):
        begin = time.process_time()
        vectors = _embed(model, texts)
        took.append(time.process_time() - begin)
    return min(took), vectors
