"""Options travel as JSON, and those that contradict each other do not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from inference.errors import InvalidRequest
from inference.model_options import AdapterUse, CacheType, FlashAttention, ModelOptions, parse_options
from inference.service_schema import parse_spec, spec_json
from inference.types import RunnerKind, RunnerSpec

EVERYTHING = ModelOptions(
    cache_type=CacheType.Q8_0,
    flash_attention=FlashAttention.ON,
    use_mmap=False,
    use_mlock=True,
    gpu_layers=7,
    adapters=(AdapterUse(Path("/models/pirate.gguf"), 0.5), AdapterUse(Path("/models/law.gguf"))),
)


@pytest.mark.parametrize("options", [ModelOptions(), EVERYTHING])
def test_a_spec_arrives_as_it_was_sent(options: ModelOptions) -> None:
    spec = RunnerSpec("m", RunnerKind.CHAT, Path("/m.gguf"), 512, threads=3, batch_tokens=64, options=options)
    assert parse_spec(spec_json(spec)) == spec


def test_what_is_absent_is_as_by_default() -> None:
    assert parse_options({}) == ModelOptions()
    assert parse_spec({"name": "m", "kind": "chat", "path": "/m"}) == RunnerSpec("m", RunnerKind.CHAT, Path("/m"))


def test_options_tell_runners_apart() -> None:
    spec = RunnerSpec("m", RunnerKind.CHAT, Path("/m.gguf"))
    assert spec != RunnerSpec("m", RunnerKind.CHAT, Path("/m.gguf"), options=EVERYTHING)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"cache_type": "q2"}, "'cache_type' must be one of f16, q8_0"),
        ({"flash_attention": True}, "'flash_attention' must be one of auto, on, off"),
        ({"cache_type": "q8_0", "flash_attention": "off"}, "A q8_0 cache needs flash attention"),
        ({"use_mmap": "yes"}, "'use_mmap' must be true or false"),
        ({"gpu_layers": -1}, "'gpu_layers' must be between 0 and"),
        ({"gpu_layers": 1.5}, "'gpu_layers' must be a whole number"),
        ({"adapters": {}}, "'adapters' must be a list"),
        ({"adapters": [{}] * 17}, "'adapters' must be a list of at most 16"),
        ({"adapters": ["x"]}, "must be an object with a path"),
        ({"adapters": [{"path": "relative"}]}, "must be absolute"),
        ({"adapters": [{"path": "/a", "scale": 1e9}]}, "'scale' must be between"),
        ({"adapters": [{"path": "/a", "scale": float("nan")}]}, "'scale' must be a number"),
    ],
)
def test_what_makes_no_sense_is_refused(body: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidRequest, match=words):
        parse_options(body)


def test_options_must_be_an_object() -> None:
    with pytest.raises(InvalidRequest, match="'options' must be an object"):
        parse_spec({"name": "m", "kind": "chat", "path": "/m", "options": [1]})
