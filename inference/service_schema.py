"""The management protocol of the service, as JSON: specs, statuses, and the lines a runner writes to its parent."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from inference import fields
from inference.errors import InvalidRequest
from inference.model_options import BATCH_LIMIT, BATCH_TOKENS, options_json, parse_options
from inference.types import Keeping, RunnerKind, RunnerSpec, RunnerState, RunnerStatus

JSON = dict[str, Any]


def spec_json(spec: RunnerSpec) -> JSON:
    """A spec as the body of POST /runners."""
    return {**asdict(spec), "path": str(spec.path), "options": options_json(spec.options)}


def parse_spec(body: Mapping[str, Any]) -> RunnerSpec:
    """Read a spec."""
    name = fields.text(body, "name", limit=200)
    if not name.isprintable() or "/" in name:
        raise InvalidRequest("'name' must be printable and hold no slash.")
    path = Path(fields.text(body, "path"))
    if not path.is_absolute():
        raise InvalidRequest(f"'path' must be absolute; it is {os.fspath(path)!r}.")
    return RunnerSpec(
        name=name,
        kind=RunnerKind(fields.choice(body, "kind", tuple(RunnerKind))),
        path=path,
        context_length=fields.optional_whole(body, "context_length", 1, 1 << 24),
        parallel=fields.whole(body, "parallel", 1, 256, default=8),
        threads=fields.optional_whole(body, "threads", 1, 1024),
        chat_template=fields.optional_text(body, "chat_template"),
        batch_tokens=fields.whole(body, "batch_tokens", 1, BATCH_LIMIT, default=BATCH_TOKENS),
        options=parse_options(fields.mapping(body, "options")),
    )


def keeping_json(root: str, budget_bytes: int) -> JSON | None:
    """Where a runner keeps what its model has read; none where that is not wanted."""
    return {"root": root, "budget_bytes": budget_bytes} if root and budget_bytes else None


def parse_keeping(body: Mapping[str, Any] | None, model: str) -> Keeping | None:
    """Read it, for the model of this name."""
    return Keeping(Path(body["root"]), model, int(body["budget_bytes"])) if body else None


def status_json(status: RunnerStatus) -> JSON:
    """A status as the service answers it."""
    return asdict(status)


def parse_status(body: Mapping[str, Any]) -> RunnerStatus:
    """Read a status. Fields of a newer service are left out."""
    known = {name: body[name] for name in RunnerStatus.__slots__ if name in body}
    return RunnerStatus(**known | {"kind": RunnerKind(known["kind"]), "state": RunnerState(known["state"])})
