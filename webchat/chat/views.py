"""The pages: a new conversation, a conversation, a source."""

from __future__ import annotations

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from webchat.accounts.models import User
from webchat.chat import records, thread
from webchat.chat.access import citation_for, conversation_for
from webchat.chat.choices import choices_for, choose_collections, choose_model
from webchat.chat.models import Conversation, State
from webchat.chat.questions import MAX_BYTES, Refused, checked
from webchat.chat.surroundings import surroundings_of
from webchat.chat.turns import turns


@require_http_methods(["GET", "POST"])
async def home(request: HttpRequest) -> HttpResponse:
    """A new conversation. Its row is made by its first question, which is being answered when the page opens."""
    if request.method == "GET":
        return await sync_to_async(_new_page)(request)
    try:
        question = checked(request.POST.get("text"))
    except Refused as refused:
        return await sync_to_async(_new_page)(request, str(refused), status=422)
    conversation = await sync_to_async(_make_conversation)(request)
    await turns.ask(conversation.pk, question)
    return redirect("chat:conversation", conversation.pk)


@require_GET
def conversation(request: HttpRequest, pk: int) -> HttpResponse:
    row = conversation_for(request, pk)
    records.settle_leftovers(pk, turns.began)
    turn = turns.running(pk)
    messages = list(thread.rows_of(pk))
    context = {
        "conversation": row,
        "thread": thread.shown(messages, live_text=turn.broadcast.text if turn else ""),
        "is_running": bool(messages) and messages[-1].state == State.RUNNING,
        "choices": choices_for(request.user, row),
        "max_bytes": MAX_BYTES,
    }
    return render(request, "chat/conversation.html", context)


@require_GET
@vary_on_headers("HX-Request")
def citation(request: HttpRequest, conversation_pk: int, pk: int) -> HttpResponse:
    """A passage in its surroundings: in the panel, or as a page of its own."""
    row = citation_for(request, conversation_pk, pk)
    template = "chat/_source.html" if request.htmx else "chat/source.html"
    context = {"citation": row, "surroundings": surroundings_of(row), "conversation": row.message.conversation}
    return render(request, template, context)


@require_POST
def model(request: HttpRequest, pk: int) -> HttpResponse:
    row = conversation_for(request, pk)
    choose_model(row, request.POST.get("model", ""))
    return HttpResponse(status=204)


@require_POST
def collections(request: HttpRequest, pk: int) -> HttpResponse:
    row = conversation_for(request, pk)
    choose_collections(row, request.POST.getlist("collections"))
    return HttpResponse(status=204)


def _new_page(request: HttpRequest, notice: str = "", *, status: int = 200) -> HttpResponse:
    ticked = request.POST.getlist("collections") or request.GET.getlist("collection")
    deleted = request.GET.get("deleted", "")
    context = {
        "choices": choices_for(request.user, ticked=frozenset(int(pk) for pk in ticked if pk.isdecimal())),
        "notice": notice,
        "text": request.POST.get("text", "")[:MAX_BYTES],
        "max_bytes": MAX_BYTES,
        "deleted": _just_deleted(request, int(deleted)) if deleted.isdecimal() and len(deleted) < 19 else None,
    }
    return render(request, "chat/home.html", context, status=status)


def _just_deleted(request: HttpRequest, pk: int) -> Conversation | None:
    return Conversation.objects.filter(owner=request.user.pk, deleted__isnull=False, pk=pk).first()


def _make_conversation(request: HttpRequest) -> Conversation:
    assert isinstance(request.user, User)  # the login middleware let nobody else in
    row = Conversation.objects.create(owner=request.user)
    choose_model(row, request.POST.get("model", ""))
    choose_collections(row, request.POST.getlist("collections"))
    return row
