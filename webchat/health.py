"""Whether pages and chat can be served. For programs that wait for Inglenook to start."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse

from inference.errors import InferenceError
from webchat.library.engine import service


@login_not_required
async def health(request: HttpRequest) -> JsonResponse:
    """200 with `"status": "ok"`, or 503 with what is missing."""
    try:
        await service().statuses()
    except InferenceError as error:
        return JsonResponse({"status": "starting", "message": str(error)}, status=503)
    return JsonResponse({"status": "ok"})
