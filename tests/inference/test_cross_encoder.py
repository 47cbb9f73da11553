"""The cross-encoder with a real, tiny network. Torch stays out of the tests' process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from inference.client import Client, ServiceClient
from inference.errors import InvalidRequest
from inference.types import RunnerKind, RunnerSpec

PROJECT = Path(__file__).resolve().parent.parent.parent
# Random weights, but large ones: with the usual small ones all texts would score alike.
PROGRAM = """
import json, shutil, sys
from pathlib import Path
import torch
from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast
from inference.cross_encoder import CrossEncoder
from inference.errors import InferenceError

folder = Path(sys.argv[1])
words = "[PAD] [UNK] [CLS] [SEP] [MASK] rye bread rests the tide stood at seven".split()
shape = dict(vocab_size=len(words), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64)

def write(name, labels=1, scale=20.0):
    place = folder / name
    place.mkdir()
    (place / "vocab.txt").write_text("\\n".join(words))
    BertTokenizerFast(vocab_file=str(place / "vocab.txt"), model_max_length=64).save_pretrained(place)
    torch.manual_seed(0)
    network = BertForSequenceClassification(
        BertConfig(**shape, max_position_embeddings=64, num_labels=labels, initializer_range=0.02 * scale)
    )
    network.eval().save_pretrained(place)
    return place, network

def refusal(place):
    try:
        CrossEncoder(place, threads=1)
    except InferenceError as error:
        return type(error).__name__, str(error)

good, network = write("good")
texts = ["rye bread rests", "the tide stood at seven", "rye " * 200]
found = {"scores": CrossEncoder(good, threads=1).scores("rye bread", texts).tolist()}
tokenizer = BertTokenizerFast.from_pretrained(good)
read = tokenizer(["rye bread"] * 3, texts, padding=True, truncation=True, max_length=64, return_tensors="pt")
with torch.inference_mode():
    found["wanted"] = torch.sigmoid(network(**read).logits[:, 0]).tolist()

pickled, network = write("pickled")
torch.save(network.state_dict(), pickled / "pytorch_model.bin")
(pickled / "model.safetensors").unlink()
cut, _ = write("cut")
weights = cut / "model.safetensors"
weights.write_bytes(weights.read_bytes()[:1000])
numbers, _ = write("nan", scale=float("inf"))
coded, _ = write("coded")
config = json.loads((coded / "config.json").read_text())
config["auto_map"] = {"AutoModelForSequenceClassification": "own.Model"}
config["sentence_transformers"] = {"activation_fn": "own.f"}
(coded / "config.json").write_text(json.dumps(config))
(coded / "modules.json").write_text(json.dumps([{"idx": 0, "name": "0", "path": "", "type": "own.Model"}]))
(coded / "own.py").write_text(f"open({str(folder / 'it was run')!r}, 'w')")
sys.path.append(str(coded))
refusal(coded)
found["ran"] = (folder / "it was run").exists()
places = [folder / "missing", pickled, cut, write("two", labels=2)[0], numbers]
found["folder"] = str(good)
found["refusals"] = {place.name: refusal(place) for place in places}
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    command = [sys.executable, "-c", PROGRAM, str(tmp_path_factory.mktemp("cross-encoders"))]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


def test_the_scores_are_those_of_the_network(found) -> None:
    assert found["scores"] == pytest.approx(found["wanted"], abs=1e-4)
    assert max(found["scores"]) - min(found["scores"]) > 0.01  # else anything would pass


@pytest.mark.timeout(400)  # importing torch takes minutes where a dozen others want the processor
async def test_a_runner_serves_it(found, manager: ServiceClient) -> None:
    client = Client(await manager.ensure(RunnerSpec("judge", RunnerKind.RERANKING, Path(found["folder"]), threads=1)))
    texts = ["rye bread rests", "the tide stood at seven"]
    assert await client.rerank("judge", "rye bread", texts, 60.0) == pytest.approx(found["wanted"][:2], abs=1e-4)
    with pytest.raises(InvalidRequest, match="'judge' is no embedding model"):
        await client.embed("judge", texts)
    await client.aclose()


def test_code_in_a_folder_is_never_run(found) -> None:
    assert found["ran"] is False


@pytest.mark.parametrize(
    "folder, kind, words",
    [
        ("missing", "ModelFileError", "holds no cross-encoder"),
        ("pickled", "ModelFileError", "weights as .safetensors are needed"),
        ("cut", "ModelLoadError", "could not be loaded"),
        ("two", "ModelLoadError", "gives 2 numbers for a text"),
        ("nan", "ModelLoadError", "computes is no number"),
    ],
)
def test_what_cannot_serve_is_refused_with_a_sentence(found, folder: str, kind: str, words: str) -> None:
    name, sentence = found["refusals"][folder]
    assert name == kind
    assert words in sentence
