from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from inference.binding import Batch, Context, LoadAborted, Model
from inference.errors import ModelFileError
from tests.inference.tiny_gguf import CHATML, END, write_tiny_gguf


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_gguf(tmp_path_factory.mktemp("tiny") / "tiny.gguf")


@pytest.fixture(scope="module")
def model(path: Path) -> Iterator[Model]:
    model = Model(path)
    yield model
    model.close()


def test_it_knows_the_model(model: Model) -> None:
    assert (model.n_ctx_train, model.chat_template, model.end_tokens) == (1024, CHATML, {END})
    assert (model.special_text("bos"), model.special_text("eos")) == ("<s>", "<|im_end|>")
    assert model.metadata("general.name") == "tiny"
    assert model.metadata("general.sampling.temp") is None


@pytest.mark.parametrize("text", ["the answer", "", "Kaminfeuer 🔥 é\n", "a\0b", "<|im_end|>"])
def test_pieces_give_the_text_back(model: Model, text: str) -> None:
    tokens = model.tokenize(text, add_special=False, parse_special=False)
    assert b"".join(map(model.piece, tokens)).decode() == text


def test_control_tokens_are_parsed_only_when_asked(model: Model) -> None:
    assert model.tokenize("<|im_end|>", add_special=False, parse_special=True) == [END]
    assert END not in model.tokenize("<|im_end|>", add_special=False, parse_special=False)
    assert model.tokenize("a", add_special=True, parse_special=False)[0] == 1


def test_control_tokens_show_nothing_unless_asked(model: Model) -> None:
    assert (model.piece(END), model.piece(END, special=True)) == (b"", b"<|im_end|>")


def test_half_a_surrogate_pair_does_not_break_it(model: Model) -> None:
    assert model.tokenize("a\ud83d", add_special=False, parse_special=False)


def test_it_says_when_there_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"There is no model file at .*nothing\.gguf"):
        Model(tmp_path / "nothing.gguf")


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_it_says_when_a_file_is_cut_short(path: Path, tmp_path: Path, share: float) -> None:
    whole = path.read_bytes()
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ModelFileError, match=r"cut\.gguf is damaged, incomplete or not a language model"):
        Model(cut)


def test_it_says_when_a_file_is_something_else(tmp_path: Path) -> None:
    other = tmp_path / "song.gguf"
    other.write_bytes(b"ID3" + bytes(5000))
    with pytest.raises(ModelFileError, match=r"song\.gguf"):
        Model(other)


def test_loading_can_be_watched_and_stopped(path: Path) -> None:
    seen: list[float] = []
    Model(path, lambda progress: seen.append(progress) or True).close()
    assert seen[-1] == 1.0
    with pytest.raises(LoadAborted):
        Model(path, lambda progress: False)


def test_its_log_goes_to_our_log(
    path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG, logger="inference.binding"):
        Model(path).close()
    assert "llama_model_loader" in caplog.text
    assert capfd.readouterr() == ("", "")


def test_a_batch_takes_no_more_than_it_holds() -> None:
    batch = Batch(4)
    batch.add([1, 2, 3], position=0, sequence=0, logits=0)
    with pytest.raises(ValueError, match="5 tokens do not fit a batch of 4"):
        batch.add([4, 5], position=3, sequence=0, logits=1)
    batch.close()


def test_a_full_context_is_no_disaster(model: Model) -> None:
    context = Context(model, n_ctx=256, n_sequences=2, n_outputs=2, batch_tokens=256, threads=1)
    batch = Batch(256)
    batch.add([5] * 250, position=0, sequence=0, logits=1)
    assert context.decode(batch)
    batch.clear()
    batch.add([5] * 10, position=0, sequence=1, logits=1)
    assert not context.decode(batch)
    context.forget(0)
    assert context.decode(batch)
    context.close()
    batch.close()
