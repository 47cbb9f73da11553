"""/metrics: what the inference service measures, for the staff and their Prometheus."""

from __future__ import annotations

from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from inference.errors import InferenceError
from inference.metrics import CONTENT_TYPE
from webchat.library import engine
from webchat.library.access import staff_only


@require_GET
@staff_only
def metrics(request: HttpRequest) -> HttpResponse:
    try:
        return HttpResponse(async_to_sync(ask)(), content_type=CONTENT_TYPE)
    except InferenceError as error:
        return HttpResponse(f"# {error}\n", content_type=CONTENT_TYPE, status=503)


async def ask() -> str:
    return await engine.service().metrics()
