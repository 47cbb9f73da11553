"""Which runners exist: `python -m inference.service`, started by the supervisor.

The first line of standard input is a ServiceConfig as JSON; the port is announced on standard output. Only management
passes through here: whoever wants tokens asks where a runner is, and speaks to it directly.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from inference import metrics, serving
from inference.lifeline import read_config
from inference.runners import Runners
from inference.service_config import ServiceConfig
from inference.service_schema import parse_spec, status_json
from inference.state_folder import forget, trim


def create_app(config: ServiceConfig) -> ASGIApp:
    """The management routes."""
    runners = Runners(config)
    tidy_states(config)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        tending = asyncio.create_task(runners.tend())
        yield
        tending.cancel()
        await asyncio.gather(tending, return_exceptions=True)
        await runners.close()

    routes = [
        Route("/health", health),
        Route("/metrics", show_metrics),
        Route("/runners", list_runners),
        Route("/runners", ensure_runner, methods=["POST"]),
        Route("/runners/{name}", show_runner),
        Route("/runners/{name}", stop_runner, methods=["DELETE"]),
    ]
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers=serving.EXCEPTION_HANDLERS)
    app.state.runners = runners
    return serving.RequireToken(app, config.token)


def tidy_states(config: ServiceConfig) -> None:
    """Bring what is kept of earlier readings into its bounds; nothing is left where it is no longer wanted."""
    if not config.states_root:
        return
    if config.states_budget_bytes:
        trim(Path(config.states_root), config.states_budget_bytes)
    else:
        forget(Path(config.states_root))


def _runners(request: Request) -> Runners:
    runners: Runners = request.app.state.runners
    return runners


async def health(request: Request) -> Response:
    """That the service is there."""
    return JSONResponse({"status": "ok"})


async def show_metrics(request: Request) -> Response:
    """Everything measured, of every runner."""
    seen = [(keeper.status(), keeper.vitals) for keeper in _runners(request).all()]
    return PlainTextResponse(metrics.service_text(seen), media_type=metrics.CONTENT_TYPE)


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
    config = ServiceConfig.parse(read_config())
    announce = serving.Announcer()
    serving.log_to_stderr("service")
    server = serving.Server(announce, port=config.port)
    asyncio.run(server.run_app(create_app(config)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
