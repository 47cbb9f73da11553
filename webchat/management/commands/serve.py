"""Starts Inglenook: pages, inference service and worker, with one command, and stops all of it on Ctrl-C."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import sys
import threading
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from filelock import FileLock, Timeout

from docs_index.errors import DocsIndexError
from webchat import preparation
from webchat.accounts.exposure import refusal
from webchat.processes import ChildSpec, Household, StartFailed, wait_until

START_TIMEOUT_S = 60.0
LOOK_AFTER_S = 60.0
MANAGE = [sys.executable, str(settings.BASE_DIR / "manage.py")]


class Command(BaseCommand):
    help = "Starts everything, prints the address and opens it in the browser."

    def handle(self, *args: Any, **options: Any) -> None:
        reach_database()
        with one_at_a_time(), sole_server() as keep_place:
            if sentence := refusal_after_migrating():
                raise CommandError(sentence)
            ensure_port_is_free(settings.HOST, settings.PORT)
            preparation.collect_static(self.report)
            if problem := preparation.bring_starters(self.report):
                self.stderr.write(self.style.WARNING(problem))
            self.run_household(keep_place)

    def run_household(self, keep_place: Callable[[], None]) -> None:
        household = Household()
        leaving = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: leaving.set())
        try:
            port = settings.PORT or free_port(settings.HOST)
            start_children(household, port)
            self.announce(page_address(settings.HOST, port), leaving)
            while not leaving.wait(LOOK_AFTER_S):
                keep_place()
        except StartFailed as error:
            raise CommandError(str(error)) from error
        finally:
            household.stop()
            self.report("Stopped.")

    def announce(self, address: str, leaving: threading.Event) -> None:
        if not wait_until(lambda: leaving.is_set() or answers(address + "health"), timeout_s=START_TIMEOUT_S):
            self.stderr.write(f"The pages do not answer at {address} yet. Their words are above.")
        if leaving.is_set():
            return
        self.report(f"\n  Inglenook is at {address}\n  Ctrl-C stops it. Your data: {settings.DATA_DIR}\n")
        if settings.ENVIRONMENT.open_browser:
            webbrowser.open(address)

    def report(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def reach_database() -> None:
    try:
        preparation.reach_database()
    except DocsIndexError as error:
        raise CommandError(str(error)) from error


def refusal_after_migrating() -> str | None:
    """Why the address may not be served, if so. The tables must be there to know who has a password."""
    preparation.migrate()
    return refusal(settings.HOST)


def one_at_a_time() -> FileLock:
    """Two servers on one data folder would take each other's work."""
    lock = FileLock(settings.DATA_DIR / "serve.lock")
    try:
        lock.acquire(blocking=False)
    except Timeout as error:
        raise CommandError(
            f"Inglenook is already running with the data in {settings.DATA_DIR}. "
            "Use that one, or set INGLENOOK_DATA_DIR to another folder."
        ) from error
    return lock


@contextmanager
def sole_server() -> Iterator[Callable[[], None]]:
    """The same for a database that several computers share. Gives what is to be called now and then to stay the one."""
    if not settings.DATABASE_URL:
        yield lambda: None
        return
    from webchat.postgres.sole_server import ServedElsewhere, SoleServer  # needs the extra `postgres`

    try:
        with closing(SoleServer(settings.DATABASE_URL)) as place:
            yield place.keep
    except ServedElsewhere as error:
        raise CommandError(str(error)) from error


def ensure_port_is_free(host: str, port: int) -> None:
    if port == 0:
        return
    try:
        bind(host, port).close()
    except OSError as error:
        raise CommandError(
            f"Port {port} on {host} cannot be used ({error.strerror}). Set INGLENOOK_PORT to another one."
        ) from error


def free_port(host: str) -> int:
    with bind(host, 0) as sock:
        return int(sock.getsockname()[1])


def bind(host: str, port: int) -> socket.socket:
    address = host.strip("[]")
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    # A port in TIME_WAIT from the run before is free; on Windows the option would mean something else.
    if os.name != "nt":
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((address, port))
    except OSError:
        sock.close()
        raise
    return sock


def start_children(household: Household, port: int) -> None:
    env = start_service(household)
    household.start(ChildSpec("web", [*MANAGE, "web", "--port", str(port)], env=env))
    household.start(ChildSpec("worker", [*MANAGE, "worker"], env=env))


def start_service(household: Household) -> dict[str, str]:
    """Starts the inference service; returns the environment of those who ask it."""
    token = secrets.token_urlsafe(32)
    service_port = free_port("127.0.0.1")  # fixed for this run, so that a restarted service is found where it was
    household.start(
        ChildSpec(
            "inference service",
            [sys.executable, "-m", "inference.service"],
            config=service_config(token, service_port),
            reports_ready=True,
        )
    )
    return os.environ | {
        "INGLENOOK_INFERENCE_URL": f"http://127.0.0.1:{service_port}",
        "INGLENOOK_INFERENCE_TOKEN": token,
    }


def service_config(token: str, port: int) -> dict[str, object]:
    """What `inference.service_config.ServiceConfig` reads."""
    environment = settings.ENVIRONMENT
    return {
        "token": token,
        "port": port,
        "log_level": environment.log_level,
        "memory_budget_bytes": environment.memory_mb << 20,
        "states_root": str(settings.STATES_DIR),
        "states_budget_bytes": environment.prompt_cache_mb << 20,
        "recasts_root": str(settings.RECASTS_DIR) if environment.faster_copies else "",
        "idle_unload_s": environment.idle_unload_minutes * 60,
    }


def page_address(host: str, port: int) -> str:
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host.strip("[]") else host)
    return f"http://{shown}:{port}/"


def answers(url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
