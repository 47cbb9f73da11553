"""Continuous batching: all requests advance together, one batch a step. Knows token ids only, never text.

Each step decodes one token of every answer and reads a piece of a prompt in what room is left. When the attention
cache is full, prefixes kept for later leave first, then the youngest request steps back into the queue with all its
tokens and goes on from there. Not for use from several threads: `engine_thread` owns it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import psutil

from inference.binding import Batch, Context, Model
from inference.crew import Crew, FreeCores, physical_cores
from inference.errors import InvalidRequest, ModelLoadError, PromptTooLong
from inference.pacing import LEAST_TOKENS, Pacing
from inference.parked import Parked, ParkedPrefixes
from inference.prefix_cache import PrefixCache
from inference.sampling import Sampler, validate
from inference.types import EngineConfig, FinishReason, SamplingParams, Timings, Usage

_DEFAULT_CONTEXT = 8192
_IDLE_SEQUENCES = 16  # prefixes kept beside the requests that run
_IDLE_SHARE = 1 / 8  # of the attention cache, that prefixes of others may fill while requests run
_PARKED_SHARE = 1 / 20  # of the machine's memory, that parked prefixes may fill
_PARKED_BYTES = 512 << 20  # and no more than this
_WORTH_RESTORING = 32  # tokens; fewer are read again
_HEADROOM = 64  # cells that a request must find free beyond its prompt, so that it does not step back at once


@dataclass(frozen=True, slots=True)
class Request:
    """One prompt to be continued."""

    id: int
    prompt: tuple[int, ...]
    params: SamplingParams


@dataclass(frozen=True, slots=True)
class Ending:
    """How a request ended and what it cost. No reason: it was cancelled."""

    reason: FinishReason | None
    usage: Usage
    timings: Timings


@dataclass(frozen=True, slots=True)
class StepEvent:
    """What one step brought to one request: a token, an ending, or both."""

    request_id: int
    token: int | None
    ending: Ending | None


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What the model says of itself."""

    context_length: int  # tokens, shared by all requests
    trained_length: int  # tokens, that its maker trained it on
    n_vocab: int
    bos_text: str  # empty where the model has none
    eos_text: str
    chat_template: str | None
    description: str
    recommended_sampling: dict[str, float]  # of general.sampling.*, by SamplingParams' names


class _Job:
    """A request on its way."""

    def __init__(self, request: Request, sampler: Sampler) -> None:
        self.request = request
        self.sampler = sampler
        self.tokens = list(request.prompt)
        self.read = 0  # of tokens, how many the attention cache holds
        self.sequence: int | None = None
        self.cached: int | None = None  # known once the first place was found
        self.started_at = 0.0
        self.answered_at = 0.0

    @property
    def generated(self) -> int:
        return len(self.tokens) - len(self.request.prompt)

    @property
    def unread(self) -> int:
        return len(self.tokens) - self.read

    @property
    def is_answering(self) -> bool:
        """Only its newest token is still to be read."""
        return self.generated > 0 and self.unread == 1


