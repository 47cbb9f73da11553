"""The embedder's own choices: precision, and whether it can pool spans; and that threads may share it.

Torch stays out of the tests' process.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from inference.starter import StarterPaths

pytestmark = pytest.mark.model

PROJECT = Path(__file__).resolve().parent.parent.parent
PROGRAM = """
import copy, json, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling
from inference import embedder
from inference.text_role import TextRole

def _unmarked(one, texts):
    return embedder._embed(one._model, texts)

texts = ["A cat sat on the mat.", "Shares fell sharply on Monday."] + ["The same again and again. " * 60]
plain = SentenceTransformer(sys.argv[1], device="cpu", local_files_only=True)
wanted = plain.encode(texts, normalize_embeddings=True)
found = {}
for name, slow_s in (("gains", 9.0), ("loses", 0.001)):
    tried = []
    def trial(model, trial_texts):
        dtype = next(model.parameters()).dtype
        tried.append(str(dtype))
        return (slow_s if dtype == torch.float32 else 1.0), embedder._embed(model, trial_texts)
    real, embedder._trial = embedder._trial, trial
    one = embedder.Embedder(Path(sys.argv[1]), threads=1)
    embedder._trial = real
    rows = one.embed_with_spans(texts, [[(0, 5)], [], []])
    found[name] = {
        "tried": tried,
        "dtype": str(next(one._model.parameters()).dtype),
        "cosines": [float(a @ b) for a, b in zip(one.embed(texts), wanted)],
        "with_spans": [float(a @ b) for a, b in zip(rows.vectors, wanted)],
        "pools_spans": one.pools_spans,
    }
def alone(text):
    both = one.embed_with_spans([text], [[(0, 5)]])
    counts = [one.token_counts([text])[0] for _ in range(40)]
    return one.embed([text])[0], both.vectors[0], both.spans[0].rows[0], counts
many = [text * times for times in range(1, 9) for text in texts]  # some are longer than what the model reads of them
wanted_alone = list(map(alone, many))
with ThreadPoolExecutor(6) as threads:
    pairs = list(zip(threads.map(alone, many), wanted_alone))
found["side by side"] = all(np.array_equal(a, b) for pair in pairs for a, b in zip(*pair))
lengths = []
shape = one._model.register_forward_pre_hook(lambda model, given: lengths.append(given[0]["input_ids"].shape[1]))
one.embed(["A cat sat on the mat."]), one.embed_with_spans(["Shares fell sharply on Monday."], [[]])
one._model.max_seq_length = 77
one.embed(["The same again and again. " * 60])
shape.remove()
found["lengths"] = lengths
one._model.max_seq_length = 256
found["threads"] = torch.get_num_threads()
plain[1] = Pooling(384, pooling_mode="cls")
found["cls"] = embedder._is_mean_pooled(plain)
plain[1] = Pooling(384, pooling_mode="mean")
one._model.prompts = {"query": "query: ", "passage": "passage: "}
marked = [text for text in texts[:2]]
found["marked"] = [
    float(a @ b) for role, mark in (("query", "query: "), ("passage", "passage: "))
    for a, b in zip(one.embed(marked, TextRole(role)), _unmarked(one, [mark + text for text in marked]))
]
found["prompted"] = one.pools_spans
nonsense = copy.deepcopy(wanted)[::-1]
found["disagreeing"] = embedder.is_worthwhile(9.0, 1.0, float((wanted * nonsense).sum(axis=1).min()))
print(json.dumps(found))
"""


def test_precision_and_pooling_are_chosen_by_what_the_model_shows(starter_models: StarterPaths) -> None:
    command = [sys.executable, "-c", PROGRAM, str(starter_models.embedder)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True, timeout=100)
    found = json.loads(done.stdout.splitlines()[-1])
    for name, dtype in (("gains", "torch.bfloat16"), ("loses", "torch.float32")):
        assert found[name]["tried"] == ["torch.float32", "torch.bfloat16"]
        assert found[name]["dtype"] == dtype, "bf16 only where it is faster"
        assert min(found[name]["cosines"] + found[name]["with_spans"]) > 0.995
        assert found[name]["pools_spans"]
    assert found["side by side"], "threads that share it spoil nothing of each other's"
    assert found["threads"] == 1
    assert found["lengths"] == [16, 8, 77], "few different ones, and never more tokens than the model takes"
    assert min(found["marked"]) > 0.999, "a mark that the model's folder names stands before its texts"
    assert (found["cls"], found["prompted"], found["disagreeing"]) == (False, False, False)
