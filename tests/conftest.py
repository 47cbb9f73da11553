"""What all tests share: the starter models, brought once and kept beside the project."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from filelock import FileLock

PROJECT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def starter_models():
    """The real SmolLM2 and MiniLM. `INGLENOOK_TEST_MODELS` names a folder that has them already."""
    folder = Path(os.environ.get("INGLENOOK_TEST_MODELS", PROJECT / "data" / "test-models"))
    from inference import starter

    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):  # several workers, one download
        return starter.bring(folder, print)
