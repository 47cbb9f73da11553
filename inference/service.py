"""Which runners exist: `python -m inference.service`, started by the supervisor.

The first line of standard input is {"token": …}; the port is announced on standard output. Only management passes
through here: whoever wants tokens asks where a runner is, and speaks to it directly.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from inference import serving
from inference.lifeline import read_config
from inference.runner_keeper import RunnerKeeper
from inference.service_schema import parse_spec, status_json
from inference.types import RunnerSpec


class Runners:
    """All runners of this machine, by name."""

    def __init__(self, token: str) -> None:
        self._token = token
        self._keepers: dict[str, RunnerKeeper] = {}

    def all(self) -> list[RunnerKeeper]:
        return list(self._keepers.values())

    def find(self, name: str) -> RunnerKeeper:
        """The runner of that name, or 404."""
        try:
            return self._keepers[name]
        except KeyError:
            raise HTTPException(404, f"There is no runner named '{name}'.") from None

    def ensure(self, spec: RunnerSpec) -> RunnerKeeper:
        """The runner of this spec: as it is, tried again, new, or in place of one with another spec."""
        old = self._keepers.get(spec.name)
        if old is not None and old.spec == spec:
            old.start()
            return old
        keeper = self._keepers[spec.name] = RunnerKeeper(spec, self._token)
        # The old one's memory must be free before the new one asks for its own.
        keeper.start(after=old.stop() if old else None)
        return keeper

    async def remove(self, name: str) -> None:
        """Stop a runner and forget it."""
        keeper = self.find(name)
        del self._keepers[name]
        await keeper.stop()

    async def close(self) -> None:
        """Stop all."""
        await asyncio.gather(*(keeper.stop() for keeper in self.all()))


def create_app(token: str) -> ASGIApp:
    """The management routes."""
    runners = Runners(token)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        await runners.close()

    routes = [
        Route("/health", health),
        Route("/runners", list_runners),
        Route("/runners", ensure_runner, methods=["POST"]),
        Route("/runners/{name}", show_runner),
        Route("/runners/{name}", stop_runner, methods=["DELETE"]),
    ]
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers=serving.EXCEPTION_HANDLERS)
    app.state.runners = runners
    return serving.RequireToken(app, token)


def _runners(request: Request) -> Runners:
    runners: Runners = request.app.state.runners
    return runners


async def health(request: Request) -> Response:
    """That the service is there."""
    return JSONResponse({"status": "ok"})


async def list_runners(request: Request) -> Response:
    """The state of every runner."""
    return JSONResponse({"runners": [status_json(keeper.status()) for keeper in _runners(request).all()]})


async def ensure_runner(request: Request) -> Response:
    """See to it that a runner with this spec exists; answers before it is ready."""
    keeper = _runners(request).ensure(parse_spec(await serving.read_json(request)))
    return JSONResponse(status_json(keeper.status()))


async def show_runner(request: Request) -> Response:
    """The state of one runner."""
    return JSONResponse(status_json(_runners(request).find(request.path_params["name"]).status()))


async def stop_runner(request: Request) -> Response:
    """Stop a runner; answers when its process is gone."""
    await _runners(request).remove(request.path_params["name"])
    return Response(status_code=204)


def main() -> int:
    """Serve until the parent is gone."""
    config = read_config()
    announce = serving.Announcer()
    serving.log_to_stderr("service")
    server = serving.Server(announce, port=int(config.get("port", 0)))
    asyncio.run(server.run_app(create_app(config["token"])))
    return 0


if __name__ == "__main__":
    sys.exit(main())
