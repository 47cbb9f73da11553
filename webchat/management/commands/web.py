"""Serves pages and sockets with Daphne. A child of `serve`, which holds its lifeline."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser
from typing import Any

from daphne.server import Server
from django.conf import settings
from django.core.management.base import BaseCommand
from twisted.internet import reactor as installed_reactor
from twisted.internet.defer import Deferred

from inference import lifeline
from webchat.reception import open_reception

reactor: Any = installed_reactor  # typed as its bare interface, which is never what runs


class Command(BaseCommand):
    help = "Serves the pages. Started by `serve`."
    requires_system_checks = []  # `serve` has made them

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=settings.PORT)

    def handle(self, *args: Any, port: int, **options: Any) -> None:
        lifeline.read_config()
        lifeline.watch(leave)
        open_reception()
        from webchat.asgi import application
        from webchat.chat.turns import turns

        def stop_turns() -> Deferred[None]:
            return Deferred.fromFuture(asyncio.ensure_future(turns.stop_all()))

        reactor.addSystemEventTrigger("before", "shutdown", stop_turns)
        # Sockets have no time limit of their own: an open page may be silent for hours.
        Server(
            application,
            endpoints=[endpoint(settings.HOST, port)],
            signal_handlers=False,
            websocket_timeout=-1,
            application_close_timeout=2,
            verbosity=0,
        ).run()


def endpoint(host: str, port: int) -> str:
    """Twisted's description of where to listen; colons of an IPv6 address are escaped."""
    return f"tcp:port={port}:interface=" + host.strip("[]").replace("localhost", "127.0.0.1").replace(":", r"\:")


def leave() -> None:
    reactor.callFromThread(reactor.stop)
