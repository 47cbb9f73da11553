"""Every page needs a person. Programs' routes prove that by themselves (`webchat.api.auth`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth import middleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import resolve_url

OWN_PROOF = ("/v1/", "/api/")


class LoginRequiredMiddleware(middleware.LoginRequiredMiddleware):
    """Django's, but for the API, and with an answer that htmx follows as a whole page."""

    def process_view(
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase], view_args: Any, view_kwargs: Any
    ) -> HttpResponseBase | None:
        if request.path_info.startswith(OWN_PROOF):
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)

    def handle_no_permission(  # type: ignore[override]
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponseBase:
        to_login = super().handle_no_permission(request, view_func)
        if "hx-request" not in request.headers:
            return to_login
        return HttpResponse(status=204, headers={"HX-Redirect": resolve_url(self.get_login_url(view_func))})
