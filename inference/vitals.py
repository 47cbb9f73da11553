"""How a runner is doing, as it tells its parent every second: what it works on, and what it has done so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Vitals:
    """Counts since the process began."""

    in_flight: int = 0  # requests that are being answered
    awaited: int = 0  # of them, those that wait for the model; the others wait for their client to read or write
    queued: int = 0  # of them, those that wait for a place
    moves: int = 0  # grows whenever anything gets on; which number it is means nothing
    prompt_tokens: int = 0
    cached_tokens: int = 0  # part of prompt_tokens that did not have to be read again
    generated_tokens: int = 0
    prefill_s: float = 0.0
    decode_s: float = 0.0
    requests: tuple[tuple[str, str, int], ...] = ()  # route, outcome, how many

    @property
    def running(self) -> int:
        """Requests the model works on."""
        return max(0, self.awaited - self.queued)

    def as_json(self) -> dict[str, Any]:
        """For the line to the parent."""
        return asdict(self)


def parse_vitals(body: Mapping[str, Any]) -> Vitals:
    """Read the line of a child."""
    known = {name: body[name] for name in Vitals.__slots__ if name in body}
    return Vitals(**known | {"requests": tuple((r, o, int(n)) for r, o, n in known.get("requests", ()))})
