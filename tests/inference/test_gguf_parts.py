"""Models in several files, as `gguf-split` and the `gguf` package write them."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from gguf import GGUFWriter

from inference.engine_thread import AsyncEngine
from inference.errors import ModelFileError
from inference.gguf import read_facts
from inference.gguf_parts import is_later_part, stem_of
from inference.types import EngineConfig, SamplingParams
from tests.inference.tiny_gguf import write_tiny_gguf


def write_parts(folder: Path, *, tensors: int = 5, per_part: int = 2) -> list[Path]:
    """A small model, split after every second tensor."""
    writer = GGUFWriter(folder / "big.gguf", "llama", split_max_tensors=per_part)
    writer.add_context_length(2048)
    writer.add_block_count(2)
    writer.add_embedding_length(64)
    writer.add_head_count(4)
    for index in range(tensors):
        writer.add_tensor(f"weights.{index}", np.zeros((64, 32), dtype=np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return sorted(folder.glob("*.gguf"))


@pytest.fixture
def parts(tmp_path: Path) -> list[Path]:
    return write_parts(tmp_path)


def test_the_first_part_stands_for_all(parts: list[Path]) -> None:
    assert [part.name for part in parts] == [f"big-0000{number}-of-00003.gguf" for number in (1, 2, 3)]
    facts = read_facts(parts[0])
    assert facts.size_bytes == sum(part.stat().st_size for part in parts)
    assert facts.parameters == 5 * 64 * 32
    assert facts.weights_bytes == 5 * 64 * 32 * 2
    assert (facts.name, facts.architecture, facts.layers) == ("big", "llama", 2)


async def test_llama_cpp_loads_what_was_read(tmp_path: Path) -> None:
    write_tiny_gguf(tmp_path / "tiny.gguf", tensors_per_file=8)
    path, *others = sorted(tmp_path.glob("*.gguf"))
    assert others
    assert read_facts(path).parameters == read_facts(write_tiny_gguf(tmp_path / "whole.gguf")).parameters
    engine = await AsyncEngine.start(EngineConfig(path, context_length=64, threads=1))
    deltas = [delta async for delta in engine.generate([1, 2], SamplingParams(max_tokens=2, ignore_eos=True))]
    assert deltas[-1].usage is not None and deltas[-1].usage.completion_tokens == 2
    await engine.close()


def test_a_missing_part_is_named(parts: list[Path]) -> None:
    parts[1].unlink()
    with pytest.raises(ModelFileError, match="is the first of 3 parts, and big-00002-of-00003.gguf is not beside it"):
        read_facts(parts[0])


def test_a_later_part_names_the_first(parts: list[Path]) -> None:
    with pytest.raises(ModelFileError, match="is part 2 of 3. Give the first part, big-00001-of-00003.gguf."):
        read_facts(parts[1])


def test_a_part_cut_short_is_named(parts: list[Path]) -> None:
    parts[2].write_bytes(parts[2].read_bytes()[:-2000])
    with pytest.raises(ModelFileError, match="^big-00003-of-00003.gguf is incomplete"):
        read_facts(parts[0])


def test_a_part_under_a_wrong_name_is_found_out(parts: list[Path]) -> None:
    shutil.copy(parts[2], parts[1])
    with pytest.raises(ModelFileError, match="big-00002-of-00003.gguf is not what its name says: part 2 of 3"):
        read_facts(parts[0])


def test_parts_of_two_models_do_not_mix(parts: list[Path], tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    others = write_parts(other, tensors=6)
    shutil.copy(others[2], parts[2])
    with pytest.raises(ModelFileError, match="do not belong together: they hold 6 tensors of 5"):
        read_facts(parts[0])


def test_a_renamed_part_is_told_its_own_name(parts: list[Path]) -> None:
    renamed = parts[0].rename(parts[0].with_name("mine.gguf"))
    with pytest.raises(ModelFileError, match="ends in -00001-of-00003.gguf"):
        read_facts(renamed)


@pytest.mark.parametrize(
    ("name", "stem", "is_later"),
    [
        ("big-00001-of-00003.gguf", "big", False),
        ("big-00002-of-00003.gguf", "big", True),
        ("a-00001-of-00002-00001-of-00009.gguf", "a-00001-of-00002", False),
        ("big-1-of-3.gguf", "big-1-of-3", False),
        ("plain.gguf", "plain", False),
    ],
)
def test_names(name: str, stem: str, is_later: bool) -> None:
    assert (stem_of(Path(name)), is_later_part(Path(name))) == (stem, is_later)
