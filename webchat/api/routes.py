"""The two APIs: Inglenook's own under /api, and OpenAI's under /v1."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from ninja import NinjaAPI

from webchat.api.auth import KeyOrPerson
from webchat.api.folders import router as folders
from webchat.api.openai import router as openai
from webchat.api.refusals import answer_in_details, answer_in_openai_words
from webchat.api.search import router as search
from webchat.api.shelves import router as shelves

api = NinjaAPI(
    title="Inglenook",
    description="Collections, documents, folders, and search. The OpenAI-compatible API is described at `/v1/docs`.",
    urls_namespace="api",
    auth=KeyOrPerson(),
    docs_decorator=login_required,
)
api.add_router("", shelves)
api.add_router("", search)
api.add_router("", folders)
answer_in_details(api)

openai_api = NinjaAPI(
    title="Inglenook, OpenAI-compatible",
    description="Works with the `openai` package and whatever else speaks to OpenAI: set its base URL to this `/v1`.",
    urls_namespace="openai",
    auth=KeyOrPerson(),
    docs_decorator=login_required,
)
openai_api.add_router("", openai)
answer_in_openai_words(openai_api)
