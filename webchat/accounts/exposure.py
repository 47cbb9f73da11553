"""Whether Inglenook may be opened to the network: only once somebody has a password."""

from __future__ import annotations

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX

from webchat.accounts.models import OWNER_NAME, User
from webchat.settings import is_loopback


def has_password() -> bool:
    """Whether anybody could log in."""
    people = User.objects.filter(is_active=True).exclude(password="")
    return people.exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX).exists()


def refusal(host: str) -> str | None:
    """Why `host` may not be listened on, with the command that changes it; None when it may."""
    if is_loopback(host) or has_password():
        return None
    return (
        f"Listening on {host} would let others on the network in, and no account has a password yet. "
        f"{_how_to_get_one()} Then start again."
    )


def _how_to_get_one() -> str:
    if User.objects.filter(username=OWNER_NAME, is_active=True).exists():
        return (
            "Give yours one with `python manage.py changepassword owner`, which keeps your conversations, or make "
            "another account with `python manage.py createsuperuser`."
        )
    return f"Make an account with `python manage.py createsuperuser --username {OWNER_NAME}`."
