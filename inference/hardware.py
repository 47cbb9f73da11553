"""What this computer has to offer a model."""

from __future__ import annotations

from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Hardware:
    """Memory and processor, now."""

    memory_bytes: int
    memory_free_bytes: int  # what programs could get without swapping
    physical_cores: int


def survey() -> Hardware:
    """Look. Takes well under a millisecond, so nobody needs to keep the result."""
    memory = psutil.virtual_memory()
    cores = psutil.cpu_count(logical=False) or psutil.cpu_count() or 1
    return Hardware(memory.total, memory.available, max(1, cores))
