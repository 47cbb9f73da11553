"""Spec → loaded model. Each kind imports its own heavy libraries, and only when it is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from inference.backend import Backend
from inference.types import EngineConfig, RunnerKind, RunnerSpec

if TYPE_CHECKING:
    from inference.embedder import Embedder

Progress = Callable[[float], None]


async def load(spec: RunnerSpec, on_progress: Progress) -> Backend:
    """Bring a model up. Raises ModelFileError or ModelLoadError with a sentence for a person."""
    loaders = {RunnerKind.CHAT: _load_chat, RunnerKind.EMBEDDING: _load_embedder, RunnerKind.ECHO: _load_echo}
    return await loaders[spec.kind](spec, on_progress)


async def _load_chat(spec: RunnerSpec, on_progress: Progress) -> Backend:
    from inference.engine_thread import AsyncEngine

    engine = await AsyncEngine.start(_config(spec), on_progress)
    return Backend(chat=engine, context_length=engine.facts.context_length)


async def _load_embedder(spec: RunnerSpec, on_progress: Progress) -> Backend:
    # The import alone takes seconds, so it happens in the thread as well.
    embedder = await asyncio.to_thread(_make_embedder, spec, on_progress)
    return Backend(embedder=embedder, context_length=embedder.context_length)


def _make_embedder(spec: RunnerSpec, on_progress: Progress) -> Embedder:
    from inference.embedder import Embedder

    return Embedder(spec.path, threads=spec.threads, on_progress=on_progress)


async def _load_echo(spec: RunnerSpec, on_progress: Progress) -> Backend:
    from inference.echo import EchoEngine, HashEmbedder

    engine = await EchoEngine.start(_config(spec), on_progress)
    return Backend(chat=engine, embedder=HashEmbedder(), context_length=engine.facts.context_length)


def _config(spec: RunnerSpec) -> EngineConfig:
    return EngineConfig(spec.path, spec.context_length, parallel=spec.parallel, threads=spec.threads)
