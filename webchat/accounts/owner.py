"""Local owner mode: on a loopback address the only person of this machine needs no login.

Whoever comes by a name added in the settings, or through a proxy, is not taken for that person and logs in.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest, HttpResponseBase
from django.http.request import split_domain_port, validate_host
from django.utils.functional import SimpleLazyObject

from webchat.accounts.models import OWNER_NAME, User

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
PROXY_HEADERS = ("forwarded", "x-forwarded-for", "x-real-ip")


def owner() -> User:
    """The person of this machine. The row is made on first need; two requests at once make one row."""
    user, _ = User.objects.get_or_create(
        username=OWNER_NAME, defaults={"is_staff": True, "is_superuser": True, "password": make_password(None)}
    )
    return user


aowner = sync_to_async(owner)


def is_local(headers: Mapping[str, str]) -> bool:
    """Whether a request with these headers is the owner's without further proof."""
    if not settings.LOCAL_OWNER or any(name in headers for name in PROXY_HEADERS):
        return False
    domain, _port = split_domain_port(headers.get("host", ""))
    return domain in LOOPBACK_NAMES or not validate_host(domain, settings.EXTRA_HOSTS)


class LocalOwnerMiddleware:
    """Makes the owner `request.user` where `is_local` says so. Comes after Django's AuthenticationMiddleware."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if is_local(request.headers):
            request.user = cast(User, SimpleLazyObject(owner))
            request.auser = aowner
        return self.get_response(request)
