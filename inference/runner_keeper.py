"""Keeps one runner running: starts it, follows its state, starts it again when it dies, gives up when that is vain."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from typing import Any

import psutil

from inference.restart import GiveUp, RestartPolicy, explain
from inference.runner_process import RunnerProcess
from inference.types import RunnerSpec, RunnerState, RunnerStatus


class RunnerKeeper:
    """Owns the task, and through it the process, of one spec."""

    def __init__(self, spec: RunnerSpec, token: str) -> None:
        self.spec = spec
        self._token = token
        self._status = RunnerStatus(spec.name, spec.kind, RunnerState.STOPPED)
        self._task: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()

    def status(self) -> RunnerStatus:
        """The state now, with the memory the process holds now."""
        return replace(self._status, memory_bytes=_memory_bytes(self._status.pid))

    def start(self, after: Awaitable[None] | None = None) -> None:
        """Start, or try again at once if it failed or waits. `after` is what must have ended before."""
        if self._task is None or self._task.done():
            self._status = RunnerStatus(self.spec.name, self.spec.kind, RunnerState.LOADING)
            self._task = asyncio.create_task(self._keep(after), name=f"keep {self.spec.name}")
        else:
            self._hurry.set()

    async def stop(self) -> None:
        """End the process and wait until it is gone."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._status = RunnerStatus(self.spec.name, self.spec.kind, RunnerState.STOPPED)

    async def _keep(self, after: Awaitable[None] | None) -> None:
        if after is not None:
            await after
        policy = RestartPolicy()
        while True:
            process = await RunnerProcess.start(self.spec, self._token)
            self._status = replace(self._status, pid=process.pid)
            self._hurry.clear()
            death = await process.run(self._hear)
            decision = policy.after(death)
            state = RunnerState.FAILED if isinstance(decision, GiveUp) else RunnerState.LOADING
            self._status = RunnerStatus(self.spec.name, self.spec.kind, state, error=explain(self.spec.name, death))
            if isinstance(decision, GiveUp):
                return
            await self._wait(decision.delay_s)

    async def _wait(self, delay_s: float) -> None:
        try:
            await asyncio.wait_for(self._hurry.wait(), delay_s)
        except TimeoutError:
            return

    def _hear(self, facts: dict[str, Any]) -> None:
        if "port" in facts:
            self._status = replace(self._status, base_url=f"http://127.0.0.1:{int(facts['port'])}/v1")
        if "progress" in facts:
            self._status = replace(self._status, progress=float(facts["progress"]))
        if "ready" in facts:
            context_length = int(facts.get("context_length", 0))
            self._status = replace(
                self._status, state=RunnerState.READY, progress=1.0, error="", context_length=context_length
            )


def _memory_bytes(pid: int | None) -> int:
    if pid is None:
        return 0
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0
