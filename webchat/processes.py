"""The child processes of `serve`: started on a lifeline, restarted with growing pauses, stopped together.

Knows nothing of what the children do. Threads, not asyncio: daphne's selector loop on Windows has no subprocesses.
"""

from __future__ import annotations

import json
import logging
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from inference import lifeline

log = logging.getLogger(__name__)
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
STEADY_AFTER_S = 60.0  # a child that lived this long starts again with the first pause


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """How one child is started."""

    name: str
    arguments: Sequence[str]
    config: Mapping[str, object] = field(default_factory=dict)
    env: Mapping[str, str] | None = None
    reports_ready: bool = False  # prints one JSON line when it listens


class StartFailed(RuntimeError):
    """A child ended before it was ready."""


def next_pause(previous_s: float, lifetime_s: float) -> float:
    """How long to wait before a child that died after `lifetime_s` is started again."""
    if lifetime_s >= STEADY_AFTER_S or previous_s == 0:
        return FIRST_PAUSE_S
    return min(previous_s * 2, LONGEST_PAUSE_S)


class Child:
    """One process that is kept alive until `stop`."""

    def __init__(self, spec: ChildSpec) -> None:
        self.spec = spec
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._watcher = threading.Thread(target=self._keep_alive, name=f"keep-{spec.name}", daemon=True)

    def start(self) -> dict[str, object]:
        """Starts it and answers with its ready line, empty where it has none."""
        self._process = self._spawn()
        ready = self._read_ready_line(self._process)
        self._watcher.start()
        return ready

    def stop(self) -> None:
        """Ends it for good. Takes as long as the lifeline's grace, then kills."""
        self._stopping.set()
        if self._process is not None:
            end(self._process)

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def _spawn(self) -> subprocess.Popen[bytes]:
        stdout = subprocess.PIPE if self.spec.reports_ready else None
        return lifeline.spawn(self.spec.arguments, self.spec.config, env=self.spec.env, stdout=stdout)

    def _read_ready_line(self, process: subprocess.Popen[bytes]) -> dict[str, object]:
        if not self.spec.reports_ready:
            return {}
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line.strip():
            raise StartFailed(f"The {self.spec.name} process ended before it was ready. Its words are above.")
        return dict(json.loads(line))

    def _keep_alive(self) -> None:
        pause_s = 0.0
        while not self._stopping.is_set():
            assert self._process is not None
            born = time.monotonic()
            status = self._process.wait()
            if self._stopping.is_set():
                return
            end(self._process)
            pause_s = next_pause(pause_s, time.monotonic() - born)
            log.warning("%s ended with status %s; starting it again in %.1f s", self.spec.name, status, pause_s)
            if self._stopping.wait(pause_s):
                return
            self._process = self._spawn()
            if self._stopping.is_set():  # stop came between the pause and the birth
                end(self._process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Ends a child, or what is left of one."""
    lifeline.cut(process)
    if process.stdout is not None:
        process.stdout.close()


class Household:
    """All children of one `serve`."""

    def __init__(self) -> None:
        self._children: list[Child] = []

    def start(self, spec: ChildSpec) -> dict[str, object]:
        child = Child(spec)
        self._children.append(child)
        return child.start()

    def stop(self) -> None:
        """Stops all at the same time, so that the slowest sets the pace."""
        threads = [threading.Thread(target=child.stop, name=f"stop-{child.spec.name}") for child in self._children]
        run_all(threads)
        self._children.clear()


def run_all(threads: Sequence[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def wait_until(is_true: Callable[[], bool], *, timeout_s: float, every_s: float = 0.1) -> bool:
    """Polls until `is_true`, or answers False when the time is over."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        if is_true():
            return True
        time.sleep(every_s)
    return False
