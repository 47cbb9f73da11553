"""Options of a model through the real service, with the starter model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from inference.chat_template import PLAIN
from inference.client import Client, ServiceClient
from inference.errors import ModelLoadError
from inference.model_options import AdapterUse, CacheType, FlashAttention, ModelOptions
from inference.starter import StarterPaths
from inference.types import ChatMessage, RunnerKind, RunnerSpec, SamplingParams
from tests.inference.tiny_adapter import write_tiny_adapter

pytestmark = pytest.mark.model

QUESTION = [ChatMessage("user", "Name three colors of the rainbow.")]
GREEDY = SamplingParams(temperature=0, max_tokens=16)
WIDTH = 576  # of SmolLM2-135M


async def answer(manager: ServiceClient, spec: RunnerSpec) -> str:
    client = Client(await manager.ensure(spec))
    said = "".join([delta.text async for delta in client.chat(spec.name, QUESTION, GREEDY)])
    await client.aclose()
    return said


async def test_changed_options_load_the_model_anew(
    manager: ServiceClient, starter_models: StarterPaths, tmp_path: Path
) -> None:
    plain = RunnerSpec("smollm2", RunnerKind.CHAT, starter_models.chat, context_length=512, parallel=1)
    adapter = write_tiny_adapter(tmp_path / "noise.gguf", width=WIDTH)
    options = ModelOptions(CacheType.Q8_0, FlashAttention.ON, use_mmap=False, adapters=(AdapterUse(adapter, 0.2),))

    usual = await answer(manager, plain)
    [first] = await manager.statuses()
    changed = await answer(manager, replace(plain, options=options, chat_template=PLAIN))
    [second] = await manager.statuses()

    assert len(changed) > 10
    assert changed != usual
    assert first.pid != second.pid
    assert second.needed_bytes < first.needed_bytes


async def test_an_adapter_of_another_size_is_refused_with_a_sentence(
    manager: ServiceClient, starter_models: StarterPaths, tmp_path: Path
) -> None:
    options = ModelOptions(adapters=(AdapterUse(write_tiny_adapter(tmp_path / "small.gguf")),))
    with pytest.raises(ModelLoadError, match=r"The adapter small\.gguf cannot be used with .*\. llama\.cpp said"):
        await manager.ensure(RunnerSpec("m", RunnerKind.CHAT, starter_models.chat, 512, options=options))


async def test_what_the_options_cost_is_refused_with_the_numbers(
    manager: ServiceClient, starter_models: StarterPaths
) -> None:
    spec = RunnerSpec("m", RunnerKind.CHAT, starter_models.chat, 1 << 23)
    with pytest.raises(ModelLoadError, match=r"'m' needs 19\d\.\d GB; [\d.]+ GB is free"):
        await manager.ensure(spec)
    small = replace(spec, options=ModelOptions(cache_type=CacheType.Q8_0))
    with pytest.raises(ModelLoadError, match=r"'m' needs 10\d\.\d GB; [\d.]+ GB is free"):
        await manager.ensure(small)
