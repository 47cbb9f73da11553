"""Makes an API key and prints it."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from webchat import preparation
from webchat.accounts.models import ApiKey, User
from webchat.accounts.owner import owner


class Command(BaseCommand):
    help = "Makes an API key and prints it. It cannot be shown again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="what the key is for")
        parser.add_argument("--user", help="whose key it is; the owner of this machine when left out")

    def handle(self, *args: Any, name: str, user: str | None = None, **options: Any) -> None:
        preparation.migrate()  # a key may be wanted before anything has been started
        _key, secret = ApiKey.objects.make(person(user), name[:100])
        self.stdout.write(secret)


def person(username: str | None) -> User:
    if username is None:
        return owner()
    try:
        return User.objects.get(username=username, is_active=True)
    except User.DoesNotExist:
        raise CommandError(f"There is no active account “{username}”. Make one with `createsuperuser`.") from None
