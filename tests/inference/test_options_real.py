"""Options of a model reach llama.cpp: real engines on tiny models."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from inference import binding
from inference.engine import Engine
from inference.errors import InferenceError, ModelFileError, ModelLoadError
from inference.gguf_adapter import is_adapter, read_adapter
from inference.jobs import Request
from inference.loading import load
from inference.model_options import AdapterUse, CacheType, FlashAttention, ModelOptions
from inference.types import EngineConfig, RunnerKind, RunnerSpec, SamplingParams
from tests.inference.tiny_adapter import write_tiny_adapter
from tests.inference.tiny_gguf import write_tiny_gguf

PROMPT = [1, 40, 50, 60, 70]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_gguf(tmp_path_factory.mktemp("options") / "tiny.gguf")


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    return write_tiny_adapter(tmp_path / "pirate.gguf")


def answer(path: Path, options: ModelOptions) -> list[int]:
    engine = Engine(EngineConfig(path, 512, parallel=1, threads=1, options=options))
    engine.add(Request(1, PROMPT, SamplingParams(temperature=0, max_tokens=24, ignore_eos=True)))
    tokens: list[int] = []
    while not engine.is_idle:
        tokens += [event.token for event in engine.step() if event.token is not None]
    engine.close()
    return tokens


def start(path: Path, options: ModelOptions) -> None:
    async def started() -> None:
        backend = await load(RunnerSpec("m", RunnerKind.CHAT, path, 512, threads=1, options=options), lambda _: None)
        assert backend.chat is not None
        await backend.chat.close()

    asyncio.run(started())


@pytest.mark.parametrize(
    "options",
    [
        ModelOptions(use_mmap=False),
        ModelOptions(flash_attention=FlashAttention.ON),
        ModelOptions(flash_attention=FlashAttention.OFF),
        ModelOptions(gpu_layers=0),
    ],
)
def test_how_a_model_is_held_changes_nothing_it_says(tiny: Path, options: ModelOptions) -> None:
    assert answer(tiny, options) == answer(tiny, ModelOptions())


@pytest.mark.parametrize("use_mmap", [True, False])
def test_a_model_is_locked_into_memory_or_the_limit_is_named(tiny: Path, use_mmap: bool) -> None:
    # How much a process may lock is the system's to say, and for most it is little.
    try:
        assert answer(tiny, ModelOptions(use_mmap=use_mmap, use_mlock=True)) == answer(tiny, ModelOptions())
    except ModelLoadError as refused:
        assert "does not let tiny.gguf be locked into memory" in str(refused)


@pytest.mark.skipif(sys.platform == "win32", reason="it has no such limit")
def test_a_limit_in_the_way_of_locking_is_named(tiny: Path) -> None:
    program = (
        "import resource, sys; from pathlib import Path; from inference import binding, model_options as o;"
        "resource.setrlimit(resource.RLIMIT_MEMLOCK, (4096, 4096));"
        "binding.Model(Path(sys.argv[1]), options=o.ModelOptions(use_mlock=True))"
    )
    child = subprocess.run([sys.executable, "-c", program, str(tiny)], capture_output=True, text=True)
    assert "does not let tiny.gguf be locked into memory" in child.stderr or os.geteuid() == 0


@pytest.mark.parametrize("flash", [FlashAttention.AUTO, FlashAttention.ON])
def test_a_quantized_cache_is_used(tiny: Path, flash: FlashAttention) -> None:
    assert len(answer(tiny, ModelOptions(cache_type=CacheType.Q8_0, flash_attention=flash))) == 24


def test_a_quantized_cache_takes_about_half_the_memory(tiny: Path) -> None:
    sizes = {}
    for cache_type in CacheType:
        model = binding.Model(tiny, options=ModelOptions(cache_type=cache_type))
        context = binding.Context(
            model,
            n_ctx=256,
            n_sequences=1,
            n_outputs=1,
            batch_tokens=256,
            threads=1,
            options=ModelOptions(cache_type=cache_type),
        )
        batch = binding.Batch(256)
        batch.add([5] * 200, position=0, sequence=0, logits=1)
        context.decode(batch)
        sizes[cache_type] = context.save(0).size
        batch.close()
        context.close()
        model.close()
    assert sizes[CacheType.Q8_0] < 0.6 * sizes[CacheType.F16]


def test_an_adapter_changes_what_a_model_says(tiny: Path, adapter: Path) -> None:
    plain = answer(tiny, ModelOptions())
    with_adapter = answer(tiny, ModelOptions(adapters=(AdapterUse(adapter),)))
    assert with_adapter != plain
    assert answer(tiny, ModelOptions(adapters=(AdapterUse(adapter),))) == with_adapter
    assert answer(tiny, ModelOptions(adapters=(AdapterUse(adapter, 0.0),))) == plain


def test_adapters_act_together(tiny: Path, adapter: Path, tmp_path: Path) -> None:
    undone = (AdapterUse(adapter, 1.0), AdapterUse(write_tiny_adapter(tmp_path / "same.gguf"), -1.0))
    assert answer(tiny, ModelOptions(adapters=undone)) == answer(tiny, ModelOptions())


def test_an_adapter_is_told_from_a_model(tiny: Path, adapter: Path, tmp_path: Path) -> None:
    assert is_adapter(adapter)
    assert not is_adapter(tiny)
    assert not is_adapter(tmp_path / "nothing.gguf")
    facts = read_adapter(adapter)
    assert (facts.name, facts.architecture, facts.tensors) == ("Pirate", "llama", ("blk.0.attn_output.weight",))


WRONG: dict[str, tuple[Callable[[Path], Path], str]] = {
    "for another architecture": (
        lambda path: write_tiny_adapter(path, architecture="qwen2"),
        "a.gguf is for qwen2 models, and tiny.gguf is a llama model",
    ),
    "of another kind": (lambda path: write_tiny_adapter(path, kind="prefix"), "another kind than LoRA"),
    "of another width": (lambda path: write_tiny_adapter(path, width=32), "a.gguf cannot be used with tiny.gguf"),
    "a model": (write_tiny_gguf, "a.gguf is no adapter"),
    "gone": (lambda path: path, "a.gguf is not there any more"),
}


@pytest.mark.parametrize("case", WRONG)
def test_an_adapter_that_does_not_fit_is_refused_with_a_sentence(tiny: Path, tmp_path: Path, case: str) -> None:
    write, words = WRONG[case]
    options = ModelOptions(adapters=(AdapterUse(write(tmp_path / "a.gguf")),))
    with pytest.raises(InferenceError, match=words) as caught:
        start(tiny, options)
    assert isinstance(caught.value, (ModelLoadError, ModelFileError))


def test_every_option_at_once_loads(tiny: Path, adapter: Path) -> None:
    start(
        tiny,
        ModelOptions(
            cache_type=CacheType.Q8_0,
            flash_attention=FlashAttention.ON,
            use_mmap=False,
            gpu_layers=3,
            adapters=(AdapterUse(adapter, 0.5),),
        ),
    )