class Engine:
    """One model and the requests that share it."""

    def __init__(self, config: EngineConfig, on_progress: Callable[[float], bool] | None = None) -> None:
        self._model = Model(config.path, on_progress)
        n_sequences = config.parallel + _IDLE_SEQUENCES
        batch_tokens = max(config.batch_tokens, config.parallel + LEAST_TOKENS)
        self._crew = Crew(config.threads or physical_cores(), FreeCores())
        self._context = Context(
            self._model,
            n_ctx=_context_length(config.context_length, self._model),
            n_sequences=n_sequences,
            batch_tokens=batch_tokens,
            threads=self._crew.most,
        )
        self._batch = Batch(batch_tokens)
        self._cache = PrefixCache(n_sequences, self._context.n_ctx)
        parked_bytes = min(_PARKED_BYTES, int(psutil.virtual_memory().total * _PARKED_SHARE))
        self._parked = ParkedPrefixes(parked_bytes)
        self._pacing = Pacing(batch_tokens)
        self._parallel = config.parallel
        self._waiting: list[_Job] = []  # by age
        self._running: list[_Job] = []  # by age
        self.facts = _facts(self._model, self._context)
        self._warm_up()

    def close(self) -> None:
        """Free the memory. The engine is of no use afterwards."""
        self._batch.close()
        self._context.close()
        self._model.close()

    @property
    def model(self) -> Model:
        """For the vocabulary."""
        return self._model

    @property
    def is_idle(self) -> bool:
        return not self._running and not self._waiting

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def add(self, request: Request) -> None:
        """Queue a request; ids must rise. Raises PromptTooLong or InvalidRequest, and then nothing is queued."""
        self.check(request)
        self._waiting.append(_Job(request, Sampler(request.params, self._model.end_tokens, self._model)))

    def check(self, request: Request) -> None:
        """Refuse what cannot be served. Safe to call from any thread."""
        if not request.prompt:
            raise InvalidRequest("The prompt is empty.")
        if not 0 <= min(request.prompt) <= max(request.prompt) < self.facts.n_vocab:
            raise InvalidRequest("The prompt holds tokens that the model does not know.")
        if len(request.prompt) >= self.facts.context_length:
            raise PromptTooLong(len(request.prompt), self.facts.context_length)
        validate(request.params)
        if any(token >= self.facts.n_vocab for token, _ in request.params.logit_bias):
            raise InvalidRequest(f"logit_bias names a token that is none of this model's {self.facts.n_vocab:,}.")

    def cancel(self, request_id: int) -> Ending | None:
        """Stop a request at once; its place is free from the next step on. None: there is no such request."""
        for job in (*self._running, *self._waiting):
            if job.request.id == request_id:
                return self._end(job, None)
        return None

    def step(self) -> list[StepEvent]:
        """Advance every request that has a place."""
        self._admit()
        if not self._running:
            return []
        started_at = time.perf_counter()
        rows, read = self._decode()
        events = [self._sample(job, row) for job, row in rows]
        self._pacing.measured(read, time.perf_counter() - started_at)
        return events

    def drop_all(self) -> None:
        """Forget every request and prefix: after a failed step nobody knows what the attention cache holds."""
        self._waiting.clear()
        self._running.clear()
        self._parked.clear()
        self._context.clear()
        self._cache = PrefixCache(self._parallel + _IDLE_SEQUENCES, self._context.n_ctx)

    def _warm_up(self) -> None:
        """Compute one token, so that the weights are in memory before the first question."""
        self._batch.clear()
        self._batch.add([0], position=0, sequence=0, wants_logits=True)
        self._context.decode(self._batch)
        self._context.clear()

    def _admit(self) -> None:
        """Give places to those who wait, the oldest first, as long as their prompts fit beside the others."""
        while self._waiting and len(self._running) < self._parallel:
            job = self._waiting[0]
            if self._running and self._cache.room() < len(job.tokens) + _HEADROOM * (len(self._running) + 1):
                return
            self._waiting.pop(0)
            self._place(job)
            self._running.append(job)
            self._running.sort(key=lambda running: running.request.id)

    def _place(self, job: _Job) -> None:
        self._bring_back(job)
        if self._cache.find_empty() is None:
            self._park_oldest()
        place = self._cache.place(job.tokens)
        if place.copy_from is not None:
            self._context.copy_prefix(place.copy_from, place.sequence, place.cached)
        job.sequence = place.sequence
        job.read = self._cut_back(place.sequence, place.cached)
        if job.cached is None:
            job.cached, job.started_at = job.read, time.perf_counter()
        while self._cache.idle_cells() > self._context.n_ctx * _IDLE_SHARE and self._park_oldest():
            pass

    def _bring_back(self, job: _Job) -> None:
        """Restore the parked beginning of a prompt, where one is much longer than what the cache has of it."""
        prompt = np.asarray(job.tokens[:-1], dtype=np.int32)
        parked, length = self._parked.find(prompt)
        if parked is None or length < self._cache.longest_prefix(job.tokens)[1] + _WORTH_RESTORING:
            return
        while (self._cache.free_cells < parked.tokens.size or self._cache.find_empty() is None) and self._park_oldest():
            pass
        sequence = self._cache.find_empty()
        if sequence is None or self._cache.free_cells < parked.tokens.size:
            return
        if self._context.restore(sequence, parked.state):
            self._cache.extend(sequence, parked.tokens)
            self._cut_back(sequence, length)
            self._cache.release(sequence)

    def _cut_back(self, sequence: int, length: int) -> int:
        """Let a sequence keep its first tokens, or none where the kind of model allows no less. Answers how many."""
        if not self._context.truncate(sequence, length):
            self._context.forget(sequence)
            length = 0
        self._cache.truncate(sequence, length)
        return length

    def _park_oldest(self) -> bool:
        """Move the prefix idle for longest out of the attention cache. False: none is idle."""
        oldest = self._cache.find_oldest()
        if oldest is not None:
            self._park(oldest)
        return oldest is not None

    def _park(self, sequence: int) -> None:
        tokens = self._cache.tokens(sequence)
        if tokens.size >= _WORTH_RESTORING:
            self._parked.put(Parked(tokens, self._context.save(sequence)))
        self._context.forget(sequence)
        self._cache.truncate(sequence, 0)

    def _decode(self) -> tuple[list[tuple[_Job, int]], int]:
        """Compute one batch. Answers who gets logits from which row, and how many prompt tokens were read."""
        while True:
            shares = self._share_batch()
            if sum(count for _, count in shares) > self._cache.free_cells:
                self._make_room()
                continue
            rows = self._fill_batch(shares)
            if self._compute():
                break
            self._make_room()
        read = 0
        for job, count in shares:
            assert job.sequence is not None
            read += 0 if job.is_answering else count
            self._cache.extend(job.sequence, job.tokens[job.read : job.read + count])
            job.read += count
        return rows, read

    def _compute(self) -> bool:
        self._context.use_threads(self._crew.size)
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        found_room = self._context.decode(self._batch)
        self._crew.measured(time.process_time() - cpu_s, time.perf_counter() - wall_s)
        return found_room

    def _share_batch(self) -> list[tuple[_Job, int]]:
        """Who may add how many tokens: each answer its newest one, then the prompts, the nearest to its end first."""
        answering = [job for job in self._running if job.is_answering]
        shares = [(job, 1) for job in answering]
        budget = self._pacing.reading_budget(len(answering))
        for job in sorted((job for job in self._running if not job.is_answering), key=lambda job: job.unread):
            count = min(job.unread, budget)
            if count:
                shares.append((job, count))
            budget -= count
        return shares

    def _fill_batch(self, shares: list[tuple[_Job, int]]) -> list[tuple[_Job, int]]:
        self._batch.clear()
        rows = []
        for job, count in shares:
            assert job.sequence is not None
            tokens = job.tokens[job.read : job.read + count]
            is_last = count == job.unread
            row = self._batch.add(tokens, position=job.read, sequence=job.sequence, wants_logits=is_last)
            if is_last:
                rows.append((job, row))
        return rows

    def _make_room(self) -> None:
        """Park the prefix idle for longest; when there is none, the youngest request steps back into the queue."""
        if self._park_oldest():
            return
        job = self._running.pop()
        assert job.sequence is not None
        self._park(job.sequence)
        self._cache.release(job.sequence)
        job.sequence, job.read = None, 0
        self._waiting.insert(0, job)

    def _sample(self, job: _Job, row: int) -> StepEvent:
        token = job.sampler.sample(self._context.logits(row), job.tokens)
        if not job.generated:
            job.answered_at = time.perf_counter()
        job.tokens.append(token)
        if token in self._model.end_tokens:
            return StepEvent(job.request.id, None, self._end(job, FinishReason.STOP))
        limit = job.request.params.max_tokens
        is_full = len(job.tokens) >= self.facts.context_length or (limit is not None and job.generated >= limit)
        return StepEvent(job.request.id, token, self._end(job, FinishReason.LENGTH) if is_full else None)

    def _end(self, job: _Job, reason: FinishReason | None) -> Ending:
        """Let go of a job. What its sequence holds stays, as a prefix for the next turn of the conversation."""
        (self._running if job in self._running else self._waiting).remove(job)
        if job.sequence is not None:
            self._cache.release(job.sequence)
        now = time.perf_counter()
        prompt, cached = len(job.request.prompt), job.cached or 0
        answered_at = job.answered_at or now
        timings = Timings(
            prompt_ms=(answered_at - job.started_at) * 1000 if job.started_at else 0.0,
            predicted_ms=(now - answered_at) * 1000,
            prompt_n=prompt - cached,
            predicted_n=job.generated,
        )
        return Ending(reason, Usage(prompt, job.generated, cached), timings)


