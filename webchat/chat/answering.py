"""Writes one answer: retrieve, build the prompt, stream. Whatever happens, what there was so far is kept.

Knows the broadcast it speaks to, but not who listens.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import aclosing
from dataclasses import replace
from functools import partial

from asgiref.sync import sync_to_async

from docs_index.errors import DocsIndexError
from docs_index.types import Passage
from inference.client import Client
from inference.errors import InferenceError, RunnerDied
from inference.types import ChatMessage, Delta, FinishReason, Headway, SamplingParams, Usage
from webchat.chat import prompts, records, retrieval
from webchat.chat.broadcast import Broadcast
from webchat.chat.followups import readings
from webchat.chat.models import State
from webchat.chat.prompts import Prompt, Source, Window
from webchat.chat.records import Brief, Opened, Outcome
from webchat.chat.saving import if_possible
from webchat.documents import shelf
from webchat.library import engine
from webchat.library.models import LanguageModel

SAVE_EVERY_S = 2.0  # how much of an answer is lost when this process is killed
NO_MODEL = "There is no language model yet. Add one on the Models page, then try again."
BROKEN = "Something went wrong inside Inglenook, and this answer could not be finished. The log says more."
NOTHING_FOUND = "Nothing in the ticked collections matches this question."
NO_ROOM = "{} of the {} passages found did not fit in the model's context window."
LEFT_OUT = "The oldest {} messages no longer fit in the model's context window and were left out."

logger = logging.getLogger(__name__)


async def answer(conversation_id: int, opened: Opened, broadcast: Broadcast) -> Outcome:
    """Never raises, not even when it is cancelled: an answer that cannot be written says why."""
    job = Answer(conversation_id, opened, broadcast)
    try:
        await job.write()
        return job.outcome(State.COMPLETE)
    except asyncio.CancelledError:
        return job.outcome(State.STOPPED)
    except (InferenceError, DocsIndexError) as error:
        return replace(job.outcome(State.FAILED), error=str(error))
    except Exception:  # the top of a task: nobody else would hear of it
        logger.exception("Answer %s failed", opened.answer_id)
        return replace(job.outcome(State.FAILED), error=BROKEN)


class Answer:
    """One answer while it is written."""

    def __init__(self, conversation_id: int, opened: Opened, broadcast: Broadcast) -> None:
        self.conversation_id = conversation_id
        self.opened = opened
        self.broadcast = broadcast
        self.began = time.monotonic()
        self.saved = self.began
        self.first_token: float | None = None
        self.last_token: float | None = None
        self.usage: Usage | None = None
        self.finish_reason: FinishReason | None = None
        self.thoughts: list[str] = []
        self.last_thought: float | None = None

    async def write(self) -> None:
        brief = await sync_to_async(records.brief)(self.conversation_id, self.opened)
        passages, note = await self._retrieve(brief)
        if brief.model is None:
            raise InferenceError(NO_MODEL)
        client = await self._client(brief.model)
        prompt = await self._prompt(brief, brief.model, passages, client)
        await self._show_sources(passages[: len(prompt.sources)], _joined(note, prompt, len(passages)))
        self.broadcast.show("Reading…")
        await self._stream(client, brief.model, prompt.messages)

    def outcome(self, state: State) -> Outcome:
        return Outcome(
            state=state,
            text=self.broadcast.text,
            usage=self.usage,
            first_token_ms=_ms(self.began, self.first_token),
            generation_ms=_ms(self.first_token, self.last_token),
            was_cut=self.finish_reason is FinishReason.LENGTH,
            reasoning="".join(self.thoughts).strip(),
            reasoning_ms=_ms(self.first_token, self.last_thought),
        )

    async def _retrieve(self, brief: Brief) -> tuple[list[Passage], str]:
        if not brief.collections:
            return [], ""
        self.broadcast.show("Searching your documents…")
        meant = readings(brief.question, [turn.question for turn in brief.history])
        searches = [await shelf.find(query, brief.collections, retrieval.PASSAGES) for query in meant]
        found = searches[retrieval.best_reading([search.passages for search in searches])]
        return retrieval.worth_reading(found.passages), found.note if found.passages else NOTHING_FOUND

    async def _client(self, model: LanguageModel) -> Client:
        def show_loading(progress: float) -> None:
            self.broadcast.show(f"Loading the model… {progress:.0%}" if progress else "Loading the model…")

        return engine.client_for(await engine.chat_endpoint(model, show_loading))

    async def _prompt(self, brief: Brief, model: LanguageModel, passages: list[Passage], client: Client) -> Prompt:
        sources = [
            Source(n, passage.name, passage.place, passage.text, " › ".join(passage.headings))
            for n, passage in enumerate(passages, 1)
        ]
        window = Window(model.context_length, model.max_tokens)
        return await prompts.build(
            brief.question,
            sources,
            brief.history,
            system=model.system_prompt,
            window=window,
            count=client.count_tokens,
        )

    async def _show_sources(self, passages: list[Passage], note: str) -> None:
        """On the page, and in the database, before the first word."""
        if note:
            await sync_to_async(records.keep_note)(self.opened.answer_id, note)
        if passages:
            await sync_to_async(records.keep_sources)(self.opened.answer_id, passages)
        if note or passages:
            self.broadcast.sources_ready()

    async def _stream(self, client: Client, model: LanguageModel, messages: list[ChatMessage]) -> None:
        params: SamplingParams = model.sampling
        try:
            async with aclosing(client.chat(model.name, messages, params, with_headway=True)) as deltas:
                async for delta in deltas:
                    self._take(delta)
                    await self._save_now_and_then()
        except RunnerDied as error:
            raise RunnerDied(f"{error} {await engine.why_it_ended(model.name)}".rstrip()) from error

    def _take(self, delta: Delta) -> None:
        if delta.headway:
            self.broadcast.show(waiting_for(delta.headway, has_begun=self.first_token is not None))
        if delta.text or delta.reasoning:
            self.last_token = time.monotonic()
            self.first_token = self.first_token or self.last_token
        if delta.reasoning:
            self._think(delta.reasoning)
        if delta.text:
            self.broadcast.add(delta.text)
        self.usage = delta.usage or self.usage
        self.finish_reason = delta.finish_reason or self.finish_reason

    def _think(self, reasoning: str) -> None:
        if not self.thoughts:
            self.broadcast.show("Thinking…")
        self.thoughts.append(reasoning)
        self.last_thought = self.last_token

    async def _save_now_and_then(self) -> None:
        now = time.monotonic()
        if now - self.saved > SAVE_EVERY_S:
            self.saved = now
            await if_possible(partial(records.keep_partial, self.opened.answer_id, self.broadcast.text))


def waiting_for(headway: Headway, *, has_begun: bool) -> str:
    """What a person reads while there is no answer, or while one that has begun steps back for others."""
    if has_begun and headway.ahead:
        others = "another answer comes" if headway.ahead == 1 else f"{headway.ahead} other answers come"
        return f"Waiting for room: {others} first…"
    if headway.ahead:
        return (
            "1 question is ahead of yours…" if headway.ahead == 1 else f"{headway.ahead} questions are ahead of yours…"
        )
    return f"Reading… {headway.read * 100 // max(1, headway.total)} %"


def _joined(note: str, prompt: Prompt, found: int) -> str:
    left_out = LEFT_OUT.format(prompt.left_out) if prompt.left_out else ""
    unread = found - len(prompt.sources)
    no_room = NO_ROOM.format(unread, found) if unread else ""
    return " ".join(filter(None, [note, no_room, left_out]))


def _ms(start: float | None, end: float | None) -> int | None:
    return round((end - start) * 1000) if start is not None and end is not None else None
