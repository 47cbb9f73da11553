"""The door to inference."""

from __future__ import annotations

import asyncio
import gc

import numpy as np
import pytest
from asgiref.sync import async_to_sync

from inference.errors import ServiceUnavailable
from inference.types import ChatMessage, SamplingParams
from webchat.library import engine
from webchat.library.models import LanguageModel


async def test_without_a_service_it_says_how_to_start_one() -> None:
    with pytest.raises(ServiceUnavailable, match="manage.py serve"):
        engine.service()


@pytest.mark.usefixtures("echo_service")
class TestWithAService:
    async def test_a_model_answers(self, tmp_path) -> None:
        model = LanguageModel(name="engine-echo", path=str(tmp_path / "none"), architecture="echo")
        endpoint = await engine.chat_endpoint(model)
        words = [ChatMessage("user", "hello there")]

        answer = [delta.text async for delta in engine.client_for(endpoint).chat(model.name, words, SamplingParams())]

        assert "".join(answer) == "hello there"

    async def test_texts_become_unit_vectors(self) -> None:
        vectors = await engine.embed(["a cat", "a dog"])

        assert vectors.shape == (2, 384)
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)

    async def test_one_loop_has_one_client(self) -> None:
        assert engine.service() is engine.service()

    def test_another_loop_has_another_client(self) -> None:
        async def mine() -> object:
            await engine.service().statuses()
            return engine.service()

        assert asyncio.run(mine()) is not asyncio.run(mine())

    def test_synchronous_code_leaves_no_connection_open(self) -> None:
        for _ in range(3):
            assert async_to_sync(engine.embed)(["a cat"]).shape == (1, 384)
        gc.collect()  # an open connection would be a ResourceWarning, and so an error