def _context_length(wanted: int | None, model: Model) -> int:
    if wanted is None:
        return min(model.n_ctx_train or _DEFAULT_CONTEXT, _DEFAULT_CONTEXT)
    if wanted < 1:
        raise ModelLoadError(f"A context of {wanted} tokens is none at all.")
    needed, free = wanted * model.cache_bytes_per_token, psutil.virtual_memory().available
    if needed > free:
        raise ModelLoadError(
            f"A context of {wanted:,} tokens needs {needed / 1e9:,.1f} GB; {free / 1e9:,.1f} GB is free."
        )
    return wanted


def _facts(model: Model, context: Context) -> ModelFacts:
    return ModelFacts(
        context_length=context.n_ctx,
        trained_length=model.n_ctx_train,
        n_vocab=model.n_vocab,
        bos_text=model.special_text("bos"),
        eos_text=model.special_text("eos"),
        chat_template=model.chat_template,
        description=model.description,
        recommended_sampling=_recommended_sampling(model),
    )


def _recommended_sampling(model: Model) -> dict[str, float]:
    """The sampling its publisher wrote into the GGUF, by our names; keys as in gguf's constants."""
    names = {
        "temp": "temperature",
        "top_k": "top_k",
        "top_p": "top_p",
        "min_p": "min_p",
        "penalty_repeat": "repeat_penalty",
    }
    found = {name: model.metadata(f"general.sampling.{key}") for key, name in names.items()}
    return {name: float(value) for name, value in found.items() if value is not None}
