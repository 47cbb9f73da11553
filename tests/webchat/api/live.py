"""Starts the real ASGI application in a Daphne process of its own, with models in its library."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from inference import lifeline

PREPARE = """
import json, sys, django
django.setup()
from django.core.management import call_command
from webchat.accounts.models import ApiKey, User
from webchat.library.models import LanguageModel
call_command("migrate", verbosity=0)
for row in json.loads(sys.argv[1]):
    LanguageModel.objects.create(**row)
alice = User.objects.create_user("alice")
print(ApiKey.objects.make(alice, "live")[1])
"""


@dataclass(frozen=True, slots=True)
class Live:
    """Where the server listens, and a key of alice's."""

    address: str
    key: str


@contextmanager
def live_server(data_dir: Path, service: tuple[str, str], rows: str, *, has_models: bool) -> Iterator[Live]:
    url, token = service
    env = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.webchat.api.live_settings",
        "INGLENOOK_DATA_DIR": str(data_dir),
        "INGLENOOK_INFERENCE_URL": url,
        "INGLENOOK_INFERENCE_TOKEN": token,
        "INGLENOOK_STARTER_MODELS": str(int(has_models)),
    }
    prepared = subprocess.run(
        [sys.executable, "-c", PREPARE, rows], env=env, capture_output=True, text=True, check=True
    )
    port = free_port()
    web = lifeline.spawn([sys.executable, "manage.py", "web", "--port", str(port)], {}, env=env)
    address = f"http://127.0.0.1:{port}"
    wait_for(f"{address}/health")
    yield Live(address, prepared.stdout.strip())
    lifeline.cut(web)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def wait_for(url: str, timeout_s: float = 30) -> None:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        try:
            if httpx2.get(url, trust_env=False).status_code == 200:
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.1)
    raise TimeoutError(url)
