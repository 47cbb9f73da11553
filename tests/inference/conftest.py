"""A real service with real runners, and a runner's routes inside the test's own event loop."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
import pytest
import uvicorn

from inference import lifeline
from inference.client import Client, ServiceClient
from inference.echo import EchoEngine, EchoSettings
from inference.runner import Runner, create_app
from inference.types import Endpoint, RunnerKind, RunnerSpec

TOKEN = "a-token-for-tests"


@dataclass
class ServiceProcess:
    """A running `inference.service`."""

    child: subprocess.Popen[bytes]
    url: str

    def runners(self) -> list[psutil.Process]:
        return psutil.Process(self.child.pid).children()


def start_service() -> ServiceProcess:
    command = [sys.executable, "-m", "inference.service"]
    child = lifeline.spawn(command, {"token": TOKEN}, stdout=subprocess.PIPE)
    assert child.stdout is not None
    port = json.loads(child.stdout.readline())["port"]
    return ServiceProcess(child, f"http://127.0.0.1:{port}")


@pytest.fixture
def service() -> Iterator[ServiceProcess]:
    process = start_service()
    yield process
    lifeline.cut(process.child)
    assert process.child.stdout is not None
    process.child.stdout.close()


@pytest.fixture
async def manager(service: ServiceProcess) -> AsyncIterator[ServiceClient]:
    client = ServiceClient(service.url, TOKEN)
    yield client
    await client.aclose()


@pytest.fixture
def echo_spec(tmp_path: Path) -> Callable[..., RunnerSpec]:
    """Makes the spec of an echo runner that behaves as asked."""

    def make(name: str = "echo", *, context_length: int | None = None, **settings: object) -> RunnerSpec:
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(asdict(EchoSettings(**settings))))  # type: ignore[arg-type]
        return RunnerSpec(name, RunnerKind.ECHO, path, context_length=context_length)

    return make


@dataclass
class LiveRunner:
    """The routes of an echo runner, served from the test's own event loop."""

    endpoint: Endpoint
    engine: EchoEngine


@pytest.fixture
async def live_runner(echo_spec: Callable[..., RunnerSpec]) -> AsyncIterator[LiveRunner]:
    spec = echo_spec(context_length=1000)
    runner = Runner(spec, announce=lambda **facts: None)
    server = uvicorn.Server(
        uvicorn.Config(create_app(runner, TOKEN, server_leaves), lifespan="on", log_config=None, port=0)
    )
    serving = asyncio.create_task(server.serve())
    while not (server.started and runner.backend):
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    assert isinstance(runner.backend.chat, EchoEngine)
    yield LiveRunner(Endpoint(f"http://127.0.0.1:{port}/v1", TOKEN), runner.backend.chat)
    server.should_exit = True
    await serving


def server_leaves() -> None:
    raise AssertionError("the echo runner could not load")


@pytest.fixture
async def client(live_runner: LiveRunner) -> AsyncIterator[Client]:
    client = Client(live_runner.endpoint)
    yield client
    await client.aclose()
