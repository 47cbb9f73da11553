"""Other web pages have no say here: what changes something must come from our own pages, or from no page at all."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from webchat.accounts.refusals import refusal

SAFE_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")
REFUSAL = "This request came from another web page, so it was refused. Open Inglenook itself and try again."


def is_same_origin(origin: str, *, scheme: str, host: str) -> bool:
    """Whether `origin` (a header's value) is the page we serve under `host`, port included."""
    return origin == f"{scheme}://{host}" or origin in settings.CSRF_TRUSTED_ORIGINS


def is_foreign(request: HttpRequest) -> bool:
    """Whether a browser sent this on behalf of a page that is not ours. Programs send neither header."""
    if request.headers.get("sec-fetch-site") in ("cross-site", "same-site"):
        return True
    origin = request.headers.get("origin")
    return origin is not None and not is_same_origin(origin, scheme=request.scheme or "", host=request.get_host())


class SameOriginMiddleware:
    """Refuses unsafe requests of foreign pages, before anything is read or looked up."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if request.method in SAFE_METHODS or not is_foreign(request):
            return self.get_response(request)
        response = refusal(request, 403, REFUSAL)
        return _at_once(response) if iscoroutinefunction(self) else response


async def _at_once(response: HttpResponse) -> HttpResponse:
    return response
